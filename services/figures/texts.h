#pragma once

// Texts that this room writes itself, in the three languages at once.

#include <string>
#include <string_view>

#include "imdi/survey/model/v1/text.pb.h"

namespace imdi::figures {

inline survey::model::v1::LocalizedText Text(std::string_view nn, std::string_view nb,
                                             std::string_view en) {
  survey::model::v1::LocalizedText text;
  text.set_nn(nn.data(), nn.size());
  text.set_nb(nb.data(), nb.size());
  text.set_en(en.data(), en.size());
  return text;
}

// `more` behind `text`, with `separator` between them; English only where both have it.
inline void Append(survey::model::v1::LocalizedText& text, std::string_view separator,
                   const survey::model::v1::LocalizedText& more) {
  const bool first = text.nn().empty() && text.nb().empty() && text.en().empty();
  const bool english = first || !text.en().empty();
  if (!first) {
    text.mutable_nn()->append(separator);
    text.mutable_nb()->append(separator);
  }
  text.mutable_nn()->append(more.nn());
  text.mutable_nb()->append(more.nb());
  if (!english || more.en().empty()) {
    text.clear_en();
    return;
  }
  if (!first) text.mutable_en()->append(separator);
  text.mutable_en()->append(more.en());
}

}  // namespace imdi::figures
