#pragma once

#include <functional>
#include <string_view>

#include "services/domain/frame.h"
#include "services/domain/questionnaire.h"
#include "services/domain/types.h"

namespace imdi::domain {

// What a new version may change while submissions under the one before exist. Refused for an item
// id that both have: another type, scope, route, numeric rule, part, source of options, duty to
// answer, a shorter text, a code list without a stated recode; refused always: an item taken away,
// a changed, added or removed hard check on existing items, a changed outcome rule. Texts, order
// and soft checks are free; items and recodes are added with the next version, never to one that
// has answers. Paths are those of the new document.
DefinitionFindings CheckQuestionnaireChange(const CompiledQuestionnaire& before,
                                            const CompiledQuestionnaire& after);

// A frame revision states its reason, keeps every unit that has answers, and keeps each unit's
// type.
DefinitionFindings CheckFrameChange(const CompiledFrame& before, const CompiledFrame& after,
                                    const std::function<bool(std::string_view unit)>& has_answers);

// With submissions in, an edition keeps its survey and its parts. Indicators, weight sets,
// phrases and claims are method, not answers: they may change at any time.
DefinitionFindings CheckEditionChange(const model::Edition& before, const model::Edition& after,
                                      bool has_answers);

}  // namespace imdi::domain
