#pragma once

// The answers that the targets decide: who says yes, and with which code.

#include <functional>
#include <map>
#include <string>

#include "clients/demo/answer.h"
#include "clients/demo/respondents.h"
#include "clients/demo/survey.h"

namespace imdi::demo {

// Member → answer. A blank answer = left blank.
using ItemAnswers = std::map<size_t, Answer>;
// Edition → item → answers of all counted units that are asked it.
using CoreAnswers =
    std::map<std::string, std::map<std::string, ItemAnswers, std::less<>>, std::less<>>;

CoreAnswers MakeCoreAnswers(const Survey& survey, const RespondentsByEdition& respondents);

}  // namespace imdi::demo
