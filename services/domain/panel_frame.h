#pragma once

// The units of an edition and of those before it, side by side: which unit of an earlier edition a
// unit alone continues, as the frames say it. What joint counts of several editions run over.

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "services/domain/frame.h"
#include "services/domain/indicator.h"
#include "services/domain/strata.h"
#include "services/domain/types.h"

namespace imdi::domain {

inline constexpr UnitIndex kNoUnit = std::numeric_limits<UnitIndex>::max();

// An edition before another one of its survey.
struct EarlierEdition {
  std::string id;
  int32_t year = 0;
  std::string previous;  // Id of the edition that it names as the one before; empty = none.
  std::shared_ptr<const CompiledFrame> frame;
  std::vector<std::shared_ptr<const CompiledIndicator>> indicators;  // Of documents, by id.
};

// What lies before an edition: all that its indicators can be compared with.
struct EarlierEditions {
  std::string previous;  // Id of the edition that it names as the one before; empty = none.
  int32_t year = 0;      // Its own reference year.
  std::vector<EarlierEdition> earlier;  // By year, ascending.
};

// One column for each unit of the edition, in the frame's order, then one for each unit that only
// earlier editions have.
struct PanelFrame {
  struct Earlier {
    EarlierEdition edition;
    std::vector<UnitIndex> unit_at;  // By column; kNoUnit = the edition has no such unit.
  };
  std::vector<Earlier> earlier;  // By year, ascending.
  size_t columns = 0;            // 0 where there is no earlier edition.
  // Of the columns behind the edition's own units: the stratum of that id in the edition's strata,
  // or strata.size() where they have none of it.
  std::vector<uint16_t> strata_of_gone;

  size_t bytes() const;
};

// `previous`: id of the edition that the own one names as the one before. `earlier` by year,
// ascending. Going back in time a unit is followed by its predecessor where a frame names one of
// the edition before it, else by its own code. A unit that continues several, and a unit that
// several continue, are followed no further: nobody alone speaks for both.
PanelFrame MakePanelFrame(const CompiledFrame& frame, const Strata& strata,
                          const std::string& previous, std::vector<EarlierEdition> earlier);

}  // namespace imdi::domain
