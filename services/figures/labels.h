#pragma once

// Titles of figures, found by cell name: from the indicators of a header.

#include <memory>
#include <string_view>

#include "google/protobuf/repeated_field.h"
#include "imdi/survey/query/v1/figure.pb.h"
#include "imdi/survey/query/v1/release.pb.h"

namespace imdi::figures {

namespace query_pb = survey::query::v1;

// Immutable and thread-safe.
class Labels {
 public:
  explicit Labels(const google::protobuf::RepeatedPtrField<query_pb::IndicatorInfo>& indicators);
  ~Labels();
  Labels(Labels&&) noexcept;
  Labels& operator=(Labels&&) noexcept;

  // Sets title, basis_title, category_title and group_title of a figure named by its cell
  // ({indicator}.{basis}…).
  void Fill(query_pb::Figure& figure, std::string_view cell) const;
  // Null when there is none.
  const query_pb::IndicatorInfo* FindIndicator(std::string_view id) const;

 private:
  struct Index;
  std::unique_ptr<Index> index_;
};

}  // namespace imdi::figures
