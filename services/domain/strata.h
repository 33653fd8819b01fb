#pragma once

// Non-response strata of a frame: within one, who answered is taken as left to chance. And their
// collapsing where one is too thin to weight by.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/frame.h"
#include "services/domain/types.h"

namespace imdi::domain {

// Municipalities by `within` x `along`; districts always one stratum of their own. A variable that
// the frame lacks is left out. Units without a value form an "unknown" group of that variable.
// Order: within group, then along group, in the frame's order of groups, unknown last; districts
// after all. Every stratum has at least one unit of the frame. Immutable.
class Strata {
 public:
  struct Stratum {
    std::string id;  // {within code}.{along code}, "district", or "all" without any variable.
    model::LocalizedText title;
    uint32_t within_group = 0;  // kUnknownGroup = no value; 0 where the frame lacks the variable.
    uint32_t along_group = 0;   // Likewise.
    bool district = false;      // The stratum of all districts; its groups mean nothing.
  };

  static Strata Of(const CompiledFrame& frame, std::string_view within = "imdi_region",
                   std::string_view along = "size_group");

  size_t size() const { return strata_.size(); }
  const Stratum& operator[](size_t number) const { return strata_[number]; }
  uint16_t StratumOf(UnitIndex unit) const { return of_unit_[unit]; }

 private:
  std::vector<Stratum> strata_;
  std::vector<uint16_t> of_unit_;
};

// A stratum with fewer respondents is collapsed: its weight would hang on too few.
inline constexpr int32_t kStratumRespondentsMin = 5;

struct Collapse {
  // By uncollapsed stratum: number of the collapsed one, 0 … count - 1 in the order of their first
  // members.
  std::vector<uint16_t> to;
  uint16_t count = 0;
  // What was joined, in the order it was done. Numbers of uncollapsed strata; where earlier steps
  // had joined several, of the first of them.
  struct Step {
    uint16_t from = 0;      // The one that was too thin.
    uint16_t into = 0;      // The neighbour it joined.
    int32_t responded = 0;  // Respondents of `from`, with all that had joined it.
    int32_t frame = 0;      // Units invited of it.
    std::string reason;     // For logs: English, with the numbers.
  };
  std::vector<Step> steps;
};

// `frame` and `responded` by uncollapsed stratum: units invited, and those of them that answered.
// Within one within-group, while a stratum has fewer than kStratumRespondentsMin respondents and is
// not answered completely: the one with the fewest (the first of equals) joins the neighbour along
// the order with fewer respondents (the earlier of equals). Never across within-groups, never with
// districts; a group that is too thin as a whole stays one stratum.
//
// A completely answered stratum is not thin however small: its weight is 1 and it adds no variance,
// so joining would only give up what is known. It takes in a thin neighbour all the same, since
// nothing else may be there to take it.
//
// "Unknown" along the order counts as its last. Strata without invited units are ignored; they
// follow the stratum before them in their group (else the one after), and hold nothing.
Collapse CollapseStrata(const Strata& strata, std::span<const int32_t> frame,
                        std::span<const int32_t> responded);

}  // namespace imdi::domain
