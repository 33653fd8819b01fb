#include "services/base/percent.h"
#include "services/base/text.h"

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace imdi::base {
namespace {

using ::testing::Optional;

constexpr size_t kWhole = std::string_view::npos;

// The definition itself, decoding by hand: what FirstInvalidUtf8 must agree with.
bool ValidByDefinition(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<uint8_t>(text[at]);
    const size_t length = lead < 0x80       ? 1
                          : lead >> 5 == 6  ? 2
                          : lead >> 4 == 14 ? 3
                          : lead >> 3 == 30 ? 4
                                            : 0;
    if (length == 0 || at + length > text.size()) return false;
    uint32_t point = length == 1 ? lead : lead & (0xff >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
      const auto next = static_cast<uint8_t>(text[at + i]);
      if (next >> 6 != 2) return false;
      point = point << 6 | (next & 0x3f);
    }
    constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      return false;
    at += length;
  }
  return true;
}

TEST(Utf8, AcceptsWhatIsWellFormed) {
  for (const std::string_view text :
       {std::string_view(), std::string_view("a\0b", 3),
        std::string_view("Målsetjing på nynorsk – «ja»"), std::string_view("\x7f"),
        std::string_view("\xc2\x80"), std::string_view("\xdf\xbf"),
        std::string_view("\xe0\xa0\x80"), std::string_view("\xed\x9f\xbf"),
        std::string_view("\xee\x80\x80"), std::string_view("\xef\xbf\xbf"),
        std::string_view("\xf0\x90\x80\x80"), std::string_view("\xf4\x8f\xbf\xbf")}) {
    EXPECT_EQ(FirstInvalidUtf8(text), kWhole) << Quoted(text);
    EXPECT_TRUE(IsValidUtf8(text));
  }
}

TEST(Utf8, RefusesWhatIsNotAndNamesThePlace) {
  const std::vector<std::pair<std::string_view, const char*>> bad = {
      {"\x80", "a continuation alone"},
      {"\xbf", "a continuation alone"},
      {"\xc0\x80", "overlong NUL"},
      {"\xc0\xaf", "overlong slash"},
      {"\xc1\xbf", "overlong two"},
      {"\xe0\x80\xaf", "overlong slash in three"},
      {"\xe0\x9f\xbf", "overlong three"},
      {"\xf0\x80\x80\xaf", "overlong slash in four"},
      {"\xf0\x8f\xbf\xbf", "overlong four"},
      {"\xed\xa0\x80", "first high surrogate"},
      {"\xed\xaf\xbf", "last high surrogate"},
      {"\xed\xb0\x80", "first low surrogate"},
      {"\xed\xbf\xbf", "last low surrogate"},
      {"\xf4\x90\x80\x80", "beyond U+10FFFF"},
      {"\xf5\x80\x80\x80", "lead of no character"},
      {"\xf8\x88\x80\x80\x80", "five bytes"},
      {"\xfe", "never a byte of UTF-8"},
      {"\xff", "never a byte of UTF-8"},
      {"\xc3", "truncated two"},
      {"\xe2\x82", "truncated three"},
      {"\xe2", "truncated three"},
      {"\xf0\x9f\x98", "truncated four"},
      {"\xe2\x28\xa1", "no continuation"},
      {"\xf0\x28\x8c\xbc", "no continuation"},
  };
  for (const auto& [bytes, what] : bad) {
    EXPECT_EQ(FirstInvalidUtf8(bytes), 0u) << what;
    EXPECT_EQ(FirstInvalidUtf8(StrCat("på ", bytes)), 4u) << what;
    EXPECT_EQ(FirstInvalidUtf8(StrCat("på ", bytes, " x")), 4u) << what;
    EXPECT_FALSE(IsValidUtf8(bytes)) << what;
  }
}

TEST(Utf8, AgreesWithTheDefinitionOnRandomBytes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  // Bytes at the borders of the ranges, so that much is nearly right.
  constexpr uint8_t kBorders[] = {0x00, 0x2f, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                  0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                  0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
  int valid = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text(1 + random() % 5, '\0');
    for (char& c : text) c = static_cast<char>(kBorders[random() % std::size(kBorders)]);
    const size_t at = FirstInvalidUtf8(text);
    ASSERT_EQ(at == kWhole, ValidByDefinition(text)) << Hex(text);
    if (at == kWhole)
      ++valid;
    else
      ASSERT_TRUE(ValidByDefinition(text.substr(0, at))) << Hex(text);
  }
  EXPECT_GT(valid, 1000);
}

TEST(Quoted, ShowsOnlyPrintableAscii) {
  EXPECT_EQ(Quoted("KU2017"), "\"KU2017\"");
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted(std::string_view("a\0b\n\x1b[31m\x7f", 10)), "\"a\\x00b\\x0a\\x1b[31m\\x7f\"");
  EXPECT_EQ(Quoted("a\"b\\c"), "\"a\\x22b\\x5cc\"");
  EXPECT_EQ(Quoted("\xff\xc3"), "\"\\xff\\xc3\"");
}

TEST(Quoted, TellsLookalikesApart) {
  EXPECT_NE(Quoted("K\xd0\x95"), Quoted("KE"));                        // Cyrillic Ie.
  EXPECT_EQ(Quoted("\xd0\x9aU2017"), "\"\\xd0\\x9aU2017\"");           // Cyrillic Ka.
  EXPECT_EQ(Quoted("KU201\xef\xbc\x97"), "\"KU201\\xef\\xbc\\x97\"");  // Full-width seven.
  EXPECT_EQ(Quoted("03\xe2\x80\x8b"
                   "01"),
            "\"03\\xe2\\x80\\x8b01\"");  // Zero-width space.
  EXPECT_EQ(Quoted("\xe2\x80\xae"
                   "7102UK"),
            "\"\\xe2\\x80\\xae7102UK\"");  // Right-to-left override.
}

TEST(Quoted, CutsAndSaysSo) {
  EXPECT_EQ(Quoted("abcdef", 6), "\"abcdef\"");
  EXPECT_EQ(Quoted("abcdefg", 6), "\"abcdef…\"");
  EXPECT_TRUE(IsValidUtf8(Quoted("ååååååå", 5)));
  EXPECT_LE(Quoted(std::string(1'000'000, '\xff')).size(), 64 * 4 + 5u);
}

TEST(Base64Url, KnowsTheVectorsOfItsRfc) {
  const std::vector<std::pair<std::string_view, std::string_view>> vectors = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(Base64Url(bytes), text);
    EXPECT_THAT(FromBase64Url(text), Optional(std::string(bytes)));
  }
}

TEST(Base64Url, ReturnsRandomBytes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random() % 80, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    ASSERT_THAT(FromBase64Url(Base64Url(bytes)), Optional(bytes)) << Hex(bytes);
  }
}

TEST(Base64Url, HasOneTextPerByteString) {
  // Every text of up to three characters is either refused or the one text of its bytes.
  constexpr std::string_view kCharacters = "AQghwz09-_=+/ \n.";
  int accepted = 0;
  const auto check = [&](const std::string& text) {
    const auto bytes = FromBase64Url(text);
    if (bytes.has_value()) {
      ASSERT_EQ(Base64Url(*bytes), text);
      ++accepted;
    }
  };
  for (const char a : kCharacters) {
    check(std::string{a});
    for (const char b : kCharacters) {
      check({a, b});
      for (const char c : kCharacters) check({a, b, c});
    }
  }
  EXPECT_GT(accepted, 50);
}

TEST(Base64Url, RefusesWhatIsNotStrictlyIt) {
  for (const std::string_view text :
       {std::string_view("Zg=="), std::string_view("Z"), std::string_view("Zh"),
        std::string_view("Zm9"), std::string_view("Zm9vY"), std::string_view("+/+/"),
        std::string_view(" Zg"), std::string_view("Zg\n"), std::string_view("Z\0g", 3),
        std::string_view("Z\xc3\xa5")}) {
    EXPECT_EQ(FromBase64Url(text), std::nullopt) << Quoted(text);
  }
}

TEST(Hex, GoesThereAndBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_EQ(Hex(all).substr(0, 8), "00010203");
  EXPECT_EQ(Hex(all).substr(508), "feff");
  EXPECT_THAT(FromHex(Hex(all)), Optional(all));
  EXPECT_THAT(FromHex("aBCd"), Optional(std::string("\xab\xcd")));
  EXPECT_THAT(FromHex(""), Optional(std::string()));
  for (const char* bad : {"a", "abc", "0g", "0x", " 0", "0\xc3"})
    EXPECT_EQ(FromHex(bad), std::nullopt) << bad;
}

TEST(ParseInt, TakesDecimalDigitsAndNothingElse) {
  EXPECT_THAT(ParseInt64("0"), Optional(0));
  EXPECT_THAT(ParseInt64("-42"), Optional(-42));
  EXPECT_THAT(ParseInt64("9223372036854775807"), Optional(std::numeric_limits<int64_t>::max()));
  EXPECT_THAT(ParseInt64("-9223372036854775808"), Optional(std::numeric_limits<int64_t>::min()));
  EXPECT_THAT(ParseUint64("18446744073709551615"), Optional(std::numeric_limits<uint64_t>::max()));
  for (const std::string_view bad :
       {std::string_view(), std::string_view("-"), std::string_view("+1"), std::string_view(" 1"),
        std::string_view("1 "), std::string_view("1.0"), std::string_view("0x1"),
        std::string_view("1e3"), std::string_view("1\0", 2), std::string_view("--1"),
        std::string_view("\xef\xbc\x91"), std::string_view("9223372036854775808"),
        std::string_view("-9223372036854775809")}) {
    EXPECT_EQ(ParseInt64(bad), std::nullopt) << Quoted(bad);
  }
  for (const char* bad : {"-1", "18446744073709551616", ""})
    EXPECT_EQ(ParseUint64(bad), std::nullopt) << bad;
}

TEST(StrCat, WritesEachKindOfPiece) {
  EXPECT_EQ(StrCat("a", std::string("b"), std::string_view("c"), absl::string_view("d"), 'e', true,
                   false, 1, -2, 3u, int64_t{-4}, uint8_t{5}, int8_t{-6}),
            "abcdetruefalse1-23-45-6");
  EXPECT_EQ(StrCat(std::numeric_limits<int64_t>::min(), ",", std::numeric_limits<uint64_t>::max()),
            "-9223372036854775808,18446744073709551615");
  EXPECT_EQ(StrCat(0.1), "0.1");
  EXPECT_EQ(std::stod(StrCat(0.1 + 0.2)), 0.1 + 0.2);
  EXPECT_EQ(StrCat(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(StrCat(std::numeric_limits<double>::lowest()), "-1.7976931348623157e+308");
  std::string out = "x";
  StrAppend(out, 1, "y");
  EXPECT_EQ(out, "x1y");
  EXPECT_EQ(StrJoin(std::vector<int>{1, 2, 3}, ", "), "1, 2, 3");
  EXPECT_EQ(StrJoin(std::vector<std::string>{}, ", "), "");
}

TEST(FormatNumber, PutsHalvesWhereTheyBelongAndLeavesLargeNumbersAlone) {
  EXPECT_EQ(FormatPercent(0.0145, 1), "1.5") << "1.45, as it is written";
  EXPECT_EQ(FormatNumber(-0.0145 * 100, 1), "-1.5");
  EXPECT_EQ(FormatNumber(-0.01, 1), "0.0");
  for (const int64_t whole : {500'000'000'000, 1'099'511'627'776, 9'007'199'254'740'991}) {
    EXPECT_EQ(FormatNumber(static_cast<double>(whole), 0), std::to_string(whole));
    EXPECT_EQ(FormatNumber(static_cast<double>(-whole), 0), std::to_string(-whole));
  }
}

}  // namespace
}  // namespace imdi::base
