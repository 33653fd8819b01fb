#include "tests/bench/fold_bench.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <set>
#include <string>

#include "imdi/survey/store/v1/record.pb.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/answer_matrix.h"
#include "services/domain/derivation.h"
#include "services/domain/figure_plan.h"
#include "services/domain/packed_answers.h"

namespace imdi::bench {
namespace {

namespace model = survey::model::v1;

double Now() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The first four digits of a district's code are those of its municipality. Invented districts have
// digits that no invented municipality has, so that nobody is of both: municipalities count up from
// 0000, districts down from 9999, a hundred to each four digits.
constexpr int64_t kPrefixes = 10'000;
constexpr int64_t kDistrictsOfOne = 100;
constexpr int64_t kUnitsMax = kPrefixes * kDistrictsOfOne;

std::string Digits(int64_t number, size_t width) {
  const std::string digits = base::StrCat(number);
  return std::string(width - digits.size(), '0') + digits;
}
std::string MunicipalityCode(int64_t number) { return Digits(number, 4); }
std::string DistrictCode(int64_t number) {
  return Digits(kPrefixes - 1 - number / kDistrictsOfOne, 4) + Digits(number % kDistrictsOfOne, 2);
}
// Of so many units: as many as leave codes for the others.
int64_t MunicipalitiesMax(int64_t units) { return (kUnitsMax - units) / (kDistrictsOfOne - 1); }

int64_t AnswersIn(const survey::store::v1::PackedAnswers& packed) {
  return int64_t{packed.code_items_size()} + packed.set_items_size() + packed.number_items_size() +
         packed.text_items_size();
}

// Folds responses into a matrix; holds what is reused from one to the next.
class Folder {
 public:
  Folder(const FoldInput& input, std::shared_ptr<const domain::FigurePlan> plan)
      : input_(input),
        entry_(*input.catalog->FindEdition(input.edition)),
        version_(*entry_.Current()),
        plan_(std::move(plan)) {
    for (const auto& [unit, answers] : input.responses) units_.push_back(*entry_.frame->Find(unit));
    all_parts_ = (domain::PartMask{1} << version_.compiled->parts().size()) - 1;
  }

  // False when stored answers cannot be read.
  bool Fold(domain::AnswerMatrix& matrix, FoldResult& result) {
    for (size_t i = 0; i < units_.size(); ++i) {
      if (!FoldOne(i, matrix, result)) return false;
    }
    return true;
  }

  bool FoldOne(size_t i, domain::AnswerMatrix& matrix, FoldResult& result) {
    if (!packed_.ParseFromString(input_.responses[i].second)) return false;
    if (!domain::UnpackAnswersInto(packed_, *version_.compiled, *version_.items, &response_.answers)
             .ok())
      return false;
    domain::DeriveInto(*version_.compiled,
                       {.unit = entry_.frame->FactsOf(units_[i]),
                        .answers = &response_.answers,
                        .submitted = all_parts_,
                        .fielded = nullptr},
                       &response_);
    matrix.SetUnit(units_[i], &response_, domain::model::DISPOSITION_UNSPECIFIED);
    result.answers += AnswersIn(packed_);
    ++result.responses;
    return true;
  }

  void Withdraw(size_t i, domain::AnswerMatrix& matrix) const {
    matrix.SetUnit(units_[i], nullptr, domain::model::DISPOSITION_UNSPECIFIED);
  }

 private:
  const FoldInput& input_;
  const domain::Catalog::EditionEntry& entry_;
  const domain::Catalog::QuestionnaireVersion& version_;
  std::shared_ptr<const domain::FigurePlan> plan_;
  std::vector<domain::UnitIndex> units_;
  domain::PartMask all_parts_ = 0;
  survey::store::v1::PackedAnswers packed_;
  domain::DerivedResponse response_;
};

}  // namespace

absl::StatusOr<FoldInput> FoldInputOf(std::span<const model::Definition> definitions,
                                      const std::string& edition) {
  FoldInput out;
  out.edition = edition;
  std::shared_ptr<const domain::Catalog> catalog = domain::Catalog::Empty();
  for (const model::Definition& definition : definitions) {
    const domain::DefinitionVerdict verdict = catalog->ValidateDefinition(definition, {});
    if (!verdict.findings.empty())
      return absl::InvalidArgumentError(
          base::StrCat(verdict.name, ": ", domain::ToText(verdict.findings.front())));
    IMDI_ASSIGN_OR_RETURN(catalog, catalog->Apply(definition, verdict.revision, verdict.new_items));
  }
  out.catalog = std::move(catalog);
  return out;
}

void AddResponse(FoldInput& input, const std::string& unit, const domain::AnswerList& answers) {
  const auto& version = *input.catalog->FindEdition(input.edition)->Current();
  std::vector<model::Finding> findings;
  const domain::AnswerSet set = domain::ReadAnswers(*version.compiled, answers, &findings);
  input.responses.emplace_back(unit, domain::PackAnswers(set, *version.items).SerializeAsString());
}

FoldResult FoldThroughput(const FoldInput& input, int64_t answers) {
  FoldResult result;
  const auto plan = domain::PlanOf(*input.catalog, input.edition);
  if (plan == nullptr || input.responses.empty()) return result;
  const double begin = Now();
  domain::AnswerMatrix matrix(plan);
  Folder folder(input, plan);
  while (result.answers < answers) {
    if (!folder.Fold(matrix, result)) return FoldResult();
  }
  const double folded = Now();
  result.counts = matrix.Count();
  result.matrix_bytes = matrix.bytes();
  result.seconds = Now() - begin;
  result.count_seconds = result.seconds - (folded - begin);
  return result;
}

FoldResult RebuildEditions(const FoldInput& input, int editions) {
  FoldResult result;
  const double begin = Now();
  for (int i = 0; i < editions; ++i) {
    const auto plan = domain::PlanOf(*input.catalog, input.edition);
    if (plan == nullptr) return FoldResult();
    domain::AnswerMatrix matrix(plan);
    if (!Folder(input, plan).Fold(matrix, result)) return FoldResult();
    const double folded = Now();
    result.counts = matrix.Count();
    result.count_seconds += Now() - folded;
    result.matrix_bytes = matrix.bytes();
  }
  result.seconds = Now() - begin;
  return result;
}

ChangeResult OneChange(const FoldInput& input, int changes) {
  const auto plan = domain::PlanOf(*input.catalog, input.edition);
  if (plan == nullptr || input.responses.empty()) return {};
  domain::AnswerMatrix matrix(plan);
  Folder folder(input, plan);
  FoldResult ignored;
  if (!folder.Fold(matrix, ignored)) return {};
  ChangeResult out;
  std::vector<double> seconds;
  auto before = matrix.Count();
  for (int change = 0; change < changes; ++change) {
    // Every unit once out and once in.
    const size_t unit = static_cast<size_t>(change / 2) % input.responses.size();
    const double begin = Now();
    if (change % 2 == 0) {
      folder.Withdraw(unit, matrix);
    } else if (!folder.FoldOne(unit, matrix, ignored)) {
      return {};
    }
    const auto now = matrix.Count();
    seconds.push_back(Now() - begin);
    out.parts = out.part_values = 0;
    for (size_t part = 0; part < now->parts().size(); ++part) {
      if (now->parts()[part] == before->parts()[part]) continue;
      ++out.parts;
      out.part_values += now->parts()[part]->size();
    }
    before = now;
  }
  std::ranges::sort(seconds);
  out.seconds = seconds[seconds.size() / 2];
  return out;
}

absl::StatusOr<FoldInput> WithMoreUnits(const FoldInput& input, int times) {
  const domain::Catalog::EditionEntry& entry = *input.catalog->FindEdition(input.edition);
  FoldInput out;
  out.edition = input.edition;
  model::Frame frame = entry.frame->definition();
  frame.clear_units();
  std::map<std::string, const std::string*> answers;
  for (const auto& [unit, packed] : input.responses) answers[unit] = &packed;
  const int64_t units = static_cast<int64_t>(entry.frame->size()) * times;
  if (units > kUnitsMax)
    return absl::InvalidArgumentError(
        base::StrCat(units, " units: codes allow ", kUnitsMax, "; fewer times"));
  const int64_t municipalities_max = MunicipalitiesMax(units);
  int municipalities = 0;
  int districts = 0;
  for (int copy = 0; copy < times; ++copy) {
    for (const model::Unit& unit : entry.frame->definition().units()) {
      model::Unit& clone = *frame.add_units();
      clone = unit;
      clone.clear_orgnr();
      clone.clear_predecessors();
      const bool municipality =
          unit.type() == model::UNIT_TYPE_MUNICIPALITY && municipalities < municipalities_max;
      clone.set_type(municipality ? model::UNIT_TYPE_MUNICIPALITY : model::UNIT_TYPE_DISTRICT);
      clone.set_code(municipality ? MunicipalityCode(municipalities++) : DistrictCode(districts++));
      const auto found = answers.find(unit.code());
      if (found != answers.end()) out.responses.emplace_back(clone.code(), *found->second);
    }
  }
  auto catalog = domain::Catalog::Empty();
  const auto apply = [&](const std::string& name, const model::Definition& definition) {
    std::vector<domain::ItemNumbers::Assigned> numbers;
    if (definition.has_questionnaire()) {
      const auto& from = input.catalog->NumbersOf(entry.definition->survey());
      for (uint32_t number = 1; number <= from.largest(); ++number)
        numbers.push_back({std::string(from.IdOf(number)), number});
    }
    auto next = catalog->Apply(definition, 1, numbers);
    if (!next.ok())
      return absl::Status(next.status().code(),
                          base::StrCat(name, " with ", units, " units: ", next.status().message()));
    catalog = *std::move(next);
    return absl::OkStatus();
  };
  model::Definition definition;
  *definition.mutable_edition() = *entry.definition;
  IMDI_RETURN_IF_ERROR(apply("the edition", definition));
  *definition.mutable_frame() = std::move(frame);
  IMDI_RETURN_IF_ERROR(apply("the frame", definition));
  *definition.mutable_questionnaire() = entry.Current()->compiled->definition();
  IMDI_RETURN_IF_ERROR(apply("the questionnaire", definition));
  std::set<std::string> sets;
  for (const auto& indicator : input.catalog->IndicatorsOf(input.edition)) {
    if (indicator->weights() == nullptr || !sets.insert(indicator->weights()->name()).second)
      continue;
    *definition.mutable_weight_set() = indicator->weights()->definition();
    IMDI_RETURN_IF_ERROR(apply(indicator->weights()->name(), definition));
  }
  for (const auto& indicator : input.catalog->IndicatorsOf(input.edition)) {
    *definition.mutable_indicator() = indicator->definition();
    definition.mutable_indicator()->clear_editions();
    definition.mutable_indicator()->add_editions(base::StrCat("editions/", input.edition));
    IMDI_RETURN_IF_ERROR(apply(indicator->definition().name(), definition));
  }
  out.catalog = std::move(catalog);
  return out;
}

}  // namespace imdi::bench
