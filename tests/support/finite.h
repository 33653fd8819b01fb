#pragma once

// That what leaves holds numbers only: no NaN and no infinity, however deep in a message.

#include <cmath>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace imdi::testing_support {

// Where a message, or one within it, holds a double or float that is no number: "estimate.lower",
// "steps[3].result".
inline std::vector<std::string> NotFinite(const google::protobuf::Message& message,
                                          const std::string& where = "") {
  using Descriptor = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const Descriptor*> fields;
  reflection.ListFields(message, &fields);
  std::vector<std::string> out;
  for (const Descriptor* field : fields) {
    const bool repeated = field->is_repeated();
    const int count = repeated ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string place =
          where + field->name() + (repeated ? "[" + std::to_string(i) + "]" : "");
      double number = 0;
      switch (field->cpp_type()) {
        case Descriptor::CPPTYPE_DOUBLE:
          number = repeated ? reflection.GetRepeatedDouble(message, field, i)
                            : reflection.GetDouble(message, field);
          break;
        case Descriptor::CPPTYPE_FLOAT:
          number = repeated ? reflection.GetRepeatedFloat(message, field, i)
                            : reflection.GetFloat(message, field);
          break;
        case Descriptor::CPPTYPE_MESSAGE: {
          const auto inside = NotFinite(repeated ? reflection.GetRepeatedMessage(message, field, i)
                                                 : reflection.GetMessage(message, field),
                                        place + ".");
          out.insert(out.end(), inside.begin(), inside.end());
          break;
        }
        default:
          break;
      }
      if (!std::isfinite(number)) out.push_back(place);
    }
  }
  return out;
}

}  // namespace imdi::testing_support
