#include "tests/oracle/case.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <map>

#include "absl/status/status.h"
#include "services/base/text.h"
#include "tests/oracle/document.h"

namespace imdi::oracle {
namespace {

absl::StatusOr<Table> ReadTable(const std::filesystem::path& file) {
  const absl::StatusOr<std::string> text = ReadText(file);
  if (!text.ok()) return text.status();
  Table table;
  size_t begin = 0;
  while (begin < text->size()) {
    size_t end = text->find('\n', begin);
    if (end == std::string::npos) end = text->size();
    std::string line = text->substr(begin, end - begin);
    begin = end + 1;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    std::vector<std::string> cells;
    size_t from = 0;
    for (;;) {
      const size_t comma = line.find(',', from);
      cells.push_back(
          line.substr(from, comma == std::string::npos ? std::string::npos : comma - from));
      if (comma == std::string::npos) break;
      from = comma + 1;
    }
    if (table.columns.empty()) {
      table.columns = std::move(cells);
    } else if (cells.size() != table.columns.size()) {
      return absl::InvalidArgumentError(base::StrCat(file.string(), ": a row of ", cells.size(),
                                                     " cells, the head has ",
                                                     table.columns.size()));
    } else {
      table.rows.push_back(std::move(cells));
    }
  }
  return table;
}

// Reads one request. The first thing that it does not know is kept and makes it unsupported.
class RequestReader {
 public:
  RequestReader(const Case& data, const Value& designs) : data_(data), designs_(designs) {}

  Request Read(const Value& json) {
    Request out;
    why_.clear();
    out.id = TextOf(json.Find("id"));
    out.type_name = TextOf(json.Find("type"));
    static const std::map<std::string, Request::Type> kTypes = {
        {"proportion", Request::Type::kProportion},
        {"distribution", Request::Type::kDistribution},
        {"mean", Request::Type::kMean},
        {"total", Request::Type::kTotal},
        {"ratio", Request::Type::kRatio},
        {"difference", Request::Type::kDifference},
        {"weights", Request::Type::kWeights},
        {"change", Request::Type::kChange},
        {"trend", Request::Type::kTrend},
        {"mcnemar", Request::Type::kMcNemar},
        {"bh", Request::Type::kBh}};
    const auto type = kTypes.find(out.type_name);
    if (type == kTypes.end()) {
      out.unsupported = base::StrCat("type ", out.type_name);
      return out;
    }
    out.type = type->second;
    OnlyKnown(json, KeysOf(out.type));
    if (out.type != Request::Type::kBh) out.design = ReadDesign(TextOf(json.Find("design")));
    if (const Value* level = json.Find("level"); level != nullptr) out.level = level->number;
    if (!(out.level > 0 && out.level < 1)) Unknown("a level outside 0 to 1");
    out.year = TextOf(json.Find("year"));
    if (const Value* item = json.Find("item"); item != nullptr) {
      out.reweight = TextOf(item) == "reweight";
      if (!out.reweight && TextOf(item) != "domain") Unknown("item " + TextOf(item));
    }
    out.by = NamedColumns(json.Find("by"));
    out.totals = NamedColumns(json.Find("totals"));
    out.codes = Texts(json.Find("codes"));
    for (const auto& [name, column] : NamedColumns(json.Find("need"))) out.need.push_back(column);
    if (const Value* list = json.Find("list"); list != nullptr) out.list = list->flag;
    switch (out.type) {
      case Request::Type::kProportion:
      case Request::Type::kDistribution:
        out.clause = ReadClause(json, true);
        out.need = {out.clause.question};
        break;
      case Request::Type::kMean:
      case Request::Type::kTotal:
      case Request::Type::kRatio:
        out.clause = ReadClause(json, false);
        if (const Value* num = json.Find("num"); num != nullptr) {
          out.numerator = ReadExpression(*num);
        } else {
          Unknown("no num");
        }
        if (const Value* den = json.Find("den"); den != nullptr && !den->IsNull())
          out.denominator = ReadExpression(*den);
        break;
      case Request::Type::kDifference:
        for (const char* side : {"a", "b"}) {
          const Value* clause = json.Find(side);
          if (clause == nullptr) {
            Unknown(base::StrCat("no ", side));
            continue;
          }
          OnlyKnown(*clause, {"question", "yes", "exclude", "where", "route"});
          (side[0] == 'a' ? out.a : out.b) = ReadClause(*clause, true);
        }
        break;
      case Request::Type::kWeights:
        break;
      case Request::Type::kChange:
      case Request::Type::kTrend:
      case Request::Type::kMcNemar:
        out.clause = ReadClause(json, true);
        out.need = {out.clause.question};
        out.years = Texts(json.Find("years"));
        if (out.type == Request::Type::kTrend ? out.years.size() < 2 : out.years.size() != 2)
          Unknown(base::StrCat(out.years.size(), " years"));
        if (!data_.answers.Find("year").has_value()) Unknown("years, where the answers have none");
        break;
      case Request::Type::kBh:
        out.p = Texts(json.Find("p"));
        out.requests = Texts(json.Find("requests"));
        out.field = TextOf(json.Find("field"));
        if (const Value* q = json.Find("q"); q != nullptr) out.q = q->number;
        if (out.p.empty() && (out.requests.empty() || out.field.empty()))
          Unknown("neither p nor requests with a field");
        break;
    }
    out.unsupported = why_;
    return out;
  }

 private:
  static std::vector<std::string> KeysOf(Request::Type type) {
    std::vector<std::string> keys = {"id", "type", "design", "level", "year"};
    const auto add = [&keys](std::initializer_list<const char*> more) {
      keys.insert(keys.end(), more.begin(), more.end());
    };
    if (type == Request::Type::kDifference) {
      add({"a", "b"});
    } else if (type == Request::Type::kWeights) {
      add({"by", "totals", "list"});
    } else if (type == Request::Type::kBh) {
      add({"requests", "field", "p", "q"});
    } else if (IsOfYears(type)) {
      add({"where", "by", "route", "exclude", "item", "question", "yes", "years"});
    } else {
      add({"where", "by", "route", "exclude", "item"});
      if (type == Request::Type::kProportion) add({"question", "yes"});
      if (type == Request::Type::kDistribution) add({"question", "codes"});
      if (type != Request::Type::kProportion && type != Request::Type::kDistribution)
        add({"need", "num", "den"});
    }
    return keys;
  }

  static bool IsOfYears(Request::Type type) {
    return type == Request::Type::kChange || type == Request::Type::kTrend ||
           type == Request::Type::kMcNemar;
  }

  void Unknown(std::string why) {
    if (why_.empty()) why_ = std::move(why);
  }
  void OnlyKnown(const Value& json, const std::vector<std::string>& keys) {
    for (const auto& [key, value] : json.members) {
      if (std::ranges::find(keys, key) == keys.end()) Unknown("field " + key);
    }
  }
  static std::string TextOf(const Value* value) {
    if (value == nullptr) return {};
    return value->kind == Value::Kind::kNumber ? PrintDocument(*value) : value->text;
  }
  // A list of texts; one text stands for a list of one.
  static std::vector<std::string> Texts(const Value* value) {
    std::vector<std::string> out;
    if (value == nullptr || value->IsNull()) return out;
    if (value->kind != Value::Kind::kList) return {TextOf(value)};
    for (const Value& one : value->list) out.push_back(TextOf(&one));
    return out;
  }
  Column ColumnOf(const std::string& name) {
    if (const auto index = data_.answers.Find(name); index.has_value()) return {true, *index};
    if (const auto index = data_.frame.Find(name); index.has_value()) return {false, *index};
    Unknown("no column " + name);
    return {};
  }
  std::vector<std::pair<std::string, Column>> NamedColumns(const Value* value) {
    std::vector<std::pair<std::string, Column>> out;
    for (const std::string& name : Texts(value)) out.emplace_back(name, ColumnOf(name));
    return out;
  }
  Conditions ReadConditions(const Value* value) {
    Conditions out;
    if (value == nullptr) return out;
    for (const auto& [name, values] : value->members)
      out.emplace_back(ColumnOf(name), Texts(&values));
    return out;
  }
  Clause ReadClause(const Value& json, bool question) {
    Clause out;
    if (question) out.question = ColumnOf(TextOf(json.Find("question")));
    out.yes = Texts(json.Find("yes"));
    out.exclude = Texts(json.Find("exclude"));
    out.where = ReadConditions(json.Find("where"));
    out.route = ReadConditions(json.Find("route"));
    return out;
  }
  Expression ReadExpression(const Value& json) {
    Expression out;
    OnlyKnown(json, {"value", "question", "scores", "sum_of", "when"});
    if (json.Find("value") != nullptr) out.value = ColumnOf(TextOf(json.Find("value")));
    if (json.Find("question") != nullptr) out.question = ColumnOf(TextOf(json.Find("question")));
    if (const Value* scores = json.Find("scores"); scores != nullptr) {
      for (const auto& [code, score] : scores->members) out.scores.emplace_back(code, score.number);
    }
    for (const auto& [name, column] : NamedColumns(json.Find("sum_of")))
      out.sum_of.push_back(column);
    out.when = ReadConditions(json.Find("when"));
    return out;
  }
  Design ReadDesign(const std::string& name) {
    Design out;
    out.name = name;
    const Value* design = designs_.Find(name);
    if (design == nullptr) {
      Unknown("no design " + name);
      return out;
    }
    OnlyKnown(*design, {"kind", "strata", "fpc", "lonely", "calibrate"});
    if (const std::string kind = TextOf(design->Find("kind")); kind != "respondents")
      Unknown("design of kind " + kind);
    if (const Value* fpc = design->Find("fpc");
        fpc == nullptr || fpc->kind != Value::Kind::kBool || !fpc->flag) {
      Unknown("a design without finite population correction");
    }
    if (const Value* calibrate = design->Find("calibrate");
        calibrate != nullptr && !calibrate->list.empty()) {
      Unknown("calibrated weights");
    }
    const std::string lonely = TextOf(design->Find("lonely"));
    if (lonely == "adjust") {
      out.lonely = domain::Lonely::kAdjust;
    } else if (lonely == "average") {
      out.lonely = domain::Lonely::kAverage;
    } else if (!lonely.empty() && lonely != "certainty") {
      Unknown("lonely " + lonely);
    }
    for (const std::string& column : Texts(design->Find("strata"))) {
      const auto index = data_.frame.Find(column);
      if (index.has_value()) {
        out.strata.push_back(*index);
      } else {
        Unknown("no column " + column + " in the frame");
      }
    }
    return out;
  }

  const Case& data_;
  const Value& designs_;
  std::string why_;
};

}  // namespace

std::optional<size_t> Table::Find(std::string_view column) const {
  const auto found = std::ranges::find(columns, column);
  return found == columns.end() ? std::nullopt
                                : std::optional(static_cast<size_t>(found - columns.begin()));
}

absl::StatusOr<std::string> ReadText(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return absl::NotFoundError(base::StrCat("cannot read ", file.string()));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

absl::StatusOr<Case> LoadCase(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "case.json";
  const absl::StatusOr<std::string> text = ReadText(file);
  if (!text.ok()) return text.status();
  const absl::StatusOr<Value> json = ParseDocument(*text, file.string());
  if (!json.ok()) return json.status();
  const Value* requests = json->Find("requests");
  const Value* designs = json->Find("designs");
  if (requests == nullptr || designs == nullptr)
    return absl::InvalidArgumentError(base::StrCat(file.string(), " lacks designs or requests"));
  Case out;
  const Value* id = json->Find("id");
  out.id = id == nullptr ? folder.filename().string() : id->text;
  for (const auto& [name, table] :
       {std::pair("population.csv", &out.frame), std::pair("responses.csv", &out.answers)}) {
    absl::StatusOr<Table> read = ReadTable(folder / name);
    if (!read.ok()) return read.status();
    *table = *std::move(read);
  }
  const auto frame_unit = out.frame.Find("unit");
  const auto answer_unit = out.answers.Find("unit");
  out.frame_unit = frame_unit.value_or(0);
  out.answer_unit = answer_unit.value_or(0);
  RequestReader reader(out, *designs);
  for (const Value& one : requests->list) {
    Request request = reader.Read(one);
    if (request.unsupported.empty() && !(frame_unit.has_value() && answer_unit.has_value()))
      request.unsupported = "units that the two tables do not name";
    out.requests.push_back(std::move(request));
  }
  return out;
}

}  // namespace imdi::oracle
