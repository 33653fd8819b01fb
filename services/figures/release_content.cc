#include "services/figures/release_content.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "services/base/crypto.h"
#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/survey_catalog.h"
#include "services/figures/message_difference.h"

namespace imdi::figures {
namespace {

// What an entry of a part costs beside its own bytes, at most: a tag of one byte and its length.
constexpr size_t kFraming = 6;
// What a header of a further part costs around its indicators, at most.
constexpr size_t kHeaderFraming = 12;

// Fills parts in order, each up to the bound. An entry that is larger alone gets a part of its own.
class PartWriter {
 public:
  explicit PartWriter(const store_pb::ReleaseHeader& header) {
    store_pb::ReleaseHeader& first = *part_.mutable_header();
    first = header;
    first.clear_indicators();
    first.clear_weight_sets();
    size_ = kHeaderFraming + first.ByteSizeLong();
    entries_ = 1;
    for (const query_pb::WeightSetInfo& set : header.weight_sets()) WriteSet(set);
    for (const query_pb::IndicatorInfo& indicator : header.indicators()) {
      MakeRoom(indicator.ByteSizeLong() + kHeaderFraming);
      *part_.mutable_header()->add_indicators() = indicator;
    }
  }

  template <typename Entries, typename Add>
  void Write(const Entries& entries, const Add& add) {
    for (const auto& entry : entries) {
      MakeRoom(entry.ByteSizeLong() + kFraming);
      *add(part_) = entry;
    }
  }

  std::vector<std::string> Take() && {
    Close();
    return std::move(parts_);
  }

 private:
  // The lines of a set may take several parts; the set is named in each.
  void WriteSet(const query_pb::WeightSetInfo& set) {
    query_pb::WeightSetInfo head = set;
    head.clear_cells();
    MakeRoom(head.ByteSizeLong() + kHeaderFraming);
    query_pb::WeightSetInfo* into = part_.mutable_header()->add_weight_sets();
    *into = std::move(head);
    for (const query_pb::StratumEvidence& line : set.cells()) {
      const size_t parts = parts_.size();
      MakeRoom(line.ByteSizeLong() + kFraming);
      if (parts_.size() > parts) {
        size_ += set.name().size() + kHeaderFraming;
        into = part_.mutable_header()->add_weight_sets();
        into->set_name(set.name());
      }
      *into->add_cells() = line;
    }
  }
  void MakeRoom(size_t bytes) {
    if (entries_ > 0 && size_ + bytes > base::kReleasePartBytesMax) Close();
    size_ += bytes;
    ++entries_;
  }
  void Close() {
    parts_.push_back(domain::CanonicalBytes(part_));
    part_.Clear();
    size_ = 0;
    entries_ = 0;
  }

  store_pb::ReleasePart part_;
  size_t size_ = 0;
  size_t entries_ = 0;
  std::vector<std::string> parts_;
};

const std::string& NameOf(const store_pb::ReleaseFigure& entry) { return entry.figure().name(); }
const std::string& NameOf(const query_pb::ClaimResult& entry) { return entry.claim().name(); }
const std::string& NameOf(const query_pb::ChangeFigure& entry) { return entry.name(); }
const std::string& NameOf(const query_pb::ReleaseChange& entry) { return entry.cell(); }
const std::string& NameOf(const query_pb::IndicatorInfo& entry) { return entry.name(); }
const std::string& NameOf(const store_pb::ChangeEvidence& entry) { return entry.name(); }
const std::string& NameOf(const query_pb::Trend& entry) { return entry.cell(); }

template <typename Entries>
bool InOrder(const Entries& entries) {
  const auto out_of_order = [](const auto& a, const auto& b) { return NameOf(a) >= NameOf(b); };
  return std::adjacent_find(entries.begin(), entries.end(), out_of_order) == entries.end();
}

absl::Status Corrupt(std::string_view what) {
  return base::Error(base::Reason::kStoreCorrupt,
                     base::StrCat("the parts of a release do not belong together: ", what));
}

// Whoever is in the base answered, and of a total said whether there is a number. The base of a
// rate, which has no weights, is all that were invited.
bool IsSoundLine(const store_pb::ReleaseFigure& figure, int i,
                 const query_pb::StratumEvidence& line) {
  if (figure.figure().weight_set().empty()) return true;
  const bool cell = line.levels_size() > 0;
  const int64_t base = figure.base(i);
  if (base > (cell ? line.cell_responded() : line.responded())) return false;
  if (i >= figure.sums_size()) return true;
  const int64_t determined = figure.sums(i).determined();
  return determined == 0 || (determined >= base && determined <= line.responded());
}

bool IsSound(const store_pb::ReleaseFigure& figure, const store_pb::ReleaseHeader& header) {
  if (figure.weight_set() > static_cast<uint32_t>(header.weight_sets_size())) return false;
  const auto set = static_cast<int>(figure.weight_set());
  const int strata = set == 0 ? header.strata_size() : header.weight_sets(set - 1).cells_size();
  const int count = figure.strata_size();
  if ((figure.sums_size() > 0 && figure.sums_size() != count) ||
      (figure.quantile_size() > 0 && figure.quantile_size() != count)) {
    return false;
  }
  if (figure.domain_frame_size() != count || figure.base_size() != count ||
      figure.yes_size() != count) {
    return false;
  }
  for (int i = 0; i < count; ++i) {
    if (figure.strata(i) >= static_cast<uint32_t>(strata)) return false;
    if (i > 0 && figure.strata(i) <= figure.strata(i - 1)) return false;
    const auto place = static_cast<int>(figure.strata(i));
    if (!IsSoundLine(figure, i,
                     set == 0 ? header.strata(place) : header.weight_sets(set - 1).cells(place)))
      return false;
  }
  return true;
}

// A set, or the rest of the one before it.
void TakeSet(query_pb::WeightSetInfo& set, store_pb::ReleaseHeader& header) {
  const int count = header.weight_sets_size();
  if (count == 0 || header.weight_sets(count - 1).name() != set.name()) {
    *header.add_weight_sets() = std::move(set);
    return;
  }
  for (query_pb::StratumEvidence& line : *set.mutable_cells())
    *header.mutable_weight_sets(count - 1)->add_cells() = std::move(line);
}

bool SameState(const query_pb::Figure& a, const query_pb::Figure& b) {
  if (a.has_no_value() != b.has_no_value() || a.unit() != b.unit()) return false;
  return a.has_no_value() ? a.no_value().reason() == b.no_value().reason() : a.value() == b.value();
}
bool SameCounts(const query_pb::Figure& a, const query_pb::Figure& b) {
  return a.numerator() == b.numerator() && a.base() == b.base() && a.invited() == b.invited() &&
         a.responded() == b.responded() && a.complete() == b.complete() &&
         a.filter_unknown() == b.filter_unknown() && a.item_nonresponse() == b.item_nonresponse() &&
         a.sum() == b.sum() && a.denominator_sum() == b.denominator_sum();
}

// Where nothing is said they are fractions.
void PutUnit(const query_pb::Figure& figure, query_pb::ReleaseChange& change) {
  change.set_unit(figure.unit() == kFractionUnit ? std::string() : figure.unit());
}
void PutBefore(const query_pb::Figure& figure, query_pb::ReleaseChange& change) {
  PutUnit(figure, change);
  if (figure.has_value()) change.set_value_before(figure.value());
  change.set_numerator_before(figure.numerator());
  change.set_base_before(figure.base());
}
void PutAfter(const query_pb::Figure& figure, query_pb::ReleaseChange& change) {
  PutUnit(figure, change);
  if (figure.has_value()) change.set_value_after(figure.value());
  change.set_numerator_after(figure.numerator());
  change.set_base_after(figure.base());
}

// Two lists in order of names, side by side: `both` for a name that is in both, `one` (with where
// it is) else.
template <typename Entries, typename Both, typename Before, typename After>
void Merge(const Entries& before, const Entries& after, const Both& both, const Before& only_before,
           const After& only_after) {
  auto a = before.begin();
  auto b = after.begin();
  while (a != before.end() || b != after.end()) {
    if (b == after.end() || (a != before.end() && NameOf(*a) < NameOf(*b))) {
      only_before(*a++);
    } else if (a == before.end() || NameOf(*b) < NameOf(*a)) {
      only_after(*b++);
    } else {
      both(*a++, *b++);
    }
  }
}

// Appends what differs between two lists of sentences or of change figures; `cell_of` says what an
// entry is called among the changes.
template <typename Entries, typename CellOf>
void AddEntries(const Entries& before, const Entries& after, const CellOf& cell_of,
                std::vector<query_pb::ReleaseChange>& out) {
  const auto add = [&](const auto& entry, query_pb::ReleaseChangeKind kind) {
    query_pb::ReleaseChange& change = out.emplace_back();
    change.set_cell(cell_of(entry));
    change.set_kind(kind);
  };
  Merge(
      before, after,
      [&](const auto& a, const auto& b) {
        if (domain::CanonicalBytes(a) != domain::CanonicalBytes(b))
          add(b, query_pb::RELEASE_CHANGE_KIND_REVISED);
      },
      [&](const auto& a) { add(a, query_pb::RELEASE_CHANGE_KIND_REMOVED); },
      [&](const auto& b) { add(b, query_pb::RELEASE_CHANGE_KIND_ADDED); });
}

class Verifier {
 public:
  explicit Verifier(size_t most) : most_(most) {}

  template <typename Entries>
  void Compare(std::string_view what, const Entries& stored, const Entries& again) {
    Merge(
        stored, again,
        [&](const auto& a, const auto& b) { CompareOne(base::StrCat(what, NameOf(a)), a, b); },
        [&](const auto& a) { Found(base::StrCat(what, NameOf(a), ": not made again")); },
        [&](const auto& b) { Found(base::StrCat(what, NameOf(b), ": not stored")); });
  }
  void CompareOne(const std::string& what, const google::protobuf::Message& stored,
                  const google::protobuf::Message& again) {
    const std::optional<std::string> difference = FirstDifference(stored, again);
    if (difference.has_value()) Found(base::StrCat(what, ": ", *difference));
  }

  VerifyDifferences out;

 private:
  void Found(std::string words) {
    ++out.count;
    if (out.words.size() < most_) out.words.push_back(std::move(words));
  }
  size_t most_;
};

}  // namespace

std::vector<store_pb::ReleaseFigure> AllFigures(const EditionFigures& edition) {
  return *AllFigures(edition, [] { return absl::OkStatus(); });
}

absl::StatusOr<std::vector<store_pb::ReleaseFigure>> AllFigures(
    const EditionFigures& edition, const std::function<absl::Status()>& wanted) {
  std::vector<store_pb::ReleaseFigure> out;
  out.reserve(edition.size());
  for (size_t cell = 0; cell < edition.size(); ++cell) {
    IMDI_RETURN_IF_ERROR(wanted());
    out.push_back(edition.Make(cell));
  }
  std::sort(out.begin(), out.end(),
            [](const store_pb::ReleaseFigure& a, const store_pb::ReleaseFigure& b) {
              return NameOf(a) < NameOf(b);
            });
  return out;
}

std::vector<std::string> WriteParts(const ReleaseContent& content) {
  PartWriter writer(content.header);
  writer.Write(content.figures, [](store_pb::ReleasePart& part) { return part.add_figures(); });
  writer.Write(content.claims, [](store_pb::ReleasePart& part) { return part.add_claims(); });
  writer.Write(content.changes, [](store_pb::ReleasePart& part) { return part.add_changes(); });
  writer.Write(content.differences,
               [](store_pb::ReleasePart& part) { return part.add_differences(); });
  writer.Write(content.evidence,
               [](store_pb::ReleasePart& part) { return part.add_change_evidence(); });
  writer.Write(content.trends, [](store_pb::ReleasePart& part) { return part.add_trends(); });
  return std::move(writer).Take();
}

absl::StatusOr<ReleaseContent> ReadParts(std::span<const std::string> parts) {
  ReleaseContent out;
  bool headers_over = false;
  for (size_t i = 0; i < parts.size(); ++i) {
    store_pb::ReleasePart part;
    if (!part.ParseFromString(parts[i])) return Corrupt("a part cannot be read");
    if (i == 0 && !part.has_header()) return Corrupt("the first has no header");
    if (part.has_header()) {
      if (headers_over) return Corrupt("a header stands behind other entries");
      if (i == 0) {
        out.header = std::move(*part.mutable_header());
      } else {
        google::protobuf::RepeatedPtrField<query_pb::IndicatorInfo> rest;
        google::protobuf::RepeatedPtrField<query_pb::WeightSetInfo> sets;
        rest.Swap(part.mutable_header()->mutable_indicators());
        sets.Swap(part.mutable_header()->mutable_weight_sets());
        if (part.header().ByteSizeLong() > 0) {
          return Corrupt("a further header holds more than weight sets and indicators");
        }
        for (query_pb::WeightSetInfo& set : sets) TakeSet(set, out.header);
        for (query_pb::IndicatorInfo& indicator : rest) {
          *out.header.add_indicators() = std::move(indicator);
        }
      }
    }
    if (part.figures_size() + part.claims_size() + part.changes_size() + part.differences_size() +
            part.change_evidence_size() + part.trends_size() >
        0) {
      headers_over = true;
    }
    const auto take = [](auto& from, auto& to) {
      for (auto& entry : from) to.push_back(std::move(entry));
    };
    take(*part.mutable_figures(), out.figures);
    take(*part.mutable_claims(), out.claims);
    take(*part.mutable_changes(), out.changes);
    take(*part.mutable_differences(), out.differences);
    take(*part.mutable_change_evidence(), out.evidence);
    take(*part.mutable_trends(), out.trends);
  }
  if (parts.empty()) return Corrupt("there are none");
  if (out.header.figure_count() != static_cast<int32_t>(out.figures.size())) {
    return Corrupt("there are fewer or more figures than the header says");
  }
  if (!InOrder(out.header.indicators()) || !InOrder(out.figures) || !InOrder(out.claims) ||
      !InOrder(out.changes) || !InOrder(out.differences) || !InOrder(out.evidence) ||
      !InOrder(out.trends)) {
    return Corrupt("entries are out of order");
  }
  for (const store_pb::ReleaseFigure& figure : out.figures) {
    if (!IsSound(figure, out.header)) {
      return Corrupt(base::StrCat("the evidence of ", base::Quoted(NameOf(figure))));
    }
  }
  return out;
}

std::string ContentHash(std::span<const std::string> parts) {
  base::Sha256Stream stream;
  for (const std::string& part : parts) {
    std::string length;
    base::PutU64(length, part.size());
    stream.Update(length);
    stream.Update(part);
  }
  const base::Digest digest = stream.Finish();
  return std::string(base::AsText(digest));
}

std::vector<query_pb::ReleaseChange> Differences(
    const std::vector<store_pb::ReleaseFigure>& before,
    const std::vector<store_pb::ReleaseFigure>& after) {
  std::vector<query_pb::ReleaseChange> out;
  const auto add = [&](const store_pb::ReleaseFigure& figure,
                       query_pb::ReleaseChangeKind kind) -> query_pb::ReleaseChange& {
    query_pb::ReleaseChange& change = out.emplace_back();
    change.set_cell(NameOf(figure));
    change.set_kind(kind);
    return change;
  };
  Merge(
      before, after,
      [&](const store_pb::ReleaseFigure& a, const store_pb::ReleaseFigure& b) {
        const query_pb::Figure& x = a.figure();
        const query_pb::Figure& y = b.figure();
        if (x.etag() == y.etag()) return;  // It covers all that is compared below.
        query_pb::ReleaseChange& change =
            add(b, SameState(x, y) && SameCounts(x, y) ? query_pb::RELEASE_CHANGE_KIND_METHOD
                                                       : query_pb::RELEASE_CHANGE_KIND_REVISED);
        PutBefore(x, change);
        PutAfter(y, change);
        if (x.unit() != y.unit()) change.set_unit_before(x.unit());
      },
      [&](const store_pb::ReleaseFigure& a) {
        PutBefore(a.figure(), add(a, query_pb::RELEASE_CHANGE_KIND_REMOVED));
      },
      [&](const store_pb::ReleaseFigure& b) {
        PutAfter(b.figure(), add(b, query_pb::RELEASE_CHANGE_KIND_ADDED));
      });
  return out;
}

std::vector<query_pb::ReleaseChange> Differences(const ReleaseContent& before,
                                                 const ReleaseContent& after) {
  std::vector<query_pb::ReleaseChange> out = Differences(before.figures, after.figures);
  AddEntries(
      before.claims, after.claims,
      [](const query_pb::ClaimResult& claim) {
        return base::StrCat("claims/", domain::ClaimIdOf(claim.claim().name()));
      },
      out);
  AddEntries(
      before.changes, after.changes,
      [](const query_pb::ChangeFigure& change) { return base::StrCat("changes/", change.name()); },
      out);
  std::ranges::sort(out, {}, [](const query_pb::ReleaseChange& one) { return one.cell(); });
  return out;
}

VerifyDifferences CompareForVerify(const ReleaseContent& stored, const ReleaseContent& again,
                                   size_t most) {
  Verifier verifier(most);
  verifier.CompareOne("header", stored.header, again.header);
  verifier.Compare("figure ", stored.figures, again.figures);
  verifier.Compare("claim ", stored.claims, again.claims);
  verifier.Compare("change ", stored.changes, again.changes);
  verifier.Compare("evidence of change ", stored.evidence, again.evidence);
  verifier.Compare("trend ", stored.trends, again.trends);
  verifier.Compare("difference ", stored.differences, again.differences);
  verifier.out.compared = static_cast<int32_t>(stored.figures.size() + stored.claims.size());
  return std::move(verifier.out);
}

}  // namespace imdi::figures
