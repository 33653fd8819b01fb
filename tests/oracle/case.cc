#include "tests/oracle/case.h"

#include <algorithm>
#include <cstdlib>
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
    using Type = Request::Type;
    Request out;
    why_.clear();
    feature_.clear();
    out.id = TextOf(json.Find("id"));
    out.type_name = TextOf(json.Find("type"));
    static const std::map<std::string, Type> kTypes = {{"proportion", Type::kProportion},
                                                       {"distribution", Type::kDistribution},
                                                       {"mean", Type::kMean},
                                                       {"total", Type::kTotal},
                                                       {"ratio", Type::kRatio},
                                                       {"difference", Type::kDifference},
                                                       {"weights", Type::kWeights},
                                                       {"quantile", Type::kQuantile},
                                                       {"chisq", Type::kChisq},
                                                       {"change", Type::kChange},
                                                       {"trend", Type::kTrend},
                                                       {"mcnemar", Type::kMcNemar},
                                                       {"bh", Type::kBh},
                                                       {"audit", Type::kAudit}};
    const auto type = kTypes.find(out.type_name);
    if (type == kTypes.end()) {
      out.unsupported = base::StrCat("type ", out.type_name);
      return out;
    }
    out.type = type->second;
    OnlyKnown(json, KeysOf(out.type));
    const bool design_may_lack =
        out.type == Type::kBh || out.type == Type::kAudit || out.type == Type::kMcNemar;
    if (json.Find("design") != nullptr || !design_may_lack)
      out.design = ReadDesign(TextOf(json.Find("design")));
    if (out.type == Type::kBh) {
      ReadBh(json, &out);
      return Judged(std::move(out));
    }
    ReadCommon(json, &out);
    switch (out.type) {
      case Type::kProportion:
      case Type::kDistribution:
      case Type::kChisq:
        out.clause = ReadClause(json, true);
        if (const Value* groups = json.Find("groups"); groups != nullptr) {
          for (const auto& [code, group] : groups->members)
            out.groups.emplace_back(code, TextOf(&group));
        }
        if (out.type == Type::kChisq && out.by.empty()) Unknown("no by");
        break;
      case Type::kMean:
      case Type::kTotal:
      case Type::kRatio:
        ReadNumbers(json, &out);
        break;
      case Type::kQuantile:
        ReadQuantile(json, &out);
        break;
      case Type::kDifference:
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
      case Type::kChange:
      case Type::kTrend:
      case Type::kMcNemar:
        ReadYears(json, &out);
        break;
      case Type::kAudit:
        ReadAudit(json, &out);
        break;
      case Type::kWeights:
      case Type::kBh:
        break;
    }
    return Judged(std::move(out));
  }

 private:
  static bool IsOfYears(Request::Type type) {
    return type == Request::Type::kChange || type == Request::Type::kTrend ||
           type == Request::Type::kMcNemar;
  }
  static std::vector<std::string> KeysOf(Request::Type type) {
    using Type = Request::Type;
    std::vector<std::string> keys = {"id", "type", "design", "level", "year", "item"};
    const auto add = [&keys](std::initializer_list<const char*> more) {
      keys.insert(keys.end(), more.begin(), more.end());
    };
    switch (type) {
      case Type::kDifference:
        add({"a", "b", "need"});
        return keys;
      case Type::kWeights:
        add({"by", "totals", "list", "need", "question"});
        return keys;
      case Type::kBh:
        return {"id", "type", "design", "level", "requests", "field", "p", "q"};
      default:
        break;
    }
    add({"where", "by", "route", "exclude", "question", "need"});
    if (type == Type::kProportion) add({"yes"});
    if (type == Type::kDistribution) add({"codes"});
    if (type == Type::kChisq) add({"groups"});
    if (type == Type::kMean || type == Type::kTotal || type == Type::kRatio) add({"num", "den"});
    if (type == Type::kQuantile) add({"value", "probs", "qrule", "interval"});
    if (IsOfYears(type)) add({"yes", "years"});
    if (type == Type::kAudit)
      add({"rows", "row_levels", "codes", "suppressed", "threshold", "protect"});
    return keys;
  }

  void ReadCommon(const Value& json, Request* out) {
    if (const Value* level = json.Find("level"); level != nullptr) out->level = NumberOf(*level);
    if (!(out->level > 0 && out->level < 1)) Unknown("a level outside 0 to 1");
    out->year = TextOf(json.Find("year"));
    if (out->year.empty()) out->year = out->design.year;
    if (!out->year.empty() && !data_.answers.Find("year").has_value())
      Unknown("a year, where the answers have none");
    if (const Value* item = json.Find("item"); item != nullptr) {
      out->reweight = TextOf(item) == "reweight";
      if (!out->reweight && TextOf(item) != "domain") Unknown("item " + TextOf(item));
    }
    out->by = Columns(json.Find("by"));
    out->totals = Columns(json.Find("totals"));
    out->codes = Texts(json.Find("codes"));
    out->need = Columns(json.Find("need"));
    if (out->need.empty() && json.Find("question") != nullptr)
      out->need = {ColumnOf(TextOf(json.Find("question")))};
    if (const Value* list = json.Find("list"); list != nullptr) out->list = list->flag;
  }
  void ReadNumbers(const Value& json, Request* out) {
    out->clause = ReadClause(json, false);
    if (const Value* num = json.Find("num"); num != nullptr) {
      out->numerator = ReadExpression(*num);
    } else {
      Unknown("no num");
    }
    if (const Value* den = json.Find("den");
        den != nullptr && !den->IsNull() && out->type == Request::Type::kRatio)
      out->denominator = ReadExpression(*den);
  }
  void ReadQuantile(const Value& json, Request* out) {
    out->clause = ReadClause(json, false);
    out->value = ColumnOf(TextOf(json.Find("value")));
    if (out->need.empty()) out->need = {out->value};
    if (const Value* probs = json.Find("probs"); probs != nullptr) {
      for (const Value& one : probs->list) out->probabilities.push_back(NumberOf(one));
      if (probs->kind != Value::Kind::kList) out->probabilities.push_back(NumberOf(*probs));
    }
    for (const double p : out->probabilities) {
      if (!(p > 0 && p < 1)) Unknown("a quantile outside 0 to 1");
    }
    out->rules = Texts(json.Find("qrule"));
    out->intervals = Texts(json.Find("interval"));
    for (const std::string& rule : out->rules) {
      if (rule != "math" && rule != "school" && rule != "hf7") Unknown("qrule " + rule);
    }
    for (const std::string& interval : out->intervals) {
      if (interval != "mean" && interval != "xlogit") Unknown("interval " + interval);
    }
  }
  void ReadYears(const Value& json, Request* out) {
    out->clause = ReadClause(json, true);
    out->years = Texts(json.Find("years"));
    if (out->type == Request::Type::kTrend ? out->years.size() < 2 : out->years.size() != 2)
      Unknown(base::StrCat(out->years.size(), " years"));
    if (!data_.answers.Find("year").has_value()) Unknown("years, where the answers have none");
    if (out->design.sample) Unknown("years of a sample");
    if (out->type != Request::Type::kMcNemar && !out->design.calibrate.empty())
      Unknown("years with calibrated weights");
  }
  void ReadBh(const Value& json, Request* out) {
    out->p = Texts(json.Find("p"));
    out->requests = Texts(json.Find("requests"));
    out->field = TextOf(json.Find("field"));
    if (const Value* q = json.Find("q"); q != nullptr) out->q = NumberOf(*q);
    if (out->p.empty() && (out->requests.empty() || out->field.empty()))
      Unknown("neither p nor requests with a field");
  }
  void ReadAudit(const Value& json, Request* out) {
    out->clause = ReadClause(json, true);
    out->rows = ColumnOf(TextOf(json.Find("rows")));
    out->row_levels = Texts(json.Find("row_levels"));
    if (const Value* suppressed = json.Find("suppressed"); suppressed != nullptr) {
      for (const Value& one : suppressed->list) {
        const std::vector<std::string> names = Texts(&one);
        if (names.size() != 2 || std::ranges::count(out->row_levels, names[0]) != 1 ||
            std::ranges::count(out->codes, names[1]) != 1) {
          Unknown("a suppressed cell that is no row level and code");
          continue;
        }
        out->suppressed.emplace_back(names[0], names[1]);
      }
    }
    if (const Value* threshold = json.Find("threshold"); threshold != nullptr)
      out->threshold = NumberOf(*threshold);
    if (const Value* protect = json.Find("protect"); protect != nullptr)
      out->protect = NumberOf(*protect);
  }

  Request Judged(Request out) const {
    out.unsupported = why_;
    out.feature = feature_;
    return out;
  }
  void Unknown(std::string why, std::string feature = "") {
    if (!why_.empty()) return;
    why_ = std::move(why);
    feature_ = std::move(feature);
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
  // A number, also where it is written as a text.
  static double NumberOf(const Value& value) {
    return value.kind == Value::Kind::kText ? std::strtod(value.text.c_str(), nullptr)
                                            : value.number;
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
    Column out{name, data_.answers.Find(name), data_.frame.Find(name)};
    if (!out.of_answers.has_value() && !out.of_frame.has_value()) Unknown("no column " + name);
    return out;
  }
  std::vector<Column> Columns(const Value* value) {
    std::vector<Column> out;
    for (const std::string& name : Texts(value)) out.push_back(ColumnOf(name));
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
      for (const auto& [code, score] : scores->members)
        out.scores.emplace_back(code, NumberOf(score));
    }
    out.sum_of = Columns(json.Find("sum_of"));
    out.when = ReadConditions(json.Find("when"));
    return out;
  }

  // A column that a design needs in one of the tables.
  Column DesignColumn(const std::string& name, bool of_answers, bool of_frame) {
    Column out = ColumnOf(name);
    if (of_answers && !out.of_answers.has_value())
      Unknown(base::StrCat("no column ", name, " in the answers"));
    if (of_frame && !out.of_frame.has_value())
      Unknown(base::StrCat("no column ", name, " in the frame"));
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
    const std::string kind = TextOf(design->Find("kind"));
    if (kind != "respondents" && kind != "sample") Unknown("design of kind " + kind);
    out.sample = kind == "sample";
    OnlyKnown(*design, {"kind", "strata", "fpc", "lonely", "calibrate", "year", "ids", "weights"});
    if (const Value* ids = design->Find("ids"); !Texts(ids).empty())
      Unknown("clusters", Texts(ids).size() > 1 ? "two_stage" : "clusters");
    const Value* fpc = design->Find("fpc");
    if (out.sample) {
      if (const std::vector<std::string> counts = Texts(fpc); counts.size() > 1) {
        Unknown("population counts of two stages", "two_stage");
      } else if (counts.size() == 1) {
        out.population = DesignColumn(counts[0], true, false);
      }
      if (const std::string weights = TextOf(design->Find("weights")); !weights.empty())
        out.weights = DesignColumn(weights, true, false);
      if (!out.weights.has_value() && !out.population.has_value())
        Unknown("a sample with neither weights nor fpc");
    } else if (fpc != nullptr && fpc->kind == Value::Kind::kBool && !fpc->flag) {
      Unknown("respondents without finite population correction");
    }
    out.year = TextOf(design->Find("year"));
    const std::string lonely = TextOf(design->Find("lonely"));
    if (lonely == "adjust") {
      out.lonely = domain::Lonely::kAdjust;
    } else if (lonely == "average") {
      out.lonely = domain::Lonely::kAverage;
    } else if (!lonely.empty() && lonely != "certainty") {
      Unknown("lonely " + lonely);
    }
    for (const std::string& column : Texts(design->Find("strata")))
      out.strata.push_back(DesignColumn(column, out.sample, !out.sample));
    if (const Value* steps = design->Find("calibrate"); steps != nullptr) {
      for (const Value& step : steps->list)
        out.calibrate.push_back(ReadCalibration(step, out.sample));
    }
    return out;
  }
  Calibration ReadCalibration(const Value& json, bool sample) {
    Calibration out;
    OnlyKnown(json, {"method", "by", "margins", "totals"});
    const std::string method = TextOf(json.Find("method"));
    if (method == "poststratify") {
      out.method = Calibration::Method::kPoststratify;
    } else if (method == "raking") {
      out.method = Calibration::Method::kRaking;
    } else if (method == "linear") {
      out.method = Calibration::Method::kLinear;
    } else if (method == "rake_ipf") {
      out.method = Calibration::Method::kRakeIpf;
    } else {
      Unknown("calibration by " + method);
    }
    const auto crossed = [&](const Value* names) {
      std::vector<Column>& margin = out.margins.emplace_back();
      for (const std::string& name : Texts(names))
        margin.push_back(DesignColumn(name, sample, true));
    };
    if (out.method == Calibration::Method::kPoststratify) crossed(json.Find("by"));
    if (const Value* margins = json.Find("margins"); margins != nullptr) {
      for (const Value& one : margins->list) crossed(&one);
    }
    for (const std::string& name : Texts(json.Find("totals")))
      out.totals.push_back(DesignColumn(name, sample, true));
    return out;
  }

  const Case& data_;
  const Value& designs_;
  std::string why_;
  std::string feature_;
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
  if (const Value* required = json->Find("requires"); required != nullptr) {
    for (const Value& one : required->list) out.requirements.push_back(one.text);
  }
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
    if (request.unsupported.empty() && !(frame_unit.has_value() && answer_unit.has_value()) &&
        request.type != Request::Type::kBh)
      request.unsupported = "units that the two tables do not name";
    out.requests.push_back(std::move(request));
  }
  return out;
}

}  // namespace imdi::oracle
