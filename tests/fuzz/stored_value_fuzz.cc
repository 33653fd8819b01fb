// Values and keys of the data folders as they are read back: nothing reads beyond the bytes, and
// what decodes encodes to the same bytes.

#include <limits>

#include "storage/rocks/layout.h"
#include "storage/rocks/side_layout.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace imdi::storage::rocks;
  using imdi::fuzz::Require;
  const std::string_view bytes = imdi::fuzz::Text(data, size);
  if (const auto position = ParseLogKey(bytes)) Require(LogKey(*position) == bytes, "log key");
  if (const auto envelope = DecodeEnvelope(bytes)) {
    Require(EncodeEnvelope(envelope->time, envelope->chain, envelope->payload) == bytes,
            "envelope");
  }
  if (const auto request = DecodeRequest(bytes))
    Require(EncodeRequest(*request) == bytes, "request");
  if (const auto current = DecodeCurrent(bytes))
    Require(EncodeCurrent(*current) == bytes, "current");
  if (const auto position = DecodePosition(bytes))
    Require(EncodePosition(*position) == bytes, "position");
  if (const auto identity = DecodeIdentity(bytes))
    Require(EncodeIdentity(*identity) == bytes, "identity");
  if (const auto checkpoint = DecodeCheckpoint(bytes))
    Require(EncodeCheckpoint(*checkpoint) == bytes, "checkpoint");
  if (const auto slot = DecodeWatermarkSlot(bytes)) {
    Require(EncodeWatermarkSlot(*slot) == bytes.substr(0, kWatermarkSlotBytes), "watermark");
  }
  if (const auto format = DecodeFormat(bytes)) {
    if (format->version <= std::numeric_limits<int>::max()) {
      const auto version = static_cast<int>(format->version);
      Require(DecodeFormat(EncodeFormat(format->kind, version)) == *format, "format");
    }
  }
  if (const auto opaque = DecodeOpaque(bytes)) Require(EncodeOpaque(*opaque) == bytes, "opaque");
  if (const auto draft = DecodeDraft(bytes))
    Require(EncodeDraft(draft->version, draft->bytes) == bytes, "draft");
  if (const auto cursor = DecodeCursor(bytes)) Require(EncodeCursor(*cursor) == bytes, "cursor");
  (void)RevisionOfKey(bytes);
  (void)ResourceOfCurrentKey(bytes);
  (void)NameOfSideKey(bytes);
  return 0;
}
