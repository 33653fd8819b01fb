#include "clients/demo/documents.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace imdi::demo {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// `single` names QUESTION_TYPE_SINGLE: the value whose name is the enum's prefix and the word.
int EnumNumber(const google::protobuf::EnumDescriptor& type, std::string word) {
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  const std::string zero = type.value(0)->name();
  const std::string prefix = zero.substr(0, zero.size() - std::string("UNSPECIFIED").size());
  const auto* value = type.FindValueByName(prefix + word);
  return value == nullptr ? 0 : value->number();
}

void Fill(const YAML::Node& node, Message& message);

void Put(const YAML::Node& node, const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      Fill(node, many ? *reflection.AddMessage(&message, &field)
                      : *reflection.MutableMessage(&message, &field));
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      if (many) {
        reflection.AddString(&message, &field, node.Scalar());
      } else {
        reflection.SetString(&message, &field, node.Scalar());
      }
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      if (many) {
        reflection.AddInt32(&message, &field, node.as<int32_t>());
      } else {
        reflection.SetInt32(&message, &field, node.as<int32_t>());
      }
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      reflection.SetInt64(&message, &field, node.as<int64_t>());
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, node.as<bool>());
      break;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = EnumNumber(*field.enum_type(), node.Scalar());
      if (many) {
        reflection.AddEnumValue(&message, &field, number);
      } else {
        reflection.SetEnumValue(&message, &field, number);
      }
      break;
    }
    default:
      break;
  }
}

void Fill(const YAML::Node& node, Message& message) {
  for (const auto& entry : node) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(entry.first.Scalar());
    if (field == nullptr || entry.second.IsNull()) continue;
    if (field->is_map()) {
      for (const auto& pair : entry.second) {
        Message* added = message.GetReflection()->AddMessage(&message, field);
        Put(pair.first, *added->GetDescriptor()->map_key(), *added);
        Put(pair.second, *added->GetDescriptor()->map_value(), *added);
      }
    } else if (field->is_repeated()) {
      for (const YAML::Node& element : entry.second) Put(element, *field, message);
    } else {
      Put(entry.second, *field, message);
    }
  }
}

}  // namespace

absl::StatusOr<std::vector<survey::model::v1::Definition>> ReadDocuments(
    const std::string& folder) {
  std::error_code error;
  std::vector<std::string> paths;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".yaml") paths.push_back(entry->path().string());
  }
  if (error) return absl::NotFoundError(folder + ": " + error.message());
  std::sort(paths.begin(), paths.end());
  std::vector<survey::model::v1::Definition> definitions;
  for (const std::string& path : paths) {
    try {
      for (const YAML::Node& document : YAML::LoadAllFromFile(path))
        Fill(document, definitions.emplace_back());
    } catch (const YAML::Exception& fault) {
      return absl::InvalidArgumentError(path + ": " + fault.what());
    }
  }
  return definitions;
}

}  // namespace imdi::demo
