#include "clients/demo/survey.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "services/base/status_macros.h"

namespace imdi::demo {
namespace {

namespace model = survey::model::v1;

// Where the made-up respondent writes nynorsk, unless the frame states a written standard: counties
// and municipalities by the beginning of the code, and towns in them that do not.
constexpr std::array<std::string_view, 13> kNynorsk = {"12",   "14",   "15",   "1121", "1129",
                                                       "1130", "1133", "1134", "1135", "1141",
                                                       "1144", "1145", "1160"};
constexpr std::array<std::string_view, 3> kNotNynorsk = {"1201", "1502", "1505"};

bool Nynorsk(const model::Unit& unit) {
  if (unit.written_standard() != model::LANGUAGE_UNSPECIFIED)
    return unit.written_standard() == model::LANGUAGE_NN;
  const auto begins = [&](std::string_view start) { return unit.code().rfind(start, 0) == 0; };
  return std::any_of(kNynorsk.begin(), kNynorsk.end(), begins) &&
         std::none_of(kNotNynorsk.begin(), kNotNynorsk.end(), begins);
}

std::string Attribute(const model::Unit& unit, const std::string& id) {
  const auto found = unit.attributes().find(id);
  return found == unit.attributes().end() ? "" : found->second;
}

Member MakeMember(const model::Unit& unit) {
  Member member;
  member.code = unit.code();
  member.district = unit.type() == model::UNIT_TYPE_DISTRICT;
  member.stratum = member.district ? "district"
                                   : "region " + Attribute(unit, "imdi_region") + " size " +
                                         Attribute(unit, "size_group");
  const std::string settled = Attribute(unit, "settled_group");
  if (!settled.empty()) member.settled_group = std::atoi(settled.c_str());
  member.population = unit.population();
  member.nynorsk = Nynorsk(unit);
  return member;
}

std::string EditionOf(const std::string& name) {
  const std::string rest = name.substr(std::string("editions/").size());
  return rest.substr(0, rest.find('/'));
}

}  // namespace

absl::StatusOr<Survey> Survey::Make(const std::vector<model::Definition>& definitions) {
  Survey made;
  std::vector<std::pair<int, const model::Edition*>> years;
  std::map<std::string, const model::Questionnaire*> questionnaires;
  std::map<std::string, const model::Frame*> frames;
  for (const model::Definition& definition : definitions) {
    if (definition.has_edition())
      years.emplace_back(definition.edition().reference_year(), &definition.edition());
    if (definition.has_questionnaire()) {
      questionnaires[EditionOf(definition.questionnaire().name())] = &definition.questionnaire();
    }
    if (definition.has_frame()) frames[EditionOf(definition.frame().name())] = &definition.frame();
  }
  std::sort(years.begin(), years.end());
  std::map<std::string, Member> by_code;
  for (const auto& [year, document] : years) {
    const std::string id = EditionOf(document->name());
    if (questionnaires.count(id) == 0 || frames.count(id) == 0 || document->parts().size() != 1) {
      return absl::InvalidArgumentError(id +
                                        ": needs a questionnaire, a frame and exactly one part");
    }
    IMDI_ASSIGN_OR_RETURN(Form form, Form::Make(*questionnaires[id]));
    const std::string& name = questionnaires[id]->name();
    made.editions_.push_back({.id = id,
                              .part = document->parts(0).id(),
                              .questionnaire = std::atoi(name.substr(name.rfind('/') + 1).c_str()),
                              .form = std::move(form),
                              .frame = {}});
    for (const model::Unit& unit : frames[id]->units()) by_code[unit.code()] = MakeMember(unit);
  }
  for (auto& [code, member] : by_code) made.members_.push_back(std::move(member));
  std::stable_sort(
      made.members_.begin(), made.members_.end(),
      [](const Member& left, const Member& right) { return left.stratum < right.stratum; });
  std::map<std::string, size_t> index;
  std::vector<size_t> strata;
  for (size_t i = 0; i < made.members_.size(); ++i) {
    index[made.members_[i].code] = i;
    strata.push_back(i == 0
                         ? 0
                         : strata.back() +
                               (made.members_[i].stratum != made.members_[i - 1].stratum ? 1 : 0));
  }
  made.spread_ = Spread(std::move(strata));
  for (Edition& edition : made.editions_) {
    for (const model::Unit& unit : frames[edition.id]->units()) {
      if (!unit.out_of_scope()) edition.frame.push_back(index[unit.code()]);
    }
    std::sort(edition.frame.begin(), edition.frame.end());
  }
  return made;
}

const Edition* Survey::Find(std::string_view id) const {
  const auto found = std::find_if(editions_.begin(), editions_.end(),
                                  [&](const Edition& edition) { return edition.id == id; });
  return found == editions_.end() ? nullptr : &*found;
}

Pool Survey::Municipalities(const Pool& pool) const {
  return Where(pool, [&](size_t member) { return !members_[member].district; });
}

Pool Survey::Districts(const Pool& pool) const {
  return Where(pool, [&](size_t member) { return members_[member].district; });
}

}  // namespace imdi::demo
