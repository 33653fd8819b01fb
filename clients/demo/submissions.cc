#include "clients/demo/submissions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "clients/demo/core.h"
#include "clients/demo/fill.h"
#include "clients/demo/json.h"
#include "clients/demo/random.h"
#include "clients/demo/respondents.h"
#include "clients/demo/targets.h"
#include "clients/demo/texts.h"

namespace imdi::demo {
namespace {

using Comments = std::map<std::string, std::string>;

class Writer {
 public:
  explicit Writer(const Survey& survey)
      : survey_(survey),
        respondents_(ChooseRespondents(survey)),
        core_(MakeCoreAnswers(survey, respondents_)) {}

  absl::StatusOr<std::vector<std::string>> Write() {
    lines_.push_back(HeaderLine());
    for (const Edition& edition : survey_.editions()) {
      const Respondents& respondents = respondents_.find(edition.id)->second;
      responses_ = FillForm(survey_, edition, respondents, core_);
      lines_.push_back(ActionLine("open", edition));
      if (absl::Status sent = AddSubmissions(edition, respondents); !sent.ok()) return sent;
      for (const size_t member : respondents.refusal) {
        lines_.push_back(DispositionLine(edition, survey_.members()[member], "refusal"));
      }
      for (const size_t member : respondents.silent) {
        lines_.push_back(DispositionLine(edition, survey_.members()[member], "non_contact"));
      }
      lines_.push_back(ActionLine("close", edition));
      before_ = std::move(responses_);
    }
    return std::move(lines_);
  }

 private:
  void Submit(const Edition& edition, size_t member, int64_t expected_revision,
              const Answers& answers) {
    lines_.push_back(SubmissionLine(edition, survey_.members()[member], expected_revision, answers,
                                    CommentsOn(edition, member, answers)));
  }

  // What the respondent says where a soft check asks.
  Comments CommentsOn(const Edition& edition, size_t member, const Answers& answers) const {
    Comments comments;
    const Member& unit = survey_.members()[member];
    Random random(edition.id + "/" + unit.code + "/comments");
    const auto settled = answers.find("BAK04");
    const bool number = settled != answers.end() && settled->second.number.has_value();
    const auto previous = before_.find(member);
    const auto add = [&](const char* check, bool violated) {
      if (violated && edition.form.HasCheck(check))
        comments[check] = CommentText(check, unit.nynorsk, random);
    };
    add("CHK01", number && *settled->second.number == 0);
    add("CHK03", number && *settled->second.number > 500);
    add("CHK05", previous != before_.end() && Answered(previous->second, "INT01", 1) &&
                     Answered(answers, "INT01", 2));
    return comments;
  }

  absl::Status AddSubmissions(const Edition& edition, const Respondents& respondents) {
    std::vector<size_t> order;
    for (const auto& [member, answers] : responses_) order.push_back(member);
    Random(edition.id + "/order").Shuffle(order);
    std::map<size_t, Answers> first = FirstVersions(edition, respondents);
    if (edition.id == kNow && first.size() != 2) {
      return absl::InternalError("no two units fit for a correction");
    }
    // What was sent before goes in the first half, what puts it right comes near the end.
    std::stable_partition(order.begin(), order.end(),
                          [&](size_t member) { return first.count(member) > 0; });
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(first.size()),
                order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2));
    for (size_t sent = 0; sent < order.size(); ++sent) {
      const size_t member = order[sent];
      const auto earlier = first.find(member);
      Submit(edition, member, 0, earlier == first.end() ? responses_[member] : earlier->second);
    }
    for (const auto& [member, answers] : first) Submit(edition, member, 1, responses_[member]);
    if (!respondents.refusal.empty()) {
      const size_t withdrawn = respondents.refusal.front();
      lines_.push_back(WithdrawalLine(edition, survey_.members()[withdrawn], 1));
      responses_.erase(withdrawn);
    }
    return absl::OkStatus();
  }

  // Two units of the last edition send something else first: one says it has no target of its own,
  // one types a nought too much.
  std::map<size_t, Answers> FirstVersions(const Edition& edition,
                                          const Respondents& respondents) const {
    std::map<size_t, Answers> first;
    if (edition.id != kNow) return first;
    const Pool complete = Without(respondents.counted, respondents.partial);
    for (const size_t member : complete) {
      const auto before = before_.find(member);
      if (before == before_.end() || Answered(before->second, "INT01", 1) ||
          !Answered(responses_.at(member), "INT01", 1)) {
        continue;
      }
      Answers answers = responses_.at(member);
      answers["INT01"].codes = {2};
      for (const char* dependent : {"INT02", "INT03", "INT04"}) answers.erase(dependent);
      first[member] = std::move(answers);
      break;
    }
    for (const size_t member : complete) {
      const auto settled = responses_.at(member).find("BAK04");
      if (first.count(member) > 0 || settled == responses_.at(member).end() ||
          !settled->second.number.has_value() || *settled->second.number < 30 ||
          *settled->second.number > 49) {
        continue;
      }
      Answers answers = responses_.at(member);
      answers["BAK04"].number = *settled->second.number * 10;
      first[member] = std::move(answers);
      break;
    }
    return first;
  }

  const Survey& survey_;
  RespondentsByEdition respondents_;
  CoreAnswers core_;
  Responses responses_;  // Of the edition at hand.
  Responses before_;     // Of the edition before it.
  std::vector<std::string> lines_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> MakeLines(const Survey& survey) {
  return Writer(survey).Write();
}

}  // namespace imdi::demo
