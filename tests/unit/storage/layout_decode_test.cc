// Decoders meet any bytes: cut off, flipped, or not theirs at all. Each input lies in a heap block
// of exactly its size, so that the address sanitizer sees a read beyond it. What decodes must
// encode to the very bytes it came from, so nothing is read that was not written so.

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "storage/rocks/backup.h"
#include "storage/rocks/layout.h"
#include "storage/rocks/side_layout.h"
#include "tests/support/campaign.h"

namespace imdi::storage::rocks {
namespace {

struct Codec {
  const char* name;
  // Decodes and encodes again; none when the bytes are refused.
  std::function<std::optional<std::string>(std::string_view)> again;
  std::string valid;
};

Hash SomeHash() {
  Hash hash{};
  for (size_t i = 0; i < hash.size(); ++i) hash[i] = static_cast<uint8_t>(7 * i + 1);
  return hash;
}

template <typename Decoded, typename Encode>
std::optional<std::string> Again(const std::optional<Decoded>& decoded, Encode encode) {
  if (!decoded.has_value()) return std::nullopt;
  return encode(*decoded);
}

std::vector<Codec> Codecs() {
  using View = std::string_view;
  const absl::Time time = absl::FromUnixMicros(1'510'560'000'123'456);
  const std::string log_id = "00112233445566778899aabbccddeeff";
  return {
      {"log key", [](View v) { return Again(ParseLogKey(v), LogKey); }, LogKey(258)},
      {"envelope",
       [](View v) {
         return Again(DecodeEnvelope(v),
                      [](const Envelope& e) { return EncodeEnvelope(e.time, e.chain, e.payload); });
       },
       EncodeEnvelope(time, SomeHash(), "payload")},
      {"request", [](View v) { return Again(DecodeRequest(v), EncodeRequest); },
       EncodeRequest({258, "fingerprint"})},
      {"current", [](View v) { return Again(DecodeCurrent(v), EncodeCurrent); },
       EncodeCurrent({3, 258})},
      {"position", [](View v) { return Again(DecodePosition(v), EncodePosition); },
       EncodePosition(258)},
      {"identity", [](View v) { return Again(DecodeIdentity(v), EncodeIdentity); },
       EncodeIdentity({log_id, 2})},
      {"checkpoint", [](View v) { return Again(DecodeCheckpoint(v), EncodeCheckpoint); },
       EncodeCheckpoint({258, time, SomeHash()})},
      {"watermark slot",
       [](View v) {
         const std::optional<std::string> slot = Again(DecodeWatermarkSlot(v), EncodeWatermarkSlot);
         // A slot is followed by whatever fills the file.
         return slot.has_value() ? *slot + std::string(v.substr(slot->size())) : slot;
       },
       EncodeWatermarkSlot({7, {log_id, 2, 258, SomeHash(), time}})},
      {"format stamp",
       [](View v) {
         return Again(DecodeFormat(v), [](const Format& format) {
           return "imdi store " + format.kind + " " + std::to_string(format.version) + "\n";
         });
       },
       EncodeFormat("log", 1)},
      {"opaque value", [](View v) { return Again(DecodeOpaque(v), EncodeOpaque); },
       EncodeOpaque("wrapped")},
      {"draft",
       [](View v) {
         return Again(DecodeDraft(v), [](const DraftValue& draft) {
           return EncodeDraft(draft.version, draft.bytes);
         });
       },
       EncodeDraft(9, "text")},
      {"cursor", [](View v) { return Again(DecodeCursor(v), EncodeCursor); },
       EncodeCursor({log_id, 2, 258, SomeHash()})},
      {"backup list",
       [](View v) -> std::optional<std::string> {
         const auto manifest = DecodeManifest(v);
         if (!manifest.ok()) return std::nullopt;
         return EncodeManifest(*manifest);
       },
       EncodeManifest(
           {"log", {{"epoch", "2"}}, {{"000007.sst", {1234, 99}}, {"CURRENT", {16, 0}}}})},
  };
}

// The input in a block of its own, with no byte behind it.
void ExpectRefusedOrFaithful(const Codec& codec, std::string_view input) {
  const std::unique_ptr<char[]> block(new char[input.size()]);
  std::memcpy(block.get(), input.data(), input.size());
  const std::optional<std::string> again = codec.again({block.get(), input.size()});
  EXPECT_EQ(again.value_or(std::string(input)), input) << codec.name;
}

TEST(Decoding, TakesWhatWasWritten) {
  for (const Codec& codec : Codecs())
    EXPECT_EQ(codec.again(codec.valid), codec.valid) << codec.name;
}

TEST(Decoding, RefusesOrReadsFaithfullyWhatWasCutOff) {
  for (const Codec& codec : Codecs()) {
    for (size_t size = 0; size < codec.valid.size(); ++size) {
      SCOPED_TRACE(size);
      ExpectRefusedOrFaithful(codec, codec.valid.substr(0, size));
    }
  }
}

TEST(Decoding, RefusesOrReadsFaithfullyEveryFlippedBit) {
  for (const Codec& codec : Codecs()) {
    for (size_t bit = 0; bit < 8 * codec.valid.size(); ++bit) {
      SCOPED_TRACE(bit);
      std::string input = codec.valid;
      input[bit / 8] = static_cast<char>(input[bit / 8] ^ (1 << (bit % 8)));
      ExpectRefusedOrFaithful(codec, input);
    }
  }
}

TEST(Decoding, RefusesOrReadsFaithfullyAnyBytes) {
  std::mt19937_64 random(testing_support::CampaignSeed("random bytes"));
  const std::vector<Codec> codecs = Codecs();
  for (int round = 0; round < 20'000; ++round) {
    std::string input(random() % 200, '\0');
    for (char& byte : input) byte = static_cast<char>(random());
    // Half of them begin as something that was written.
    const Codec& like = codecs[random() % codecs.size()];
    if (round % 2 == 0) input.replace(0, random() % (like.valid.size() + 1), like.valid);
    for (const Codec& codec : codecs) ExpectRefusedOrFaithful(codec, input);
  }
}

TEST(Decoding, EveryBitOfAWatermarkSlotAndOfABackupListIsCovered) {
  for (const Codec& codec : Codecs()) {
    if (codec.name != std::string("watermark slot") && codec.name != std::string("backup list"))
      continue;
    for (size_t bit = 0; bit < 8 * codec.valid.size(); ++bit) {
      std::string input = codec.valid;
      input[bit / 8] = static_cast<char>(input[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_EQ(codec.again(input), std::nullopt) << codec.name << " bit " << bit;
    }
  }
}

TEST(Decoding, AnUnknownVersionByteIsRefused) {
  for (const Codec& codec : Codecs()) {
    if (codec.valid[0] != 1) continue;  // Text, and the slot with its magic.
    std::string newer = codec.valid;
    newer[0] = 2;
    EXPECT_EQ(codec.again(newer), std::nullopt) << codec.name;
  }
}

TEST(Decoding, NamesOfKeysOfAnyLengthAreTakenOutSafely) {
  for (size_t size = 0; size < 32; ++size) {
    const std::unique_ptr<char[]> block(new char[size]);
    std::memset(block.get(), 1, size);
    const std::string_view key(block.get(), size);
    EXPECT_EQ(ResourceOfCurrentKey(key).size(), size == 0 ? 0 : size - 1);
    EXPECT_EQ(NameOfSideKey(key).size(), size == 0 ? 0 : size - 1);
    EXPECT_EQ(RevisionOfKey(key).has_value(), size >= 10);
  }
}

}  // namespace
}  // namespace imdi::storage::rocks
