#pragma once

// The answers file's lines as JSON.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "clients/demo/answer.h"
#include "clients/demo/form.h"
#include "clients/demo/survey.h"

namespace imdi::demo {

// With quotes; control characters, quotes and backslashes escaped, UTF-8 as it is.
std::string Quoted(std::string_view text);

std::string HeaderLine();
std::string ActionLine(std::string_view action, const Edition& edition);
std::string DispositionLine(const Edition& edition, const Member& unit,
                            std::string_view disposition);
std::string WithdrawalLine(const Edition& edition, const Member& unit, int64_t expected_revision);
std::string SubmissionLine(const Edition& edition, const Member& unit, int64_t expected_revision,
                           const Answers& answers,
                           const std::map<std::string, std::string>& comments);

}  // namespace imdi::demo
