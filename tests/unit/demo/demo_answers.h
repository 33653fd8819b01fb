#pragma once

// The demonstration answers as the tests see them: plain maps of ids, read from the file that the
// program writes. Routes and outcomes are worked out here anew, by hand, so that no mistake of the
// services hides one of the answers.

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "clients/cli/answers_file.h"
#include "imdi/survey/model/v1/frame.pb.h"
#include "imdi/survey/model/v1/questionnaire.pb.h"
#include "imdi/survey/model/v1/submission.pb.h"

namespace imdi::demo_test {

namespace model = ::imdi::survey::model::v1;

using Answers = std::map<std::string, model::Answer>;  // By item.
using Response = std::pair<const std::string, Answers>;
using Responses = std::map<std::string, Answers>;  // By unit.
using Is = std::function<bool(const Response&)>;

// One item of a form: a question, or a row of a grid.
struct Item {
  std::string id;
  const model::Question* question = nullptr;
  std::vector<int> codes;
  bool background = false;
};

struct Edition {
  model::Questionnaire questionnaire;
  std::vector<Item> items;
  std::map<std::string, model::Unit> frame;
  Responses sent;     // The last revision of each unit that has not withdrawn.
  Responses counted;  // Of these, complete and partial.
  size_t complete = 0;
  size_t partial = 0;
  size_t breakoff = 0;
  std::map<std::string, std::set<std::string>> disposed;  // refusal, non_contact → units.
};

struct DemoAnswers {
  std::string note;
  std::string printed;
  std::string bytes;
  std::vector<cli::AnswersAction> actions;
  std::map<std::string, Edition> editions;  // By id.
};

// Runs the program twice; fails the test where the file cannot be read or the bytes differ.
const DemoAnswers& Demo();

bool IsDistrict(std::string_view unit);
bool Has(const Answers& answers, const std::string& item, const std::vector<int>& codes);
bool IsAnswered(const Answers& answers, const std::string& item);

// What the questionnaire says about who is asked, copied by hand.
enum class Asked { kYes, kNo, kFilterUnknown, kOutOfScope };
Asked IsAsked(const std::string& item, std::string_view unit, const Answers& answers);
// Items with a condition of their own.
bool IsRouted(const std::string& item);

size_t Count(const Responses& responses, const Is& is);

}  // namespace imdi::demo_test
