#include "services/config/yaml_message.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "services/base/text.h"
#include "yaml-cpp/anchor.h"
#include "yaml-cpp/eventhandler.h"
#include "yaml-cpp/exceptions.h"
#include "yaml-cpp/mark.h"
#include "yaml-cpp/parser.h"

namespace imdi::config {
namespace {

using base::StrCat;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

enum class Kind : uint8_t { kNull, kScalar, kSequence, kMap };

std::string_view Name(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "a single value";
    case Kind::kSequence:
      return "a list";
    case Kind::kMap:
      return "a map";
  }
  return "";
}

struct Node {
  Kind kind = Kind::kNull;
  std::string value;
  bool plain = true;  // A scalar without quotes.
  int line = 0;
  int column = 0;
  std::vector<Node> children;  // Of a map: key, value, key, value …
};

class Problems {
 public:
  Problems(std::string_view file, LoadedText& out) : file_(file), out_(out) {}

  Place At(int line, int column) const { return {std::string(file_), line, column}; }
  void Add(int line, int column, std::string path, std::string rule, std::string message,
           std::string remedy) {
    ++out_.problem_count;
    if (out_.problems.size() >= kYamlProblemsMax) return;
    out_.problems.push_back({At(line, column), std::move(path), std::move(rule), std::move(message),
                             std::move(remedy)});
  }
  void Add(const Node& node, std::string path, std::string rule, std::string message,
           std::string remedy) {
    Add(node.line, node.column, std::move(path), std::move(rule), std::move(message),
        std::move(remedy));
  }

 private:
  std::string_view file_;
  LoadedText& out_;
};

// Builds a tree of a document. What lies deeper than kYamlDepthMax is left out, and said so once.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Problems& problems) : problems_(problems) {}

  Node Take() { return std::move(root_); }
  // Offset in the text, from 0.
  int start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark.pos; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { Put(Make(Kind::kNull, mark)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    problems_.Add(mark.line + 1, mark.column + 1, "", "ALIAS_REFUSED",
                  "aliases (*name) are not read", "write the value where it belongs");
    Put(Make(Kind::kNull, mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    CheckTag(mark, tag);
    Node node = Make(Kind::kScalar, mark);
    node.value = value;
    node.plain = tag != "!";
    Put(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    CheckTag(mark, tag);
    Begin(Make(Kind::kSequence, mark));
  }
  void OnSequenceEnd() override { End(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    CheckTag(mark, tag);
    Begin(Make(Kind::kMap, mark));
  }
  void OnMapEnd() override { End(); }

 private:
  static Node Make(Kind kind, const YAML::Mark& mark) {
    Node node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }
  void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    problems_.Add(mark.line + 1, mark.column + 1, "", "TAG_REFUSED",
                  StrCat("the tag ", base::Quoted(tag), " is not read"), "leave the tag out");
  }
  void Begin(Node node) {
    if (open_.size() == kYamlDepthMax) {
      problems_.Add(node, "", "TOO_DEEP",
                    StrCat("more than ", kYamlDepthMax, " collections inside one another"),
                    "no document needs that");
    }
    open_.push_back(std::move(node));
  }
  void End() {
    Node node = std::move(open_.back());
    open_.pop_back();
    if (open_.size() >= kYamlDepthMax) node.children.clear();
    Put(std::move(node));
  }
  void Put(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else {
      open_.back().children.push_back(std::move(node));
    }
  }

  Problems& problems_;
  std::vector<Node> open_;
  Node root_;
  int start_ = -1;
};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

// How an enum value is written: QUESTION_TYPE_SINGLE is "single".
std::string ShortName(const EnumValueDescriptor* value) {
  const std::string& first = value->type()->value(0)->name();
  const size_t prefix = first.rfind("UNSPECIFIED");
  const std::string& name = value->name();
  return Lower(prefix == std::string::npos || name.size() <= prefix ? name : name.substr(prefix));
}

size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// "did you mean type? …" where a name is near, else the names there are.
std::string Suggest(std::string_view wrong, const std::vector<std::string>& names) {
  const std::string* best = nullptr;
  size_t least = 3;
  if (wrong.size() <= 40) {
    for (const std::string& name : names) {
      const size_t distance = Distance(wrong, name);
      if (distance < least) {
        least = distance;
        best = &name;
      }
    }
  }
  if (best != nullptr) return StrCat("did you mean ", *best, "?");
  return StrCat("it takes: ", base::StrJoin(names, ", "));
}

class MessageReader {
 public:
  MessageReader(Problems& problems, PlaceIndex& places) : problems_(problems), places_(places) {}

  void Read(const Node& node, const std::string& path, Message& message) {
    if (node.kind != Kind::kMap) {
      problems_.Add(
          node, path, "WRONG_KIND", StrCat(What(path), " is ", Name(node.kind), ", not a map"),
          StrCat("write the fields of ", message.GetDescriptor()->name(), " as key: value"));
      return;
    }
    const Descriptor* descriptor = message.GetDescriptor();
    std::set<std::string_view> seen;
    std::map<const google::protobuf::OneofDescriptor*, std::string> chosen;
    for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
      const Node& key = node.children[i];
      const Node& value = node.children[i + 1];
      if (!GoodKey(key, path, seen)) continue;
      const FieldDescriptor* field = descriptor->FindFieldByName(key.value);
      const std::string field_path = path.empty() ? key.value : StrCat(path, ".", key.value);
      if (field == nullptr) {
        std::vector<std::string> names;
        for (int f = 0; f < descriptor->field_count(); ++f)
          names.push_back(descriptor->field(f)->name());
        problems_.Add(key, field_path, "UNKNOWN_FIELD",
                      StrCat(descriptor->name(), " has no field ", base::Quoted(key.value)),
                      Suggest(key.value, names));
        continue;
      }
      if (const auto* group = field->containing_oneof(); group != nullptr) {
        const auto [entry, fresh] = chosen.emplace(group, key.value);
        if (!fresh) {
          problems_.Add(
              key, field_path, "ONE_OF",
              StrCat(base::Quoted(key.value), " stands beside ", base::Quoted(entry->second)),
              "only one of them; a second one belongs in a document of its own, after a line ---");
          continue;
        }
      }
      places_.Add(field_path, problems_.At(value.line, value.column), TextColumn(value));
      ReadField(key, value, field_path, *field, message);
    }
  }

 private:
  static std::string What(const std::string& path) { return path.empty() ? "the document" : path; }
  static int TextColumn(const Node& node) {
    if (node.kind != Kind::kScalar) return 0;
    return node.plain ? node.column : node.column + 1;
  }

  bool GoodKey(const Node& key, const std::string& path, std::set<std::string_view>& seen) {
    if (key.kind != Kind::kScalar) {
      problems_.Add(key, path, "WRONG_KIND", StrCat("a key is ", Name(key.kind)),
                    "keys are single words");
      return false;
    }
    if (!seen.insert(key.value).second) {
      problems_.Add(key, path.empty() ? key.value : StrCat(path, ".", key.value), "DUPLICATE_KEY",
                    StrCat("the key ", base::Quoted(key.value), " stands here a second time"),
                    "keep one of them");
      return false;
    }
    return true;
  }

  void ReadField(const Node& key, const Node& node, const std::string& path,
                 const FieldDescriptor& field, Message& message) {
    if (node.kind == Kind::kNull) {
      problems_.Add(key, path, "EMPTY_VALUE", StrCat(path, " has no value"),
                    "give one, or leave the key out");
      return;
    }
    if (field.is_map()) {
      ReadMap(node, path, field, message);
    } else if (field.is_repeated()) {
      if (node.kind != Kind::kSequence) {
        problems_.Add(node, path, "WRONG_KIND",
                      StrCat(path, " is ", Name(node.kind), ", not a list"),
                      "write [a, b] or one line \"- …\" for each");
        return;
      }
      for (size_t i = 0; i < node.children.size(); ++i) {
        const Node& element = node.children[i];
        const std::string element_path = StrCat(path, "[", i, "]");
        places_.Add(element_path, problems_.At(element.line, element.column), TextColumn(element));
        ReadValue(element, element_path, field, message);
      }
    } else {
      ReadValue(node, path, field, message);
    }
  }

  void ReadMap(const Node& node, const std::string& path, const FieldDescriptor& field,
               Message& message) {
    if (node.kind != Kind::kMap) {
      problems_.Add(node, path, "WRONG_KIND", StrCat(path, " is ", Name(node.kind), ", not a map"),
                    "write key: value");
      return;
    }
    std::set<std::string_view> seen;
    const Descriptor* entry = field.message_type();
    for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
      const Node& key = node.children[i];
      const Node& value = node.children[i + 1];
      if (!GoodKey(key, path, seen)) continue;
      const std::string entry_path = StrCat(path, ".", key.value);
      places_.Add(entry_path, problems_.At(value.line, value.column), TextColumn(value));
      Message* added = message.GetReflection()->AddMessage(&message, &field);
      ReadValue(key, entry_path, *entry->FindFieldByNumber(1), *added);
      ReadField(key, value, entry_path, *entry->FindFieldByNumber(2), *added);
    }
  }

  // One value: a single field, or one element of a repeated one.
  void ReadValue(const Node& node, const std::string& path, const FieldDescriptor& field,
                 Message& message) {
    const Reflection* reflection = message.GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Read(node, path,
           field.is_repeated() ? *reflection->AddMessage(&message, &field)
                               : *reflection->MutableMessage(&message, &field));
      return;
    }
    if (node.kind != Kind::kScalar) {
      problems_.Add(node, path, "WRONG_KIND",
                    StrCat(path, " is ", Name(node.kind), ", not a single value"),
                    "write one value");
      return;
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        Set<&Reflection::SetString, &Reflection::AddString>(message, field, node.value);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!node.plain || (node.value != "true" && node.value != "false")) {
          problems_.Add(node, path, "NOT_A_BOOL",
                        StrCat(base::Quoted(node.value), " is neither true nor false"),
                        "write true or false, without quotes");
          return;
        }
        Set<&Reflection::SetBool, &Reflection::AddBool>(message, field, node.value == "true");
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        if (const auto number = Integer<int32_t>(node, path); number.has_value()) {
          Set<&Reflection::SetInt32, &Reflection::AddInt32>(message, field, *number);
        }
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        if (const auto number = Integer<int64_t>(node, path); number.has_value()) {
          Set<&Reflection::SetInt64, &Reflection::AddInt64>(message, field, *number);
        }
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        if (const auto number = Integer<uint32_t>(node, path); number.has_value()) {
          Set<&Reflection::SetUInt32, &Reflection::AddUInt32>(message, field, *number);
        }
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        if (const auto number = Integer<uint64_t>(node, path); number.has_value()) {
          Set<&Reflection::SetUInt64, &Reflection::AddUInt64>(message, field, *number);
        }
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        if (const auto number = Number(node, path); number.has_value()) {
          Set<&Reflection::SetDouble, &Reflection::AddDouble>(message, field, *number);
        }
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        if (const auto number = Number(node, path); number.has_value()) {
          Set<&Reflection::SetFloat, &Reflection::AddFloat>(message, field,
                                                            static_cast<float>(*number));
        }
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        ReadEnum(node, path, field, message);
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        break;  // Handled above.
    }
  }

  template <auto SetOne, auto AddOne, typename T>
  static void Set(Message& message, const FieldDescriptor& field, T value) {
    const Reflection* reflection = message.GetReflection();
    if (field.is_repeated()) {
      (reflection->*AddOne)(&message, &field, std::move(value));
    } else {
      (reflection->*SetOne)(&message, &field, std::move(value));
    }
  }

  template <typename T>
  std::optional<T> Integer(const Node& node, const std::string& path) {
    T number = 0;
    const char* end = node.value.data() + node.value.size();
    const auto [stop, error] = std::from_chars(node.value.data(), end, number);
    if (node.plain && error == std::errc() && stop == end) return number;
    if (error == std::errc::result_out_of_range && stop == end) {
      problems_.Add(node, path, "OUT_OF_RANGE",
                    StrCat(base::Quoted(node.value), " is too large or too small"),
                    StrCat("write a whole number from ", std::numeric_limits<T>::min(), " to ",
                           std::numeric_limits<T>::max()));
    } else {
      problems_.Add(node, path, "NOT_A_NUMBER",
                    StrCat(base::Quoted(node.value), " is not a whole number"),
                    "write decimal digits, without quotes, spaces or separators");
    }
    return std::nullopt;
  }

  std::optional<double> Number(const Node& node, const std::string& path) {
    double number = 0;
    const char* end = node.value.data() + node.value.size();
    const auto [stop, error] = std::from_chars(node.value.data(), end, number);
    if (node.plain && error == std::errc() && stop == end && std::isfinite(number)) return number;
    problems_.Add(node, path, "NOT_A_NUMBER", StrCat(base::Quoted(node.value), " is not a number"),
                  "write digits with a decimal point, without quotes");
    return std::nullopt;
  }

  void ReadEnum(const Node& node, const std::string& path, const FieldDescriptor& field,
                Message& message) {
    std::vector<std::string> names;
    for (int i = 0; i < field.enum_type()->value_count(); ++i) {
      const EnumValueDescriptor* value = field.enum_type()->value(i);
      if (value->number() == 0) continue;
      std::string name = ShortName(value);
      if (name == node.value) {
        Set<&Reflection::SetEnum, &Reflection::AddEnum>(message, field, value);
        return;
      }
      names.push_back(std::move(name));
    }
    problems_.Add(node, path, "UNKNOWN_VALUE",
                  StrCat(path, " cannot be ", base::Quoted(node.value)),
                  Suggest(node.value, names));
  }

  Problems& problems_;
  PlaceIndex& places_;
};

// Line and column of a byte.
std::pair<int, int> PositionOf(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.rfind('\n');
  return {
      static_cast<int>(lines) + 1,
      static_cast<int>(offset - (line_start == std::string_view::npos ? 0 : line_start + 1)) + 1};
}

}  // namespace

std::string ToText(const Problem& problem) {
  std::string text = problem.place.file;
  if (problem.place.line > 0)
    base::StrAppend(text, ":", problem.place.line, ":", problem.place.column);
  base::StrAppend(text, ": ", problem.rule, ": ", problem.message);
  if (!problem.remedy.empty()) base::StrAppend(text, " (", problem.remedy, ")");
  return text;
}

void PlaceIndex::Add(std::string path, Place value, int text_column) {
  entries_.insert_or_assign(std::move(path), Entry{std::move(value), text_column});
}

Place PlaceIndex::Find(std::string_view path, int column) const {
  // attributes[imdi_region] is kept as attributes.imdi_region; list places keep their brackets.
  std::string wanted;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '[' && i + 1 < path.size() && (path[i + 1] < '0' || path[i + 1] > '9')) {
      const size_t close = path.find(']', i);
      wanted += '.';
      wanted += path.substr(i + 1, close == std::string_view::npos ? close : close - i - 1);
      if (close == std::string_view::npos) break;
      i = close;
    } else {
      wanted += path[i];
    }
  }
  bool exact = true;
  while (true) {
    if (const auto entry = entries_.find(wanted); entry != entries_.end()) {
      Place place = entry->second.place;
      if (exact && column > 0 && entry->second.text_column > 0)
        place.column = entry->second.text_column + column - 1;
      return place;
    }
    exact = false;
    const size_t cut = wanted.find_last_of(".[");
    if (cut == std::string::npos) break;
    wanted.resize(cut);
  }
  const auto first = entries_.begin();
  return first == entries_.end() ? Place{} : first->second.place;
}

LoadedText LoadYaml(std::string_view file, std::string_view text, const Message& prototype) {
  LoadedText out;
  Problems problems(file, out);
  if (text.size() > kYamlBytesMax) {
    problems.Add(0, 0, "", "TOO_LARGE", StrCat("the text has ", text.size(), " bytes"),
                 StrCat("at most ", kYamlBytesMax, "; split it"));
    return out;
  }
  if (const size_t offset = base::FirstInvalidUtf8(text); offset != std::string_view::npos) {
    const auto [line, column] = PositionOf(text, offset);
    problems.Add(line, column, "", "INVALID_UTF8", "this byte is not UTF-8",
                 "save the file as UTF-8");
    return out;
  }
  if (const size_t offset = text.find('\0'); offset != std::string_view::npos) {
    const auto [line, column] = PositionOf(text, offset);
    problems.Add(line, column, "", "YAML_SYNTAX", "a NUL byte", "remove it");
    return out;
  }
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    int start = -1;
    while (true) {
      TreeBuilder builder(problems);
      if (!parser.HandleNextDocument(builder)) break;
      const Node root = builder.Take();
      // A closing bracket without an opening one gives empty documents without end.
      if (builder.start() == start) {
        problems.Add(root, "", "YAML_SYNTAX", "this sign belongs to nothing",
                     "what stands behind it was not read");
        break;
      }
      start = builder.start();
      if (root.kind == Kind::kNull) {
        problems.Add(root, "", "EMPTY_DOCUMENT", "there is nothing between two lines ---",
                     "remove one of them");
        continue;
      }
      LoadedMessage loaded;
      loaded.message.reset(prototype.New());
      loaded.start = problems.At(root.line, root.column);
      MessageReader(problems, loaded.places).Read(root, "", *loaded.message);
      out.documents.push_back(std::move(loaded));
    }
  } catch (const YAML::Exception& error) {
    problems.Add(error.mark.line + 1, error.mark.column + 1, "", "YAML_SYNTAX", error.msg,
                 "what stands behind it was not read");
  }
  std::stable_sort(
      out.problems.begin(), out.problems.end(), [](const Problem& a, const Problem& b) {
        return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
      });
  return out;
}

bool ReadTextFile(const std::string& file, std::string* text, Problem* problem) {
  std::ifstream stream(file, std::ios::binary);
  if (stream)
    text->assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  if (!stream) {
    *problem = {{file, 0, 0},
                "",
                "CANNOT_READ",
                "the file cannot be read",
                "check its path and permissions"};
    return false;
  }
  return true;
}

}  // namespace imdi::config
