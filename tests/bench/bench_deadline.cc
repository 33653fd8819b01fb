#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "tests/bench/benches.h"
#include "tests/bench/phases.h"
#include "tests/support/deadline_day.h"

namespace imdi::bench {

void BenchDeadline(const Setting& setting, const Survey& survey, Report& report) {
  std::printf("\nDeadline day: every unit within 60 s, each retrying three times, a slow disk\n");
  RunOn(1);
  const Side side(setting.program, {"--role", "ingestion", setting.folder + "/deadline"},
                  SlowDisk(setting));
  const std::string address = side.addresses().at(0);
  Apply(address, survey.documents.documents);
  Open(address, "KU2017");
  const int64_t before = HeadOf(address);
  testing_support::DeadlineDay day;
  day.address = address;
  day.units = testing_support::OneOfEachUnit(survey.documents, "KU2017", Responses2017(survey));
  const testing_support::DeadlineDayResult result = testing_support::Run(day);
  for (const std::string& fault : result.faults) std::cerr << "imdi-bench: " << fault << "\n";
  report.Value("calls", static_cast<double>(result.calls), "");
  report.Value("of these shed, and repeated after the delay", static_cast<double>(result.shed), "");
  report.Value("slowest first receipt", result.slowest_s * 1'000, "ms");
  report.AtLeast("units acknowledged, with one receipt each",
                 static_cast<double>(result.receipts.size()), static_cast<double>(day.units.size()),
                 "");
  report.AtMost("faults", static_cast<double>(result.faults.size()), 0, "");
  report.AtMost("records appended, less the units",
                static_cast<double>(
                    std::abs(HeadOf(address) - before - static_cast<int64_t>(day.units.size()))),
                0, "");
  RunOn(-1);
}

}  // namespace imdi::bench
