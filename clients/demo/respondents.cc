#include "clients/demo/respondents.h"

#include "clients/demo/targets.h"

namespace imdi::demo {
namespace {

size_t Total(const Joint& joint) {
  return joint.yes_yes + joint.yes_no + joint.no_yes + joint.no_no;
}

const ResponseTarget& TargetOf(std::string_view edition) {
  for (const ResponseTarget& target : kResponses) {
    if (target.edition == edition) return target;
  }
  return kResponses.front();
}

// One kind of unit in the two editions that are compared.
struct Pair {
  Respondents before;
  Respondents now;
};

Pair ChoosePair(const Spread& spread, const Pool& frame_before, const Pool& frame_now,
                size_t answer_before, size_t answer_now, size_t programme_before,
                size_t programme_now, const Joint& panel, const std::string& purpose) {
  Pair pair;
  // A unit that exists in one of the editions only is no panel unit: it is silent before, and
  // answers now.
  const Pool in_both = Common(frame_before, frame_now);
  const Pool only_now = Without(frame_now, in_both);
  const Pool answered_now =
      Joined(spread.Choose(in_both, answer_now - only_now.size(), purpose + "/now"), only_now);
  const Pool both = spread.Choose(Common(answered_now, in_both), Total(panel), purpose + "/both");
  const Pool others_before = spread.Choose(Without(in_both, answered_now),
                                           answer_before - both.size(), purpose + "/before");
  const Pool others_now = Without(answered_now, both);
  const auto classes = spread.Deal(
      both, {{1, panel.yes_yes}, {2, panel.yes_no}, {3, panel.no_yes}, {4, panel.no_no}},
      purpose + "/programme");
  const auto of = [&](int one, int other) {
    return Where(both, [&](size_t member) {
      return classes.at(member) == one || classes.at(member) == other;
    });
  };
  pair.before.counted = Joined(both, others_before);
  pair.now.counted = answered_now;
  const Pool before = of(1, 2);
  const Pool now = of(1, 3);
  pair.before.programme =
      Joined(before, spread.Choose(others_before, programme_before - before.size(),
                                   purpose + "/programme before"));
  pair.now.programme = Joined(
      now, spread.Choose(others_now, programme_now - now.size(), purpose + "/programme now"));
  return pair;
}

Respondents Together(const Respondents& left, const Respondents& right) {
  Respondents all;
  all.counted = Joined(left.counted, right.counted);
  all.programme = Joined(left.programme, right.programme);
  return all;
}

Respondents ChooseEarlier(const Survey& survey, const Edition& edition) {
  const ResponseTarget& target = TargetOf(edition.id);
  const Spread& spread = survey.spread();
  const Pool municipalities = spread.Choose(survey.Municipalities(edition.frame),
                                            target.municipalities, edition.id + "/answer");
  const Pool districts = spread.Choose(survey.Districts(edition.frame), target.districts,
                                       edition.id + "/districts answer");
  Respondents chosen;
  chosen.counted = Joined(municipalities, districts);
  chosen.programme = Joined(spread.Choose(municipalities, target.municipalities_with_programme,
                                          edition.id + "/programme"),
                            spread.Choose(districts, target.districts_with_programme,
                                          edition.id + "/districts programme"));
  return chosen;
}

}  // namespace

RespondentsByEdition ChooseRespondents(const Survey& survey) {
  RespondentsByEdition chosen;
  const Edition* before = survey.Find(kBefore);
  const Edition* now = survey.Find(kNow);
  for (const Edition& edition : survey.editions()) {
    if (&edition != before && &edition != now) chosen[edition.id] = ChooseEarlier(survey, edition);
  }
  if (before == nullptr || now == nullptr) return chosen;
  const ResponseTarget& target_before = TargetOf(kBefore);
  const ResponseTarget& target_now = TargetOf(kNow);
  const Pair municipalities =
      ChoosePair(survey.spread(), survey.Municipalities(before->frame),
                 survey.Municipalities(now->frame), target_before.municipalities,
                 target_now.municipalities, target_before.municipalities_with_programme,
                 target_now.municipalities_with_programme, kPanelMunicipalities, "municipalities");
  const Pair districts = ChoosePair(
      survey.spread(), survey.Districts(before->frame), survey.Districts(now->frame),
      target_before.districts, target_now.districts, target_before.districts_with_programme,
      target_now.districts_with_programme, kPanelDistricts, "districts");
  chosen[before->id] = Together(municipalities.before, districts.before);
  Respondents& last = chosen[now->id] = Together(municipalities.now, districts.now);
  const Spread& spread = survey.spread();
  // Of those with a programme: they are asked enough to leave a fifth of it blank anywhere in the
  // form.
  last.partial = spread.Choose(last.programme, kPartial, "partial");
  Pool rest = Without(now->frame, last.counted);
  last.breakoff = spread.Choose(rest, kBreakoff, "breakoff");
  rest = Without(rest, last.breakoff);
  last.refusal = spread.Choose(survey.Municipalities(rest), kRefusal, "refusal");
  last.silent = Without(rest, last.refusal);
  return chosen;
}

}  // namespace imdi::demo
