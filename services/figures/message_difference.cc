#include "services/figures/message_difference.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "google/protobuf/descriptor.h"
#include "services/base/text.h"

namespace imdi::figures {
namespace {

namespace pb = google::protobuf;

// A text in a difference is cut to this.
constexpr size_t kTextShown = 60;

bool Close(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return true;
  return std::fabs(a - b) <= kNumberTolerance * std::max(std::fabs(a), std::fabs(b));
}

std::string Words(std::string_view path, std::string_view stored, std::string_view again) {
  return base::StrCat(path, ": ", stored, ", and ", again, " now");
}

// One value of a field; `index` < 0 for a field that is not repeated.
std::optional<std::string> ValueDifference(const pb::Message& a, const pb::Message& b,
                                           const pb::FieldDescriptor* field, int index,
                                           const std::string& path) {
  const pb::Reflection* from_a = a.GetReflection();
  const pb::Reflection* from_b = b.GetReflection();
  const auto compare = [&](const auto& x, const auto& y) -> std::optional<std::string> {
    if (x == y) return std::nullopt;
    return Words(path, base::StrCat(x), base::StrCat(y));
  };
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_DOUBLE: {
      const double x =
          one ? from_a->GetDouble(a, field) : from_a->GetRepeatedDouble(a, field, index);
      const double y =
          one ? from_b->GetDouble(b, field) : from_b->GetRepeatedDouble(b, field, index);
      if (Close(x, y)) return std::nullopt;
      return Words(path, base::StrCat(x), base::StrCat(y));
    }
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return compare(one ? from_a->GetFloat(a, field) : from_a->GetRepeatedFloat(a, field, index),
                     one ? from_b->GetFloat(b, field) : from_b->GetRepeatedFloat(b, field, index));
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return compare(one ? from_a->GetInt32(a, field) : from_a->GetRepeatedInt32(a, field, index),
                     one ? from_b->GetInt32(b, field) : from_b->GetRepeatedInt32(b, field, index));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return compare(one ? from_a->GetInt64(a, field) : from_a->GetRepeatedInt64(a, field, index),
                     one ? from_b->GetInt64(b, field) : from_b->GetRepeatedInt64(b, field, index));
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return compare(
          one ? from_a->GetUInt32(a, field) : from_a->GetRepeatedUInt32(a, field, index),
          one ? from_b->GetUInt32(b, field) : from_b->GetRepeatedUInt32(b, field, index));
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return compare(
          one ? from_a->GetUInt64(a, field) : from_a->GetRepeatedUInt64(a, field, index),
          one ? from_b->GetUInt64(b, field) : from_b->GetRepeatedUInt64(b, field, index));
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return compare(one ? from_a->GetBool(a, field) : from_a->GetRepeatedBool(a, field, index),
                     one ? from_b->GetBool(b, field) : from_b->GetRepeatedBool(b, field, index));
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return compare(
          one ? from_a->GetEnumValue(a, field) : from_a->GetRepeatedEnumValue(a, field, index),
          one ? from_b->GetEnumValue(b, field) : from_b->GetRepeatedEnumValue(b, field, index));
    case pb::FieldDescriptor::CPPTYPE_STRING: {
      const std::string x =
          one ? from_a->GetString(a, field) : from_a->GetRepeatedString(a, field, index);
      const std::string y =
          one ? from_b->GetString(b, field) : from_b->GetRepeatedString(b, field, index);
      if (x == y) return std::nullopt;
      return Words(path, base::Quoted(x, kTextShown), base::Quoted(y, kTextShown));
    }
    case pb::FieldDescriptor::CPPTYPE_MESSAGE: {
      const pb::Message& x =
          one ? from_a->GetMessage(a, field) : from_a->GetRepeatedMessage(a, field, index);
      const pb::Message& y =
          one ? from_b->GetMessage(b, field) : from_b->GetRepeatedMessage(b, field, index);
      std::optional<std::string> inside = FirstDifference(x, y);
      if (!inside.has_value()) return std::nullopt;
      return base::StrCat(path, ".", *inside);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> FirstDifference(const pb::Message& stored, const pb::Message& again) {
  const pb::Descriptor* type = stored.GetDescriptor();
  const pb::Reflection* from_stored = stored.GetReflection();
  const pb::Reflection* from_again = again.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const pb::FieldDescriptor* field = type->field(i);
    const std::string& name = field->name();
    if (name == "etag") continue;
    if (field->is_repeated()) {
      const int count = from_stored->FieldSize(stored, field);
      const int count_again = from_again->FieldSize(again, field);
      if (count != count_again) {
        return Words(name, base::StrCat(count, " entries"), base::StrCat(count_again));
      }
      for (int index = 0; index < count; ++index) {
        auto found =
            ValueDifference(stored, again, field, index, base::StrCat(name, "[", index, "]"));
        if (found.has_value()) return found;
      }
      continue;
    }
    if (field->has_presence()) {
      const bool there = from_stored->HasField(stored, field);
      const bool there_again = from_again->HasField(again, field);
      if (there != there_again) {
        return Words(name, there ? "there" : "absent", there_again ? "there" : "absent");
      }
      if (!there) continue;
    }
    if (auto found = ValueDifference(stored, again, field, -1, name); found.has_value()) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace imdi::figures
