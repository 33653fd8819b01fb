#pragma once

// The figures of one edition: of one release, or the live ones. What readers ask is answered from
// this alone, whichever it is.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/repeated_field.h"
#include "imdi/survey/query/v1/figure.pb.h"
#include "imdi/survey/query/v1/release.pb.h"
#include "imdi/survey/store/v1/release.pb.h"
#include "services/figures/labels.h"
#include "services/query/answer_cache.h"

namespace imdi::query {

namespace model = survey::model::v1;
namespace query_pb = survey::query::v1;
namespace store_pb = survey::store::v1;

// A figure, made once. It lives as long as its set.
struct MadeFigure {
  const store_pb::ReleaseFigure* stored = nullptr;  // Named by its cell, with what it rests on.
  // The bytes of a query.v1.Figure with name and labels; only the position is still to be added.
  const std::string* bytes = nullptr;
};

// Immutable and thread-safe. Always owned by a shared pointer.
class FigureSet : public std::enable_shared_from_this<FigureSet> {
 public:
  FigureSet(std::string edition, int32_t number);
  virtual ~FigureSet() = default;
  FigureSet(const FigureSet&) = delete;
  FigureSet& operator=(const FigureSet&) = delete;

  const std::string& edition() const { return edition_; }
  int32_t number() const { return number_; }  // 0 = live.
  bool live() const { return number_ == 0; }
  const std::string& release() const { return release_; }  // "2" or "live".
  const std::string& name() const { return name_; }        // editions/{edition}/releases/{release}
  std::string NameOf(std::string_view cell) const;         // Of the figure.

  // Every record up to it is counted: of a release its own, of live figures that of the snapshot.
  virtual int64_t PositionIn(int64_t snapshot_position) const = 0;

  // A cell by its canonical name: its place.
  virtual std::optional<size_t> Find(std::string_view cell) const = 0;
  virtual MadeFigure At(size_t place) const = 0;

  // Cells in byte order of their names.
  virtual size_t size() const = 0;
  virtual std::string_view CellOf(size_t rank) const = 0;
  virtual size_t PlaceOf(size_t rank) const = 0;
  // The first rank whose cell is not below `cell`.
  size_t RankOf(std::string_view cell) const;

  virtual const google::protobuf::RepeatedPtrField<query_pb::IndicatorInfo>& indicators() const = 0;
  virtual const figures::Labels& labels() const = 0;
  virtual const store_pb::ReleaseHeader& header() const = 0;

  // Full name, labels and position for a figure that is named by its cell.
  void Complete(query_pb::Figure& figure, int64_t snapshot_position) const;

  // Whole answers that were asked for before.
  AnswerCache& answers() const { return answers_; }

 private:
  const std::string edition_;
  const int32_t number_;
  const std::string release_;
  const std::string name_;
  mutable AnswerCache answers_;
};

// The figure's bytes with the name and the labels of the set.
std::string ReadyBytesOf(const FigureSet& set, const query_pb::Figure& named_by_cell);

}  // namespace imdi::query
