#include "services/domain/frame.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/domain/document_form.h"

namespace imdi::domain {
namespace {

bool IsGroupCode(std::string_view code) {
  return !code.empty() && code.size() <= 30 && std::ranges::all_of(code, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

bool IsUnitCode(std::string_view code, model::UnitType type) {
  const size_t digits = type == model::UNIT_TYPE_MUNICIPALITY ? 4
                        : type == model::UNIT_TYPE_DISTRICT   ? 6
                                                              : 0;
  return digits > 0 && code.size() == digits &&
         std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; });
}

bool IsOrganisationNumber(std::string_view text) {
  if (text.size() != 9 || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
    return false;
  constexpr int kWeights[] = {3, 2, 7, 6, 5, 4, 3, 2};
  int sum = 0;
  for (size_t i = 0; i < 8; ++i) sum += kWeights[i] * (text[i] - '0');
  const int control = (11 - sum % 11) % 11;
  return control < 10 && control == text[8] - '0';
}

CompiledFrame::Result CompiledFrame::Compile(const model::Frame& frame) {
  Result out;
  const auto add = [&out](std::string path, std::string_view rule, std::string message,
                          std::string_view remedy) {
    out.findings.push_back(
        {std::move(path), 0, std::string(rule), std::move(message), std::string(remedy)});
  };
  std::shared_ptr<CompiledFrame> compiled(new CompiledFrame);
  compiled->definition_ = frame;
  std::set<std::string_view> ids;
  for (int i = 0; i < frame.variables_size(); ++i) {
    const model::FrameVariable& variable = frame.variables(i);
    const std::string path = base::StrCat("frame.variables[", i, "]");
    if (!IsVariableId(variable.id())) {
      add(path + ".id", "BAD_ID",
          base::StrCat(base::Quoted(variable.id()), " is not a variable id"),
          "lower case letters, digits and '_', at most 30");
    }
    if (variable.id() == "answer") {
      add(path + ".id", "RESERVED_ID", "\"answer\" names the categories of a distribution",
          "call the variable something else");
    }
    if (!ids.insert(variable.id()).second)
      add(path + ".id", "DUPLICATE_ID", "the variable stands twice", "remove one");
    if (variable.title().nn().empty() || variable.title().nb().empty()) {
      add(path + ".title", "MISSING_TEXT", "nynorsk and bokmål are both required",
          "add the missing text");
    }
    Attribute attribute{variable.id(), variable.title(), {}, false};
    std::set<std::string_view> codes;
    for (int g = 0; g < variable.groups_size(); ++g) {
      const model::Group& group = variable.groups(g);
      const std::string group_path = base::StrCat(path, ".groups[", g, "]");
      if (!IsGroupCode(group.code()) || group.code() == "unknown") {
        add(group_path + ".code", "BAD_CODE",
            base::StrCat(base::Quoted(group.code()), " is not a group code"),
            "letters, digits, '_' or '-', at most 30, and not \"unknown\"");
      }
      if (!codes.insert(group.code()).second)
        add(group_path + ".code", "DUPLICATE_CODE", "the group stands twice", "remove one");
      if (group.text().nn().empty() || group.text().nb().empty()) {
        add(group_path + ".text", "MISSING_TEXT", "nynorsk and bokmål are both required",
            "add the missing text");
      }
      attribute.groups.push_back({group.code(), group.text()});
    }
    compiled->attributes_.push_back(std::move(attribute));
  }
  if (frame.units().empty())
    add("frame.units", "EMPTY_FRAME", "a frame has at least one unit", "add the units");
  if (static_cast<size_t>(frame.units_size()) > base::kUnitsPerFrameMax) {
    add("frame.units", "TOO_MANY_UNITS",
        base::StrCat("a frame has at most ", base::kUnitsPerFrameMax, " units"),
        "split the survey");
  }
  const size_t attributes = compiled->attributes_.size();
  compiled->groups_.assign(static_cast<size_t>(frame.units_size()) * attributes, kUnknownGroup);
  for (int i = 0; i < frame.units_size(); ++i) {
    const model::Unit& unit = frame.units(i);
    compiled->types_.push_back(unit.type());
    const std::string path = base::StrCat("frame.units[", i, "]");
    if (unit.type() == model::UNIT_TYPE_UNSPECIFIED || !model::UnitType_IsValid(unit.type())) {
      add(path + ".type", "MISSING_TYPE", "the type of the unit is required",
          "municipality or district");
    } else if (!IsUnitCode(unit.code(), unit.type())) {
      add(path + ".code", "BAD_UNIT_CODE",
          base::StrCat(base::Quoted(unit.code()), " is not a code of that type"),
          "four digits for a municipality, six for a district");
    }
    if (!compiled->by_code_.emplace(unit.code(), static_cast<UnitIndex>(i)).second) {
      add(path + ".code", "DUPLICATE_UNIT", base::StrCat("unit ", unit.code(), " stands twice"),
          "remove one");
    }
    if (unit.name().empty())
      add(path + ".name", "MISSING_NAME", "the unit has no name", "add its official name");
    if (!unit.orgnr().empty() && !IsOrganisationNumber(unit.orgnr())) {
      add(path + ".orgnr", "BAD_ORGNR",
          base::StrCat(base::Quoted(unit.orgnr()), " is not an organisation number"),
          "nine digits with a valid control digit, or leave it out");
    }
    if (unit.population() < 0)
      add(path + ".population", "BAD_NUMBER", base::StrCat("inhabitants are 0 to ", kMeasureMax),
          "correct it, or leave it out where it is not known");
    for (const auto& [id, code] : unit.attributes()) {
      const std::optional<uint32_t> attribute = compiled->FindAttribute(id);
      if (!attribute.has_value()) {
        add(path + ".attributes", "UNKNOWN_ATTRIBUTE",
            base::StrCat("the frame has no variable ", base::Quoted(id)),
            "declare it under variables");
        continue;
      }
      const std::optional<uint16_t> group = compiled->FindGroup(*attribute, code);
      if (!group.has_value() || *group == kUnknownGroup) {
        add(path + ".attributes", "UNKNOWN_GROUP",
            base::StrCat(id, " has no group ", base::Quoted(code)),
            "use a declared code, or leave the attribute out where it is not known");
        continue;
      }
      compiled->groups_[static_cast<size_t>(i) * attributes + *attribute] = *group;
    }
  }
  for (size_t a = 0; a < attributes; ++a) {
    for (size_t i = 0; i < compiled->size(); ++i) {
      if (compiled->groups_[i * attributes + a] == kUnknownGroup)
        compiled->attributes_[a].has_unknown = true;
    }
  }
  if (out.findings.empty()) out.frame = std::move(compiled);
  return out;
}

std::optional<UnitIndex> CompiledFrame::Find(std::string_view code) const {
  const auto found = by_code_.find(code);
  return found == by_code_.end() ? std::nullopt : std::optional(found->second);
}

UnitFacts CompiledFrame::FactsOf(UnitIndex index) const {
  return {types_[index],
          std::span(groups_).subspan(index * attributes_.size(), attributes_.size())};
}

std::optional<uint32_t> CompiledFrame::FindAttribute(std::string_view id) const {
  const auto found = std::ranges::find(attributes_, id, &Attribute::id);
  return found == attributes_.end()
             ? std::nullopt
             : std::optional(static_cast<uint32_t>(found - attributes_.begin()));
}

std::string_view CompiledFrame::GroupCode(uint32_t attribute, uint16_t group) const {
  return group == kUnknownGroup ? std::string_view("unknown")
                                : std::string_view(attributes_[attribute].groups[group].code);
}

std::optional<uint16_t> CompiledFrame::FindGroup(uint32_t attribute, std::string_view code) const {
  if (code == "unknown") return kUnknownGroup;
  const auto& groups = attributes_[attribute].groups;
  const auto found = std::ranges::find(groups, code, &Group::code);
  return found == groups.end() ? std::nullopt
                               : std::optional(static_cast<uint16_t>(found - groups.begin()));
}

std::optional<std::string_view> CompiledFrame::OnlyPredecessorOf(UnitIndex index) const {
  const model::Unit& one = unit(index);
  if (one.predecessors().empty()) return one.code();
  if (one.predecessors_size() == 1) return one.predecessors(0);
  return std::nullopt;
}

}  // namespace imdi::domain
