#include <cstdio>
#include <cstdlib>
#include <vector>

#include "services/base/text.h"
#include "tests/bench/benches.h"
#include "tests/bench/phases.h"

namespace imdi::bench {

void BenchOverload(const Setting& setting, const Survey& survey, Report& report) {
  std::printf(
      "\nOverload: submissions to ingestion alone, open loop, %zu connections, a slow disk\n",
      kCallers);
  RunOn(1);  // Those who ask and the one who is asked share no processor, where there are two.
  const Side side(setting.program, {"--role", "ingestion", setting.folder + "/overload"},
                  SlowDisk(setting));
  const std::string address = side.addresses().at(0);
  Prepare(survey, address);
  const int64_t head = HeadOf(address);
  testing_support::OpenSubmits submits(ManyUnits(survey));
  Phases phases(address, address, submits);
  const double capacity = Capacity(phases, /*reads=*/false);
  report.Value("capacity: most done while at most 1 % is shed", capacity, "a second");
  StepUp(phases, side, /*reads=*/false, capacity, report);

  std::printf("\nOverload: one greedy caller, ten times capacity through one connection\n");
  Head();
  for (const double share : {0.5, 0.8}) {
    const Offer others{.per_second = share * capacity, .first_caller = 1, .callers = 10};
    const Got alone = phases.Run({others})[0];
    const std::string name = base::StrCat("ten others, ", share, " x");
    Row(name + ", alone", alone, 0);
    const std::vector<Got> both =
        phases.Run({others, {.per_second = 10 * capacity, .first_caller = 0, .callers = 1}});
    Row(name + ", beside", both[0], 0);
    Row("the greedy one", both[1], 0);
    report.AtLeast(
        name + ": done beside it / alone",
        (static_cast<double>(both[0].answered_ms.size()) / static_cast<double>(both[0].offered)) /
            (static_cast<double>(alone.answered_ms.size()) / static_cast<double>(alone.offered)),
        0.95, "");
  }
  const int64_t acknowledged = static_cast<int64_t>(submits.Receipts().size());
  report.Value("acknowledged in all", static_cast<double>(acknowledged), "");
  report.AtMost("arrivals that found no unit to submit", static_cast<double>(submits.left_out()), 0,
                "");
  report.AtMost("acknowledged and records appended differ by",
                static_cast<double>(std::abs(HeadOf(address) - head - acknowledged)), 0, "");
  RunOn(-1);
}

}  // namespace imdi::bench
