#include "tests/unit/demo/claim_flips.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace imdi::demo_test {
namespace {

const Responses& Counted2017() { return Demo().editions.at("KU2017").counted; }

model::Answer OneCode(const std::string& item, int code) {
  model::Answer out;
  out.set_item(item);
  out.set_code(code);
  return out;
}

model::Answer Codes(const std::string& item, const std::vector<int>& codes) {
  model::Answer out;
  out.set_item(item);
  for (const int code : codes) out.mutable_codes()->add_codes(code);
  return out;
}

// A multiple answer with one code replaced by another (0: left out); what was written beside a code
// stays.
model::Answer Replaced(model::Answer answer, int from, int to) {
  auto& codes = *answer.mutable_codes()->mutable_codes();
  codes.erase(std::remove(codes.begin(), codes.end(), from), codes.end());
  if (to != 0 && std::find(codes.begin(), codes.end(), to) == codes.end()) codes.Add(to);
  return answer;
}

bool HasProgramme(const Response& response) { return Has(response.second, "BAK05", {1, 2}); }

// Changes `count` of the responses for which `is` holds.
Responses Change(size_t count, const Is& is, const std::function<void(Answers&)>& change) {
  Responses out;
  for (const Response& response : Counted2017()) {
    if (out.size() == count) break;
    if (!is(response)) continue;
    Answers answers = response.second;
    change(answers);
    out.emplace(response.first, std::move(answers));
  }
  EXPECT_EQ(out.size(), count) << "too few answers to change";
  return out;
}

ClaimFlip Single(const std::string& claim, const std::string& what, const std::string& item,
                 const std::vector<int>& from, int to, size_t count, int numerator, int base) {
  return {claim,
          what,
          Change(
              count,
              [&](const Response& response) {
                // Asked and counted: answers beside a closed route are none.
                return Has(response.second, item, from) &&
                       IsAsked(item, response.first, response.second) == Asked::kYes;
              },
              [&](Answers& answers) { answers[item] = OneCode(item, to); }),
          {},
          numerator,
          base};
}

std::vector<ClaimFlip> AllFlips() {
  std::vector<ClaimFlip> out;
  ClaimFlip rate{"F00", "three units withdraw: 72.3 percent", {}, {}, 319, 441};
  for (const Response& response : Counted2017()) {
    if (rate.withdrawn.size() < 3) rate.withdrawn.push_back(response.first);
  }
  out.push_back(rate);
  out.push_back(
      Single("F01", "twelve no longer challenged: 74.8 percent", "BOS01", {1, 2}, 3, 12, 241, 322));
  out.push_back({"F02",
                 "finances above planning",
                 Change(
                     30,
                     [](const Response& response) {
                       return Has(response.second, "BOS01", {1, 2}) &&
                              Has(response.second, "BOS02", {2}) &&
                              !Has(response.second, "BOS02", {4}) &&
                              !Has(response.second, "BOS03", {2});
                     },
                     [](Answers& answers) { answers["BOS02"] = Replaced(answers["BOS02"], 2, 4); }),
                 {},
                 167,
                 253});
  out.push_back(Single("F03", "seven targets less: 59.7 percent", "INT01", {1}, 2, 7, 179, 300));
  out.push_back(
      Single("F04", "six targets less: 60.0 percent, as in 2015", "INT01", {1}, 2, 6, 180, 300));
  out.push_back(
      Single("F05", "sixteen managements less ask", "INT05", {1, 2, 3, 4}, 6, 16, 218, 300));
  out.push_back({"F06",
                 "twenty-three combine no longer",
                 Change(
                     23,
                     [](const Response& response) {
                       return HasProgramme(response) && !IsDistrict(response.first) &&
                              Has(response.second, "NOR01", {1, 2, 3, 4, 5, 6, 7, 8});
                     },
                     [](Answers& answers) { answers["NOR01"] = Codes("NOR01", {90}); }),
                 {},
                 232,
                 290});
  out.push_back({"F07",
                 "two more do not: 10.7 percent",
                 Change(
                     2,
                     [](const Response& response) {
                       return HasProgramme(response) && !IsDistrict(response.first) &&
                              Has(response.second, "NOR01", {1, 2, 3, 4, 5, 6, 7, 8});
                     },
                     [](Answers& answers) { answers["NOR01"] = Codes("NOR01", {90}); }),
                 {},
                 31,
                 290});
  out.push_back(
      Single("F08", "ten cooperate no longer: 83.7 percent", "ARB01", {1, 2}, 4, 10, 251, 300));
  const auto uses = [](const Response& response, int code) {
    return HasProgramme(response) && Has(response.second, "ARB01", {1, 2}) &&
           Has(response.second, "ARB02", {code});
  };
  out.push_back({"F09",
                 "a hundred leave Nav's network",
                 Change(
                     100,
                     [&](const Response& response) {
                       return uses(response, 1) &&
                              response.second.at("ARB02").codes().codes_size() > 1;
                     },
                     [](Answers& answers) { answers["ARB02"] = Replaced(answers["ARB02"], 1, 0); }),
                 {},
                 126,
                 261});
  out.push_back({"F10",
                 "nineteen agreements less: 25.7 percent",
                 Change(
                     19,
                     [&](const Response& response) {
                       return uses(response, 2) &&
                              response.second.at("ARB02").codes().codes_size() > 1;
                     },
                     [](Answers& answers) { answers["ARB02"] = Replaced(answers["ARB02"], 2, 0); }),
                 {},
                 77,
                 300});
  return out;
}

}  // namespace

const std::vector<ClaimFlip>& ClaimFlips() {
  static const auto* const flips = new std::vector<ClaimFlip>(AllFlips());
  return *flips;
}

}  // namespace imdi::demo_test
