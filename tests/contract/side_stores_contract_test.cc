// What every engine of the stores beside the log promises.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/base/error.h"
#include "storage/draft_store.h"
#include "storage/fold_store.h"
#include "storage/key_store.h"
#include "storage/memory/side_stores.h"
#include "storage/rocks/draft_store.h"
#include "storage/rocks/fold_store.h"
#include "storage/rocks/key_store.h"
#include "tests/support/temp_folder.h"

namespace imdi::storage {
namespace {

using base::Reason;
using base::ReasonOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing_support::TempFolder;

constexpr int64_t kDraftsMax = 5;

// One of each store; Reopen closes and opens them where the engine keeps anything.
struct Stores {
  TempFolder folder;
  std::unique_ptr<KeyStore> keys;
  std::unique_ptr<DraftStore> drafts;
  std::unique_ptr<FoldStore> fold;
};

void OpenMemory(Stores& stores) {
  if (stores.keys != nullptr) return;
  stores.keys = std::make_unique<memory::MemoryKeyStore>();
  stores.drafts = std::make_unique<memory::MemoryDraftStore>(kDraftsMax);
  stores.fold = std::make_unique<memory::MemoryFoldStore>();
}

void OpenRocks(Stores& stores) {
  stores.keys.reset();
  stores.drafts.reset();
  stores.fold.reset();
  const auto at = [&stores](const std::string& name) {
    rocks::RocksOptions options;
    options.path = stores.folder / name;
    return options;
  };
  auto keys = rocks::RocksKeyStore::Open(at("keys"));
  ASSERT_TRUE(keys.ok()) << keys.status();
  stores.keys = *std::move(keys);
  auto drafts = rocks::RocksDraftStore::Open(at("drafts"), kDraftsMax);
  ASSERT_TRUE(drafts.ok()) << drafts.status();
  stores.drafts = *std::move(drafts);
  auto fold = rocks::RocksFoldStore::Open(at("fold"));
  ASSERT_TRUE(fold.ok()) << fold.status();
  stores.fold = *std::move(fold);
}

struct StoresOfEngine {
  std::string name;
  void (*open)(Stores&);
};
std::ostream& operator<<(std::ostream& out, const StoresOfEngine& engine) {
  return out << engine.name;
}

class SideStores : public testing::TestWithParam<StoresOfEngine> {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() { GetParam().open(stores_); }
  KeyStore& keys() { return *stores_.keys; }
  DraftStore& drafts() { return *stores_.drafts; }
  FoldStore& fold() { return *stores_.fold; }

  absl::Status PutKeys(const std::vector<WrappedKey>& keys) { return stores_.keys->Put(keys); }
  absl::Status DeleteKeys(const std::vector<std::string>& ids) { return stores_.keys->Delete(ids); }
  absl::Status WriteFold(const std::vector<FoldItem>& puts, const std::vector<std::string>& deletes,
                         const std::optional<FoldCursor>& cursor = std::nullopt) {
    return stores_.fold->Write(puts, deletes, cursor);
  }

 private:
  Stores stores_;
};

class KeyStoreContract : public SideStores {};
class DraftStoreContract : public SideStores {};
class FoldStoreContract : public SideStores {};

TEST_P(KeyStoreContract, GivesBackWhatWasPutAlsoAfterReopening) {
  const std::string bytes("\0wrapped\xff", 9);
  ASSERT_TRUE(PutKeys({{"a", bytes}, {"b", "second"}}).ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(keys().Get("a").value(), bytes);
    EXPECT_EQ(keys().Get("b").value(), "second");
    EXPECT_EQ(keys().Get("c").value(), std::nullopt);
    EXPECT_TRUE(keys().Exists("a").value());
    EXPECT_FALSE(keys().Exists("c").value());
    Reopen();
  }
}

TEST_P(KeyStoreContract, NeverReplacesAKey) {
  ASSERT_TRUE(PutKeys({{"a", "one"}}).ok());
  EXPECT_TRUE(PutKeys({{"a", "one"}}).ok()) << "the same key again is a retry";
  EXPECT_EQ(ReasonOf(PutKeys({{"b", "new"}, {"a", "two"}})), Reason::kAlreadyExists);
  EXPECT_EQ(ReasonOf(PutKeys({{"c", "one"}, {"c", "two"}})), Reason::kAlreadyExists);
  EXPECT_EQ(keys().Get("a").value(), "one");
  EXPECT_FALSE(keys().Exists("b").value()) << "nothing of a refused batch is kept";
  EXPECT_FALSE(keys().Exists("c").value());
}

TEST_P(KeyStoreContract, ADeletedKeyIsGoneForGood) {
  ASSERT_TRUE(PutKeys({{"a", "one"}, {"b", "two"}}).ok());
  ASSERT_TRUE(DeleteKeys({"a"}).ok());
  EXPECT_TRUE(DeleteKeys({"a", "never there"}).ok()) << "a repeated deletion is no error";
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(keys().Exists("a").value());
    EXPECT_EQ(keys().Get("b").value(), "two");
    Reopen();
  }
}

TEST_P(KeyStoreContract, RefusesKeysBeyondTheirBounds) {
  EXPECT_EQ(ReasonOf(PutKeys({{"", "x"}})), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(PutKeys({{"a", ""}})), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(PutKeys({{std::string(kKeyIdBytesMax + 1, 'i'), "x"}})),
            Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(PutKeys({{"a", std::string(kWrappedKeyBytesMax + 1, 'x')}})),
            Reason::kInvalidArgument);
  EXPECT_TRUE(
      PutKeys({{std::string(kKeyIdBytesMax, 'i'), std::string(kWrappedKeyBytesMax, 'x')}}).ok());
  EXPECT_EQ(ReasonOf(PutKeys(std::vector<WrappedKey>(kKeyBatchMax + 1, {"a", "x"}))),
            Reason::kTooLarge);
}

TEST_P(DraftStoreContract, WritesOnlyOverTheVersionThatWasRead) {
  const int64_t first = drafts().Put("d", 0, "one").value();
  EXPECT_GT(first, 0);
  const absl::Status stale = drafts().Put("d", 0, "two").status();
  EXPECT_EQ(ReasonOf(stale), Reason::kDraftChanged);
  EXPECT_EQ(base::InfoOf(stale).metadata.at("current_version"), std::to_string(first));
  const int64_t second = drafts().Put("d", first, "two").value();
  EXPECT_GT(second, first);
  EXPECT_EQ(drafts().Get("d").value(), (Draft{"d", second, "two"}));
  Reopen();
  EXPECT_EQ(drafts().Get("d").value(), (Draft{"d", second, "two"}));
}

TEST_P(DraftStoreContract, NeverUsesAVersionTwice) {
  const int64_t first = drafts().Put("d", 0, "one").value();
  ASSERT_TRUE(drafts().Delete("d", first).ok());
  EXPECT_EQ(drafts().Get("d").value(), std::nullopt);
  Reopen();
  const int64_t second = drafts().Put("d", 0, "again").value();
  EXPECT_GT(second, first);
  EXPECT_EQ(ReasonOf(drafts().Put("d", first, "late").status()), Reason::kDraftChanged);
}

TEST_P(DraftStoreContract, DeletesOnlyTheVersionThatWasRead) {
  const int64_t version = drafts().Put("d", 0, "one").value();
  EXPECT_EQ(ReasonOf(drafts().Delete("d", version + 1)), Reason::kDraftChanged);
  EXPECT_EQ(ReasonOf(drafts().Delete("d", 0)), Reason::kDraftChanged);
  EXPECT_EQ(ReasonOf(drafts().Delete("other", 1)), Reason::kDraftChanged);
  EXPECT_TRUE(drafts().Delete("other", 0).ok());
  EXPECT_TRUE(drafts().Delete("d", version).ok());
}

TEST_P(DraftStoreContract, ListsByPrefixInPages) {
  for (const char* name : {"e/2/p", "e/1/p", "f/1/p"}) ASSERT_TRUE(drafts().Put(name, 0, "x").ok());
  const auto names = [this](std::string_view prefix, std::string_view after, int64_t limit) {
    std::vector<std::string> list;
    const std::vector<Draft> page = drafts().List(prefix, after, limit).value();
    for (const Draft& draft : page) list.push_back(draft.name);
    return list;
  };
  EXPECT_THAT(names("e/", "", 10), ElementsAre("e/1/p", "e/2/p"));
  EXPECT_THAT(names("e/", "", 1), ElementsAre("e/1/p"));
  EXPECT_THAT(names("e/", "e/1/p", 10), ElementsAre("e/2/p"));
  EXPECT_THAT(names("e/", "e/2/p", 10), IsEmpty());
  EXPECT_THAT(names("", "", 10), SizeIs(3));
  EXPECT_EQ(ReasonOf(drafts().List("", "", 0).status()), Reason::kInvalidArgument);
}

TEST_P(DraftStoreContract, HoldsABoundedNumberOfBoundedDrafts) {
  EXPECT_EQ(ReasonOf(drafts().Put("", 0, "x").status()), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(drafts().Put("d", -1, "x").status()), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(drafts().Put(std::string(kDraftNameBytesMax + 1, 'd'), 0, "x").status()),
            Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(drafts().Put("d", 0, std::string(kDraftBytesMax + 1, 'x')).status()),
            Reason::kTooLarge);
  int64_t version = 0;
  for (int64_t i = 0; i < kDraftsMax; ++i) {
    version = drafts().Put(std::to_string(i), 0, std::string(kDraftBytesMax, 'x')).value();
  }
  Reopen();
  EXPECT_EQ(ReasonOf(drafts().Put("more", 0, "x").status()), Reason::kQuotaExhausted);
  const std::string last = std::to_string(kDraftsMax - 1);
  version = drafts().Put(last, version, "rewriting is always possible").value();
  ASSERT_TRUE(drafts().Delete(last, version).ok());
  EXPECT_TRUE(drafts().Put("more", 0, "x").ok());
}

TEST_P(FoldStoreContract, KeepsStateAndCursorTogether) {
  EXPECT_EQ(fold().LoadCursor().value(), std::nullopt);
  FoldCursor cursor{.log_id = "some log", .epoch = 2, .position = 7, .chain = {}};
  cursor.chain[31] = 9;
  ASSERT_TRUE(WriteFold({{"a", "1"}, {"b", "2"}}, {}, cursor).ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(fold().LoadCursor().value(), cursor);
    EXPECT_EQ(fold().Get("a").value(), "1");
    EXPECT_EQ(fold().Get("z").value(), std::nullopt);
    Reopen();
  }
  ASSERT_TRUE(WriteFold({{"a", "3"}}, {}).ok());
  EXPECT_EQ(fold().LoadCursor().value(), cursor) << "kept when none is given";
}

TEST_P(FoldStoreContract, DeletesBeforeItPuts) {
  ASSERT_TRUE(WriteFold({{"a", "1"}, {"b", "2"}}, {}).ok());
  ASSERT_TRUE(WriteFold({{"a", "new"}}, {"a", "b", "never there"}).ok());
  EXPECT_EQ(fold().Get("a").value(), "new");
  EXPECT_EQ(fold().Get("b").value(), std::nullopt);
}

TEST_P(FoldStoreContract, ListsByPrefixInPages) {
  const std::string zero("p\0", 2);
  const std::string high("p\xff", 2);
  ASSERT_TRUE(WriteFold({{"p", "0"}, {zero, "1"}, {high, "2"}, {"q", "3"}}, {}).ok());
  EXPECT_THAT(fold().List("p", "", 10).value(),
              ElementsAre(FoldItem{"p", "0"}, FoldItem{zero, "1"}, FoldItem{high, "2"}));
  EXPECT_THAT(fold().List("p", "p", 1).value(), ElementsAre(FoldItem{zero, "1"}));
  EXPECT_THAT(fold().List("p", high, 1).value(), IsEmpty());
  EXPECT_THAT(fold().List("", "", 10).value(), SizeIs(4));
  EXPECT_EQ(ReasonOf(fold().List("", "", kFoldListMax + 1).status()), Reason::kInvalidArgument);
}

TEST_P(FoldStoreContract, ResetForgetsEverything) {
  ASSERT_TRUE(WriteFold({{std::string("\0", 1), "1"}, {"\xff\xff\xff", "2"}}, {},
                        FoldCursor{.log_id = "l", .epoch = 1, .position = 1, .chain = {}})
                  .ok());
  ASSERT_TRUE(fold().Reset().ok());
  Reopen();
  EXPECT_THAT(fold().List("", "", 10).value(), IsEmpty());
  EXPECT_EQ(fold().LoadCursor().value(), std::nullopt);
  ASSERT_TRUE(WriteFold({{"a", "1"}}, {}).ok());
  EXPECT_EQ(fold().Get("a").value(), "1");
}

TEST_P(FoldStoreContract, RefusesKeysBeyondTheirBounds) {
  EXPECT_EQ(ReasonOf(WriteFold({{"", "x"}}, {})), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(WriteFold({}, {""})), Reason::kInvalidArgument);
  EXPECT_EQ(ReasonOf(WriteFold({{std::string(kFoldKeyBytesMax + 1, 'k'), "x"}}, {})),
            Reason::kInvalidArgument);
  EXPECT_TRUE(WriteFold({{std::string(kFoldKeyBytesMax, 'k'), "x"}}, {}).ok());
}

const auto kEngines =
    testing::Values(StoresOfEngine{"memory", &OpenMemory}, StoresOfEngine{"rocks", &OpenRocks});
std::string NameOf(const testing::TestParamInfo<StoresOfEngine>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(EveryEngine, KeyStoreContract, kEngines, NameOf);
INSTANTIATE_TEST_SUITE_P(EveryEngine, DraftStoreContract, kEngines, NameOf);
INSTANTIATE_TEST_SUITE_P(EveryEngine, FoldStoreContract, kEngines, NameOf);

}  // namespace
}  // namespace imdi::storage
