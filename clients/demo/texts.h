#pragma once

// Free texts in both written standards: invented, of services only, never of people.

#include <string>
#include <string_view>

#include "clients/demo/random.h"

namespace imdi::demo {

// An answer to an open question.
std::string OpenText(std::string_view item, bool nynorsk, Random& random);

// What stands beside "Other, please specify".
std::string OtherText(std::string_view item, bool nynorsk, Random& random);

// What a respondent says to a soft check.
std::string CommentText(std::string_view check, bool nynorsk, Random& random);

}  // namespace imdi::demo
