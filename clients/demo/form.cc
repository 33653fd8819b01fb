#include "clients/demo/form.h"

#include <algorithm>
#include <utility>

#include "services/base/status_macros.h"

namespace imdi::demo {
namespace {

namespace model = survey::model::v1;

absl::StatusOr<Item> MakeItem(const model::Questionnaire& questionnaire,
                              const model::Question& question) {
  Item item;
  item.id = item.question = question.id();
  item.type = question.type();
  item.required = question.required();
  item.municipalities_only = question.scope() == model::SCOPE_MUNICIPALITY;
  item.districts_only = question.scope() == model::SCOPE_DISTRICT;
  item.list = question.codelist().empty() ? question.id() : question.codelist();
  item.options_from = question.options_from();
  item.exclusive.insert(question.exclusive().begin(), question.exclusive().end());
  item.other_codes.insert(question.other_text().begin(), question.other_text().end());
  item.minimum = question.numeric().min();
  item.maximum = question.numeric().max();
  item.allow_dont_know = question.numeric().allow_dont_know();
  for (const model::Code& option : question.options()) item.codes.push_back(option.code());
  for (const model::CodeList& list : questionnaire.codelists()) {
    if (list.id() != question.codelist()) continue;
    for (const model::Code& code : list.codes()) item.codes.push_back(code.code());
  }
  for (const model::Section& section : questionnaire.sections()) {
    if (section.id() == question.section()) item.background = section.background();
  }
  if (!question.route().empty()) {
    IMDI_ASSIGN_OR_RETURN(Route route, Route::Parse(question.route()));
    item.routes.push_back(std::move(route));
  }
  return item;
}

}  // namespace

absl::StatusOr<Form> Form::Make(const model::Questionnaire& questionnaire) {
  std::vector<const model::Question*> questions;
  for (const model::Question& question : questionnaire.questions()) questions.push_back(&question);
  std::stable_partition(questions.begin(), questions.end(), [](const model::Question* question) {
    return question->position() != model::QUESTION_POSITION_LAST;
  });
  Form form;
  for (const model::Question* question : questions) {
    IMDI_ASSIGN_OR_RETURN(const Item whole, MakeItem(questionnaire, *question));
    if (question->type() != model::QUESTION_TYPE_GRID) {
      form.items_.push_back(whole);
      continue;
    }
    int position = 0;
    for (const model::Row& row : question->rows()) {
      Item item = whole;
      item.id = question->id() + "." + row.row();
      item.row = static_cast<size_t>(position++);
      if (!row.route().empty()) {
        IMDI_ASSIGN_OR_RETURN(Route route, Route::Parse(row.route()));
        item.routes.push_back(std::move(route));
      }
      form.items_.push_back(std::move(item));
    }
  }
  for (const model::Check& check : questionnaire.checks()) form.checks_.insert(check.id());
  return form;
}

const Item* Form::Find(std::string_view id) const {
  const auto found =
      std::find_if(items_.begin(), items_.end(), [&](const Item& item) { return item.id == id; });
  return found == items_.end() ? nullptr : &*found;
}

bool Form::Asked(const Item& item, bool district, const Answers& answers) {
  if ((district && item.municipalities_only) || (!district && item.districts_only)) return false;
  return std::all_of(item.routes.begin(), item.routes.end(),
                     [&](const Route& route) { return route.Holds(answers); });
}

}  // namespace imdi::demo
