#include "services/domain/weight_set.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "services/base/text.h"
#include "services/domain/document_form.h"

namespace imdi::domain {
namespace {

constexpr std::string_view kSurveys = "surveys/";
constexpr std::string_view kWeightSets = "/weightSets/";
constexpr std::string_view kWithin = "imdi_region";
constexpr std::string_view kAlong = "size_group";

std::string WithinOf(const model::WeightSet& set) {
  return set.within().empty() ? std::string(kWithin) : set.within();
}
std::string AlongOf(const model::WeightSet& set) {
  return set.along().empty() ? std::string(kAlong) : set.along();
}

void CheckStrata(const model::WeightSet& set, DefinitionFindings& out) {
  for (const auto& [field, id] :
       {std::pair{"within", &set.within()}, std::pair{"along", &set.along()}}) {
    if (!id->empty() && !IsVariableId(*id))
      out.push_back(Finding(base::StrCat("weight_set.", field), "BAD_ID",
                            base::StrCat(base::Quoted(*id), " is not the id of a frame variable"),
                            "lower case letters, digits and '_', at most 30"));
  }
  if (WithinOf(set) == AlongOf(set))
    out.push_back(Finding("weight_set.along", "DUPLICATE",
                          base::StrCat("strata are made within one variable and joined along "
                                       "another; both are ",
                                       AlongOf(set)),
                          "name another variable"));
}

void CheckMargins(const model::WeightSet& set, DefinitionFindings& out) {
  if (set.margins_size() > kMarginsMax) {
    out.push_back(Finding("weight_set.margins", "TOO_MANY_MARGINS",
                          base::StrCat("at most ", kMarginsMax, " margins"),
                          "leave out those that matter least"));
    return;
  }
  std::set<std::vector<std::string>> margins;
  for (int i = 0; i < set.margins_size(); ++i) {
    const std::string path = base::StrCat("weight_set.margins[", i, "]");
    std::vector<std::string> attributes(set.margins(i).attributes().begin(),
                                        set.margins(i).attributes().end());
    std::ranges::sort(attributes);
    if (attributes.empty() || attributes.size() > static_cast<size_t>(kMarginAttributesMax) ||
        std::ranges::adjacent_find(attributes) != attributes.end()) {
      out.push_back(Finding(
          path, "BAD_MARGIN",
          base::StrCat("a margin is of 1 to ", kMarginAttributesMax, " different frame variables"),
          "name each variable once"));
      continue;
    }
    for (const std::string& id : attributes) {
      if (!IsVariableId(id))
        out.push_back(Finding(path, "BAD_ID",
                              base::StrCat(base::Quoted(id), " is not the id of a frame variable"),
                              "lower case letters, digits and '_', at most 30"));
    }
    if (!margins.insert(std::move(attributes)).second)
      out.push_back(Finding(path, "DUPLICATE", "the margin stands twice", "leave one of them out"));
  }
}

void CheckTotals(const model::WeightSet& set, DefinitionFindings& out) {
  std::set<int> totals;
  for (int i = 0; i < set.totals_size(); ++i) {
    const std::string path = base::StrCat("weight_set.totals[", i, "]");
    const int total = set.totals(i);
    if (!model::FrameNumber_IsValid(total) || total == model::FRAME_NUMBER_UNSPECIFIED)
      out.push_back(Finding(path, "MISSING_NUMBER", "it is not said which number of the frame",
                            "population"));
    else if (!totals.insert(total).second)
      out.push_back(Finding(path, "DUPLICATE", "the total stands twice", "leave one of them out"));
  }
}

// What a method is given, and what it must be given.
void CheckMethod(const model::WeightSet& set, DefinitionFindings& out) {
  const auto needs_margins = [&](bool holds, std::string_view name, std::string_view which) {
    if (!holds)
      out.push_back(Finding("weight_set.margins", "MARGINS_NOT_FOR_METHOD",
                            base::StrCat(name, " takes ", which, ", not ", set.margins_size()),
                            "correct the margins, or choose another method"));
  };
  switch (set.method()) {
    case model::WEIGHT_METHOD_STRATA:
      needs_margins(set.margins().empty(), "strata", "no margin");
      break;
    case model::WEIGHT_METHOD_POSTSTRATIFIED:
      needs_margins(set.margins_size() == 1, "poststratified", "exactly one margin");
      break;
    case model::WEIGHT_METHOD_RAKED:
      needs_margins(set.margins_size() >= 2, "raked", "at least two margins");
      break;
    case model::WEIGHT_METHOD_LINEAR:
      if (set.margins().empty() && set.totals().empty())
        out.push_back(Finding("weight_set", "MISSING_TOTALS",
                              "linear calibrates to margins or totals, and there are none",
                              "state one, or make the method strata"));
      break;
    default:
      out.push_back(Finding("weight_set.method", "MISSING_METHOD",
                            "it is not said how weights are made",
                            "strata, poststratified, raked or linear"));
      return;
  }
  if (set.method() != model::WEIGHT_METHOD_LINEAR && !set.totals().empty())
    out.push_back(Finding("weight_set.totals", "TOTALS_NOT_FOR_METHOD",
                          "only linear weights are calibrated to sums of numbers",
                          "make the method linear, or remove the totals"));
}

}  // namespace

WeightSetName WeightSetNameOf(std::string_view name) {
  if (!name.starts_with(kSurveys)) return {};
  name.remove_prefix(kSurveys.size());
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos || !name.substr(slash).starts_with(kWeightSets)) return {};
  const WeightSetName out = {name.substr(0, slash), name.substr(slash + kWeightSets.size())};
  return IsMixedCaseId(out.survey) && IsUpperCaseId(out.id) ? out : WeightSetName();
}

bool IsBuiltInWeights(std::string_view name) {
  return name.empty() || WeightSetNameOf(name).id == kBuiltInWeights;
}

std::string BuiltInWeightsOf(std::string_view survey) {
  return base::StrCat(kSurveys, survey, kWeightSets, kBuiltInWeights);
}

DefinitionFindings CheckWeightSet(const model::WeightSet& definition) {
  DefinitionFindings out;
  const WeightSetName name = WeightSetNameOf(definition.name());
  if (name.id.empty())
    out.push_back(
        Finding("weight_set.name", "BAD_NAME",
                base::StrCat(base::Quoted(definition.name()), " is not a weight set name"),
                "surveys/{survey}/weightSets/{ID}: upper case letters, digits, '_', at "
                "most 40"));
  else if (name.id == kBuiltInWeights)
    out.push_back(Finding("weight_set.name", "RESERVED_ID",
                          base::StrCat(kBuiltInWeights, " is built in and cannot be changed"),
                          "call the set something else"));
  if (!Complete(definition.title()))
    out.push_back(Finding("weight_set.title", "MISSING_TEXT",
                          "nynorsk and bokmål are both required", "add the missing text"));
  CheckStrata(definition, out);
  CheckMargins(definition, out);
  CheckTotals(definition, out);
  CheckMethod(definition, out);
  return out;
}

CompiledWeightSet::Result CompiledWeightSet::Compile(const model::WeightSet& definition,
                                                     const CompiledFrame& frame) {
  Result out;
  std::shared_ptr<CompiledWeightSet> set(new CompiledWeightSet);
  set->definition_ = definition;
  set->within_ = WithinOf(definition);
  set->along_ = AlongOf(definition);
  const auto variable = [&](std::string path, const std::string& id) {
    const std::optional<uint32_t> attribute = frame.FindAttribute(id);
    if (!attribute.has_value())
      out.findings.push_back(
          Finding(std::move(path), "UNKNOWN_VARIABLE",
                  base::StrCat(frame.definition().name(), " has no variable ", base::Quoted(id)),
                  "name a variable of the frame"));
    return attribute;
  };
  // A variable of the built-in strata that the frame lacks is left out, as it is without a set.
  if (!definition.within().empty()) variable("weight_set.within", definition.within());
  if (!definition.along().empty()) variable("weight_set.along", definition.along());
  for (int m = 0; m < definition.margins_size(); ++m) {
    std::vector<uint32_t>& margin = set->margins_.emplace_back();
    const model::WeightMargin& document = definition.margins(m);
    for (int i = 0; i < document.attributes_size(); ++i) {
      const auto attribute = variable(
          base::StrCat("weight_set.margins[", m, "].attributes[", i, "]"), document.attributes(i));
      if (attribute.has_value()) margin.push_back(*attribute);
    }
  }
  for (int t = 0; t < definition.totals_size(); ++t) {
    const model::FrameNumber number = definition.totals(t);
    set->totals_.push_back(number);
    for (UnitIndex unit = 0; unit < frame.size(); ++unit) {
      if (frame.unit(unit).out_of_scope() || NumberOf(frame, unit, number) != 0) continue;
      out.findings.push_back(
          Finding(base::StrCat("weight_set.totals[", t, "]"), "NUMBER_UNKNOWN",
                  base::StrCat(frame.definition().name(), " does not know it of unit ",
                               frame.unit(unit).code(), ", so it has no sum"),
                  "state it in the frame, or remove the total"));
      break;
    }
  }
  if (out.findings.empty()) out.set = std::move(set);
  return out;
}

int64_t NumberOf(const CompiledFrame& frame, UnitIndex unit, model::FrameNumber number) {
  switch (number) {
    case model::FRAME_NUMBER_POPULATION: {
      const int64_t population = frame.unit(unit).population();
      return population <= kMeasureMax ? population : 0;
    }
    default:
      return 0;
  }
}

std::string_view FrameNumberName(model::FrameNumber number) {
  return number == model::FRAME_NUMBER_POPULATION ? "population" : "unknown number";
}

}  // namespace imdi::domain
