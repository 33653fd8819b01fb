#pragma once

// Who answers which edition, and who has a programme there.

#include <functional>
#include <map>
#include <string>

#include "clients/demo/pool.h"
#include "clients/demo/survey.h"

namespace imdi::demo {

struct Respondents {
  Pool counted;    // Complete and partial, at the end.
  Pool programme;  // Of those: with participants in an introduction programme.
  Pool partial;    // Of those counted.
  Pool breakoff;   // Answered too little; on top of those counted.
  Pool refusal;    // Declined; the first of them had answered and withdrew.
  Pool silent;     // Nothing came.
};

using RespondentsByEdition = std::map<std::string, Respondents, std::less<>>;

RespondentsByEdition ChooseRespondents(const Survey& survey);

}  // namespace imdi::demo
