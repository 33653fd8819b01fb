#pragma once

// What the live figures of an edition share between two changes of its definitions: the plan, the
// order of its cells by name, and the labels. Only the counts differ from swap to swap.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "imdi/survey/query/v1/release.pb.h"
#include "services/domain/figure_plan.h"
#include "services/domain/survey_catalog.h"
#include "services/figures/edition_figures.h"
#include "services/figures/labels.h"

namespace imdi::query {

// Thread-safe: what is not there yet is made by whoever asks first.
class EditionBook {
 public:
  EditionBook(std::shared_ptr<const domain::Catalog> catalog, std::string edition,
              std::shared_ptr<const domain::FigurePlan> plan)
      : catalog_(std::move(catalog)), edition_(std::move(edition)), plan_(std::move(plan)) {}

  const std::shared_ptr<const domain::Catalog>& catalog() const { return catalog_; }
  const std::string& edition() const { return edition_; }
  const std::shared_ptr<const domain::FigurePlan>& plan() const { return plan_; }

  // The plan's cells in byte order of their names.
  struct Order {
    std::vector<std::string> names;  // By rank.
    std::vector<uint32_t> cell;      // By rank.
  };
  const Order& order() const;

  struct Texts {
    google::protobuf::RepeatedPtrField<survey::query::v1::IndicatorInfo> indicators;
    figures::Labels labels;
  };
  // Out of the first header of the edition: indicators and labels follow from the definitions
  // alone.
  const Texts& texts(const figures::EditionFigures& figures) const;

 private:
  const std::shared_ptr<const domain::Catalog> catalog_;
  const std::string edition_;
  const std::shared_ptr<const domain::FigurePlan> plan_;
  mutable std::once_flag order_once_;
  mutable Order order_;
  mutable std::once_flag texts_once_;
  mutable std::unique_ptr<const Texts> texts_;
};

}  // namespace imdi::query
