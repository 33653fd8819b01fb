#include "tests/oracle/document.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "services/base/text.h"

namespace imdi::oracle {
namespace {

using Json = nlohmann::ordered_json;

Value FromJson(const Json& json) {
  Value out;
  switch (json.type()) {
    case Json::value_t::boolean:
      out.kind = Value::Kind::kBool;
      out.flag = json.get<bool>();
      break;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return Value::Number(json.get<double>());
    case Json::value_t::string:
      return Value::Text(json.get<std::string>());
    case Json::value_t::array:
      out.kind = Value::Kind::kList;
      for (const Json& one : json) out.list.push_back(FromJson(one));
      break;
    case Json::value_t::object:
      out.kind = Value::Kind::kObject;
      for (const auto& [key, one] : json.items()) out.members.emplace_back(key, FromJson(one));
      break;
    default:
      break;
  }
  return out;
}

void Print(const Value& value, std::string* to) {
  switch (value.kind) {
    case Value::Kind::kNull:
      *to += "null";
      return;
    case Value::Kind::kBool:
      *to += value.flag ? "true" : "false";
      return;
    case Value::Kind::kNumber: {
      char digits[40];
      std::snprintf(digits, sizeof digits, "%.15g", value.number);
      *to += digits;
      return;
    }
    case Value::Kind::kText:
      *to += Json(value.text).dump(-1, ' ', false, Json::error_handler_t::replace);
      return;
    case Value::Kind::kList:
      *to += '[';
      for (size_t i = 0; i < value.list.size(); ++i) {
        if (i > 0) *to += ',';
        Print(value.list[i], to);
      }
      *to += ']';
      return;
    case Value::Kind::kObject:
      *to += '{';
      for (size_t i = 0; i < value.members.size(); ++i) {
        if (i > 0) *to += ',';
        Print(Value::Text(value.members[i].first), to);
        *to += ':';
        Print(value.members[i].second, to);
      }
      *to += '}';
      return;
  }
}

}  // namespace

Value Value::Number(double number) {
  Value out;
  if (!std::isfinite(number)) return out;
  out.kind = Kind::kNumber;
  out.number = number;
  return out;
}

Value Value::Text(std::string_view text) {
  Value out;
  out.kind = Kind::kText;
  out.text = text;
  return out;
}

Value Value::List(std::vector<Value> list) {
  Value out;
  out.kind = Kind::kList;
  out.list = std::move(list);
  return out;
}

Value Value::Object() {
  Value out;
  out.kind = Kind::kObject;
  return out;
}

Value& Value::Set(std::string_view key, Value value) {
  members.emplace_back(key, std::move(value));
  return *this;
}

const Value* Value::Find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}

const Value* Value::FindPath(std::string_view path) const {
  const Value* at = this;
  while (at != nullptr && !path.empty()) {
    const size_t dot = std::min(path.find('.'), path.size());
    at = at->Find(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return at;
}

absl::StatusOr<Value> ParseDocument(std::string_view json, std::string_view name) {
  const Json parsed = Json::parse(json, nullptr, false);
  if (parsed.is_discarded())
    return absl::InvalidArgumentError(base::StrCat(name, " is not a JSON document"));
  return FromJson(parsed);
}

std::string PrintDocument(const Value& value) {
  std::string out;
  Print(value, &out);
  return out;
}

}  // namespace imdi::oracle
