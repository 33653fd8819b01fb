#pragma once

// A questionnaire as a list of items in form order, and the answers to it.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/demo/answer.h"
#include "clients/demo/route.h"
#include "imdi/survey/model/v1/questionnaire.pb.h"

namespace imdi::demo {

// One item: a question, or a row of a grid.
struct Item {
  std::string id;        // INT01, SYS06.a
  std::string question;  // INT01, SYS06
  survey::model::v1::QuestionType type = survey::model::v1::QUESTION_TYPE_UNSPECIFIED;
  size_t row = 0;           // Position in its grid.
  bool background = false;  // Outside the count that decides complete or partial.
  bool required = false;
  bool municipalities_only = false;
  bool districts_only = false;
  std::vector<Route> routes;  // All must hold.
  std::string list;           // Id of the code list, or the item's own id.
  std::vector<int> codes;
  std::set<int> exclusive;
  std::set<int> other_codes;
  std::string options_from;
  int64_t minimum = 0;
  int64_t maximum = 0;
  bool allow_dont_know = false;
};

class Form {
 public:
  static absl::StatusOr<Form> Make(const survey::model::v1::Questionnaire& questionnaire);

  const std::vector<Item>& items() const { return items_; }
  bool HasCheck(std::string_view id) const { return checks_.count(std::string(id)) > 0; }
  const Item* Find(std::string_view id) const;

  // Whether a unit with these answers is asked the item.
  static bool Asked(const Item& item, bool district, const Answers& answers);

 private:
  std::vector<Item> items_;
  std::set<std::string> checks_;
};

}  // namespace imdi::demo
