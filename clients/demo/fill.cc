#include "clients/demo/fill.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "clients/demo/blanks.h"
#include "clients/demo/habits.h"
#include "clients/demo/random.h"
#include "clients/demo/targets.h"
#include "clients/demo/texts.h"
#include "clients/demo/ticks.h"

namespace imdi::demo {
namespace {

namespace model = survey::model::v1;

constexpr size_t kOtherTextPercent = 85;  // Of those who tick a code with a text field.
constexpr size_t kNoneSettled =
    2;  // Units that settle by agreement, and yet none (a soft check asks why).
constexpr int64_t kManySettled = 500;  // Above this a soft check asks.

Answer OfCode(int code) { return {.codes = {code}, .number = {}, .text = {}, .other_texts = {}}; }
Answer OfNumber(int64_t number) {
  return {.codes = {}, .number = number, .text = {}, .other_texts = {}};
}

class FormFiller {
 public:
  FormFiller(const Survey& survey, const Edition& edition, const Respondents& respondents,
             const CoreAnswers& core)
      : survey_(survey),
        spread_(survey.spread()),
        edition_(edition),
        respondents_(respondents),
        blanks_(edition.form, respondents) {
    const auto found = core.find(edition.id);
    if (found != core.end()) core_ = &found->second;
  }

  Responses Fill() {
    Pool outside = respondents_.breakoff;
    if (!respondents_.refusal.empty()) outside = Joined(outside, {respondents_.refusal.front()});
    for (const size_t member : Joined(respondents_.counted, outside)) responses_[member];
    for (const Item& item : edition_.form.items()) {
      const std::string purpose = edition_.id + "/" + item.id;
      const Pool asked = Asked(item, respondents_.counted);
      const ItemAnswers* decided = Decided(item.id);
      if (decided != nullptr) {
        Take(item, asked, *decided);
      } else {
        const bool blanks = edition_.id == kNow && !item.required;
        const Pool blank = blanks ? blanks_.Choose(spread_, asked, item, purpose) : Pool{};
        Give(item, Without(asked, blank), purpose);
      }
      Give(
          item,
          Where(Asked(item, outside), [&](size_t member) { return !blanks_.Covers(member, item); }),
          purpose + "/outside");
    }
    AddOtherTexts();
    return std::move(responses_);
  }

 private:
  Pool Asked(const Item& item, const Pool& pool) const {
    return Where(pool, [&](size_t member) {
      return Form::Asked(item, survey_.members()[member].district, responses_.at(member));
    });
  }

  const ItemAnswers* Decided(const std::string& item) const {
    if (core_ == nullptr) return nullptr;
    const auto found = core_->find(item);
    return found == core_->end() ? nullptr : &found->second;
  }

  void Take(const Item& item, const Pool& asked, const ItemAnswers& decided) {
    for (const size_t member : asked) {
      const auto found = decided.find(member);
      if (found != decided.end() && !found->second.Blank())
        responses_[member][item.id] = found->second;
    }
  }

  void Give(const Item& item, const Pool& pool, const std::string& purpose) {
    if (pool.empty()) return;
    if (item.id == "BAK03") return GiveSettles(pool, purpose);
    if (item.id == "BAK04") return GiveSettled(item, pool, purpose);
    if (!item.options_from.empty()) return GiveFromTicked(item, pool);
    switch (item.type) {
      case model::QUESTION_TYPE_SINGLE:
      case model::QUESTION_TYPE_GRID:
        return GiveCodes(item.id, pool, WeightsOf(item), purpose);
      case model::QUESTION_TYPE_MULTI:
        return GiveTicks(item, pool, purpose);
      case model::QUESTION_TYPE_NUMERIC:
        return GiveNumbers(item, pool, purpose);
      default:
        return GiveTexts(item, pool, purpose);
    }
  }

  void GiveCodes(const std::string& item, const Pool& pool, const std::vector<Weight>& weights,
                 const std::string& purpose) {
    for (const auto& [member, code] :
         spread_.Deal(pool, Apportion(pool.size(), weights, 1), purpose)) {
      responses_[member][item] = OfCode(code);
    }
  }

  void GiveTicks(const Item& item, const Pool& pool, const std::string& purpose) {
    std::vector<Tick> ticks;
    for (size_t position = 0; position < item.codes.size(); ++position) {
      const size_t share = pool.size() * PercentOf(item, position) / 100;
      // A handful of units outside the counts need not say "don't know".
      const size_t least =
          pool.size() < 20 && item.exclusive.count(item.codes[position]) > 0 ? 0 : 1;
      ticks.push_back({.code = item.codes[position],
                       .count = std::max(share, least),
                       .exact = false,
                       .exclusive = item.exclusive.count(item.codes[position]) > 0,
                       .who = {}});
    }
    for (const auto& [member, codes] : DealTicks(spread_, pool, ticks, purpose)) {
      responses_[member][item.id] = {.codes = codes, .number = {}, .text = {}, .other_texts = {}};
    }
  }

  // The option whose turn it is, among those the unit ticked before.
  void GiveFromTicked(const Item& item, const Pool& pool) {
    std::map<int, size_t> used;
    for (const size_t member : pool) {
      const std::vector<int>& ticked = responses_[member].at(item.options_from).codes;
      const int code = *std::min_element(ticked.begin(), ticked.end(), [&](int left, int right) {
        return used[left] * static_cast<size_t>(left) < used[right] * static_cast<size_t>(right);
      });
      ++used[code];
      responses_[member][item.id] = OfCode(code);
    }
  }

  Pool DontKnow(const Item& item, const Pool& pool, const std::string& purpose) const {
    if (!item.allow_dont_know || pool.size() < 20) return {};
    return spread_.Choose(pool, std::max<size_t>(1, pool.size() * 2 / 100), purpose + "/98");
  }

  void GiveNumbers(const Item& item, const Pool& pool, const std::string& purpose) {
    const Pool unknown = DontKnow(item, pool, purpose);
    const Range range = RangeOf(item);
    Random random(purpose);
    for (const size_t member : pool) {
      size_t steps = range.steps;
      for (int draw = 0; draw < range.skew; ++draw)
        steps = std::min(steps, random.Below(range.steps + 1));
      const int64_t number = std::clamp(range.low + range.step * static_cast<int64_t>(steps),
                                        item.minimum, item.maximum);
      responses_[member][item.id] = Holds(unknown, member) ? OfCode(98) : OfNumber(number);
    }
  }

  void GiveTexts(const Item& item, const Pool& pool, const std::string& purpose) {
    Random random(purpose);
    for (const size_t member : pool) {
      responses_[member][item.id].text =
          OpenText(item.question, survey_.members()[member].nynorsk, random);
    }
  }

  // Whether the unit settled refugees: by the frame, where that is known.
  void GiveSettles(const Pool& pool, const std::string& purpose) {
    const auto group = [&](size_t member) { return survey_.members()[member].settled_group; };
    const Pool some =
        Where(pool, [&](size_t m) { return group(m) > 0 || survey_.members()[m].district; });
    const Pool none = Where(pool, [&](size_t m) { return group(m) == 0; });
    GiveCodes("BAK03", some, {{1, 1}}, purpose + "/some");
    if (!none.empty()) GiveCodes("BAK03", none, {{2, 55}, {3, 45}}, purpose + "/none");
    const Pool unknown = Without(Without(pool, some), none);
    if (!unknown.empty())
      GiveCodes("BAK03", unknown, {{1, 35}, {2, 30}, {3, 25}, {98, 10}}, purpose + "/unknown");
  }

  void GiveSettled(const Item& item, const Pool& pool, const std::string& purpose) {
    const Pool unknown = DontKnow(item, pool, purpose);
    const Pool small = Where(Without(pool, unknown), [&](size_t member) {
      return !survey_.members()[member].district && survey_.members()[member].settled_group < 2;
    });
    const Pool none =
        pool.size() < 20 ? Pool{} : spread_.Choose(small, kNoneSettled, purpose + "/0");
    Random random(purpose);
    const auto largest =
        *std::max_element(pool.begin(), pool.end(), [&](size_t left, size_t right) {
          return survey_.members()[left].population < survey_.members()[right].population;
        });
    for (const size_t member : pool) {
      const Member& unit = survey_.members()[member];
      int64_t number = 0;
      switch (unit.settled_group) {
        case 1:
          number = 3 + static_cast<int64_t>(random.Below(7));
          break;
        case 2:
          number = 10 + static_cast<int64_t>(random.Below(10));
          break;
        case 3:
          number = 20 + static_cast<int64_t>(random.Below(30));
          break;
        case 4:
          number = 50 + static_cast<int64_t>(random.Below(12)) + unit.population / 1200;
          break;
        default:
          number = unit.district ? 15 + static_cast<int64_t>(random.Below(50))
                                 : 1 + static_cast<int64_t>(random.Below(4));
      }
      if (member == largest && pool.size() >= 20)
        number = kManySettled + 1 + static_cast<int64_t>(random.Below(200));
      if (Holds(none, member)) number = 0;
      const bool dont_know = Holds(unknown, member) && member != largest;
      responses_[member][item.id] = dont_know ? OfCode(98) : OfNumber(number);
    }
  }

  void AddOtherTexts() {
    for (const Item& item : edition_.form.items()) {
      Random random(edition_.id + "/" + item.id + "/other");
      for (auto& [member, answers] : responses_) {
        const auto found = answers.find(item.id);
        if (found == answers.end()) continue;
        for (const int code : found->second.codes) {
          if (item.other_codes.count(code) == 0 || random.Below(100) >= kOtherTextPercent) continue;
          found->second.other_texts[code] =
              OtherText(item.question, survey_.members()[member].nynorsk, random);
        }
      }
    }
  }

  const Survey& survey_;
  const Spread& spread_;
  const Edition& edition_;
  const Respondents& respondents_;
  Blanks blanks_;
  const std::map<std::string, ItemAnswers, std::less<>>* core_ = nullptr;
  Responses responses_;
};

}  // namespace

Responses FillForm(const Survey& survey, const Edition& edition, const Respondents& respondents,
                   const CoreAnswers& core) {
  return FormFiller(survey, edition, respondents, core).Fill();
}

}  // namespace imdi::demo
