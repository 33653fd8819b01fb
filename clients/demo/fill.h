#pragma once

// Fills a whole form for every unit that answers it, item by item in form order.

#include <map>

#include "clients/demo/core.h"
#include "clients/demo/respondents.h"
#include "clients/demo/survey.h"

namespace imdi::demo {

// Member → its answers at the end. Units that broke off and the one that withdraws are among them.
using Responses = std::map<size_t, Answers>;

Responses FillForm(const Survey& survey, const Edition& edition, const Respondents& respondents,
                   const CoreAnswers& core);

}  // namespace imdi::demo
