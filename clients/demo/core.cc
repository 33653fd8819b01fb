#include "clients/demo/core.h"

#include <tuple>
#include <utility>
#include <vector>

#include "clients/demo/targets.h"
#include "clients/demo/ticks.h"

namespace imdi::demo {
namespace {

// Who says yes before and now.
struct YesPair {
  Pool before;
  Pool now;
};

// Units in the base of both editions, and of one of them only.
struct Bases {
  Pool both;
  Pool before;
  Pool now;
};

Bases BasesOf(const Pool& base_before, const Pool& base_now) {
  Bases bases;
  bases.both = Common(base_before, base_now);
  bases.before = Without(base_before, bases.both);
  bases.now = Without(base_now, bases.both);
  return bases;
}

YesPair ChooseYes(const Spread& spread, const Bases& bases, const Joint& joint, size_t yes_before,
                  size_t yes_now, const std::string& purpose) {
  YesPair yes;
  const Pool panel_now = spread.Choose(bases.both, joint.yes_yes + joint.no_yes, purpose + "/now");
  const Pool panel_before =
      Joined(spread.Choose(panel_now, joint.yes_yes, purpose + "/yes yes"),
             spread.Choose(Without(bases.both, panel_now), joint.yes_no, purpose + "/yes no"));
  yes.now = Joined(panel_now,
                   spread.Choose(bases.now, yes_now - panel_now.size(), purpose + "/only now"));
  yes.before = Joined(panel_before, spread.Choose(bases.before, yes_before - panel_before.size(),
                                                  purpose + "/only before"));
  return yes;
}

class CoreMaker {
 public:
  CoreMaker(const Survey& survey, const RespondentsByEdition& respondents)
      : survey_(survey), spread_(survey.spread()), respondents_(respondents) {}

  CoreAnswers Make() {
    for (const auto& [edition, who] : respondents_) {
      AddCodes(edition, "BAK05", who.programme, Without(who.counted, who.programme));
    }
    for (const EarlierTarget& target : kEarlierOwnTarget) AddEarlierTarget(target);
    AddPanelItems();
    AddOwnAgreements();
    AddNow();
    return std::move(core_);
  }

 private:
  Pool Kind(const Pool& pool, Units units) const {
    if (units == Units::kMunicipalities) return survey_.Municipalities(pool);
    return units == Units::kDistricts ? survey_.Districts(pool) : pool;
  }

  std::vector<Weight> Weights(std::string_view edition, std::string_view item,
                              CodeTarget::Of of) const {
    std::vector<Weight> weights;
    for (const CodeTarget& target : kCodes) {
      if (target.item == item && target.of == of &&
          (target.edition.empty() || target.edition == edition)) {
        weights.push_back({target.code, target.share});
      }
    }
    return weights;
  }

  void Put(std::string_view edition, std::string_view item, size_t member, Answer answer) {
    core_[std::string(edition)][std::string(item)][member] = std::move(answer);
  }

  void AddCodes(std::string_view edition, std::string_view item, const Pool& yes, const Pool& no) {
    const std::string purpose = std::string(edition) + "/" + std::string(item);
    for (const auto& [pool, of, name] : {std::tuple(&yes, CodeTarget::Of::kYes, "/yes codes"),
                                         std::tuple(&no, CodeTarget::Of::kNo, "/no codes")}) {
      const std::vector<Weight> weights = Weights(edition, item, of);
      if (weights.empty()) continue;
      for (const auto& [member, code] :
           spread_.Deal(*pool, Apportion(pool->size(), weights, 1), purpose + name)) {
        Put(edition, item, member, {.codes = {code}, .number = {}, .text = {}, .other_texts = {}});
      }
    }
  }

  // `named` ticks `code`, whatever the table says of it.
  void AddTicks(std::string_view edition, std::string_view item, const Pool& pool, int code,
                const Pool& named) {
    std::vector<Tick> ticks;
    if (!named.empty())
      ticks.push_back({.code = code, .count = 0, .exact = true, .exclusive = false, .who = named});
    for (const TickTarget& target : kTicks) {
      if (target.item != item || (!target.edition.empty() && target.edition != edition)) continue;
      ticks.push_back(
          {.code = target.code,
           .count = target.percent == 0 ? target.count : pool.size() * target.percent / 100,
           .exact = target.percent == 0,
           .exclusive = target.code >= 90,
           .who = {}});
    }
    const std::string purpose = std::string(edition) + "/" + std::string(item);
    for (const auto& [member, codes] : DealTicks(spread_, pool, ticks, purpose)) {
      Put(edition, item, member, {.codes = codes, .number = {}, .text = {}, .other_texts = {}});
    }
  }

  void AddEarlierTarget(const EarlierTarget& target) {
    const auto found = respondents_.find(target.edition);
    if (found == respondents_.end()) return;
    const Pool& base = found->second.programme;
    const std::string purpose = found->first + "/INT01";
    const Pool yes =
        Joined(spread_.Choose(survey_.Municipalities(base), target.municipalities, purpose),
               spread_.Choose(survey_.Districts(base), target.districts, purpose + "/districts"));
    AddCodes(target.edition, "INT01", yes, Without(base, yes));
  }

  void AddPanelItems() {
    const Respondents& before = respondents_.find(kBefore)->second;
    const Respondents& now = respondents_.find(kNow)->second;
    for (const PanelTarget& target : kPanelItems) {
      const Pool base_before = Kind(before.programme, target.units);
      const Pool base_now = Kind(now.programme, target.units);
      const YesPair yes = ChooseYes(
          spread_, BasesOf(base_before, base_now), target.joint, target.yes_before, target.yes_now,
          std::string(target.item) + (target.units == Units::kDistricts ? "/districts" : ""));
      YesPair& all = yes_[std::string(target.item)];
      all = {Joined(all.before, yes.before), Joined(all.now, yes.now)};
      AddCodes(kBefore, target.item, yes.before, Without(base_before, yes.before));
      AddCodes(kNow, target.item, yes.now, Without(base_now, yes.now));
    }
    AddTicks(kBefore, "NOR01", yes_["NOR01"].before, 0, {});
    AddTicks(kNow, "NOR01", yes_["NOR01"].now, 0, {});
  }

  void AddOwnAgreements() {
    const YesPair& cooperate = yes_["ARB01"];
    const Pool base_both = Common(respondents_.find(kBefore)->second.programme,
                                  respondents_.find(kNow)->second.programme);
    const Bases bases = BasesOf(cooperate.before, cooperate.now);
    const YesPair both =
        ChooseYes(spread_, {.both = bases.both, .before = {}, .now = {}}, kOwnAgreementsOfYesYes,
                  kOwnAgreementsOfYesYes.yes_yes + kOwnAgreementsOfYesYes.yes_no,
                  kOwnAgreementsOfYesYes.yes_yes + kOwnAgreementsOfYesYes.no_yes, "ARB02.2");
    const auto rest = [&](const Pool& one, size_t in_panel, const Pool& chosen, size_t total,
                          const char* name) {
      const Pool panel =
          spread_.Choose(Common(one, base_both), in_panel, std::string("ARB02.2/panel ") + name);
      const Pool others =
          spread_.Choose(Without(one, base_both), total - chosen.size() - panel.size(),
                         std::string("ARB02.2/others ") + name);
      return Joined(chosen, Joined(panel, others));
    };
    const Pool before =
        rest(bases.before, kOwnAgreementsOfYesNo, both.before, kOwnAgreementsBefore, "before");
    const Pool now = rest(bases.now, kOwnAgreementsOfNoYes, both.now, kOwnAgreementsNow, "now");
    AddTicks(kBefore, "ARB02", cooperate.before, 2, before);
    AddTicks(kNow, "ARB02", cooperate.now, 2, now);
  }

  void AddNow() {
    const Pool& counted = respondents_.find(kNow)->second.counted;
    std::map<std::string_view, Pool> yes_to;
    for (const YesTarget& target : kYesItems) {
      const Pool& base = target.among.empty() ? counted : yes_to[target.among];
      const Pool yes = spread_.Choose(base, target.yes, std::string(target.item) + "/now");
      AddCodes(kNow, target.item, yes, Without(base, yes));
      yes_to[target.item] = yes;
    }
    AddTicks(kNow, "BOS02", yes_to["BOS01"], 0, {});
    for (const NeedPair& pair : kNeeds) AddNeeds(pair, counted);
  }

  void AddNeeds(const NeedPair& pair, const Pool& counted) {
    const std::string purpose(pair.rows.front());
    const Pool base = spread_.Choose(counted, pair.base, purpose + "/base");
    const Pool outside = Without(counted, base);
    const Pool not_applicable = spread_.Choose(outside, pair.not_applicable, purpose + "/97");
    for (size_t row = 0; row < pair.rows.size(); ++row) {
      const std::string row_purpose(pair.rows[row]);
      const Pool wanted = spread_.Choose(base, pair.wanted[row], row_purpose + "/wanted");
      const Pool not_wanted = Without(base, wanted);
      const auto put = [&](const Pool& pool, const std::vector<Weight>& weights, const char* name) {
        for (const auto& [member, code] :
             spread_.Deal(pool, Apportion(pool.size(), weights, 1), row_purpose + name)) {
          Put(kNow, pair.rows[row], member,
              {.codes = {code}, .number = {}, .text = {}, .other_texts = {}});
        }
      };
      put(wanted, {{3, 64}, {4, 36}}, "/wanted codes");
      put(not_wanted, {{1, 30}, {2, 63}, {98, 7}}, "/other codes");
      put(not_applicable, {{97, 1}}, "/97 codes");
      for (const size_t member : Without(outside, not_applicable))
        Put(kNow, pair.rows[row], member, {});
    }
  }

  const Survey& survey_;
  const Spread& spread_;
  const RespondentsByEdition& respondents_;
  std::map<std::string, YesPair, std::less<>> yes_;
  CoreAnswers core_;
};

}  // namespace

CoreAnswers MakeCoreAnswers(const Survey& survey, const RespondentsByEdition& respondents) {
  if (respondents.count(kBefore) == 0 || respondents.count(kNow) == 0) return {};
  return CoreMaker(survey, respondents).Make();
}

}  // namespace imdi::demo
