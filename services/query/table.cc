#include "services/query/table.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/query/columns.h"
#include "services/query/wire.h"

namespace imdi::query {
namespace {

using Texts = google::protobuf::RepeatedPtrField<std::string>;

constexpr std::string_view kAnswer = "answer";
constexpr std::string_view kStandardBasis = "ANSWERED";

// What was asked, apart from the release and the position.
std::string KeyOf(const query_pb::GetTableRequest& request) {
  std::string key;
  for (const std::string& indicator : request.indicators()) base::PutBytes(key, indicator);
  base::PutU8(key, '|');
  base::PutBytes(key, request.basis());
  for (const std::string& attribute : request.attributes()) base::PutBytes(key, attribute);
  base::PutU8(key, '|');
  for (const int language : request.languages()) base::PutU8(key, static_cast<uint8_t>(language));
  base::PutU8(key, '|');
  base::PutU32(key, static_cast<uint32_t>(request.page_size()));
  base::PutBytes(key, request.page_token());
  return key;
}

class TableMaker {
 public:
  TableMaker(const FigureSet& set, const query_pb::GetTableRequest& request, const Reading& reading)
      : set_(set), request_(request), reading_(reading) {}

  absl::Status Prepare() {
    IMDI_RETURN_IF_ERROR(TakeLanguages());
    IMDI_RETURN_IF_ERROR(TakeIndicators());
    IMDI_RETURN_IF_ERROR(TakeColumns());
    return TakeRows();
  }

  // Rows behind `after` until the page is full; the last cell where more follow, else empty.
  absl::StatusOr<std::string> Fill(query_pb::Table& out, const std::string& after,
                                   size_t page_size) {
    out.set_release(set_.name());
    for (const model::Language language : languages_) out.add_languages(language);
    for (const Column& column : columns_) {
      query_pb::TableColumn& to = *out.add_columns();
      to.set_group(column.group);
      if (column.title != nullptr) AddLabels(*column.title, *to.mutable_labels());
    }
    size_t first = 0;
    if (!after.empty()) {
      const auto found = std::find_if(rows_.begin(), rows_.end(),
                                      [&](const Row& row) { return row.cell == after; });
      if (found == rows_.end()) {
        return base::Error(base::Reason::kPageTokenInvalid,
                           "page_token is not one of this table; start from the first page");
      }
      first = static_cast<size_t>(found - rows_.begin()) + 1;
    }
    size_t bytes = out.ByteSizeLong();
    for (size_t i = first; i < rows_.size(); ++i) {
      IMDI_RETURN_IF_ERROR(reading_.CheckWanted());
      const int fallback = fallback_labels_;
      query_pb::TableRow row;
      IMDI_RETURN_IF_ERROR(FillRow(rows_[i], i == first ? nullptr : &rows_[i - 1], row));
      bytes += row.ByteSizeLong() + base::kEntryFramingBytes;
      const bool full = i - first >= page_size || bytes > base::kPageBytesMax;
      if (full && i > first) {
        fallback_labels_ = fallback;
        out.set_fallback_labels(fallback_labels_);
        return rows_[i - 1].cell;
      }
      *out.add_rows() = std::move(row);
    }
    out.set_fallback_labels(fallback_labels_);
    return std::string();
  }

 private:
  struct Row {
    std::string cell;
    std::string block;   // {indicator}.{basis}
    std::string answer;  // "answer=3"; empty where the indicator has no categories.
    const query_pb::IndicatorInfo* indicator = nullptr;
    const query_pb::BasisInfo* basis = nullptr;
    const query_pb::LabelledCode* category = nullptr;
  };

  absl::Status TakeLanguages() {
    for (int i = 0; i < request_.languages_size(); ++i) {
      const model::Language language = request_.languages(i);
      const bool known = language == model::LANGUAGE_NN || language == model::LANGUAGE_NB ||
                         language == model::LANGUAGE_EN;
      if (!known || std::find(languages_.begin(), languages_.end(), language) != languages_.end()) {
        return base::InvalidField(base::StrCat("languages[", i, "]"),
                                  "LANGUAGE_NN, LANGUAGE_NB or LANGUAGE_EN, each once");
      }
      languages_.push_back(language);
    }
    if (languages_.empty()) languages_ = {model::LANGUAGE_NN, model::LANGUAGE_NB};
    return absl::OkStatus();
  }

  absl::Status TakeIndicators() {
    if (static_cast<size_t>(request_.indicators_size()) > base::kTableIndicatorsMax) {
      return base::InvalidField("indicators",
                                base::StrCat("at most ", base::kTableIndicatorsMax, " of them"));
    }
    std::set<std::string_view> seen;
    for (int i = 0; i < request_.indicators_size(); ++i) {
      const std::string& id = request_.indicators(i);
      const std::string field = base::StrCat("indicators[", i, "]");
      const query_pb::IndicatorInfo* indicator = set_.labels().FindIndicator(id);
      if (indicator == nullptr) {
        return base::WithMetadata(
            base::Error(base::Reason::kUnknownResource,
                        base::StrCat(set_.name(), " has no indicator ", base::Quoted(id),
                                     "; ListIndicators names those there are")),
            "field", field);
      }
      if (!seen.insert(id).second) return base::InvalidField(field, "each indicator once");
      indicators_.push_back(indicator);
    }
    if (!indicators_.empty()) return absl::OkStatus();
    for (const query_pb::IndicatorInfo& indicator : set_.indicators()) {
      if (indicator.automatic()) indicators_.push_back(&indicator);
    }
    std::stable_sort(indicators_.begin(), indicators_.end(),
                     [](const auto* a, const auto* b) { return a->place() < b->place(); });
    return absl::OkStatus();
  }

  // The columns are those of the first indicator: a frame variable has the same groups for all.
  absl::Status TakeColumns() {
    columns_.push_back({});
    if (request_.attributes().empty()) return absl::OkStatus();
    IMDI_ASSIGN_OR_RETURN(const std::vector<std::string> attributes,
                          SortedAttributes(request_.attributes()));
    bool first = true;
    for (const query_pb::IndicatorInfo* indicator : indicators_) {
      IMDI_ASSIGN_OR_RETURN(std::vector<Column> columns, ColumnsOf(*indicator, attributes, set_));
      if (!std::exchange(first, false)) continue;
      columns_.insert(columns_.end(), std::make_move_iterator(columns.begin()),
                      std::make_move_iterator(columns.end()));
    }
    return absl::OkStatus();
  }

  absl::Status TakeRows() {
    const bool standard = request_.indicators().empty();
    for (const query_pb::IndicatorInfo* indicator : indicators_) {
      IMDI_RETURN_IF_ERROR(reading_.CheckWanted());
      const std::string_view id =
          std::string_view(indicator->name()).substr(std::string_view("indicators/").size());
      const std::string_view wanted = !request_.basis().empty()
                                          ? std::string_view(request_.basis())
                                          : (standard ? kStandardBasis : std::string_view());
      bool found = false;
      for (const query_pb::BasisInfo& basis : indicator->bases()) {
        if (!wanted.empty() && basis.id() != wanted) continue;
        found = true;
        const std::string block = base::StrCat(id, ".", basis.id());
        if (indicator->categories().empty()) {
          rows_.push_back({.cell = block,
                           .block = block,
                           .answer = {},
                           .indicator = indicator,
                           .basis = &basis,
                           .category = nullptr});
        }
        for (const query_pb::LabelledCode& category : indicator->categories()) {
          std::string answer = base::StrCat(kAnswer, "=", category.code());
          std::string cell = base::StrCat(block, ".", answer);
          // A basis that leaves answers out of its base has no cells for them.
          if (!set_.Find(cell).has_value()) continue;
          rows_.push_back({.cell = std::move(cell),
                           .block = block,
                           .answer = std::move(answer),
                           .indicator = indicator,
                           .basis = &basis,
                           .category = &category});
        }
      }
      // The standard report asks every question for one basis; named indicators were meant to have
      // it.
      if (!found && !standard) {
        return base::Error(base::Reason::kUnknownResource,
                           base::StrCat("indicator ", id, " has no basis ", base::Quoted(wanted)));
      }
    }
    if (rows_.empty()) {
      return base::Error(base::Reason::kUnknownResource,
                         base::StrCat(set_.name(), " has no indicator on a basis ",
                                      base::Quoted(request_.basis())));
    }
    return absl::OkStatus();
  }

  void AddLabels(const model::LocalizedText& text, Texts& out) {
    for (const model::Language language : languages_) {
      switch (language) {
        case model::LANGUAGE_NN:
          *out.Add() = text.nn();
          break;
        case model::LANGUAGE_EN:
          if (!text.en().empty() || text.nb().empty()) {
            *out.Add() = text.en();
            break;
          }
          ++fallback_labels_;
          [[fallthrough]];
        default:
          *out.Add() = text.nb();
      }
    }
  }

  absl::Status FillRow(const Row& row, const Row* before, query_pb::TableRow& out) {
    out.set_cell(row.cell);
    const bool other_indicator = before == nullptr || before->indicator != row.indicator;
    if (other_indicator) AddLabels(row.indicator->title(), *out.mutable_indicator_labels());
    if (other_indicator || before->basis != row.basis)
      AddLabels(row.basis->title(), *out.mutable_basis_labels());
    if (row.category != nullptr) AddLabels(row.category->title(), *out.mutable_category_labels());
    out.set_decimals(row.indicator->decimals());
    if (!row.indicator->unit().nn().empty())
      AddLabels(row.indicator->unit(), *out.mutable_unit_labels());
    for (const Column& column : columns_) {
      const std::string cell = CellOf(row.block, row.answer, column);
      const std::optional<size_t> place = set_.Find(cell);
      if (!place.has_value()) {
        return base::Error(base::Reason::kCellNotInRelease,
                           base::StrCat(base::Quoted(cell), " is not a cell of ", set_.name()));
      }
      const query_pb::Figure& figure = set_.At(*place).stored->figure();
      out.set_unit(figure.unit());
      FillCell(figure, *out.add_cells());
    }
    return absl::OkStatus();
  }

  static void FillCell(const query_pb::Figure& figure, query_pb::TableCell& out) {
    out.set_numerator(figure.numerator());
    out.set_base(figure.base());
    if (figure.has_no_value()) {
      out.set_no_value(figure.no_value().reason());
      out.set_sign(figure.no_value().sign());
    } else {
      out.set_value(figure.value());
    }
    out.set_estimate_problem(figure.estimate_problem().reason());
    if (figure.has_estimate()) FillEstimate(figure.estimate(), out);
  }

  static void FillEstimate(const query_pb::Estimate& estimate, query_pb::TableCell& out) {
    out.set_method(estimate.method());
    out.set_status(estimate.status());
    if (estimate.has_value()) out.set_estimate(estimate.value());
    if (estimate.method() != query_pb::INTERVAL_METHOD_NONE) {
      out.set_lower(estimate.lower());
      out.set_upper(estimate.upper());
      out.set_lower_open(estimate.lower_open());
      out.set_upper_open(estimate.upper_open());
    }
    if (!estimate.unbounded()) {
      out.set_bound_lower(estimate.bound_lower());
      out.set_bound_upper(estimate.bound_upper());
    }
  }

  const FigureSet& set_;
  const query_pb::GetTableRequest& request_;
  const Reading& reading_;
  std::vector<model::Language> languages_;
  std::vector<const query_pb::IndicatorInfo*> indicators_;
  std::vector<Column> columns_;
  std::vector<Row> rows_;
  int32_t fallback_labels_ = 0;
};

}  // namespace

std::optional<ReadyBytes> FindTable(Reading& reading, const query_pb::GetTableRequest& request) {
  const absl::StatusOr<ReleaseName> parent = ReleaseName::Parse(request.parent());
  // A page of live figures belongs to its snapshot.
  if (!parent.ok() || !request.page_token().empty()) return std::nullopt;
  const auto set = reading.Figures(parent->edition, parent->release);
  if (!set.ok()) return std::nullopt;
  std::optional<ReadyBytes> kept = (*set)->answers().Find(KeyOf(request));
  if (kept.has_value()) kept->tail = reading.CurrencyBytes<query_pb::Table>(**set);
  return kept;
}

absl::StatusOr<ReadyBytes> GetTable(Reading& reading, const query_pb::GetTableRequest& request) {
  if (auto kept = FindTable(reading, request); kept.has_value()) return *std::move(kept);
  IMDI_ASSIGN_OR_RETURN(const ReleaseName parent, ReleaseName::Parse(request.parent()));
  IMDI_ASSIGN_OR_RETURN(const size_t page_size,
                        PageSize(request.page_size(), base::kTableRowsMax, base::kTableRowsMax));
  // Not the name that was written: an answer is kept for all names of its release, and its token
  // works under each of them.
  std::string list = base::StrCat("table|", parent.edition, "|");
  query_pb::GetTableRequest unpaged = request;
  unpaged.clear_page_token();
  unpaged.clear_page_size();
  list += KeyOf(unpaged);
  IMDI_ASSIGN_OR_RETURN(const Page page, Page::Open(reading, parent, std::move(list), page_size,
                                                    request.page_token()));
  TableMaker maker(page.set(), request, reading);
  IMDI_RETURN_IF_ERROR(maker.Prepare());
  query_pb::Table table;
  IMDI_ASSIGN_OR_RETURN(const std::string last, maker.Fill(table, page.after(), page.size()));
  if (!last.empty()) table.set_next_page_token(page.Next(last));
  auto bytes = std::make_shared<const std::string>(table.SerializeAsString());
  // A token over live figures names a snapshot, so such a page is of one snapshot only.
  if (request.page_token().empty() && (last.empty() || !page.set().live()))
    page.set().answers().Keep(KeyOf(request), {.shared = bytes, .tail = {}});
  return ReadyBytes{.shared = std::move(bytes),
                    .tail = reading.CurrencyBytes<query_pb::Table>(page.set())};
}

}  // namespace imdi::query
