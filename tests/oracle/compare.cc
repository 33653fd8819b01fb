#include "tests/oracle/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "services/base/text.h"

namespace imdi::oracle {
namespace {

constexpr double kRelative = 1e-9;
constexpr double kRelativeOfP = 1e-6;
constexpr double kAbsolute = 1e-12;

bool IsPValue(std::string_view path) {
  static constexpr std::array<std::string_view, 8> kNames = {"p",    "bh",      "by",    "holm",
                                                             "p_cc", "p_exact", "p_mid", "chisq_p"};
  path = path.substr(path.rfind('.') + 1);
  path = path.substr(0, path.find('['));
  return std::ranges::find(kNames, path) != kNames.end();
}

void Differ(const std::string& path, const Value& got, const Value& want, Comparison* to) {
  ++to->differing;
  to->differences.push_back(
      base::StrCat(path, ": ", PrintDocument(got), ", expected ", PrintDocument(want)));
}

}  // namespace

void CountMissing(const std::string& path, const Value& want, Comparison* to) {
  if (want.kind == Value::Kind::kObject) {
    for (const auto& [key, value] : want.members) CountMissing(path + "." + key, value, to);
  } else if (want.kind == Value::Kind::kList) {
    for (size_t i = 0; i < want.list.size(); ++i)
      CountMissing(base::StrCat(path, "[", i, "]"), want.list[i], to);
  } else {
    ++to->missing;
    to->differences.push_back(base::StrCat(path, ": missing, expected ", PrintDocument(want)));
  }
}

void Compare(const std::string& path, const Value& got, const Value& want, Comparison* to) {
  if (want.kind == Value::Kind::kObject) {
    for (const auto& [key, value] : want.members) {
      const Value* one = got.Find(key);
      const std::string below = path + "." + key;
      if (one == nullptr) {
        CountMissing(below, value, to);
      } else {
        Compare(below, *one, value, to);
      }
    }
    return;
  }
  if (want.kind == Value::Kind::kList) {
    for (size_t i = 0; i < want.list.size(); ++i) {
      const std::string below = base::StrCat(path, "[", i, "]");
      if (i < got.list.size()) {
        Compare(below, got.list[i], want.list[i], to);
      } else {
        CountMissing(below, want.list[i], to);
      }
    }
    // A longer list says something that was not expected.
    if (got.kind != Value::Kind::kList || got.list.size() > want.list.size()) {
      ++to->compared;
      Differ(path, got, want, to);
    }
    return;
  }
  ++to->compared;
  if (want.kind != got.kind) {
    Differ(path, got, want, to);
    return;
  }
  if (want.kind == Value::Kind::kNumber) {
    const double off = std::fabs(got.number - want.number);
    const double relative = IsPValue(path) ? kRelativeOfP : kRelative;
    if (want.number != 0)
      to->largest_relative = std::max(to->largest_relative, off / std::fabs(want.number));
    if (!(off <= relative * std::fabs(want.number) + kAbsolute)) Differ(path, got, want, to);
    return;
  }
  if (want.text != got.text || want.flag != got.flag) Differ(path, got, want, to);
}

}  // namespace imdi::oracle
