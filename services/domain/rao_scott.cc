#include "services/domain/rao_scott.h"

#include <cmath>
#include <utility>
#include <vector>

#include "services/domain/distributions.h"

namespace imdi::domain {
namespace {

using Matrix = std::vector<double>;  // Square, by row.

// A distance from independence that is rounding.
constexpr double kNoDistance = 1e-20;

// Solves a x = b for as many right sides as b has columns. False where a is singular.
bool Solve(Matrix a, size_t size, Matrix* b) {
  for (size_t i = 0; i < size; ++i) {
    size_t pivot = i;
    for (size_t k = i + 1; k < size; ++k) {
      if (std::fabs(a[k * size + i]) > std::fabs(a[pivot * size + i])) pivot = k;
    }
    if (!(std::fabs(a[pivot * size + i]) > 1e-12)) return false;
    for (size_t j = 0; j < size && pivot != i; ++j) {
      std::swap(a[pivot * size + j], a[i * size + j]);
      std::swap((*b)[pivot * size + j], (*b)[i * size + j]);
    }
    for (size_t k = 0; k < size; ++k) {
      if (k == i) continue;
      const double factor = a[k * size + i] / a[i * size + i];
      if (factor == 0) continue;
      for (size_t j = i; j < size; ++j) a[k * size + j] -= factor * a[i * size + j];
      for (size_t j = 0; j < size; ++j) (*b)[k * size + j] -= factor * (*b)[i * size + j];
    }
  }
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < size; ++j) (*b)[i * size + j] /= a[i * size + i];
  }
  return true;
}

}  // namespace

RaoScottTest TestAssociation(std::span<const double> shares, std::span<const double> covariance,
                             size_t rows, size_t columns, int32_t n, int32_t nu) {
  RaoScottTest out;
  if (rows < 2 || columns < 2 || n < 1) return out;
  std::vector<double> of_row(rows, 0);
  std::vector<double> of_column(columns, 0);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      of_row[i] += shares[i * columns + j];
      of_column[j] += shares[i * columns + j];
    }
  }
  double x2 = 0;
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      const double expected = of_row[i] * of_column[j];
      if (!(expected > 0)) return out;
      const double off = shares[i * columns + j] - expected;
      x2 += off * off / expected;
    }
  }
  // The contrast of (i, j) has +1 at (i, j) and at the last cell, -1 at (i, last) and (last, j).
  const size_t cells = rows * columns;
  const size_t contrasts = (rows - 1) * (columns - 1);
  struct Entry {
    size_t cell;
    double sign;
  };
  std::vector<std::vector<Entry>> contrast;
  for (size_t i = 0; i + 1 < rows; ++i) {
    for (size_t j = 0; j + 1 < columns; ++j) {
      contrast.push_back({{i * columns + j, 1},
                          {cells - 1, 1},
                          {i * columns + columns - 1, -1},
                          {(rows - 1) * columns + j, -1}});
    }
  }
  std::vector<double> inverse(cells, 0);
  for (size_t c = 0; c < cells; ++c) inverse[c] = shares[c] > 0 ? 1 / shares[c] : 0;
  Matrix plain(contrasts * contrasts, 0);   // K' D^-1 K / n
  Matrix design(contrasts * contrasts, 0);  // K' D^-1 V D^-1 K, and then the design effects.
  for (size_t k = 0; k < contrasts; ++k) {
    for (size_t l = 0; l < contrasts; ++l) {
      double sum = 0;
      double product = 0;
      for (const Entry& a : contrast[k]) {
        for (const Entry& b : contrast[l]) {
          if (a.cell == b.cell) sum += a.sign * b.sign * inverse[a.cell];
          product += a.sign * b.sign * inverse[a.cell] * inverse[b.cell] *
                     covariance[a.cell * cells + b.cell];
        }
      }
      plain[k * contrasts + l] = sum / n;
      design[k * contrasts + l] = product;
    }
  }
  if (!Solve(std::move(plain), contrasts, &design)) return out;
  double trace = 0;
  double trace_of_square = 0;
  for (size_t k = 0; k < contrasts; ++k) {
    trace += design[k * contrasts + k];
    for (size_t l = 0; l < contrasts; ++l)
      trace_of_square += design[k * contrasts + l] * design[l * contrasts + k];
  }
  if (std::isnan(trace)) return out;  // A covariance that is not known.
  out.tested = true;
  out.x2 = n * x2;
  out.degrees = static_cast<int32_t>(contrasts);
  if (!(trace > 0) || !(trace_of_square > 0)) {
    // Nothing is left to chance: what differs differs.
    out.chi_squared_p = x2 > kNoDistance ? 0 : 1;
    return out;
  }
  out.f = out.x2 / trace;
  out.numerator_df = trace * trace / trace_of_square;
  out.denominator_df = *out.numerator_df * nu;
  out.mean_design_effect = trace / static_cast<double>(contrasts);
  if (nu >= 1) out.p = FisherUpper(*out.f, *out.numerator_df, *out.denominator_df);
  out.chi_squared_p = ChiSquaredUpper(out.x2 / out.mean_design_effect, out.degrees);
  return out;
}

}  // namespace imdi::domain
