#pragma once

// Who leaves what blank: a little of everything by those who complete, a stretch of the form by
// those who answer in part, most of it by those who break off.

#include <cstddef>
#include <map>
#include <string>

#include "clients/demo/form.h"
#include "clients/demo/pool.h"
#include "clients/demo/respondents.h"

namespace imdi::demo {

class Blanks {
 public:
  Blanks(const Form& form, const Respondents& respondents);

  // Whether the unit's stretch of blanks covers the item; never a required one.
  bool Covers(size_t member, const Item& item) const;

  // Of the counted units that are asked an item: those that leave it blank, 1 to 6 percent.
  Pool Choose(const Spread& spread, const Pool& asked, const Item& item,
              const std::string& purpose) const;

 private:
  struct Stretch {
    size_t begin;
    size_t end;
  };
  std::map<std::string, size_t> place_;  // Item → place among those that can be left blank.
  std::map<size_t, Stretch> stretches_;
  Pool partial_;
};

}  // namespace imdi::demo
