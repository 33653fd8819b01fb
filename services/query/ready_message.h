#pragma once

// An answer whose bytes lie ready: it takes the place of a message where one is serialised, and
// nowhere else.

#include <cstdint>
#include <string>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/message_lite.h"

namespace imdi::query {

class ReadyMessage final : public google::protobuf::MessageLite {
 public:
  ReadyMessage() = default;
  explicit ReadyMessage(std::string bytes) : bytes_(std::move(bytes)) {}
  ReadyMessage(const ReadyMessage& other) : MessageLite(), bytes_(other.bytes_) {}
  ReadyMessage(ReadyMessage&& other) noexcept : MessageLite(), bytes_(std::move(other.bytes_)) {}
  ReadyMessage& operator=(const ReadyMessage& other) {
    bytes_ = other.bytes_;
    return *this;
  }
  ReadyMessage& operator=(ReadyMessage&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    return *this;
  }

  const std::string& bytes() const { return bytes_; }

  std::string GetTypeName() const override { return "imdi.query.ReadyMessage"; }
  ReadyMessage* New(google::protobuf::Arena*) const override { return new ReadyMessage; }
  void Clear() override { bytes_.clear(); }
  bool IsInitialized() const override { return true; }
  void CheckTypeAndMergeFrom(const MessageLite& other) override {
    bytes_ += static_cast<const ReadyMessage&>(other).bytes_;
  }
  size_t ByteSizeLong() const override { return bytes_.size(); }
  int GetCachedSize() const override { return static_cast<int>(bytes_.size()); }
  uint8_t* _InternalSerialize(uint8_t* ptr,
                              google::protobuf::io::EpsCopyOutputStream* stream) const override {
    return stream->WriteRaw(bytes_.data(), static_cast<int>(bytes_.size()), ptr);
  }

 private:
  std::string bytes_;
};

}  // namespace imdi::query
