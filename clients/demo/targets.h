#pragma once

// Every number that the demonstration answers must give, as data. Counts of units after the last
// correction.

#include <array>
#include <cstddef>
#include <string_view>

namespace imdi::demo {

// How many answered, and how many of those had participants in an introduction programme (BAK05 =
// 1, 2).
struct ResponseTarget {
  std::string_view edition;
  size_t municipalities;
  size_t districts;
  size_t municipalities_with_programme;
  size_t districts_with_programme;
};
inline constexpr std::array<ResponseTarget, 4> kResponses = {{
    {"KU2014", 203, 0, 190, 0},
    {"KU2015", 324, 13, 298, 12},
    {"KU2016", 321, 14, 299, 13},
    {"KU2017", 311, 11, 290, 10},
}};

// The two editions that are compared unit by unit.
inline constexpr std::string_view kBefore = "KU2016";
inline constexpr std::string_view kNow = "KU2017";

// Units by a yes or no before and now.
struct Joint {
  size_t yes_yes;
  size_t yes_no;
  size_t no_yes;
  size_t no_no;
};

// Units that answered both editions, by programme before and now.
inline constexpr Joint kPanelMunicipalities = {230, 3, 3, 13};
inline constexpr Joint kPanelDistricts = {10, 0, 0, 1};

// How the 2017 edition ended for units that are not among those counted.
inline constexpr size_t kPartial = 19;
inline constexpr size_t kBreakoff = 6;
inline constexpr size_t kRefusal = 4;

// Which units a target speaks of.
enum class Units { kAll, kMunicipalities, kDistricts };

// A yes or no with its joint counts on the panel and its totals in each edition, of units with a
// programme.
struct PanelTarget {
  std::string_view item;
  Units units;
  Joint joint;
  size_t yes_before;
  size_t yes_now;
};
inline constexpr std::array<PanelTarget, 5> kPanelItems = {{
    {"INT01", Units::kMunicipalities, {125, 13, 19, 73}, 179, 180},
    {"INT01", Units::kDistricts, {5, 1, 1, 3}, 8, 6},
    {"INT05", Units::kAll, {160, 15, 28, 37}, 228, 234},
    {"NOR01", Units::kMunicipalities, {180, 5, 22, 23}, 240, 255},
    {"ARB01", Units::kAll, {195, 7, 14, 24}, 262, 261},
}};

// ARB02 code 2 (own agreements) within the panel classes of ARB01: a unit that does not cooperate
// has none. In the two classes with cooperation in one of the editions only that edition can be a
// yes.
inline constexpr Joint kOwnAgreementsOfYesYes = {52, 9, 22, 112};
inline constexpr size_t kOwnAgreementsOfYesNo = 1;
inline constexpr size_t kOwnAgreementsOfNoYes = 2;
inline constexpr size_t kOwnAgreementsBefore = 81;
inline constexpr size_t kOwnAgreementsNow = 96;

// INT01 = 1 in the editions before the panel.
struct EarlierTarget {
  std::string_view edition;
  size_t municipalities;
  size_t districts;
};
inline constexpr std::array<EarlierTarget, 2> kEarlierOwnTarget = {
    {{"KU2014", 113, 0}, {"KU2015", 179, 7}}};

// How a yes, a no or a whole base is shared out over codes. With shares that sum to the units, they
// are counts.
struct CodeTarget {
  std::string_view edition;  // Empty = every edition.
  std::string_view item;
  enum class Of { kYes, kNo, kBase } of;
  int code;
  size_t share;
};
inline constexpr std::array<CodeTarget, 37> kCodes = {{
    {"", "BAK05", CodeTarget::Of::kYes, 1, 86},
    {"", "BAK05", CodeTarget::Of::kYes, 2, 14},
    {"", "BAK05", CodeTarget::Of::kNo, 3, 10},
    {"", "BAK05", CodeTarget::Of::kNo, 98, 1},
    {"", "INT01", CodeTarget::Of::kYes, 1, 1},
    {"", "INT01", CodeTarget::Of::kNo, 2, 12},
    {"", "INT01", CodeTarget::Of::kNo, 98, 1},
    {"", "INT05", CodeTarget::Of::kYes, 1, 12},
    {"", "INT05", CodeTarget::Of::kYes, 2, 40},
    {"", "INT05", CodeTarget::Of::kYes, 3, 25},
    {"", "INT05", CodeTarget::Of::kYes, 4, 23},
    {"", "INT05", CodeTarget::Of::kNo, 5, 50},
    {"", "INT05", CodeTarget::Of::kNo, 6, 35},
    {"", "INT05", CodeTarget::Of::kNo, 98, 15},
    {"", "ARB01", CodeTarget::Of::kYes, 1, 45},
    {"", "ARB01", CodeTarget::Of::kYes, 2, 55},
    {"", "ARB01", CodeTarget::Of::kNo, 3, 40},
    {"", "ARB01", CodeTarget::Of::kNo, 4, 50},
    {"", "ARB01", CodeTarget::Of::kNo, 98, 10},
    {"KU2016", "NOR01", CodeTarget::Of::kNo, 90, 47},
    {"KU2016", "NOR01", CodeTarget::Of::kNo, 98, 12},
    {"KU2017", "NOR01", CodeTarget::Of::kNo, 90, 29},
    {"KU2017", "NOR01", CodeTarget::Of::kNo, 98, 6},
    {"KU2017", "BOS01", CodeTarget::Of::kYes, 1, 118},
    {"KU2017", "BOS01", CodeTarget::Of::kYes, 2, 135},
    {"KU2017", "BOS01", CodeTarget::Of::kNo, 3, 45},
    {"KU2017", "BOS01", CodeTarget::Of::kNo, 4, 17},
    {"KU2017", "BOS01", CodeTarget::Of::kNo, 98, 7},
    {"KU2017", "SYS01", CodeTarget::Of::kYes, 1, 198},
    {"KU2017", "SYS01", CodeTarget::Of::kYes, 2, 92},
    {"KU2017", "SYS01", CodeTarget::Of::kNo, 3, 17},
    {"KU2017", "SYS01", CodeTarget::Of::kNo, 4, 11},
    {"KU2017", "SYS01", CodeTarget::Of::kNo, 98, 4},
    {"KU2017", "SYS03", CodeTarget::Of::kYes, 1, 48},
    {"KU2017", "SYS03", CodeTarget::Of::kYes, 2, 103},
    {"KU2017", "SYS03", CodeTarget::Of::kNo, 3, 117},
    {"KU2017", "SYS03", CodeTarget::Of::kNo, 98, 22},
}};

// A yes or no asked of all that answered, or of those that said yes to an earlier one.
struct YesTarget {
  std::string_view item;
  std::string_view among;  // Item whose yes is the base; empty = all that answered.
  size_t yes;
};
inline constexpr std::array<YesTarget, 3> kYesItems = {
    {{"BOS01", "", 253}, {"SYS01", "", 290}, {"SYS03", "SYS01", 151}}};

// Rows of the need for guidance (SYS06): rows of a pair have one base.
struct NeedPair {
  std::array<std::string_view, 2> rows;
  std::array<size_t, 2> wanted;  // Codes 3, 4.
  size_t base;
  size_t not_applicable;  // Code 97; the others outside the base leave it blank.
};
inline constexpr std::array<NeedPair, 2> kNeeds = {{
    {{"SYS06.a", "SYS06.b"}, {171, 165}, 305, 9},
    {{"SYS06.c", "SYS06.d"}, {150, 147}, 300, 12},
}};

// Ticks in a multiple choice: exact counts, and percent of the units for the codes that are free.
struct TickTarget {
  std::string_view edition;
  std::string_view item;
  int code;
  size_t count;    // With percent 0.
  size_t percent;  // Rounded down.
};
inline constexpr std::array<TickTarget, 39> kTicks = {{
    {"KU2016", "NOR01", 1, 121, 0}, {"KU2016", "NOR01", 3, 36, 0},  {"KU2016", "NOR01", 2, 0, 34},
    {"KU2016", "NOR01", 4, 0, 41},  {"KU2016", "NOR01", 5, 0, 27},  {"KU2016", "NOR01", 6, 0, 30},
    {"KU2016", "NOR01", 7, 0, 46},  {"KU2016", "NOR01", 8, 0, 5},   {"KU2017", "NOR01", 1, 0, 49},
    {"KU2017", "NOR01", 3, 0, 17},  {"KU2017", "NOR01", 2, 0, 37},  {"KU2017", "NOR01", 4, 0, 43},
    {"KU2017", "NOR01", 5, 0, 31},  {"KU2017", "NOR01", 6, 0, 34},  {"KU2017", "NOR01", 7, 0, 52},
    {"KU2017", "NOR01", 8, 0, 4},   {"KU2016", "ARB02", 1, 214, 0}, {"KU2017", "ARB02", 1, 226, 0},
    {"", "ARB02", 3, 0, 21},        {"", "ARB02", 4, 0, 55},        {"", "ARB02", 5, 0, 24},
    {"", "ARB02", 6, 0, 33},        {"", "ARB02", 7, 0, 12},        {"", "ARB02", 8, 0, 57},
    {"", "ARB02", 9, 0, 28},        {"", "ARB02", 10, 0, 4},        {"", "ARB02", 98, 3, 0},
    {"KU2017", "BOS02", 1, 167, 0}, {"KU2017", "BOS02", 2, 152, 0}, {"KU2017", "BOS02", 4, 109, 0},
    {"KU2017", "BOS02", 3, 0, 39},  {"KU2017", "BOS02", 5, 0, 31},  {"KU2017", "BOS02", 6, 0, 28},
    {"KU2017", "BOS02", 7, 0, 33},  {"KU2017", "BOS02", 8, 0, 26},  {"KU2017", "BOS02", 9, 0, 24},
    {"KU2017", "BOS02", 10, 0, 36}, {"KU2017", "BOS02", 11, 0, 4},  {"KU2017", "BOS02", 98, 3, 0},
}};

}  // namespace imdi::demo
