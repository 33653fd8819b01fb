#pragma once

// The editions of a survey side by side, and every unit that any of them invites.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/demo/form.h"
#include "clients/demo/pool.h"
#include "clients/demo/spread.h"
#include "imdi/survey/model/v1/definition.pb.h"

namespace imdi::demo {

// A unit, under its code; with the attributes of the last edition that holds it.
struct Member {
  std::string code;
  bool district = false;
  std::string stratum;     // Region and size group; districts are one.
  int settled_group = -1;  // -1 = not known.
  int64_t population = 0;
  bool nynorsk = false;
};

struct Edition {
  std::string id;    // KU2017
  std::string part;  // main
  int questionnaire = 1;
  Form form;
  Pool frame;
};

class Survey {
 public:
  static absl::StatusOr<Survey> Make(const std::vector<survey::model::v1::Definition>& definitions);

  const std::vector<Edition>& editions() const { return editions_; }  // By year.
  const std::vector<Member>& members() const { return members_; }     // By stratum, then code.
  const Spread& spread() const { return spread_; }
  const Edition* Find(std::string_view id) const;
  Pool Municipalities(const Pool& pool) const;
  Pool Districts(const Pool& pool) const;

 private:
  std::vector<Edition> editions_;
  std::vector<Member> members_;
  Spread spread_{{}};
};

}  // namespace imdi::demo
