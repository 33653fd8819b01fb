#include "clients/cli/sheet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "clients/cli/print.h"
#include "google/protobuf/descriptor.h"
#include "services/base/text.h"

namespace imdi::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// True where the type holds a list of messages, itself or further in: too much for columns.
bool HoldsMessages(const Descriptor& type, std::vector<const Descriptor*>& above) {
  if (std::find(above.begin(), above.end(), &type) != above.end()) return true;
  above.push_back(&type);
  bool holds = false;
  for (int i = 0; i < type.field_count() && !holds; ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.message_type() == nullptr) continue;
    holds = field.is_repeated() || HoldsMessages(*field.message_type(), above);
  }
  above.pop_back();
  return holds;
}

bool TakesColumns(const FieldDescriptor& field) {
  std::vector<const Descriptor*> above;
  return field.message_type() != nullptr && !field.is_repeated() &&
         !HoldsMessages(*field.message_type(), above);
}

void AddHead(const Descriptor& type, const std::string& prefix, std::vector<std::string>& head) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string name = prefix + field.name();
    if (TakesColumns(field)) {
      AddHead(*field.message_type(), name + ".", head);
    } else {
      head.push_back(name);
    }
  }
}

std::string ScalarOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return base::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return base::StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return base::StrCat(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return base::StrCat(reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return base::StrCat(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return base::StrCat(reflection.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return base::StrCat(reflection.GetBool(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.GetEnum(message, &field)->name();
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = reflection.GetString(message, &field);
      return field.type() == FieldDescriptor::TYPE_BYTES ? absl::Base64Escape(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return {};
}

// The field as JSON: a message that holds nothing else, without its braces and the field's name.
std::string JsonOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated()) {
    return FormatJsonLine(reflection.GetMessage(message, &field));
  }
  if (reflection.FieldSize(message, &field) == 0) return {};
  const std::unique_ptr<Message> alone(message.New());
  alone->CopyFrom(message);
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(*alone, &set);
  for (const FieldDescriptor* other : set) {
    if (other != &field) reflection.ClearField(alone.get(), other);
  }
  std::string json = FormatJsonLine(*alone);
  const size_t begin = json.find(':') + 1;
  return json.substr(begin, json.rfind('}') - begin);
}

// `message` null: the cells of one that is absent.
void AddCells(const Descriptor& type, const Message* message, std::vector<std::string>& row) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool absent =
        message == nullptr ||
        (field.has_presence() && !message->GetReflection()->HasField(*message, &field));
    if (TakesColumns(field)) {
      AddCells(*field.message_type(),
               absent ? nullptr : &message->GetReflection()->GetMessage(*message, &field), row);
    } else if (absent) {
      row.emplace_back();
    } else if (field.is_repeated() || field.message_type() != nullptr) {
      row.push_back(JsonOf(*message, field));
    } else {
      row.push_back(ScalarOf(*message, field));
    }
  }
}

std::string CellOf(const std::string& text) {
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + '"';
}

void AddLine(const std::vector<std::string>& cells, std::string& out) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    out += CellOf(cells[i]);
  }
  out += "\r\n";
}

}  // namespace

std::string FormatCsv(const Sheet& sheet, bool with_head) {
  std::string out;
  if (with_head) AddLine(sheet.head, out);
  for (const std::vector<std::string>& row : sheet.rows) AddLine(row, out);
  return out;
}

Sheet SheetOf(const Message& message, std::string_view rows) {
  Sheet sheet;
  if (rows.empty()) {
    AddHead(*message.GetDescriptor(), "", sheet.head);
    AddCells(*message.GetDescriptor(), &message, sheet.rows.emplace_back());
    return sheet;
  }
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(rows));
  if (field == nullptr || !field->is_repeated() || field->message_type() == nullptr) return sheet;
  AddHead(*field->message_type(), "", sheet.head);
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    AddCells(*field->message_type(), &reflection.GetRepeatedMessage(message, field, i),
             sheet.rows.emplace_back());
  }
  return sheet;
}

}  // namespace imdi::cli
