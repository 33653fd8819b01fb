#include "tests/unit/demo/demo_answers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "clients/cli/definition_documents.h"

namespace imdi::demo_test {
namespace {

struct Route {
  std::string_view item;  // A question with all its rows, or one row.
  std::string_view filter;
  std::vector<int> codes;
  int least = 1;
};

const std::vector<int> kYesCodes = {1, 2};
const std::vector<Route>& Routes() {
  static const std::vector<Route> kRoutes = {
      {"BAK04", "BAK03", {1}},
      {"BOS02", "BOS01", kYesCodes},
      {"BOS03", "BOS02", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 2},
      {"BOS07", "BAK03", {1}},
      {"SYS02", "SYS01", kYesCodes},
      {"SYS03", "SYS01", kYesCodes},
      {"SYS04", "SYS03", kYesCodes},
      {"SYS05", "SYS03", kYesCodes},
      {"SYS09", "BAK05", kYesCodes},
      {"SYS10", "BAK05", kYesCodes},
      {"SYS10.e", "SYS09", {2, 3}},
      {"SYS11", "BAK05", kYesCodes},
      {"INT01", "BAK05", kYesCodes},
      {"INT02", "INT01", {1}},
      {"INT03", "INT02", {1, 2, 3}},
      {"INT04", "INT01", {1}},
      {"INT05", "BAK05", kYesCodes},
      {"INT06", "INT05", {1, 2, 3, 4, 5}},
      {"INT07", "BAK05", kYesCodes},
      {"INT08", "BAK05", kYesCodes},
      {"INT09", "BAK05", kYesCodes},
      {"NOR01", "BAK05", kYesCodes},
      {"NOR02", "NOR01", {1, 2, 3, 4, 5, 6, 7, 8}},
      {"NOR03", "NOR01", {90}},
      {"NOR05", "BAK03", {1}},
      {"ARB01", "BAK05", kYesCodes},
      {"ARB02", "ARB01", kYesCodes},
      {"ARB03", "ARB02", {2}},
      {"ARB04", "BAK05", kYesCodes},
      {"ARB05", "BAK05", kYesCodes},
      {"ARB06", "BAK05", kYesCodes},
      {"ARB07", "BAK05", kYesCodes},
      {"ARB08", "BAK05", kYesCodes},
  };
  return kRoutes;
}

constexpr std::array<std::string_view, 9> kMunicipalitiesOnly = {
    "BAK06", "NOR01", "NOR02", "NOR03", "NOR04", "NOR05", "NOR06", "NOR07"};

std::string_view QuestionOf(std::string_view item) { return item.substr(0, item.find('.')); }

std::string Variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<int> CodesOf(const model::Questionnaire& questionnaire,
                         const model::Question& question) {
  std::vector<int> codes;
  for (const model::Code& code : question.options()) codes.push_back(code.code());
  for (const model::CodeList& list : questionnaire.codelists()) {
    if (list.id() != question.codelist()) continue;
    for (const model::Code& code : list.codes()) codes.push_back(code.code());
  }
  for (const model::Question& source : questionnaire.questions()) {
    if (question.options_from().empty() || source.id() != question.options_from()) continue;
    for (const model::Code& code : source.options()) {
      if (code.code() < 90) codes.push_back(code.code());
    }
  }
  if (question.numeric().allow_dont_know()) codes.push_back(98);
  return codes;
}

void AddItems(Edition& edition) {
  for (const model::Question& question : edition.questionnaire.questions()) {
    Item item;
    item.id = question.id();
    item.question = &question;
    item.codes = CodesOf(edition.questionnaire, question);
    item.background = question.section() == "BAK";
    if (question.rows().empty()) edition.items.push_back(item);
    for (const model::Row& row : question.rows()) {
      item.id = question.id() + "." + row.row();
      edition.items.push_back(item);
    }
  }
}

void ReadDocuments(const std::string& folder, DemoAnswers& demo) {
  const cli::DefinitionDocuments read = cli::LoadDefinitions({folder});
  for (const config::Problem& problem : read.problems) ADD_FAILURE() << config::ToText(problem);
  for (const cli::DefinitionDocument& document : read.documents) {
    const auto id = [&](const std::string& name) { return name.substr(9, name.find('/', 9) - 9); };
    if (document.definition.has_questionnaire()) {
      demo.editions[id(document.name)].questionnaire = document.definition.questionnaire();
    } else if (document.definition.has_frame()) {
      for (const model::Unit& unit : document.definition.frame().units()) {
        demo.editions[id(document.name)].frame[unit.code()] = unit;
      }
    }
  }
  for (auto& [id, edition] : demo.editions) AddItems(edition);
}

// Applies the actions in their order, as a collection would.
void Collect(DemoAnswers& demo) {
  std::map<std::string, int64_t> revisions;  // By edition and unit.
  for (const cli::AnswersAction& action : demo.actions) {
    Edition& edition = demo.editions[action.edition];
    int64_t& revision = revisions[action.edition + "/" + action.unit];
    if (const auto* submit = std::get_if<cli::ingestion_api::SubmitRequest>(&action.request)) {
      EXPECT_EQ(submit->expected_revision(), revision) << action.edition << " " << action.unit;
      ++revision;
      Answers& answers = edition.sent[action.unit];
      answers.clear();
      for (const model::Answer& answer : submit->submission().answers())
        answers[answer.item()] = answer;
    } else if (const auto* withdraw =
                   std::get_if<cli::ingestion_api::WithdrawRequest>(&action.request)) {
      EXPECT_EQ(withdraw->expected_revision(), revision) << action.edition << " " << action.unit;
      edition.sent.erase(action.unit);
    } else if (const auto* set =
                   std::get_if<cli::ingestion_api::SetDispositionRequest>(&action.request)) {
      edition.disposed[set->disposition() == model::DISPOSITION_REFUSAL ? "refusal" : "non_contact"]
          .insert(action.unit);
    }
  }
}

void CountOutcomes(Edition& edition) {
  for (const auto& [unit, answers] : edition.sent) {
    size_t applicable = 0;
    size_t answered = 0;
    for (const Item& item : edition.items) {
      if (item.background || IsAsked(item.id, unit, answers) != Asked::kYes) continue;
      ++applicable;
      answered += IsAnswered(answers, item.id) ? 1 : 0;
    }
    if (answered * 100 >= applicable * 80) {
      ++edition.complete;
    } else if (answered * 100 >= applicable * 50) {
      ++edition.partial;
    } else {
      ++edition.breakoff;
      continue;
    }
    edition.counted[unit] = answers;
  }
}

DemoAnswers ReadDemo() {
  DemoAnswers demo;
  std::string folder = (std::filesystem::temp_directory_path() / "imdi-demo-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) {
    ADD_FAILURE() << "no temporary folder";
    return demo;
  }
  const std::string surveys = Variable("IMDI_ROOT", ".") + "/deploy/surveys/ku";
  std::vector<std::string> files;
  for (const char* name : {"first", "second"}) {
    const std::string file = folder + "/" + name + ".ndjson";
    const std::string command = "'" + Variable("IMDI_BIN", "build/release/bin") +
                                "/imdi-demo-answers' --surveys '" + surveys + "' --out '" + file +
                                "' > '" + file + ".printed'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    files.push_back(FileText(file));
    demo.printed = FileText(file + ".printed");
  }
  std::filesystem::remove_all(folder);
  EXPECT_EQ(files[0], files[1]) << "the program does not write the same bytes twice";
  demo.bytes = files[0];
  cli::AnswersFile read = cli::ParseAnswers("demo.ndjson", demo.bytes);
  for (const config::Problem& problem : read.problems) ADD_FAILURE() << config::ToText(problem);
  demo.note = read.note;
  demo.actions = std::move(read.actions);
  ReadDocuments(surveys, demo);
  Collect(demo);
  for (auto& [id, edition] : demo.editions) CountOutcomes(edition);
  return demo;
}

}  // namespace

const DemoAnswers& Demo() {
  // Items point into the questionnaires: made in place, never moved.
  static const DemoAnswers* const demo = new DemoAnswers(ReadDemo());
  return *demo;
}

bool IsDistrict(std::string_view unit) { return unit.size() == 6; }

bool Has(const Answers& answers, const std::string& item, const std::vector<int>& codes) {
  const auto found = answers.find(item);
  if (found == answers.end()) return false;
  const auto in = [&](int code) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
  };
  if (found->second.has_code()) return in(found->second.code());
  return std::any_of(found->second.codes().codes().begin(), found->second.codes().codes().end(),
                     in);
}

bool IsAnswered(const Answers& answers, const std::string& item) { return answers.count(item) > 0; }

Asked IsAsked(const std::string& item, std::string_view unit, const Answers& answers) {
  const std::string_view question = QuestionOf(item);
  if (IsDistrict(unit) &&
      std::count(kMunicipalitiesOnly.begin(), kMunicipalitiesOnly.end(), question) > 0) {
    return Asked::kOutOfScope;
  }
  Asked asked = Asked::kYes;
  for (const Route& route : Routes()) {
    if (route.item != item && route.item != question) continue;
    const auto filter = answers.find(std::string(route.filter));
    if (filter == answers.end()) {
      if (asked == Asked::kYes) asked = Asked::kFilterUnknown;
      continue;
    }
    int ticked = 0;
    for (const int code : route.codes) ticked += Has(answers, filter->first, {code}) ? 1 : 0;
    if (ticked < route.least) asked = Asked::kNo;
  }
  return asked;
}

bool IsRouted(const std::string& item) {
  return std::any_of(Routes().begin(), Routes().end(), [&](const Route& route) {
    return route.item == item || route.item == QuestionOf(item);
  });
}

size_t Count(const Responses& responses, const Is& is) {
  return static_cast<size_t>(std::count_if(responses.begin(), responses.end(), is));
}

}  // namespace imdi::demo_test
