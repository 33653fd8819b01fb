#pragma once

// What all explanations of a figure have in common: who is in the base and who may be, and how far
// strata and degrees of freedom go. The signs of the counts are those of query.v1.StratumEvidence.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "imdi/survey/query/v1/explanation.pb.h"
#include "services/domain/estimate.h"
#include "services/figures/formula_step.h"
#include "services/figures/weight_set_info.h"

namespace imdi::figures {

// A figure with the lines that it was computed from: non-response strata, or with calibrated
// weights the cells of the weight set.
struct Ground {
  Ground(const query_pb::Figure& of, std::span<const query_pb::StratumEvidence> evidence,
         bool frame_base, const RestoredWeights* restored);

  // Stratum cells of lines that are strata.
  std::vector<domain::StratumCell> Cells() const;
  // N_h / r_h of a stratum, or the weight of a cell.
  double WeightOf(const query_pb::StratumEvidence& line) const;
  // The same as it is written.
  std::string WrittenWeight(const query_pb::StratumEvidence& line) const;
  // Sum of weights times a count of each line, of those that have the count.
  template <typename Count>
  double WeightedSum(const Count& count) const {
    double sum = 0;
    for (const query_pb::StratumEvidence& line : lines) {
      if (count(line) != 0) sum += WeightOf(line) * static_cast<double>(count(line));
    }
    return sum;
  }
  template <typename Count>
  std::string WrittenSum(const Count& count) const;

  const query_pb::Figure& figure;
  std::span<const query_pb::StratumEvidence> lines;
  bool given_by_frame = false;
  const RestoredWeights* calibrated = nullptr;  // Null = the strata's own weights.
  int32_t n = 0;
  int32_t x = 0;
  int32_t units = 0;           // N_hd, all lines.
  int32_t strata_of_base = 0;  // H.
  bool census = true;          // Every stratum of the base answered completely.
};

// One term for each line that `term` has something to say of, with " + " between them.
template <typename Term>
std::string SumOver(std::span<const query_pb::StratumEvidence> lines, const Term& term) {
  std::string out;
  for (const query_pb::StratumEvidence& line : lines) {
    const std::string one = term(line);
    if (one.empty()) continue;
    if (!out.empty()) out.append(" + ");
    out.append(one);
    if (out.size() > kSubstitutedBytesMax) break;
  }
  return out.empty() ? "0" : out;
}

template <typename Count>
std::string Ground::WrittenSum(const Count& count) const {
  return SumOver(lines, [&](const query_pb::StratumEvidence& line) {
    return count(line) == 0 ? std::string()
                            : WrittenWeight(line) + "*" + std::to_string(count(line));
  });
}

std::optional<int32_t> BaseUnitsOf(const query_pb::Estimate& estimate);

// n: units of the base that answered.
void AddAnswers(const Ground& ground, Steps& steps);
// N, M; s and b where answers give the base.
void AddUnitsOfBase(const Ground& ground, int32_t may_belong, std::optional<int32_t> base_units,
                    Steps& steps);
// Units that no weight stands for; nothing where there are none. `total`: those of whose stratum
// nobody said what a total needs among them.
void AddUnrepresented(const Ground& ground, int32_t unrepresented, bool total, Steps& steps);
// H, df.
void AddDegreesOfFreedom(const Ground& ground, int32_t df, Steps& steps);
// The number of those that answered, where nobody else may belong to the base.
void AddKnownNumber(const query_pb::Figure& figure, Steps& steps);
// t on `df`; `symbol` as the formulas call it.
void AddStudent(std::string_view symbol, double level, int32_t df, Steps& steps);

survey::model::v1::LocalizedText PointTitle();
survey::model::v1::LocalizedText ErrorTitle();
survey::model::v1::LocalizedText LowerTitle();
survey::model::v1::LocalizedText UpperTitle();
survey::model::v1::LocalizedText LeastTitle();  // The least that is logically possible.
survey::model::v1::LocalizedText MostTitle();

}  // namespace imdi::figures
