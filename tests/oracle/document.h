#pragma once

// A JSON document as a plain tree. The one place of the oracle that knows a JSON library.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace imdi::oracle {

struct Value {
  enum class Kind { kNull, kBool, kNumber, kText, kList, kObject };
  Kind kind = Kind::kNull;
  bool flag = false;
  double number = 0;
  std::string text;
  std::vector<Value> list;
  std::vector<std::pair<std::string, Value>> members;  // In the order of the document.

  static Value Number(double number);  // What is not a number is null: not defined.
  static Value Text(std::string_view text);
  static Value List(std::vector<Value> list = {});
  static Value Object();

  Value& Set(std::string_view key, Value value);  // Appends; returns *this.
  const Value* Find(std::string_view key) const;  // Null where there is none.
  // Down a path of keys with dots between them; null where it leads nowhere.
  const Value* FindPath(std::string_view path) const;
  bool IsNull() const { return kind == Kind::kNull; }
};

absl::StatusOr<Value> ParseDocument(std::string_view json, std::string_view name);
// On one line, numbers with 15 significant digits.
std::string PrintDocument(const Value& value);

}  // namespace imdi::oracle
