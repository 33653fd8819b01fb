#include "tests/unit/contract_image/contract.h"

#include <map>
#include <set>

#include "services/base/text.h"

namespace imdi::contract {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::MethodDescriptorProto;
using google::protobuf::ServiceDescriptorProto;
using google::protobuf::SourceCodeInfo;

using Path = std::vector<int>;  // Where an element stands, as in SourceCodeInfo.

struct Element {
  std::string promise;  // What a caller relies on beside the name.
  bool has_comment = false;
};

// Every element of a contract under its kind and full name.
class Elements {
 public:
  explicit Elements(const FileDescriptorSet& contract, std::string_view folder = "") {
    for (const FileDescriptorProto& file : contract.file()) {
      const bool of_protobuf = file.name().rfind("google/protobuf/", 0) == 0;
      if (!of_protobuf && file.name().rfind(folder, 0) == 0) AddFile(file);
    }
  }

  const std::map<std::string, Element>& all() const { return all_; }

 private:
  void AddFile(const FileDescriptorProto& file) {
    commented_.clear();
    for (const SourceCodeInfo::Location& location : file.source_code_info().location()) {
      if (location.leading_comments().find_first_not_of(" \n") != std::string::npos) {
        commented_.insert(Path(location.path().begin(), location.path().end()));
      }
    }
    const std::string package = file.package() + ".";
    for (int i = 0; i < file.message_type_size(); ++i)
      AddMessage(file.message_type(i), package, {4, i});
    for (int i = 0; i < file.enum_type_size(); ++i) AddEnum(file.enum_type(i), package, {5, i});
    for (int i = 0; i < file.service_size(); ++i) AddService(file.service(i), package, {6, i});
    for (int i = 0; i < file.extension_size(); ++i) {
      AddField(file.extension(i), package, "", "extension", {7, i});
    }
  }

  void Add(const char* kind, const std::string& name, const Path& path, std::string promise) {
    all_[base::StrCat(kind, " ", name)] = {std::move(promise), commented_.count(path) > 0};
  }

  static Path Below(Path path, int field, int index) {
    path.push_back(field);
    path.push_back(index);
    return path;
  }

  void AddMessage(const DescriptorProto& message, const std::string& scope, const Path& path) {
    if (message.options().map_entry()) return;  // Promised by the map field.
    const std::string name = scope + message.name();
    Add("message", name, path, "");
    for (int i = 0; i < message.field_size(); ++i) {
      const FieldDescriptorProto& field = message.field(i);
      // What stands behind proto3's "optional" is no oneof to callers.
      const bool in_oneof = field.has_oneof_index() && !field.proto3_optional();
      AddField(field, name + ".", in_oneof ? message.oneof_decl(field.oneof_index()).name() : "",
               "field", Below(path, 2, i), MapTypes(message, field));
    }
    for (int i = 0; i < message.nested_type_size(); ++i) {
      AddMessage(message.nested_type(i), name + ".", Below(path, 3, i));
    }
    for (int i = 0; i < message.enum_type_size(); ++i) {
      AddEnum(message.enum_type(i), name + ".", Below(path, 4, i));
    }
  }

  // Key and value of a map; empty where the field is none.
  static std::string MapTypes(const DescriptorProto& message, const FieldDescriptorProto& field) {
    for (const DescriptorProto& nested : message.nested_type()) {
      const std::string ending = base::StrCat(".", message.name(), ".", nested.name());
      const std::string& type = field.type_name();
      if (!nested.options().map_entry() || type.size() < ending.size()) continue;
      if (type.compare(type.size() - ending.size(), ending.size(), ending) == 0) {
        return base::StrCat(" of ", FieldDescriptorProto::Type_Name(nested.field(0).type()), " to ",
                            FieldDescriptorProto::Type_Name(nested.field(1).type()),
                            nested.field(1).type_name());
      }
    }
    return "";
  }

  void AddField(const FieldDescriptorProto& field, const std::string& scope,
                const std::string& oneof, const char* kind, const Path& path,
                const std::string& map_types = "") {
    Add(kind, scope + field.name(), path,
        base::StrCat("number ", field.number(), ", type ",
                     FieldDescriptorProto::Type_Name(field.type()), " ", field.type_name(),
                     map_types, ", ", FieldDescriptorProto::Label_Name(field.label()),
                     ", JSON name ", field.json_name(), oneof.empty() ? "" : ", in oneof ", oneof,
                     field.proto3_optional() ? ", with presence" : ""));
  }

  void AddEnum(const EnumDescriptorProto& type, const std::string& scope, const Path& path) {
    const std::string name = scope + type.name();
    Add("enum", name, path, "");
    for (int i = 0; i < type.value_size(); ++i) {
      Add("value", base::StrCat(name, ".", type.value(i).name()), Below(path, 2, i),
          base::StrCat("number ", type.value(i).number()));
    }
  }

  void AddService(const ServiceDescriptorProto& service, const std::string& scope,
                  const Path& path) {
    const std::string name = scope + service.name();
    Add("service", name, path, "");
    for (int i = 0; i < service.method_size(); ++i) {
      const MethodDescriptorProto& method = service.method(i);
      Add("method", base::StrCat(name, ".", method.name()), Below(path, 2, i),
          base::StrCat(method.client_streaming() ? "stream " : "", method.input_type(), " to ",
                       method.server_streaming() ? "stream " : "", method.output_type()));
    }
  }

  std::map<std::string, Element> all_;
  std::set<Path> commented_;
};

}  // namespace

std::vector<std::string> BreakingChanges(const FileDescriptorSet& before,
                                         const FileDescriptorSet& now) {
  const Elements after(now);
  const Elements earlier(before);
  std::vector<std::string> breaks;
  for (const auto& [name, element] : earlier.all()) {
    const auto found = after.all().find(name);
    if (found == after.all().end()) {
      breaks.push_back(base::StrCat(name, ": removed"));
    } else if (found->second.promise != element.promise) {
      breaks.push_back(
          base::StrCat(name, ": was ", element.promise, "; is ", found->second.promise));
    }
  }
  return breaks;
}

std::vector<std::string> WithoutComment(const FileDescriptorSet& contract) {
  std::vector<std::string> names;
  const Elements elements(contract, "imdi/");
  for (const auto& [name, element] : elements.all()) {
    if (!element.has_comment) names.push_back(name);
  }
  return names;
}

}  // namespace imdi::contract
