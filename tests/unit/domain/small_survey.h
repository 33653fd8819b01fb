#pragma once

// A survey small enough to count by hand, with one of everything: every type of question, scopes,
// routes (one of them across parts, one of a grid row), checks hard and soft, two parts, a
// background section, and an indicator of each kind.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imdi/survey/model/v1/edition.pb.h"
#include "imdi/survey/model/v1/frame.pb.h"
#include "imdi/survey/model/v1/indicator.pb.h"
#include "imdi/survey/model/v1/questionnaire.pb.h"
#include "services/base/limits.h"

namespace imdi::testing_support {

namespace model = survey::model::v1;

inline model::LocalizedText Words(const std::string& text) {
  model::LocalizedText out;
  out.set_nn(text + " nn");
  out.set_nb(text + " nb");
  return out;
}

inline model::Question& AddQuestion(model::Questionnaire& to, const std::string& id,
                                    const std::string& section, model::QuestionType type,
                                    const std::vector<int32_t>& codes = {},
                                    const std::string& route = "") {
  model::Question& out = *to.add_questions();
  out.set_id(id);
  out.set_concept_id("C." + id);
  out.set_section(section);
  out.set_type(type);
  *out.mutable_text() = Words(id);
  for (const int32_t code : codes) {
    model::Code& option = *out.add_options();
    option.set_code(code);
    *option.mutable_text() = Words(id + " " + std::to_string(code));
  }
  out.set_route(route);
  return out;
}

inline void AddCheck(model::Questionnaire& to, const std::string& id, model::Grade grade,
                     const std::string& violated) {
  model::Check& check = *to.add_checks();
  check.set_id(id);
  check.set_grade(grade);
  check.set_violated(violated);
  *check.mutable_text() = Words(id + " {UNIT}");
}

inline model::Edition SmallEdition(const std::string& id) {
  model::Edition out;
  out.set_name("editions/" + id);
  out.set_survey("SMALL");
  *out.mutable_title() = Words(id);
  out.set_reference_year(2017);
  out.set_design("census");
  out.add_languages(model::LANGUAGE_NN);
  out.add_languages(model::LANGUAGE_NB);
  model::Part& first = *out.add_parts();
  first.set_id("first");
  *first.mutable_role() = Words("first role");
  first.add_sections("A");
  first.add_sections("BG");
  model::Part& second = *out.add_parts();
  second.set_id("second");
  *second.mutable_role() = Words("second role");
  second.add_sections("B");
  return out;
}

inline model::Questionnaire SmallQuestionnaire(const std::string& edition, int version = 1) {
  model::Questionnaire out;
  out.set_name("editions/" + edition + "/questionnaires/" + std::to_string(version));
  for (const char* id : {"A", "B", "BG"}) {
    model::Section& section = *out.add_sections();
    section.set_id(id);
    *section.mutable_title() = Words(id);
    section.set_background(std::string_view(id) == "BG");
  }
  model::Question& a1 = AddQuestion(out, "A1", "A", model::QUESTION_TYPE_SINGLE, {1, 2, 3, 98});
  a1.set_required(true);
  a1.add_other_text(3);
  model::Question& a2 =
      AddQuestion(out, "A2", "A", model::QUESTION_TYPE_MULTI, {1, 2, 3, 90, 98}, "A1 in (1,2)");
  a2.add_exclusive(90);
  a2.add_exclusive(98);
  model::Question& a3 =
      AddQuestion(out, "A3", "A", model::QUESTION_TYPE_SINGLE, {}, "count(A2 in 1..3) >= 2");
  a3.set_options_from("A2");
  model::Question& a4 = AddQuestion(out, "A4", "A", model::QUESTION_TYPE_NUMERIC, {}, "A1 == 1");
  a4.mutable_numeric()->set_max(1000);
  a4.mutable_numeric()->set_decimals(1);
  a4.mutable_numeric()->set_allow_dont_know(true);
  model::Question& a5 = AddQuestion(out, "A5", "A", model::QUESTION_TYPE_GRID, {1, 2, 97, 98});
  for (const char* id : {"a", "b", "c"}) {
    model::Row& row = *a5.add_rows();
    row.set_row(id);
    *row.mutable_text() = Words(std::string("A5.") + id);
  }
  a5.mutable_rows(2)->set_route("A1 == 1");
  AddQuestion(out, "A6", "A", model::QUESTION_TYPE_TEXT).mutable_open_text()->set_max_chars(20);
  AddQuestion(out, "A7", "A", model::QUESTION_TYPE_SINGLE, {1, 2})
      .set_scope(model::SCOPE_MUNICIPALITY);
  AddQuestion(out, "A8", "A", model::QUESTION_TYPE_SINGLE, {1, 2}).set_scope(model::SCOPE_DISTRICT);
  AddQuestion(out, "G1", "BG", model::QUESTION_TYPE_SINGLE, {1, 2});
  AddQuestion(out, "B1", "B", model::QUESTION_TYPE_SINGLE, {1, 2, 98}, "A1 == 1");
  AddQuestion(out, "B2", "B", model::QUESTION_TYPE_MULTI, {1, 2, 3});
  AddCheck(out, "CHK01", model::GRADE_HARD, "A4 > 90");
  AddCheck(out, "CHK02", model::GRADE_SOFT, "A1 == 1 and A4 == 0");
  AddCheck(out, "CHK03", model::GRADE_SOFT, "previous(A1) == 1 and A1 == 2");
  model::PipedText& piped = *out.add_text_piping();
  piped.set_mark("UNIT");
  *piped.mutable_municipality() = Words("municipality");
  *piped.mutable_district() = Words("district");
  out.mutable_outcome()->set_complete_percent(80);
  out.mutable_outcome()->set_partial_percent(30);
  out.add_not_fielded("X1");
  return out;
}

struct SmallUnit {
  const char* code;
  const char* region;  // "" = unknown.
  bool out_of_scope = false;
};

// Municipalities 0101–0107 and districts 030101–030103. Regions: 1 has three units, 2 two (one of
// them out of scope), 3 one, 4 none; four are unknown.
inline const std::vector<SmallUnit>& SmallUnits() {
  static const std::vector<SmallUnit> units = {
      {"0101", "1"}, {"0102", "1"}, {"0103", "1"},  {"0104", "2"},  {"0105", "2", true},
      {"0106", "3"}, {"0107", ""},  {"030101", ""}, {"030102", ""}, {"030103", ""}};
  return units;
}

inline model::Frame SmallFrame(const std::string& edition) {
  model::Frame out;
  out.set_name("editions/" + edition + "/frame");
  out.set_frame_date("2017-12-31");
  model::FrameVariable& region = *out.add_variables();
  region.set_id("region");
  *region.mutable_title() = Words("region");
  for (const char* code : {"1", "2", "3", "4"}) {
    model::Group& group = *region.add_groups();
    group.set_code(code);
    *group.mutable_text() = Words(std::string("region ") + code);
  }
  for (const SmallUnit& one : SmallUnits()) {
    model::Unit& unit = *out.add_units();
    unit.set_code(one.code);
    unit.set_name(std::string("unit ") + one.code);
    unit.set_type(unit.code().size() == 4 ? model::UNIT_TYPE_MUNICIPALITY
                                          : model::UNIT_TYPE_DISTRICT);
    unit.set_out_of_scope(one.out_of_scope);
    if (*one.region != '\0') (*unit.mutable_attributes())["region"] = one.region;
  }
  return out;
}

inline model::Indicator SmallIndicator(
    const std::string& id, const std::vector<std::string>& editions, const std::string& numerator,
    const std::vector<std::pair<std::string, std::string>>& bases) {
  model::Indicator out;
  out.set_name("indicators/" + id);
  out.set_survey("SMALL");
  out.set_kind(bases.empty() ? model::INDICATOR_KIND_OUTCOME_RATE : model::INDICATOR_KIND_SHARE);
  *out.mutable_title() = Words(id);
  out.set_numerator(numerator);
  out.set_min_base(base::kAggregateNumberBaseMin);  // Enough for every kind.
  out.set_min_count(3);
  for (const auto& [basis, base] : bases) {
    model::Basis& one = *out.add_bases();
    one.set_id(basis);
    one.set_base(base);
    *one.mutable_title() = Words(basis);
  }
  out.add_breakdowns("region");
  for (const std::string& edition : editions) out.add_editions("editions/" + edition);
  return out;
}

inline std::vector<model::Indicator> SmallIndicators(const std::vector<std::string>& editions) {
  return {
      SmallIndicator("IND_CODE", editions, "A1 == 1",
                     {{"ANSWERED", "answered(A1)"}, {"ALL", "responded"}}),
      SmallIndicator("IND_COUNT", editions, "count(A2 in 1..3) >= 2",
                     {{"ASKED", "A1 in (1,2) and answered(A2)"}}),
      SmallIndicator("IND_DISTRICT", editions, "A8 == 1", {{"ANSWERED", "answered(A8)"}}),
      SmallIndicator("IND_NUMBER", editions, "A4 >= 10.5", {{"ASKED", "A1 == 1 and A4 >= 0"}}),
      SmallIndicator("IND_PARTS", editions, "B1 == 1", {{"ANSWERED", "A1 == 1 and answered(B1)"}}),
      SmallIndicator("IND_RR", editions, "", {}),
      SmallIndicator("IND_X", editions, "X1 == 1", {{"ANSWERED", "answered(X1)"}}),
  };
}

}  // namespace imdi::testing_support
