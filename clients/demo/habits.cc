#include "clients/demo/habits.h"

#include <array>
#include <string_view>

namespace imdi::demo {
namespace {

struct NamedWeight {
  std::string_view list;  // Code list, or the question's own.
  int code;
  size_t weight;
};
constexpr std::array<NamedWeight, 78> kWeights = {{
    {"CL_DEGREE5", 1, 90},     {"CL_DEGREE5", 2, 170},    {"CL_DEGREE5", 3, 340},
    {"CL_DEGREE5", 4, 230},    {"CL_DEGREE5", 5, 100},    {"CL_DEGREE5", 97, 30},
    {"CL_DEGREE5", 98, 40},    {"CL_SATIS5", 1, 50},      {"CL_SATIS5", 2, 150},
    {"CL_SATIS5", 3, 300},     {"CL_SATIS5", 4, 340},     {"CL_SATIS5", 5, 90},
    {"CL_SATIS5", 97, 30},     {"CL_SATIS5", 98, 40},     {"CL_AGREE5", 1, 60},
    {"CL_AGREE5", 2, 160},     {"CL_AGREE5", 3, 280},     {"CL_AGREE5", 4, 330},
    {"CL_AGREE5", 5, 110},     {"CL_AGREE5", 97, 20},     {"CL_AGREE5", 98, 40},
    {"CL_NEED4", 1, 170},      {"CL_NEED4", 2, 290},      {"CL_NEED4", 3, 330},
    {"CL_NEED4", 4, 150},      {"CL_NEED4", 97, 30},      {"CL_NEED4", 98, 30},
    {"CL_CAPACITY", 1, 90},    {"CL_CAPACITY", 2, 520},   {"CL_CAPACITY", 3, 310},
    {"CL_CAPACITY", 97, 30},   {"CL_CAPACITY", 98, 50},   {"CL_SUFFICIENT", 1, 310},
    {"CL_SUFFICIENT", 2, 410}, {"CL_SUFFICIENT", 3, 220}, {"CL_SUFFICIENT", 97, 20},
    {"CL_SUFFICIENT", 98, 40}, {"CL_USE4", 1, 380},       {"CL_USE4", 2, 360},
    {"CL_USE4", 3, 150},       {"CL_USE4", 4, 70},        {"CL_USE4", 98, 40},
    {"CL_YESPLAN", 1, 510},    {"CL_YESPLAN", 2, 170},    {"CL_YESPLAN", 3, 290},
    {"CL_YESPLAN", 98, 30},    {"CL_GOOD5", 1, 20},       {"CL_GOOD5", 2, 70},
    {"CL_GOOD5", 3, 230},      {"CL_GOOD5", 4, 470},      {"CL_GOOD5", 5, 150},
    {"CL_GOOD5", 97, 30},      {"CL_GOOD5", 98, 30},      {"CL_USEFUL5", 1, 50},
    {"CL_USEFUL5", 2, 120},    {"CL_USEFUL5", 3, 320},    {"CL_USEFUL5", 4, 270},
    {"CL_USEFUL5", 5, 90},     {"CL_USEFUL5", 96, 40},    {"CL_USEFUL5", 97, 70},
    {"CL_USEFUL5", 98, 40},    {"BAK01", 1, 160},         {"BAK01", 2, 250},
    {"BAK01", 3, 420},         {"BAK01", 4, 60},          {"BAK01", 5, 80},
    {"BAK01", 6, 30},          {"SYS09", 1, 470},         {"SYS09", 2, 240},
    {"SYS09", 3, 180},         {"SYS09", 4, 80},          {"SYS09", 98, 30},
    {"IMD05", 1, 330},         {"IMD05", 2, 270},         {"IMD05", 3, 330},
    {"IMD05", 98, 70},         {"NOR07", 1, 210},         {"NOR07", 2, 330},
}};

struct NamedPercent {
  std::string_view question;
  int code;
  size_t percent;
};
constexpr std::array<NamedPercent, 14> kPercents = {{
    {"INT02", 1, 66},
    {"INT02", 2, 17},
    {"INT02", 3, 8},
    {"INT02", 4, 11},
    {"INT02", 5, 29},
    {"INT02", 6, 26},
    {"BAK06", 1, 28},
    {"BAK06", 2, 9},
    {"BAK06", 3, 5},
    {"BAK06", 4, 17},
    {"BAK06", 90, 54},
    {"INT08", 90, 43},
    {"ARB07", 90, 16},
    {"BAK02", 2, 78},
}};
constexpr std::array<size_t, 7> kUsualPercents = {47, 33, 24, 41, 18, 29, 37};
constexpr size_t kOtherPercent = 5;
constexpr size_t kNonePercent = 7;
constexpr size_t kDontKnowPercent = 3;

struct NamedRange {
  std::string_view item;
  Range range;
};
constexpr std::array<NamedRange, 5> kRanges = {{
    {"BAK07", {15, 5, 45, 2}},
    {"BOS10", {0, 5, 16, 2}},
    {"INT03", {40, 5, 8, 1}},
    {"NOR05", {0, 1, 26, 3}},
    {"ARB03", {1, 1, 24, 3}},
}};

}  // namespace

std::vector<Weight> WeightsOf(const Item& item) {
  std::vector<Weight> weights;
  for (size_t position = 0; position < item.codes.size(); ++position) {
    const int code = item.codes[position];
    size_t weight = code >= 90 ? 40 : 300 / (position + 2) + 40;
    for (const NamedWeight& named : kWeights) {
      if (named.list == item.list && named.code == code) weight = named.weight;
    }
    // Rows of a grid lean different ways.
    if (code < 90) weight = weight * (8 + (item.row * 3 + position * 2) % 5) / 10;
    weights.push_back({code, weight});
  }
  return weights;
}

size_t PercentOf(const Item& item, size_t position) {
  const int code = item.codes[position];
  for (const NamedPercent& named : kPercents) {
    if (named.question == item.question && named.code == code) return named.percent;
  }
  if (code == 98) return kDontKnowPercent;
  if (code >= 90) return kNonePercent;
  if (item.other_codes.count(code) > 0) return kOtherPercent;
  return kUsualPercents[(position + static_cast<size_t>(item.question.back() - '0')) %
                        kUsualPercents.size()];
}

Range RangeOf(const Item& item) {
  for (const NamedRange& named : kRanges) {
    if (named.item == item.id) return named.range;
  }
  return {item.minimum, 1, static_cast<size_t>(item.maximum - item.minimum) / 4, 2};
}

}  // namespace imdi::demo
