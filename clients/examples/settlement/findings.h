#pragma once

// What the case system shows of the survey: what municipalities say about it (F12) and about
// guidance (F13), in the words of the report, with the figures behind.

#include <string>

#include "imdi/survey/client/held_set.h"
#include "imdi/survey/client/value.h"

namespace settlement {

namespace client = imdi::survey::client;

// The set that the case system holds.
client::HeldSetOptions SetOf(const std::string& edition, const std::string& file);

// One line: which release, and how sure it is that there is no later one.
std::string AgeLine(const client::HeldAge& age, client::Language language);
std::string Findings(const client::HeldRelease& held, client::Language language);
// A later release: why it came, and what it changed of what the case system shows.
std::string Change(const client::HeldChange& change, client::Language language);

}  // namespace settlement
