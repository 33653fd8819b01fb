#pragma once

// What municipalities say of their own targets and of results asked for, beside what the register
// holds, group by group.

#include <string>

#include "imdi/survey/client/held_set.h"
#include "imdi/survey/client/value.h"
#include "register_shares.h"

namespace nir {

namespace client = imdi::survey::client;

// The set that NIR holds: INT01, INT02 and INT05, in total and by the attribute.
client::HeldSetOptions SetOf(const std::string& edition, const std::string& attribute,
                             const std::string& file);

// A table: a line for each group that the survey or the register has, the total first. Under it
// every sign that stands for "no value", in words.
std::string Comparison(const client::HeldRelease& held, const RegisterShares& shares,
                       const std::string& attribute, client::Language language);

}  // namespace nir
