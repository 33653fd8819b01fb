#pragma once

// The standard report needs no document: a distribution of every closed question and grid row.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/frame.h"
#include "services/domain/indicator.h"
#include "services/domain/questionnaire.h"

namespace imdi::domain {

// The variable by which automatic indicators are broken down, where the frame has it.
inline constexpr std::string_view kAutomaticBreakdown = "imdi_region";
// Everybody who answered the item, don't know included.
inline constexpr std::string_view kAnsweredBasis = "ANSWERED";
// Those of them whose answer takes a position: none of the codes 96 to 98. Only where the question
// shows such a code.
inline constexpr std::string_view kSubstantiveBasis = "SUBSTANTIVE";

// Q_INT01; Q_SYS06_A for the row SYS06.a.
std::string AutomaticIndicatorId(std::string_view item);

// In form order, compiled. Titles are the texts of the questions (and rows), with piping marks in
// their neutral form.
std::vector<std::shared_ptr<const CompiledIndicator>> AutomaticIndicators(
    const CompiledQuestionnaire& questionnaire, const CompiledFrame& frame);

}  // namespace imdi::domain
