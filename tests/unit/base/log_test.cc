#include "services/base/log.h"

#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "services/base/text.h"

namespace imdi::base {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Collects lines instead of standard error, as long as it lives.
class Captured {
 public:
  Captured() {
    SetLogSink([this](std::string_view line) { lines.emplace_back(line); });
  }
  ~Captured() {
    SetLogSink(nullptr);
    SetLogLevel(Level::kInfo);
  }
  std::vector<std::string> lines;
};

// The line as another JSON reader understands it; fails the test when it does not.
nlohmann::json Parsed(const std::string& line) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(object.is_object()) << line;
  return object;
}

std::string Line(std::vector<LogField> fields) {
  return FormatLogLine(Level::kInfo, "event", fields);
}

TEST(Log, WritesOneJsonObjectPerEvent) {
  Captured captured;
  LogEvent(Level::kInfo, "store_opened",
           {{"records", 12},
            {"ok", true},
            {"share", 0.25},
            {"negative", int64_t{-3}},
            {"name", "KU2017"}});
  ASSERT_THAT(captured.lines, SizeIs(1));
  const auto object = Parsed(captured.lines[0]);
  EXPECT_EQ(object.at("level"), "info");
  EXPECT_EQ(object.at("event"), "store_opened");
  EXPECT_EQ(object.at("records"), 12);
  EXPECT_EQ(object.at("ok"), true);
  EXPECT_EQ(object.at("share"), 0.25);
  EXPECT_EQ(object.at("negative"), -3);
  EXPECT_EQ(object.at("name"), "KU2017");
  EXPECT_THAT(
      object.at("time").get<std::string>(),
      ::testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z"));
  EXPECT_EQ(object.size(), 8);
}

TEST(Log, KeepsTheOrderOfItsFields) {
  EXPECT_EQ(Line({{"b", 1}, {"a", "x"}}), R"({"level":"info","event":"event","b":1,"a":"x"})");
  EXPECT_EQ(Line({}), R"({"level":"info","event":"event"})");
}

TEST(Log, EscapesEveryCharacterThatJsonForbids) {
  std::string all;
  for (int byte = 0; byte < 128; ++byte) all.push_back(static_cast<char>(byte));
  const std::string line = Line({{"text", all}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  for (const char c : line) EXPECT_GE(static_cast<uint8_t>(c), 0x20);
  EXPECT_EQ(Parsed(line).at("text"), all);
}

TEST(Log, CannotBeForgedThroughAValueAKeyOrTheEvent) {
  const std::string forged = "x\",\"level\":\"error\"}\n{\"level\":\"info";
  const std::string line =
      FormatLogLine(Level::kInfo, forged, std::vector<LogField>{{forged, forged}});
  const auto object = Parsed(line);
  EXPECT_EQ(object.size(), 3);
  EXPECT_EQ(object.at("level"), "info");
  EXPECT_EQ(object.at(forged), forged);
}

TEST(Log, StaysValidForTextsThatAreNotUtf8) {
  EXPECT_EQ(Line({{"t",
                   "a\xff"
                   "b"}}),
            R"({"level":"info","event":"event","t":"a\ufffdb"})");
  for (const std::string_view bad :
       {"\xff", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xc0\x80", "å\xf0\x9f\x98", "\x80\x80"}) {
    const std::string line = Line({{"t", bad}, {"after", 1}});
    EXPECT_TRUE(IsValidUtf8(line)) << Hex(bad);
    EXPECT_EQ(Parsed(line).at("after"), 1) << Hex(bad);
    EXPECT_THAT(Parsed(line).at("t").get<std::string>(), HasSubstr("\xef\xbf\xbd"));
  }
  EXPECT_EQ(Parsed(Line({{"t", "blåbærsyltetøy «ja» 🫐"}})).at("t"),
            "blåbærsyltetøy «ja» 🫐");
}

TEST(Log, WritesNumbersThatJsonHas) {
  EXPECT_THAT(Line({{"n", std::numeric_limits<double>::quiet_NaN()}}), HasSubstr("\"n\":null}"));
  EXPECT_THAT(Line({{"n", std::numeric_limits<double>::infinity()}}), HasSubstr("\"n\":null}"));
  EXPECT_THAT(Line({{"n", -std::numeric_limits<double>::infinity()}}), HasSubstr("\"n\":null}"));
  EXPECT_THAT(Line({{"n", std::numeric_limits<int64_t>::min()}}),
              HasSubstr("\"n\":-9223372036854775808}"));
  EXPECT_THAT(Line({{"n", std::numeric_limits<uint64_t>::max()}}),
              HasSubstr("\"n\":18446744073709551615}"));
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
  Captured captured;
  LogEvent(Level::kDebug, "quiet");
  EXPECT_THAT(captured.lines, IsEmpty());
  SetLogLevel(Level::kWarning);
  EXPECT_EQ(LogLevel(), Level::kWarning);
  LogEvent(Level::kInfo, "quiet");
  LogEvent(Level::kWarning, "heard");
  LogEvent(Level::kError, "heard");
  EXPECT_THAT(captured.lines, SizeIs(2));
  SetLogLevel(Level::kDebug);
  LogEvent(Level::kDebug, "heard");
  EXPECT_THAT(captured.lines, SizeIs(3));
}

TEST(Log, GoesToStandardErrorInWholeLines) {
  testing::internal::CaptureStderr();
  LogEvent(Level::kError, "first", {{"n", 1}});
  LogEvent(Level::kError, "second");
  const std::string written = testing::internal::GetCapturedStderr();
  ASSERT_EQ(std::count(written.begin(), written.end(), '\n'), 2);
  ASSERT_TRUE(written.ends_with("\n"));
  const size_t end = written.find('\n');
  EXPECT_EQ(Parsed(written.substr(0, end)).at("event"), "first");
  EXPECT_EQ(Parsed(written.substr(end + 1)).at("event"), "second");
}

TEST(Log, NeverMixesLinesOfSeveralThreads) {
  Captured captured;  // The sink is called one call at a time: its vector needs no lock.
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) LogEvent(Level::kInfo, "tick", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_THAT(captured.lines, SizeIs(2000));
  for (size_t i = 0; i < captured.lines.size(); i += 97) {
    EXPECT_EQ(Parsed(captured.lines[i]).at("event"), "tick");
  }
}

TEST(Log, NamesItsLevels) {
  EXPECT_EQ(Name(Level::kDebug), "debug");
  EXPECT_EQ(Name(Level::kInfo), "info");
  EXPECT_EQ(Name(Level::kWarning), "warning");
  EXPECT_EQ(Name(Level::kError), "error");
}

}  // namespace
}  // namespace imdi::base
