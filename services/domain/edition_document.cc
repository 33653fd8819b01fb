#include "services/domain/edition_document.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/time/civil_time.h"
#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/domain/document_form.h"

namespace imdi::domain {

std::optional<absl::Time> TimeOf(const model::ScheduledTransition& transition) {
  absl::Time at;
  std::string error;
  if (!transition.at().ends_with('Z') ||
      !absl::ParseTime(absl::RFC3339_full, transition.at(), &at, &error) ||
      at == absl::InfiniteFuture() || at == absl::InfinitePast())
    return std::nullopt;
  return at;
}

bool IsDate(std::string_view text) {
  absl::CivilDay day;
  return text.size() == 10 && text[0] >= '0' && text[0] <= '9' &&
         absl::ParseCivilTime(base::ToAbsl(text), &day);
}

namespace {

constexpr std::string_view kEditions = "editions/";

DefinitionFindings CheckSchedule(const model::Edition& edition) {
  DefinitionFindings out;
  absl::Time before = absl::InfinitePast();
  for (int i = 0; i < edition.schedule_size(); ++i) {
    const model::ScheduledTransition& transition = edition.schedule(i);
    const std::string path = base::StrCat("edition.schedule[", i, "]");
    const std::optional<absl::Time> at = TimeOf(transition);
    if (!at.has_value()) {
      out.push_back(Finding(path + ".at", "BAD_TIME",
                            base::StrCat(base::Quoted(transition.at()), " is not a time in UTC"),
                            "write it as 2017-11-20T07:00:00Z"));
    } else if (*at <= before) {
      out.push_back(Finding(path + ".at", "NOT_ASCENDING",
                            "a transition comes after the one before it", "sort them by time"));
    }
    if (at.has_value()) before = *at;
    if (transition.to() != model::EDITION_STATE_OPEN &&
        transition.to() != model::EDITION_STATE_CLOSED) {
      out.push_back(Finding(path + ".to", "BAD_STATE", "an edition is scheduled to open or close",
                            "open or closed"));
    }
  }
  if (static_cast<size_t>(edition.schedule_size()) > kScheduledTransitionsMax)
    out.push_back(Finding("edition.schedule", "TOO_MANY_TRANSITIONS",
                          base::StrCat("at most ", kScheduledTransitionsMax, " transitions"),
                          "remove what has happened long ago"));
  return out;
}

}  // namespace

DefinitionFindings CheckEdition(const model::Edition& edition) {
  DefinitionFindings out;
  if (!edition.name().starts_with(kEditions) ||
      !IsMixedCaseId(std::string_view(edition.name()).substr(kEditions.size())))
    out.push_back(Finding("edition.name", "BAD_NAME",
                          base::StrCat(base::Quoted(edition.name()), " is not an edition name"),
                          "editions/{edition}: letters, digits, '-', '_', at most 40"));
  if (!IsMixedCaseId(edition.survey()))
    out.push_back(Finding("edition.survey", "MISSING_SURVEY", "the survey's id is required",
                          "letters, digits, '-', '_', at most 40, for example KU"));
  if (!Complete(edition.title()))
    out.push_back(Finding("edition.title", "MISSING_TEXT", "nynorsk and bokmål are both required",
                          "add the missing text"));
  if (edition.has_addressed_to() && !Complete(edition.addressed_to()))
    out.push_back(Finding("edition.addressed_to", "MISSING_TEXT",
                          "nynorsk and bokmål are both required", "add the missing text"));
  if (edition.reference_year() < 1990 || edition.reference_year() > 2100)
    out.push_back(
        Finding("edition.reference_year", "BAD_YEAR", "not a reference year", "1990 to 2100"));
  if (edition.design() != "census")
    out.push_back(Finding("edition.design", "BAD_DESIGN",
                          base::StrCat(base::Quoted(edition.design()), " is not supported"),
                          "census"));
  const auto& languages = edition.languages();
  for (const auto& [language, name] :
       {std::pair{model::LANGUAGE_NN, "nn"}, {model::LANGUAGE_NB, "nb"}}) {
    if (std::ranges::find(languages, static_cast<int>(language)) == languages.end())
      out.push_back(Finding("edition.languages", "MISSING_LANGUAGE",
                            base::StrCat("the form must exist in ", name), "add it"));
  }
  for (const auto& [field, date] : {std::pair{"edition.fieldwork_from", &edition.fieldwork_from()},
                                    {"edition.fieldwork_to", &edition.fieldwork_to()}}) {
    if (!date->empty() && !IsDate(*date))
      out.push_back(Finding(field, "BAD_DATE", base::StrCat(base::Quoted(*date), " is not a date"),
                            "write YYYY-MM-DD"));
  }
  std::set<std::string_view> parts;
  if (edition.parts().empty() ||
      static_cast<size_t>(edition.parts_size()) > base::kPartsPerEditionMax)
    out.push_back(Finding("edition.parts", "BAD_PARTS",
                          base::StrCat("1 to ", base::kPartsPerEditionMax, " parts"),
                          "state them"));
  for (int i = 0; i < edition.parts_size(); ++i) {
    if (!IsMixedCaseId(edition.parts(i).id()) || edition.parts(i).id().size() > 20 ||
        !parts.insert(edition.parts(i).id()).second)
      out.push_back(Finding(base::StrCat("edition.parts[", i, "].id"), "BAD_ID",
                            "not a part id, or it stands twice",
                            "letters, digits, '-', '_', at most 20"));
    if (!Complete(edition.parts(i).role()))
      out.push_back(Finding(base::StrCat("edition.parts[", i, "].role"), "MISSING_TEXT",
                            "nynorsk and bokmål are both required", "add the missing text"));
  }
  const DefinitionFindings schedule = CheckSchedule(edition);
  out.insert(out.end(), schedule.begin(), schedule.end());
  return out;
}

}  // namespace imdi::domain
