// What the log remembers of current revisions: never more than was acknowledged, never less than an
// append has made.

#include "storage/rocks/revision_cache.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "services/base/text.h"

namespace imdi::storage::rocks {
namespace {

TEST(RevisionCache, KnowsWhatWasKeptAndWhatAnAppendMade) {
  RevisionCache cache(64);
  EXPECT_EQ(cache.Find("unit"), std::nullopt);
  cache.Keep("unit", {}, cache.Ticket("unit"));
  EXPECT_EQ(cache.Find("unit"), RevisionAt{}) << "that it does not exist is known too";
  cache.Advance("unit", {1, 7});
  EXPECT_EQ(cache.Find("unit"), (RevisionAt{1, 7}));
}

TEST(RevisionCache, DropsWhatAReaderReadBeforeAnAppend) {
  RevisionCache cache(64);
  const uint64_t ticket = cache.Ticket("unit");
  cache.Advance("unit", {2, 9});
  cache.Keep("unit", {1, 7}, ticket);
  EXPECT_EQ(cache.Find("unit"), (RevisionAt{2, 9}));
}

TEST(RevisionCache, DropsWhatAReaderReadBeforeItWasCleared) {
  RevisionCache cache(64);
  cache.Advance("unit", {2, 9});
  const uint64_t ticket = cache.Ticket("unit");
  cache.Clear();
  EXPECT_EQ(cache.Find("unit"), std::nullopt);
  cache.Keep("unit", {2, 9}, ticket);
  EXPECT_EQ(cache.Find("unit"), std::nullopt);
}

TEST(RevisionCache, GivesASlotToTheNewcomer) {
  RevisionCache cache(1);
  cache.Advance("a", {1, 1});
  cache.Advance("b", {1, 2});
  EXPECT_EQ(cache.Find("a"), std::nullopt);
  EXPECT_EQ(cache.Find("b"), (RevisionAt{1, 2}));
  // What was read of a resource before another took its slot is dropped as well.
  const uint64_t ticket = cache.Ticket("a");
  cache.Advance("b", {2, 3});
  cache.Keep("a", {1, 1}, ticket);
  EXPECT_EQ(cache.Find("b"), (RevisionAt{2, 3}));
}

}  // namespace
}  // namespace imdi::storage::rocks
