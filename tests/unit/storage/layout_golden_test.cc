// The bytes of every key and value, as storage/SCHEMA.md gives them. They were computed apart from
// this code; when a test here fails, data folders of the version before cannot be read any more.

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "services/base/text.h"
#include "storage/response_log.h"
#include "storage/rocks/backup.h"
#include "storage/rocks/layout.h"
#include "storage/rocks/side_layout.h"
#include "tests/unit/storage/golden.h"

namespace imdi::storage::rocks {
namespace {

using base::Hex;
using golden::Bytes;

constexpr int64_t kPosition = 258;  // 0x0102
const absl::Time kTime = absl::FromUnixMicros(1'510'560'000'123'456);
const std::string kSomeLogId = "00112233445566778899aabbccddeeff";

Hash SomeChain() {
  const std::string bytes =
      Bytes("b281de1c0efb5585874ddcc176431493fc269c2048a99ae1b16d97be27f65b3c");
  Hash hash{};
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

TEST(Versions, AreTheOnesThatSchemaDescribes) {
  EXPECT_EQ(kLogFormatVersion, 1);
  EXPECT_EQ(kKeyStoreFormatVersion, 1);
  EXPECT_EQ(kDraftStoreFormatVersion, 1);
  EXPECT_EQ(kFoldStoreFormatVersion, 1);
  EXPECT_EQ(kKeyVersion, 1);
  EXPECT_EQ(kValueVersion, 1);
}

TEST(Chain, BindsLogIdPositionTimeAndPayload) {
  const Hash genesis = GenesisChain(kSomeLogId);
  EXPECT_EQ(Hex(genesis), "8ca403c2972e0605f1793866124ab533368427881fac765e666e34a2c6e27d41");
  const Hash first = NextChain(genesis, 1, kTime, "payload");
  EXPECT_EQ(first, SomeChain());
  EXPECT_EQ(Hex(NextChain(first, 2, kTime + absl::Microseconds(1), "")),
            "ee1d742e9fb767b86b66a7ea1cb7cda288063849494d6489570ba11a3a0b8a33");
}

TEST(LogFamily, PositionIsTheKeyAndTheEnvelopeTheValue) {
  EXPECT_EQ(Hex(LogKey(0x0102030405060708)), "010102030405060708");
  EXPECT_EQ(ParseLogKey(Bytes("010102030405060708")), 0x0102030405060708);
  EXPECT_EQ(ParseLogKey(Bytes("020102030405060708")), std::nullopt) << "another version";
  EXPECT_LT(LogKey(255), LogKey(256)) << "byte order is the order of positions";

  const std::string value =
      "0100055dd8a8382240"
      "b281de1c0efb5585874ddcc176431493fc269c2048a99ae1b16d97be27f65b3c"
      "7061796c6f6164";
  EXPECT_EQ(Hex(EncodeEnvelope(kTime, SomeChain(), "payload")), value);
  const std::string bytes = Bytes(value);
  const std::optional<Envelope> envelope = DecodeEnvelope(bytes);
  ASSERT_TRUE(envelope.has_value());
  EXPECT_EQ(envelope->time, kTime);
  EXPECT_EQ(envelope->chain, SomeChain());
  EXPECT_EQ(envelope->payload, "payload");
}

TEST(RequestFamily, RequestKeyLeadsToPositionAndFingerprint) {
  EXPECT_EQ(Hex(RequestKey("a/Submit/7")), "01612f5375626d69742f37");
  const RequestEntry entry{kPosition, std::string("\xff\0f", 3)};
  EXPECT_EQ(Hex(EncodeRequest(entry)), "010000000000000102ff0066");
  EXPECT_EQ(DecodeRequest(Bytes("010000000000000102ff0066")), entry);
}

TEST(CurrentFamily, ResourceLeadsToRevisionAndPosition) {
  EXPECT_EQ(Hex(CurrentKey("unit/\u00f8")), "01756e69742fc3b8");
  EXPECT_EQ(ResourceOfCurrentKey(Bytes("01756e69742fc3b8")), "unit/\u00f8");
  EXPECT_EQ(Hex(EncodeCurrent({3, kPosition})), "0100000000000000030000000000000102");
  EXPECT_EQ(DecodeCurrent(Bytes("0100000000000000030000000000000102")), (RevisionAt{3, kPosition}));
}

TEST(RevisionFamily, ResourceNulRevisionLeadsToPosition) {
  EXPECT_EQ(Hex(RevisionKey("unit/1", 3)), "01756e69742f31000000000000000003");
  EXPECT_EQ(RevisionOfKey(Bytes("01756e69742f31000000000000000003")), 3);
  EXPECT_EQ(Hex(EncodePosition(kPosition)), "010000000000000102");
  EXPECT_EQ(DecodePosition(Bytes("010000000000000102")), kPosition);
  EXPECT_LT(RevisionKey("unit/1", 300), RevisionKey("unit/10", 1))
      << "revisions of a resource lie together";
}

TEST(MetaFamily, HoldsIdentityAndCheckpoint) {
  EXPECT_EQ(Hex(IdentityKey()), "016964656e74697479");
  const Identity identity{kSomeLogId, 2};
  const std::string identity_hex =
      "010000000000000002"
      "3030313132323333343435353636373738383939616162626363646465656666";
  EXPECT_EQ(Hex(EncodeIdentity(identity)), identity_hex);
  EXPECT_EQ(DecodeIdentity(Bytes(identity_hex)), identity);

  EXPECT_EQ(Hex(CheckpointKey()), "01636865636b706f696e74");
  const Checkpoint checkpoint{kPosition, kTime, SomeChain()};
  const std::string checkpoint_hex =
      "01000000000000010200055dd8a8382240"
      "b281de1c0efb5585874ddcc176431493fc269c2048a99ae1b16d97be27f65b3c";
  EXPECT_EQ(Hex(EncodeCheckpoint(checkpoint)), checkpoint_hex);
  EXPECT_EQ(DecodeCheckpoint(Bytes(checkpoint_hex)), checkpoint);
}

TEST(WatermarkFile, HasTwoSlotsOfThisForm) {
  EXPECT_EQ(kWatermarkSlotStride, 4096U);
  EXPECT_EQ(kWatermarkSlotBytes, 108U);
  EXPECT_EQ(kWatermarkFileBytes, 8192U);
  const WatermarkSlot slot{7, {kSomeLogId, 2, kPosition, SomeChain(), kTime}};
  const std::string hex =
      "494d4449574d0001"
      "0000000000000007"
      "0000000000000002"
      "0000000000000102"
      "00055dd8a8382240"
      "b281de1c0efb5585874ddcc176431493fc269c2048a99ae1b16d97be27f65b3c"
      "3030313132323333343435353636373738383939616162626363646465656666"
      "1957a1b4";
  EXPECT_EQ(Hex(EncodeWatermarkSlot(slot)), hex);
  EXPECT_EQ(DecodeWatermarkSlot(Bytes(hex)), slot);
  EXPECT_EQ(DecodeWatermarkSlot(Bytes(hex) + "what lies behind a slot does not matter"), slot);
}

TEST(FormatStamp, NamesKindAndVersion) {
  EXPECT_EQ(EncodeFormat("log", 1), "imdi store log 1\n");
  EXPECT_EQ(DecodeFormat("imdi store log 1\n"), (Format{"log", 1}));
  EXPECT_EQ(DecodeFormat("imdi store log 12\n"), (Format{"log", 12}));
  for (const char* wrong :
       {"", "imdi store log 1", "imdi store log\n", "imdi store  1\n", "imdi store log 0\n",
        "imdi store log -1\n", "imdi store log 1 \n", "imdi store log 1\n\n", "IMDI store log 1\n",
        "imdi store log 99999999999999999999\n"}) {
    EXPECT_EQ(DecodeFormat(wrong), std::nullopt) << wrong;
  }
}

TEST(SideStores, KeysAndOpaqueValuesHaveAVersionByte) {
  const std::string name("name\0x", 6);
  EXPECT_EQ(Hex(SideKey(name)), "016e616d650078");
  EXPECT_EQ(NameOfSideKey(Bytes("016e616d650078")), name);
  const std::string opaque("\0\xffwrapped", 9);
  EXPECT_EQ(Hex(EncodeOpaque(opaque)), "0100ff77726170706564");
  const std::string stored = Bytes("0100ff77726170706564");
  EXPECT_EQ(DecodeOpaque(stored), opaque);
}

TEST(DraftStore, ValueIsVersionAndBytes) {
  EXPECT_EQ(Hex(EncodeDraft(9, "text")), "01000000000000000974657874");
  const std::string stored = Bytes("01000000000000000974657874");
  const std::optional<DraftValue> draft = DecodeDraft(stored);
  ASSERT_TRUE(draft.has_value());
  EXPECT_EQ(draft->version, 9);
  EXPECT_EQ(draft->bytes, "text");
  EXPECT_EQ(Hex(LastVersionKey()), "016c6173745f76657273696f6e");
}

TEST(FoldStore, CursorIsEpochPositionChainAndLogId) {
  EXPECT_EQ(Hex(CursorKey()), "01637572736f72");
  const FoldCursor cursor{kSomeLogId, 2, kPosition, SomeChain()};
  const std::string hex =
      "0100000000000000020000000000000102"
      "b281de1c0efb5585874ddcc176431493fc269c2048a99ae1b16d97be27f65b3c"
      "3030313132323333343435353636373738383939616162626363646465656666";
  EXPECT_EQ(Hex(EncodeCursor(cursor)), hex);
  EXPECT_EQ(DecodeCursor(Bytes(hex)), cursor);
}

TEST(BackupList, IsTextThatEndsInItsOwnChecksum) {
  BackupManifest manifest;
  manifest.kind = "log";
  manifest.facts = {{"epoch", "2"}, {"position", "258"}};
  manifest.files = {{"000007.sst", {1234, 4'294'967'295}}, {"CURRENT", {16, 0}}};
  const std::string text =
      "imdi backup 1\n"
      "kind log\n"
      "fact epoch 2\n"
      "fact position 258\n"
      "file 000007.sst 1234 4294967295\n"
      "file CURRENT 16 0\n"
      "end 2621658334\n";
  EXPECT_EQ(EncodeManifest(manifest), text);
  const absl::StatusOr<BackupManifest> decoded = DecodeManifest(text);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->kind, "log");
  EXPECT_EQ(decoded->facts, manifest.facts);
  ASSERT_EQ(decoded->files.size(), 2U);
  EXPECT_EQ(decoded->files.at("000007.sst").bytes, 1234U);
  EXPECT_EQ(decoded->files.at("000007.sst").crc, 4'294'967'295U);
}

}  // namespace
}  // namespace imdi::storage::rocks
