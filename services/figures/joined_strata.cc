#include "services/figures/joined_strata.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace imdi::figures {

using domain::AnswerState;
using domain::PairCell;

namespace {

int32_t RespondedIn(const PairCell& cell, bool later) {
  int32_t out = 0;
  for (size_t a = 0; a < domain::kAnswerStates; ++a) {
    for (size_t b = 0; b < domain::kAnswerStates; ++b) {
      if ((later ? b : a) != static_cast<size_t>(AnswerState::kSilent))
        out += cell.count[domain::kAnswerStates * a + b];
    }
  }
  return out;
}

void Add(PairCell& to, const PairCell& more) {
  to.frame_a += more.frame_a;
  to.frame_b += more.frame_b;
  to.frame_both += more.frame_both;
  for (size_t i = 0; i < to.count.size(); ++i) to.count[i] += more.count[i];
}

}  // namespace

JoinedStrata JoinStrata(const domain::Strata& strata,
                        std::span<const std::vector<PairCell>> pairs) {
  std::vector<int32_t> frame(strata.size()), responded(strata.size());
  for (size_t h = 0; h < strata.size(); ++h) {
    int32_t least = std::numeric_limits<int32_t>::max(), most = 0;
    bool complete = true;
    for (const std::vector<PairCell>& pair : pairs) {
      const PairCell& cell = pair[h];
      for (const bool later : {false, true}) {
        const int32_t units = later ? cell.frame_b : cell.frame_a;
        if (units == 0) continue;  // An edition that has none of it makes it neither thin nor not.
        const int32_t answers = RespondedIn(cell, later);
        least = std::min(least, answers);
        most = std::max(most, units);
        complete = complete && answers == units;
      }
    }
    if (most == 0) continue;
    responded[h] = least;
    frame[h] = complete ? least : std::max(most, least + 1);
  }
  domain::Collapse collapse = domain::CollapseStrata(strata, frame, responded);
  JoinedStrata out{
      .to = std::move(collapse.to), .count = collapse.count, .steps = std::move(collapse.steps)};
  out.to.push_back(out.count++);
  return out;
}

std::vector<PairCell> Join(const JoinedStrata& joined, std::span<const PairCell> cells) {
  std::vector<PairCell> out(joined.count);
  for (size_t h = 0; h < cells.size(); ++h) Add(out[joined.to[h]], cells[h]);
  return out;
}

}  // namespace imdi::figures
