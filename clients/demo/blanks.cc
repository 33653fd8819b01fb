#include "clients/demo/blanks.h"

#include <algorithm>

#include "clients/demo/random.h"

namespace imdi::demo {
namespace {

// In percent of the items that can be left blank.
constexpr size_t kPartialLength = 40;
constexpr size_t kBreakoffBegin = 25;
// In percent of the units that are asked.
constexpr size_t kMostBlank = 6;
// In per mille of them: usual blanks lie between this and twice as much.
constexpr size_t kUsualBlank = 15;

}  // namespace

Blanks::Blanks(const Form& form, const Respondents& respondents) : partial_(respondents.partial) {
  size_t count = 0;
  for (const Item& item : form.items()) {
    if (!item.required && !item.background) place_[item.id] = count++;
  }
  const size_t length = count * kPartialLength / 100;
  size_t next = 0;
  for (const size_t member : respondents.partial) {
    // Every third one stops early; the others leave out a stretch of the form, each another one.
    const size_t begin =
        next % 3 == 0 ? count - length : (count - length) * next / respondents.partial.size();
    stretches_[member] = {begin, begin + length};
    ++next;
  }
  for (const size_t member : respondents.breakoff)
    stretches_[member] = {count * kBreakoffBegin / 100, count};
}

bool Blanks::Covers(size_t member, const Item& item) const {
  const auto stretch = stretches_.find(member);
  const auto place = place_.find(item.id);
  return stretch != stretches_.end() && place != place_.end() &&
         place->second >= stretch->second.begin && place->second < stretch->second.end;
}

Pool Blanks::Choose(const Spread& spread, const Pool& asked, const Item& item,
                    const std::string& purpose) const {
  const size_t most = asked.size() * kMostBlank / 100;
  const size_t least = (asked.size() + 99) / 100;
  const size_t usual = asked.size() * (kUsualBlank + Random(purpose).Below(kUsualBlank)) / 1000;
  const Pool stretch =
      spread.Choose(Where(asked, [&](size_t member) { return Covers(member, item); }), most,
                    purpose + "/stretch");
  const size_t wanted = std::clamp(std::max(usual, stretch.size()), std::min(least, most), most);
  return Joined(stretch, spread.Choose(Without(asked, partial_), wanted - stretch.size(),
                                       purpose + "/blank"));
}

}  // namespace imdi::demo
