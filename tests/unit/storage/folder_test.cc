// The stamp of a data folder and the watermark file, as the disk holds them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "services/base/clock.h"
#include "services/base/error.h"
#include "services/base/log.h"
#include "storage/rocks/draft_store.h"
#include "storage/rocks/files.h"
#include "storage/rocks/fold_store.h"
#include "storage/rocks/key_store.h"
#include "storage/rocks/layout.h"
#include "storage/rocks/response_log.h"
#include "storage/rocks/watermark.h"
#include "tests/support/campaign.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/storage/folder_facts.h"

namespace imdi::storage::rocks {
namespace {

using base::Reason;
using base::ReasonOf;
using testing_support::TempFolder;

void WriteFile(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
}

class QuietLog : public testing::Test {
 protected:
  QuietLog() {
    base::SetLogSink([](std::string_view) {});
  }
  ~QuietLog() override { base::SetLogSink({}); }
  TempFolder folder_;
};

// ---- FORMAT

struct Kind {
  std::string name;
  std::function<absl::Status(const RocksOptions&)> open;
};

std::vector<Kind> Kinds() {
  static const base::SystemClock clock;
  return {{"log", [](const RocksOptions& o) { return RocksResponseLog::Open(o, clock).status(); }},
          {"keys", [](const RocksOptions& o) { return RocksKeyStore::Open(o).status(); }},
          {"drafts", [](const RocksOptions& o) { return RocksDraftStore::Open(o).status(); }},
          {"fold", [](const RocksOptions& o) { return RocksFoldStore::Open(o).status(); }}};
}

class FormatStampOfAFolder : public QuietLog {
 protected:
  // A closed store, whose LOCK is gone too: taking it would show as a write.
  RocksOptions Made(const Kind& kind) {
    RocksOptions options;
    options.path = folder_ / kind.name;
    EXPECT_TRUE(kind.open(options).ok());
    EXPECT_EQ(FileBytes(options.path + "/FORMAT"), "imdi store " + kind.name + " 1\n");
    std::filesystem::remove(options.path + "/LOCK");
    return options;
  }
  // Opening is refused for that reason, for writing and for reading, and nothing in the folder
  // changes.
  static void ExpectRefusedUntouched(const Kind& kind, RocksOptions options, Reason reason) {
    const FolderFacts before = FactsOf(options.path);
    EXPECT_EQ(ReasonOf(kind.open(options)), reason) << kind.name;
    options.read_only = true;
    EXPECT_EQ(ReasonOf(kind.open(options)), reason) << kind.name;
    EXPECT_EQ(FactsOf(options.path), before) << kind.name;
  }
};

TEST_F(FormatStampOfAFolder, ANewerOneIsRefusedBeforeAnyWrite) {
  for (const Kind& kind : Kinds()) {
    const RocksOptions options = Made(kind);
    WriteFile(options.path + "/FORMAT", EncodeFormat(kind.name, 2));
    ExpectRefusedUntouched(kind, options, Reason::kFormatTooNew);
    WriteFile(options.path + "/FORMAT", EncodeFormat(kind.name, 1));
    EXPECT_TRUE(kind.open(options).ok()) << "nothing else was wrong with " << kind.name;
  }
}

TEST_F(FormatStampOfAFolder, OneOfAnotherKindIsRefusedBeforeAnyWrite) {
  for (const Kind& kind : Kinds()) {
    const RocksOptions options = Made(kind);
    WriteFile(options.path + "/FORMAT", EncodeFormat(kind.name == "log" ? "keys" : "log", 1));
    ExpectRefusedUntouched(kind, options, Reason::kStoreCorrupt);
  }
}

TEST_F(FormatStampOfAFolder, OneThatCannotBeReadIsRefusedBeforeAnyWrite) {
  for (const Kind& kind : Kinds()) {
    const RocksOptions options = Made(kind);
    for (const std::string text : {"", "imdi store", "imdi store log 1"}) {
      WriteFile(options.path + "/FORMAT", text);
      ExpectRefusedUntouched(kind, options, Reason::kStoreCorrupt);
    }
  }
}

// ---- WATERMARK

class WatermarkOnDisk : public QuietLog {
 protected:
  static LogHead HeadAt(int64_t position) {
    LogHead head;
    head.log_id = "00112233445566778899aabbccddeeff";
    head.position = position;
    head.time = absl::FromUnixMicros(1000 + position);
    head.chain.fill(static_cast<uint8_t>(position));
    return head;
  }
  std::optional<WatermarkSlot> Read() {
    std::optional<WatermarkSlot> newest;
    EXPECT_TRUE(Watermark::Read(*fs_, path_, newest).ok());
    return newest;
  }
  // The file after Create at position 0 and an Advance to each position after it.
  void WriteUpTo(int64_t position) {
    ASSERT_TRUE(Watermark::Create(*fs_, path_, HeadAt(0)).ok());
    std::unique_ptr<Watermark> watermark;
    ASSERT_TRUE(Watermark::Open(*fs_, path_, *Read(), watermark).ok());
    for (int64_t at = 1; at <= position; ++at) ASSERT_TRUE(watermark->Advance(HeadAt(at)).ok());
  }
  const FileSystemPtr fs_ = OrDefault(nullptr);
  const std::string path_ = folder_ / "WATERMARK";
};

TEST_F(WatermarkOnDisk, SlotsAreWrittenInTurnTheOddSequenceAt4096AndTheEvenAt0) {
  WriteUpTo(0);
  std::string expected(8192, '\0');
  const std::string first = EncodeWatermarkSlot({1, HeadAt(0)});
  expected.replace(4096, first.size(), first);
  EXPECT_EQ(FileBytes(path_), expected);

  WriteUpTo(2);
  expected.assign(8192, '\0');
  const std::string second = EncodeWatermarkSlot({2, HeadAt(1)});
  const std::string third = EncodeWatermarkSlot({3, HeadAt(2)});
  expected.replace(0, second.size(), second);
  expected.replace(4096, third.size(), third);
  EXPECT_EQ(FileBytes(path_), expected);
  EXPECT_EQ(Read(), (WatermarkSlot{3, HeadAt(2)}));
}

TEST_F(WatermarkOnDisk, ATornSlotLeavesTheOneBeforeIt) {
  WriteUpTo(4);  // Sequence 5 at 4096, sequence 4 at 0.
  const std::string whole = FileBytes(path_);
  for (size_t byte = 0; byte < kWatermarkSlotBytes; ++byte) {
    std::string torn = whole;
    torn[4096 + byte] = static_cast<char>(torn[4096 + byte] ^ 0x10);
    WriteFile(path_, torn);
    EXPECT_EQ(Read(), (WatermarkSlot{4, HeadAt(3)})) << byte;
  }
}

TEST_F(WatermarkOnDisk, ASlotInTheOtherOnesPlaceDoesNotCount) {
  std::string content(8192, '\0');
  const std::string odd = EncodeWatermarkSlot({9, HeadAt(9)});
  content.replace(0, odd.size(), odd);
  WriteFile(path_, content);
  EXPECT_EQ(Read(), std::nullopt);
}

TEST_F(WatermarkOnDisk, AFileOfAnyLengthAndContentIsReadSafely) {
  WriteUpTo(3);
  const std::string whole = FileBytes(path_);
  for (const size_t size : {0, 1, 107, 108, 4095, 4096, 4097, 4203, 4204, 8191}) {
    WriteFile(path_, whole.substr(0, size));
    const std::optional<WatermarkSlot> newest = Read();
    // Sequence 4 lies at 0, sequence 3 at 4096.
    EXPECT_EQ(newest.has_value(), size >= 108) << size;
    EXPECT_EQ(newest.value_or(WatermarkSlot{4, {}}).sequence, 4U);
  }
  std::mt19937_64 random(testing_support::CampaignSeed("random watermarks"));
  for (int round = 0; round < 200; ++round) {
    std::string content(random() % 9000, '\0');
    for (char& byte : content) byte = static_cast<char>(random());
    WriteFile(path_, content);
    EXPECT_EQ(Read(), std::nullopt);
  }
}

}  // namespace
}  // namespace imdi::storage::rocks
