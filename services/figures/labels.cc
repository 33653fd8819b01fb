#include "services/figures/labels.h"

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/base/text.h"

namespace imdi::figures {
namespace {

using survey::model::v1::LocalizedText;
using Titles =
    std::unordered_map<std::string, const LocalizedText*, base::TextHash, std::equal_to<>>;

constexpr std::string_view kIndicatorPrefix = "indicators/";
constexpr std::string_view kAnswerPrefix = "answer=";

const LocalizedText* Find(const Titles& titles, std::string_view key) {
  const auto found = titles.find(key);
  return found == titles.end() ? nullptr : found->second;
}

// Cuts the piece before the next '.' off.
std::string_view Next(std::string_view& rest) {
  const size_t dot = rest.find('.');
  const std::string_view piece = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
  return piece;
}

}  // namespace

struct Labels::Index {
  struct Entry {
    const query_pb::IndicatorInfo* info = nullptr;
    Titles bases;
    Titles categories;
    Titles groups;  // By their place in names, "imdi_region=3.size_group=1".
  };
  std::vector<query_pb::IndicatorInfo> infos;
  std::unordered_map<std::string, Entry, base::TextHash, std::equal_to<>> by_id;

  const Entry* Find(std::string_view id) const {
    const auto found = by_id.find(id);
    return found == by_id.end() ? nullptr : &found->second;
  }
};

Labels::Labels(const google::protobuf::RepeatedPtrField<query_pb::IndicatorInfo>& indicators)
    : index_(std::make_unique<Index>()) {
  index_->infos.assign(indicators.begin(), indicators.end());
  for (const query_pb::IndicatorInfo& info : index_->infos) {
    std::string_view id = info.name();
    if (id.starts_with(kIndicatorPrefix)) id.remove_prefix(kIndicatorPrefix.size());
    Index::Entry& entry = index_->by_id[std::string(id)];
    entry.info = &info;
    for (const query_pb::BasisInfo& basis : info.bases()) entry.bases[basis.id()] = &basis.title();
    for (const query_pb::LabelledCode& code : info.categories()) {
      entry.categories[code.code()] = &code.title();
    }
    for (const query_pb::BreakdownInfo& breakdown : info.breakdowns()) {
      for (const query_pb::LabelledCode& group : breakdown.groups()) {
        entry.groups[group.code()] = &group.title();
      }
    }
  }
}
Labels::~Labels() = default;
Labels::Labels(Labels&&) noexcept = default;
Labels& Labels::operator=(Labels&&) noexcept = default;

void Labels::Fill(query_pb::Figure& figure, std::string_view cell) const {
  figure.clear_title();
  figure.clear_basis_title();
  figure.clear_category_title();
  figure.clear_group_title();
  std::string_view rest = cell;
  const Index::Entry* entry = index_->Find(Next(rest));
  if (entry == nullptr) return;
  *figure.mutable_title() = entry->info->title();
  if (const LocalizedText* basis = Find(entry->bases, Next(rest)); basis != nullptr) {
    *figure.mutable_basis_title() = *basis;
  }
  std::string group;
  while (!rest.empty()) {
    const std::string_view piece = Next(rest);
    if (piece.starts_with(kAnswerPrefix)) {
      const LocalizedText* category = Find(entry->categories, piece.substr(kAnswerPrefix.size()));
      if (category != nullptr) *figure.mutable_category_title() = *category;
      continue;
    }
    if (!group.empty()) group.push_back('.');
    group.append(piece);
  }
  if (group.empty()) return;
  if (const LocalizedText* title = Find(entry->groups, group); title != nullptr) {
    *figure.mutable_group_title() = *title;
  }
}

const query_pb::IndicatorInfo* Labels::FindIndicator(std::string_view id) const {
  const Index::Entry* entry = index_->Find(id);
  return entry == nullptr ? nullptr : entry->info;
}

}  // namespace imdi::figures
