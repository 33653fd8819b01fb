#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imdi/survey/model/v1/frame.pb.h"
#include "services/domain/types.h"

namespace imdi::domain {

// Four digits for a municipality, six for a district; anything else (lookalike digits included) is
// none.
bool IsUnitCode(std::string_view code, model::UnitType type);
// Nine digits with a valid control digit (modulus 11).
bool IsOrganisationNumber(std::string_view text);

// A frame that has passed every check. Immutable; units are in the order of the document.
class CompiledFrame {
 public:
  struct Group {
    std::string code;
    model::LocalizedText title;
  };
  struct Attribute {
    std::string id;
    model::LocalizedText title;
    std::vector<Group> groups;  // In the order shown; "unknown" is none of them.
    bool has_unknown = false;   // True where some unit has no value.
  };

  struct Result {
    std::shared_ptr<const CompiledFrame> frame;  // Null exactly when there are findings.
    DefinitionFindings findings;
  };
  static Result Compile(const model::Frame& frame);

  size_t size() const {
    return definition_.units_size() < 0 ? 0 : static_cast<size_t>(definition_.units_size());
  }
  const model::Unit& unit(UnitIndex index) const {
    return definition_.units(static_cast<int>(index));
  }
  // By unit code.
  std::optional<UnitIndex> Find(std::string_view code) const;
  UnitFacts FactsOf(UnitIndex index) const;

  const std::vector<Attribute>& attributes() const { return attributes_; }
  std::optional<uint32_t> FindAttribute(std::string_view id) const;
  // Group of a unit, or kUnknownGroup.
  uint16_t GroupOf(UnitIndex index, uint32_t attribute) const {
    return groups_[index * attributes_.size() + attribute];
  }
  // Code of a group; "unknown" for kUnknownGroup.
  std::string_view GroupCode(uint32_t attribute, uint16_t group) const;
  // The inverse; empty for a code that the attribute does not have.
  std::optional<uint16_t> FindGroup(uint32_t attribute, std::string_view code) const;

  // Code of the unit of the edition before that this one continues: its predecessor, or its own
  // where it names none. None where it continues several. Borrowed from the frame.
  std::optional<std::string_view> OnlyPredecessorOf(UnitIndex index) const;

  const model::Frame& definition() const { return definition_; }

 private:
  CompiledFrame() = default;
  model::Frame definition_;
  std::vector<Attribute> attributes_;
  std::vector<model::UnitType> types_;  // By unit: read for every response.
  std::vector<uint16_t> groups_;        // size() × attributes, by unit.
  std::map<std::string, UnitIndex, std::less<>> by_code_;
};

}  // namespace imdi::domain
