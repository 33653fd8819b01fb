#include "tests/integration/hostile_messages.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::testing_support {
namespace {

using base::StrCat;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kDeep = 1'000;
constexpr size_t kManyBytes = 400 * base::kKiB;  // Of one repeated field.
constexpr int kManyElements = 5'000;
constexpr int kRandomMessages = 24;
constexpr int kCuts = 24;
constexpr int kFlips = 32;
constexpr uint32_t kUnknownField = 2'000;

// The way to a field: each step names a field of type message, and goes into its first element when
// it is repeated.
using Steps = std::vector<const FieldDescriptor*>;

Message& Reach(Message& root, const Steps& steps) {
  Message* at = &root;
  for (const FieldDescriptor* step : steps) {
    const Reflection& reflection = *at->GetReflection();
    if (!step->is_repeated()) {
      at = reflection.MutableMessage(at, step);
    } else {
      at = reflection.FieldSize(*at, step) == 0 ? reflection.AddMessage(at, step)
                                                : reflection.MutableRepeatedMessage(at, step, 0);
    }
  }
  return *at;
}

// Entries of a map have no order, hence no index.
std::string_view Index(const FieldDescriptor* field) {
  return field->is_repeated() && !field->is_map() ? "[0]" : "";
}

std::string PathOf(const Steps& steps, const FieldDescriptor* field) {
  std::string path;
  for (const FieldDescriptor* step : steps) base::StrAppend(path, step->name(), Index(step), ".");
  return StrCat(path, field->name(), Index(field));
}

std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}

std::string Tag(uint32_t field, uint32_t wire_type) {
  return Varint(uint64_t{field} << 3 | wire_type);
}

std::string Groups(int depth) {
  std::string out;
  for (int i = 0; i < depth; ++i) out += Tag(kUnknownField, 3);
  for (int i = 0; i < depth; ++i) out += Tag(kUnknownField, 4);
  return out;
}

// ASCII digits replaced by others that look alike: U+FF10 fullwidth, U+0660 Arabic-Indic.
std::string OtherDigits(std::string_view text, bool fullwidth) {
  std::string out;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      out.push_back(c);
    } else if (fullwidth) {
      out += {'\xEF', '\xBC', static_cast<char>(0x90 + (c - '0'))};
    } else {
      out += {'\xD9', static_cast<char>(0xA0 + (c - '0'))};
    }
  }
  return out;
}

class Maker {
 public:
  Maker(const Message& valid, uint32_t seed) : random_(seed) {
    OfMessage(valid, {});
    OfBytes(valid.SerializePartialAsString());
  }
  std::vector<Hostile> Take() { return std::move(out_); }

 private:
  void Add(const Steps& steps, const FieldDescriptor* field, std::string_view how,
           std::function<void(Message&)> change, Verdict verdict = Verdict::kAny) {
    const std::string place = PathOf(steps, field);
    out_.push_back({.what = StrCat(place, " = ", how),
                    .place = place,
                    .verdict = verdict,
                    .bytes = [steps, change = std::move(change)](const Message& valid) {
                      const std::unique_ptr<Message> copy(valid.New());
                      copy->CopyFrom(valid);
                      change(Reach(*copy, steps));
                      return copy->SerializePartialAsString();
                    }});
  }
  // The value of a field that holds no message; of the first element when it is repeated.
  template <typename T, typename Set, typename SetRepeated, typename AddTo>
  void AddValue(const Steps& steps, const FieldDescriptor* field, std::string_view how, T value,
                Set set, SetRepeated set_repeated, AddTo add, Verdict verdict = Verdict::kAny) {
    Add(
        steps, field, how,
        [=](Message& message) {
          const Reflection& reflection = *message.GetReflection();
          if (!field->is_repeated()) {
            (reflection.*set)(&message, field, value);
          } else if (reflection.FieldSize(message, field) == 0) {
            (reflection.*add)(&message, field, value);
          } else {
            (reflection.*set_repeated)(&message, field, 0, value);
          }
        },
        verdict);
  }
  void AddString(const Steps& steps, const FieldDescriptor* field, std::string_view how,
                 const std::string& value, Verdict verdict = Verdict::kAny) {
    AddValue(steps, field, how, value, &Reflection::SetString, &Reflection::SetRepeatedString,
             &Reflection::AddString, verdict);
  }

  void OfString(const Message& message, const Steps& steps, const FieldDescriptor* field) {
    const Reflection& reflection = *message.GetReflection();
    std::string valid;
    if (!field->is_repeated()) {
      valid = reflection.GetString(message, field);
    } else if (reflection.FieldSize(message, field) > 0) {
      valid = reflection.GetRepeatedString(message, field, 0);
    }
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      for (const std::string_view bad :
           {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
        AddString(steps, field, StrCat("invalid UTF-8 ", base::Hex(bad)), StrCat(valid, bad),
                  Verdict::kInvalidUtf8);
      }
    }
    const std::string nul(1, '\0');
    AddString(steps, field, "empty", "");
    AddString(steps, field, "a NUL", nul);
    AddString(steps, field, "a NUL behind", valid + nul);
    AddString(steps, field, "a slash", "/");
    AddString(steps, field, "a slash behind", valid + "/");
    AddString(steps, field, "a parent folder", "..");
    AddString(steps, field, "a parent folder behind", valid + "/..");
    AddString(steps, field, "a path", "../../../../etc/passwd");
    AddString(steps, field, "fullwidth digits", OtherDigits(valid.empty() ? "1201" : valid, true));
    AddString(steps, field, "Arabic-Indic digits",
              OtherDigits(valid.empty() ? "1201" : valid, false));
    AddString(steps, field, "a right-to-left override", "\xE2\x80\xAE" + valid);
    AddString(steps, field, "blanks around", StrCat(" ", valid, "\n"));
    AddString(steps, field, "a number too large", StrCat(valid, "@99999999999999999999"));
    AddString(steps, field, "markup", "{UNIT}%s%n${x}'\"<script>");
    AddString(steps, field, "a dot", ".");
    AddString(steps, field, "deep brackets",
              StrCat(std::string(kDeep, '('), "responded", std::string(kDeep, ')')));
    AddString(steps, field, "a long chain of not", [] {
      std::string chain;
      for (int i = 0; i < kDeep; ++i) chain += "not ";
      return chain + "responded";
    }());
    AddString(steps, field, "300 bytes", std::string(300, 'x'));
    AddString(steps, field, "70 000 bytes", std::string(70'000, '9'));
    AddString(steps, field, "2 MiB", std::string(2 * base::kMiB, 'x'), Verdict::kOversized);
  }

  void OfNumber(const Steps& steps, const FieldDescriptor* field) {
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        for (const int32_t value : {-1, 0, 1, 127, 128, std::numeric_limits<int32_t>::min(),
                                    std::numeric_limits<int32_t>::max()}) {
          AddValue(steps, field, StrCat(value), value, &Reflection::SetInt32,
                   &Reflection::SetRepeatedInt32, &Reflection::AddInt32);
        }
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        for (const int64_t value :
             {int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{1} << 32,
              std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max() - 1,
              std::numeric_limits<int64_t>::max()}) {
          AddValue(steps, field, StrCat(value), value, &Reflection::SetInt64,
                   &Reflection::SetRepeatedInt64, &Reflection::AddInt64);
        }
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        for (const int value : {-1, 0, 1, 2, 3, 99, std::numeric_limits<int>::min(),
                                std::numeric_limits<int>::max()}) {
          AddValue(steps, field, StrCat(value), value, &Reflection::SetEnumValue,
                   &Reflection::SetRepeatedEnumValue, &Reflection::AddEnumValue);
        }
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        for (const bool value : {false, true}) {
          AddValue(steps, field, StrCat(value), value, &Reflection::SetBool,
                   &Reflection::SetRepeatedBool, &Reflection::AddBool);
        }
        break;
      default:
        break;  // Requests have no other kinds; a new one fails EveryKindOfFieldIsCovered.
    }
  }

  void OfRepeated(const Message& message, const Steps& steps, const FieldDescriptor* field) {
    const int size = message.GetReflection()->FieldSize(message, field);
    if (size == 0) return;
    Add(steps, field, "nothing",
        [field](Message& at) { at.GetReflection()->ClearField(&at, field); });
    Add(steps, field, "everything twice", [field](Message& at) {
      const std::unique_ptr<Message> copy(at.New());
      copy->CopyFrom(at);
      std::vector<const FieldDescriptor*> others;
      copy->GetReflection()->ListFields(*copy, &others);
      for (const FieldDescriptor* other : others) {
        if (other != field) copy->GetReflection()->ClearField(copy.get(), other);
      }
      at.MergeFrom(*copy);
    });
    Add(steps, field, "the first one very often", [field](Message& at) {
      const std::unique_ptr<Message> copy(at.New());
      copy->CopyFrom(at);
      std::vector<const FieldDescriptor*> others;
      const Reflection& reflection = *copy->GetReflection();
      reflection.ListFields(*copy, &others);
      for (const FieldDescriptor* other : others) {
        if (other != field) reflection.ClearField(copy.get(), other);
      }
      while (reflection.FieldSize(*copy, field) > 1) reflection.RemoveLast(copy.get(), field);
      const size_t times = std::min<size_t>(kManyElements, kManyBytes / (copy->ByteSizeLong() + 1));
      for (size_t i = 0; i < times; ++i) at.MergeFrom(*copy);
    });
  }

  void OfMessage(const Message& message, const Steps& steps) {
    const google::protobuf::Descriptor& type = *message.GetDescriptor();
    const Reflection& reflection = *message.GetReflection();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor* field = type.field(i);
      if (field->is_repeated()) OfRepeated(message, steps, field);
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        OfString(message, steps, field);
      } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        OfNumber(steps, field);
      } else {
        OfChild(message, steps, field, reflection);
      }
    }
  }

  void OfChild(const Message& message, const Steps& steps, const FieldDescriptor* field,
               const Reflection& reflection) {
    const bool there = field->is_repeated() ? reflection.FieldSize(message, field) > 0
                                            : reflection.HasField(message, field);
    if (there && !field->is_repeated()) {
      Add(steps, field, "nothing",
          [field](Message& at) { at.GetReflection()->ClearField(&at, field); });
    }
    if (!there) {
      Add(steps, field, "an empty message", [field](Message& at) { Reach(at, {field}); });
    }
    // Of alternatives only the one in use is looked into, and nothing looks into a type within
    // itself.
    if (!there && field->containing_oneof() != nullptr) return;
    if (std::ranges::any_of(steps, [&](const FieldDescriptor* step) {
          return step->message_type() == field->message_type();
        })) {
      return;
    }
    Steps further = steps;
    further.push_back(field);
    if (!there) {
      const std::unique_ptr<Message> empty(
          field->is_map()
              ? nullptr
              : reflection.GetMessageFactory()->GetPrototype(field->message_type())->New());
      if (empty != nullptr) OfMessage(*empty, further);
    } else {
      OfMessage(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, 0)
                                     : reflection.GetMessage(message, field),
                further);
    }
  }

  void AddBytes(std::string what, Verdict verdict,
                std::function<std::string(const Message&)> bytes) {
    out_.push_back(
        {.what = std::move(what), .place = "", .verdict = verdict, .bytes = std::move(bytes)});
  }

  void OfBytes(const std::string& valid) {
    AddBytes("as it is", Verdict::kAny,
             [](const Message& message) { return message.SerializePartialAsString(); });
    AddBytes("no bytes", Verdict::kAny, [](const Message&) { return std::string(); });
    AddBytes("groups nested 1 000 deep", Verdict::kTooDeep,
             [](const Message&) { return Groups(kDeep); });
    AddBytes("groups nested 1 000 deep behind", Verdict::kTooDeep, [](const Message& message) {
      return message.SerializePartialAsString() + Groups(kDeep);
    });
    AddBytes("a group never closed", Verdict::kAny,
             [](const Message&) { return Tag(kUnknownField, 3); });
    AddBytes("2 MiB of a field unknown", Verdict::kOversized, [](const Message& message) {
      return StrCat(message.SerializePartialAsString(), Tag(kUnknownField, 2),
                    Varint(2 * base::kMiB), std::string(2 * base::kMiB, 'x'));
    });
    AddBytes("a length beyond the end", Verdict::kAny, [](const Message&) {
      return StrCat(Tag(1, 2), Varint(std::numeric_limits<int32_t>::max()));
    });
    AddBytes("a number without an end", Verdict::kAny,
             [](const Message&) { return std::string(64, '\xFF'); });
    AddBytes("twice", Verdict::kAny, [](const Message& message) {
      return message.SerializePartialAsString() + message.SerializePartialAsString();
    });
    for (int i = 0; i < kRandomMessages; ++i) {
      std::string bytes(1 + random_() % 400, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random_());
      AddBytes(StrCat("random bytes ", base::Hex(bytes)), Verdict::kAny,
               [bytes](const Message&) { return bytes; });
    }
    if (valid.empty()) return;
    for (int i = 0; i < kCuts; ++i) {
      const size_t size = random_() % valid.size();
      AddBytes(StrCat("cut after ", size, " bytes"), Verdict::kAny, [size](const Message& message) {
        return message.SerializePartialAsString().substr(0, size);
      });
    }
    for (int i = 0; i < kFlips; ++i) {
      const size_t place = random_();
      const uint32_t bit = static_cast<uint32_t>(random_() % 8);
      AddBytes(StrCat("bit ", bit, " flipped of byte ", place, " modulo size"), Verdict::kAny,
               [place, bit](const Message& message) {
                 std::string bytes = message.SerializePartialAsString();
                 bytes[place % bytes.size()] =
                     static_cast<char>(bytes[place % bytes.size()] ^ (1 << bit));
                 return bytes;
               });
    }
  }

  std::mt19937 random_;
  std::vector<Hostile> out_;
};

}  // namespace

std::vector<Hostile> HostileVariants(const Message& valid, uint32_t seed) {
  return Maker(valid, seed).Take();
}

}  // namespace imdi::testing_support
