#include "services/ingestion/responses.h"

#include <memory>
#include <utility>

#include "services/base/error.h"
#include "services/base/status_macros.h"
#include "services/base/text.h"
#include "services/domain/answers.h"
#include "services/domain/packed_answers.h"
#include "services/ingestion/definitions.h"

namespace imdi::ingestion {

absl::StatusOr<StoredSubmission> SubmissionAt(const storage::ResponseLog& log, SubmissionName name,
                                              int64_t position) {
  StoredSubmission out;
  IMDI_ASSIGN_OR_RETURN(out.record, ReadRecord(log, position, &out.entry));
  if (out.record.has_submission_accepted()) {
    name.revision = out.record.submission_accepted().revision();
  } else if (out.record.has_submission_withdrawn()) {
    name.revision = out.record.submission_withdrawn().revision();
  } else {
    return base::Error(base::Reason::kStoreCorrupt,
                       base::StrCat("the record at position ", position, " is not a submission"));
  }
  out.name = std::move(name);
  return out;
}

absl::StatusOr<StoredSubmission> FindSubmission(const storage::ResponseLog& log,
                                                const SubmissionName& name) {
  const std::string resource = SubmissionResource(name);
  std::optional<storage::ResourceRevision> found;
  if (name.revision == 0) {
    IMDI_ASSIGN_OR_RETURN(found, log.Current(resource));
  } else {
    IMDI_ASSIGN_OR_RETURN(found, log.AtRevision(resource, name.revision));
  }
  if (!found.has_value()) {
    return base::Error(base::Reason::kUnknownResource,
                       base::StrCat("there is no submission ",
                                    name.revision == 0 ? name.WithoutRevision() : name.Full()));
  }
  return SubmissionAt(log, name, found->position);
}

absl::StatusOr<domain::AnswerSet> AnswersOf(const StoredSubmission& submission,
                                            const domain::Catalog::EditionEntry& edition) {
  if (submission.withdrawn()) return domain::AnswerSet();
  const auto* version = edition.Version(submission.accepted().questionnaire());
  if (version == nullptr) {
    return base::Error(
        base::Reason::kStoreCorrupt,
        base::StrCat(submission.name.Full(), " names questionnaire version ",
                     submission.accepted().questionnaire(), ", which the log does not hold"));
  }
  return domain::UnpackAnswers(submission.accepted().answers(), *version->compiled,
                               *version->items);
}

absl::StatusOr<std::map<std::string, int64_t>> CurrentParts(
    const storage::ResponseLog& log, const domain::Catalog::EditionEntry& edition,
    std::string_view unit) {
  std::map<std::string, int64_t> positions;
  for (const auto& part : edition.definition->parts()) {
    SubmissionName name{edition.id, std::string(unit), part.id(), 0};
    IMDI_ASSIGN_OR_RETURN(const auto current, log.Current(SubmissionResource(name)));
    if (current.has_value()) positions.emplace(part.id(), current->position);
  }
  return positions;
}

namespace {

// What the submission at `position` says of answers.
absl::StatusOr<std::shared_ptr<const RecordedAnswers>> AnswersAt(
    const storage::ResponseLog& log, const domain::Catalog::EditionEntry& edition,
    SubmissionName name, int64_t position, AnswersCache* recent) {
  std::shared_ptr<const RecordedAnswers> known;
  if (recent != nullptr) known = recent->Find(position);
  if (known != nullptr && (known->withdrawn || edition.Version(known->questionnaire) != nullptr)) {
    return known;
  }
  auto out = std::make_shared<RecordedAnswers>();
  IMDI_ASSIGN_OR_RETURN(const StoredSubmission stored,
                        SubmissionAt(log, std::move(name), position));
  out->withdrawn = stored.withdrawn();
  if (!out->withdrawn) {
    out->questionnaire = stored.accepted().questionnaire();
    IMDI_ASSIGN_OR_RETURN(out->answers, AnswersOf(stored, edition));
  }
  known = std::move(out);
  if (recent != nullptr) recent->Put(position, known);
  return known;
}

}  // namespace

absl::StatusOr<CurrentResponse> ReadResponse(const storage::ResponseLog& log,
                                             const domain::Catalog::EditionEntry& edition,
                                             const domain::Catalog::QuestionnaireVersion& version,
                                             std::string_view unit,
                                             const std::map<std::string, int64_t>& positions,
                                             std::string_view without_part, AnswersCache* recent) {
  CurrentResponse out;
  const domain::CompiledQuestionnaire& questionnaire = *version.compiled;
  out.answers = domain::AnswerSet(questionnaire.item_count());
  for (const auto& [part, position] : positions) {
    if (part == without_part) continue;
    IMDI_ASSIGN_OR_RETURN(
        const std::shared_ptr<const RecordedAnswers> recorded,
        AnswersAt(log, edition, {edition.id, std::string(unit), part, 0}, position, recent));
    const auto part_number = questionnaire.FindPart(part);
    if (recorded->withdrawn || !part_number.has_value()) continue;
    out.submitted |= domain::PartMask{1} << *part_number;
    const auto* given_under = edition.Version(recorded->questionnaire);
    if (given_under->compiled->version() == questionnaire.version()) {
      out.answers.MergeFrom(recorded->answers);
      continue;
    }
    std::vector<bool> fielded;
    const domain::AnswerSet answers =
        edition.ReadUnder(recorded->answers, *given_under, version, &fielded);
    if (out.fielded.empty()) out.fielded.assign(questionnaire.item_count(), true);
    for (domain::ItemIndex item = 0; item < questionnaire.item_count(); ++item) {
      if (questionnaire.QuestionOf(item).part == *part_number) out.fielded[item] = fielded[item];
    }
    out.answers.MergeFrom(answers);
  }
  return out;
}

}  // namespace imdi::ingestion
