#include "comparison.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <vector>

namespace nir {

namespace model = imdi::survey::model::v1;
namespace query = imdi::survey::query::v1;
using client::Language;
using client::TextIn;

namespace {

// INT01: has a target of its own. INT02: its kind, here the two that the register can answer.
// INT05: the management asks for results at least once a year.
struct Column {
  const char* indicator;
  const char* cell;
};
constexpr Column kTarget = {"IND_TARGET", "IND_TARGET.WITH_PROGRAMME"};
constexpr Column kDirectly = {"IND_TARGET_KIND", "IND_TARGET_KIND.WITH_TARGET.answer=1"};
constexpr Column kYearAfter = {"IND_TARGET_KIND", "IND_TARGET_KIND.WITH_TARGET.answer=2"};
constexpr Column kAsks = {"IND_MGMT_ASKS", "IND_MGMT_ASKS.WITH_PROGRAMME"};
constexpr Column kColumns[] = {kTarget, kDirectly, kYearAfter, kAsks};

struct Words {
  std::vector<std::string> head;
  const char* total;
  const char* not_in_release;
  const char* not_in_register;
};

const Words& WordsIn(Language language) {
  static const Words kNn = {{"", "eige mål", "rett etter", "eitt år etter", "leiinga spør",
                             "NIR rett etter", "NIR eitt år etter"},
                            "Alle",
                            "finst ikkje i utgjevinga",
                            "registeret har ikkje noko tal"};
  static const Words kNb = {{"", "eget mål", "rett etter", "ett år etter", "ledelsen spør",
                             "NIR rett etter", "NIR ett år etter"},
                            "Alle",
                            "finnes ikke i utgivelsen",
                            "registeret har ikke noe tall"};
  static const Words kEn = {{"", "own target", "directly after", "one year after",
                             "management asks", "NIR directly after", "NIR one year after"},
                            "All",
                            "not in the release",
                            "the register has no number"};
  if (language == model::LANGUAGE_NN) return kNn;
  return language == model::LANGUAGE_EN ? kEn : kNb;
}

constexpr const char* kNotInRelease = "x";
constexpr const char* kNotInRegister = "n";

// Signs of the table and what they stand for.
using Legend = std::set<std::pair<std::string, std::string>>;

std::string Show(const query::Figure* figure, Language language, Legend& legend) {
  if (figure == nullptr) {
    legend.emplace(kNotInRelease, WordsIn(language).not_in_release);
    return kNotInRelease;
  }
  const client::Value value = client::ValueOf(*figure);
  if (const auto* none = std::get_if<client::NoValue>(&value))
    legend.emplace(none->sign, TextIn(none->text, language));
  if (std::holds_alternative<client::Number>(value)) return client::Shown(value, 1, language);
  return client::Percent(value, 1, language);
}

std::string Show(const std::optional<double>& share, Language language, Legend& legend) {
  if (share.has_value()) return client::Percent(*share, 1, language);
  legend.emplace(kNotInRegister, WordsIn(language).not_in_register);
  return kNotInRegister;
}

size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

client::HeldSetOptions SetOf(const std::string& edition, const std::string& attribute,
                             const std::string& file) {
  client::HeldSetOptions out;
  out.edition = "editions/" + edition;
  for (const Column& column : {kTarget, kDirectly, kAsks}) {
    // An edition that did not ask, or does not break the question down so, has the rest all the
    // same.
    out.figures.push_back({.indicator = column.indicator, .attribute = "total", .required = false});
    out.figures.push_back(
        {.indicator = column.indicator, .attribute = attribute, .required = false});
  }
  out.file = file;
  return out;
}

std::string Comparison(const client::HeldRelease& held, const RegisterShares& shares,
                       const std::string& attribute, Language language) {
  // Groups of either side; labels as the survey has them.
  std::map<std::string, std::string> groups;
  for (const auto& [key, share] : shares) {
    if (key.first == attribute) groups.emplace(key.second, key.second);
  }
  std::vector<std::map<std::string, const query::Figure*>> columns;
  for (const Column& column : kColumns) {
    columns.push_back(held.ByGroup(column.cell, attribute));
    for (const auto& [group, figure] : columns.back())
      groups[group] = TextIn(figure->group_title(), language);
  }

  Legend legend;
  const Words& words = WordsIn(language);
  std::vector<std::vector<std::string>> rows = {words.head};
  rows.push_back({words.total});
  for (const Column& column : kColumns)
    rows.back().push_back(Show(held.FindFigure(column.cell), language, legend));
  for (const auto& [group, label] : groups) {
    rows.push_back({label.empty() ? group : label});
    for (const auto& column : columns) {
      const auto found = column.find(group);
      rows.back().push_back(
          Show(found == column.end() ? nullptr : found->second, language, legend));
    }
    const auto found = shares.find({attribute, group});
    const RegisterShare share = found == shares.end() ? RegisterShare() : found->second;
    rows.back().push_back(Show(share.directly_after, language, legend));
    rows.back().push_back(Show(share.one_year_after, language, legend));
  }

  std::vector<size_t> widths(words.head.size(), 0);
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  std::ostringstream out;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - Width(row[i]), ' ');
      out << (i == 0 ? row[i] + space : "  " + space + row[i]);
    }
    out << "\n";
  }
  for (const auto& [sign, text] : legend) out << sign << "  " << text << "\n";
  return out.str();
}

}  // namespace nir
