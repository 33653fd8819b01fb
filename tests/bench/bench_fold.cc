#include "tests/bench/benches.h"

namespace imdi::bench {

void BenchFold(const Setting&, const Survey&, Report&) {}

}  // namespace imdi::bench
