#include "services/domain/survey_catalog.h"

#include <algorithm>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "services/domain/document_form.h"

namespace imdi::domain {
namespace {

constexpr std::string_view kEditions = "editions/";

// What stands between `prefix` and the next slash (or the end).
std::string_view IdAfter(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return {};
  name.remove_prefix(prefix.size());
  return name.substr(0, name.find('/'));
}

bool SameParts(const model::Edition& a, const model::Edition& b) {
  return std::ranges::equal(a.parts(), b.parts(), [](const model::Part& x, const model::Part& y) {
    return x.id() == y.id() && std::ranges::equal(x.sections(), y.sections());
  });
}

absl::Status CannotApply(const std::string& name, const DefinitionFindings& findings) {
  return base::Error(
      base::Reason::kStoreCorrupt,
      base::StrCat("the recorded definition ", name, " cannot be compiled: ",
                   findings.empty() ? std::string("it does not fit") : ToText(findings.front())));
}

}  // namespace

std::string_view EditionIdOf(std::string_view name) { return IdAfter(name, kEditions); }
std::string_view IndicatorIdOf(std::string_view name) { return IdAfter(name, "indicators/"); }
int32_t QuestionnaireVersionOf(std::string_view name) {
  const std::string_view version =
      IdAfter(name, base::StrCat(kEditions, EditionIdOf(name), "/questionnaires/"));
  return static_cast<int32_t>(
      std::clamp<int64_t>(base::ParseInt64(version).value_or(0), 0, 1'000'000));
}
std::string_view ClaimIdOf(std::string_view name) {
  return IdAfter(name, base::StrCat(kEditions, EditionIdOf(name), "/claims/"));
}

std::string CanonicalBytes(const google::protobuf::MessageLite& message) {
  std::string out;
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return out;
}

const std::string& NameOf(const model::Definition& definition) {
  static const std::string kNone;
  switch (definition.document_case()) {
    case model::Definition::kEdition:
      return definition.edition().name();
    case model::Definition::kQuestionnaire:
      return definition.questionnaire().name();
    case model::Definition::kFrame:
      return definition.frame().name();
    case model::Definition::kIndicator:
      return definition.indicator().name();
    case model::Definition::kClaim:
      return definition.claim().name();
    case model::Definition::kPhrases:
      return definition.phrases().name();
    case model::Definition::kWeightSet:
      return definition.weight_set().name();
    case model::Definition::DOCUMENT_NOT_SET:
      return kNone;
  }
  return kNone;
}

const Catalog::QuestionnaireVersion* Catalog::EditionEntry::Current() const {
  return questionnaires.empty() ? nullptr : &questionnaires.rbegin()->second;
}
const Catalog::QuestionnaireVersion* Catalog::EditionEntry::Version(int32_t version) const {
  const auto found = questionnaires.find(version);
  return found == questionnaires.end() ? nullptr : &found->second;
}
bool Catalog::EditionEntry::Accepts(int32_t version) const {
  if (questionnaires.empty()) return false;
  const int32_t current = questionnaires.rbegin()->first;
  return version == current || (version == current - 1 && Version(version) != nullptr &&
                                Current()->compiled->definition().accept_previous_version());
}
AnswerSet Catalog::EditionEntry::ReadUnder(AnswerSet answers, const QuestionnaireVersion& given,
                                           const QuestionnaireVersion& read,
                                           std::vector<bool>* fielded) const {
  const int32_t from = given.compiled->version();
  const int32_t to = read.compiled->version();
  if (fielded != nullptr) fielded->assign(read.compiled->item_count(), true);
  if (from == to) return answers;
  const QuestionnaireVersion* at = &given;
  for (auto next = questionnaires.upper_bound(from);
       next != questionnaires.end() && next->first <= to; ++next) {
    answers = TranslateAnswers(answers, *at->compiled, *at->items, *next->second.compiled,
                               *next->second.items, nullptr);
    at = &next->second;
  }
  if (from > to) {
    answers = TranslateAnswers(answers, *at->compiled, *at->items, *read.compiled, *read.items,
                               nullptr, Recodes::kIgnored);
    // A recode has no way back: what a later version recoded is unknown under an earlier one.
    for (auto later = questionnaires.upper_bound(to);
         later != questionnaires.end() && later->first <= from; ++later) {
      for (const model::Recode& recode : later->second.compiled->definition().recodes()) {
        const std::optional<ItemIndex> item = read.compiled->FindItem(recode.item());
        if (item.has_value()) answers.Set(*item, AnswerValue());
      }
    }
  }
  for (ItemIndex item = 0; fielded != nullptr && item < read.compiled->item_count(); ++item)
    (*fielded)[item] = given.compiled->FindItem(read.compiled->items()[item].id).has_value();
  return answers;
}
bool Catalog::EditionEntry::TakesSubmissions(std::string_view unit) const {
  return state == model::EDITION_STATE_OPEN ||
         (state == model::EDITION_STATE_CLOSED && reopened.contains(std::string(unit)));
}

std::shared_ptr<const Catalog> Catalog::Empty() { return std::make_shared<const Catalog>(); }

const Catalog::EditionEntry* Catalog::FindEdition(std::string_view id) const {
  const auto found = editions_.find(id);
  return found == editions_.end() ? nullptr : found->second.get();
}
const Catalog::IndicatorEntry* Catalog::FindIndicator(std::string_view id) const {
  const auto found = indicators_.find(id);
  return found == indicators_.end() ? nullptr : found->second.get();
}
const Catalog::PhrasesEntry* Catalog::FindPhrases(std::string_view survey) const {
  const auto found = phrases_.find(survey);
  return found == phrases_.end() ? nullptr : found->second.get();
}
const Catalog::WeightSetEntry* Catalog::FindWeightSet(std::string_view name) const {
  const auto found = weight_sets_.find(name);
  return found == weight_sets_.end() ? nullptr : found->second.get();
}
const ItemNumbers& Catalog::NumbersOf(std::string_view survey) const {
  static const ItemNumbers kNone;
  const auto found = numbers_.find(survey);
  return found == numbers_.end() ? kNone : *found->second;
}

std::vector<std::shared_ptr<const CompiledIndicator>> Catalog::IndicatorsOf(
    std::string_view edition) const {
  std::vector<std::shared_ptr<const CompiledIndicator>> out;
  for (const auto& [id, indicator] : indicators_) {
    const auto compiled = indicator->compiled.find(std::string(edition));
    if (compiled != indicator->compiled.end()) out.push_back(compiled->second);
  }
  return out;
}

std::optional<model::Definition> Catalog::Get(std::string_view name) const {
  model::Definition out;
  if (const IndicatorEntry* indicator = FindIndicator(IndicatorIdOf(name));
      indicator != nullptr && name == indicator->definition->name()) {
    *out.mutable_indicator() = *indicator->definition;
    return out;
  }
  if (const PhrasesEntry* phrases = FindPhrases(SurveyIdOf(name))) {
    *out.mutable_phrases() = *phrases->definition;
    return out;
  }
  if (const WeightSetEntry* weight_set = FindWeightSet(name)) {
    *out.mutable_weight_set() = *weight_set->definition;
    return out;
  }
  const EditionEntry* edition = FindEdition(EditionIdOf(name));
  if (edition == nullptr) return std::nullopt;
  if (name == edition->definition->name()) {
    *out.mutable_edition() = *edition->definition;
  } else if (edition->frame != nullptr && name == edition->frame->definition().name()) {
    *out.mutable_frame() = edition->frame->definition();
  } else if (const auto* version = edition->Version(QuestionnaireVersionOf(name));
             version != nullptr && name == version->compiled->definition().name()) {
    *out.mutable_questionnaire() = version->compiled->definition();
  } else if (const auto claim = edition->claims.find(std::string(ClaimIdOf(name)));
             claim != edition->claims.end()) {
    *out.mutable_claim() = *claim->second.second;
  } else {
    return std::nullopt;
  }
  return out;
}

const Catalog::EditionEntry* Catalog::EditionOfYear(std::string_view survey, int32_t year) const {
  for (const auto& [id, edition] : editions_) {
    if (edition->definition != nullptr && edition->definition->survey() == survey &&
        edition->definition->reference_year() == year)
      return edition.get();
  }
  return nullptr;
}

std::vector<const Catalog::EditionEntry*> Catalog::Before(const EditionEntry& edition) const {
  std::map<int32_t, const EditionEntry*> by_year;
  if (edition.definition == nullptr) return {};
  for (const auto& [id, one] : editions_) {
    if (one->definition == nullptr || one->definition->survey() != edition.definition->survey() ||
        one->definition->reference_year() >= edition.definition->reference_year() ||
        one->frame == nullptr || one->Current() == nullptr)
      continue;
    by_year.emplace(one->definition->reference_year(), one.get());
  }
  std::vector<const EditionEntry*> out;
  for (const auto& [year, one] : by_year) out.push_back(one);
  return out;
}

int64_t Catalog::RevisionOf(std::string_view name) const {
  if (const IndicatorEntry* indicator = FindIndicator(IndicatorIdOf(name)))
    return indicator->revision;
  if (const PhrasesEntry* phrases = FindPhrases(SurveyIdOf(name))) return phrases->revision;
  if (const WeightSetEntry* weight_set = FindWeightSet(name)) return weight_set->revision;
  const EditionEntry* edition = FindEdition(EditionIdOf(name));
  if (edition == nullptr) return 0;
  if (name == edition->definition->name()) return edition->revision;
  if (edition->frame != nullptr && name == edition->frame->definition().name())
    return edition->frame_revision;
  if (const auto* version = edition->Version(QuestionnaireVersionOf(name)))
    return version->revision;
  const auto claim = edition->claims.find(std::string(ClaimIdOf(name)));
  return claim == edition->claims.end() ? 0 : claim->second.first;
}

std::vector<std::string> Catalog::Names() const {
  std::vector<std::string> out;
  for (const auto& [id, edition] : editions_) {
    out.push_back(edition->definition->name());
    if (edition->frame != nullptr) out.push_back(edition->frame->definition().name());
    for (const auto& [version, questionnaire] : edition->questionnaires)
      out.push_back(questionnaire.compiled->definition().name());
    for (const auto& [claim_id, claim] : edition->claims) out.push_back(claim.second->name());
  }
  for (const auto& [id, indicator] : indicators_) out.push_back(indicator->definition->name());
  for (const auto& [survey, phrases] : phrases_) out.push_back(phrases->definition->name());
  for (const auto& [name, weight_set] : weight_sets_) out.push_back(name);
  std::ranges::sort(out);
  return out;
}

CompiledIndicator::Result Catalog::CompileIn(const EditionEntry& edition,
                                             const model::Indicator& indicator) const {
  CompiledIndicator::Result out;
  const std::string path = "indicator.weights";
  const WeightSetEntry* named = FindWeightSet(indicator.weights());
  std::shared_ptr<const CompiledWeightSet> weights;
  const std::string_view survey = WeightSetNameOf(indicator.weights()).survey;
  if (!survey.empty() && survey != edition.definition->survey()) {
    out.findings.push_back(Finding(path, "OTHER_SURVEY",
                                   base::StrCat(indicator.weights(),
                                                " belongs to another survey "
                                                "than ",
                                                edition.definition->name()),
                                   "name a weight set of the same survey"));
    return out;
  }
  if (named != nullptr) {
    CompiledWeightSet::Result compiled =
        CompiledWeightSet::Compile(*named->definition, *edition.frame);
    for (DefinitionFinding& finding : compiled.findings)
      out.findings.push_back(Finding(path, finding.rule,
                                     base::StrCat(indicator.weights(), " cannot be made there: ",
                                                  finding.path, ": ", finding.message),
                                     "correct the weight set, or name another"));
    if (!out.findings.empty()) return out;
    weights = std::move(compiled.set);
  }
  return CompiledIndicator::Compile(indicator, *edition.Current()->compiled, *edition.frame,
                                    std::move(weights));
}

void Catalog::Recompile(const EditionEntry& edition,
                        const std::function<bool(const model::Indicator&)>& rests,
                        const std::string& document, DefinitionFindings* findings) {
  if (edition.Current() == nullptr || edition.frame == nullptr) return;
  for (auto& [id, indicator] : indicators_) {
    if (!indicator->compiled.contains(edition.id) || !rests(*indicator->definition)) continue;
    CompiledIndicator::Result compiled = CompileIn(edition, *indicator->definition);
    if (compiled.indicator == nullptr) {
      findings->push_back(
          Broken(document, "BREAKS_INDICATOR", indicator->definition->name(), compiled.findings));
      continue;
    }
    auto changed = std::make_shared<IndicatorEntry>(*indicator);
    changed->compiled[edition.id] = std::move(compiled.indicator);
    indicator = std::move(changed);
  }
}

absl::StatusOr<std::shared_ptr<const Catalog>> Catalog::Apply(
    const model::Definition& definition, int64_t revision,
    std::span<const ItemNumbers::Assigned> new_items) const {
  DefinitionFindings findings;
  std::shared_ptr<const Catalog> out = Applied(definition, revision, new_items, &findings);
  if (out == nullptr) return CannotApply(NameOf(definition), findings);
  return out;
}

std::shared_ptr<const Catalog> Catalog::Applied(const model::Definition& definition,
                                                int64_t revision,
                                                std::span<const ItemNumbers::Assigned> new_items,
                                                DefinitionFindings* findings) const {
  auto out = std::make_shared<Catalog>(*this);
  const std::string& name = NameOf(definition);
  const auto fail = [findings](const DefinitionFindings& why) {
    findings->insert(findings->end(), why.begin(), why.end());
    if (findings->empty())
      findings->push_back(Finding("", "DOES_NOT_FIT", "the document does not fit what holds",
                                  "apply what it rests on first"));
    return nullptr;
  };
  if (definition.has_indicator()) {
    auto entry = std::make_shared<IndicatorEntry>();
    entry->revision = revision;
    entry->definition = std::make_shared<const model::Indicator>(definition.indicator());
    out->indicators_[std::string(IndicatorIdOf(name))] = entry;
    for (const std::string& edition_name : definition.indicator().editions()) {
      const EditionEntry* edition = FindEdition(EditionIdOf(edition_name));
      if (edition == nullptr || edition->Current() == nullptr || edition->frame == nullptr)
        return fail({});
      if (entry->compiled.contains(edition->id)) continue;
      CompiledIndicator::Result compiled = CompileIn(*edition, definition.indicator());
      if (compiled.indicator == nullptr) return fail(compiled.findings);
      entry->compiled[edition->id] = compiled.indicator;
    }
    return out;
  }
  if (definition.has_phrases()) {
    auto entry = std::make_shared<PhrasesEntry>();
    entry->revision = revision;
    entry->definition = std::make_shared<const model::PhraseList>(definition.phrases());
    out->phrases_[std::string(SurveyIdOf(name))] = std::move(entry);
    return out;
  }
  if (definition.has_weight_set()) {
    auto entry = std::make_shared<WeightSetEntry>();
    entry->revision = revision;
    entry->definition = std::make_shared<const model::WeightSet>(definition.weight_set());
    out->weight_sets_[name] = std::move(entry);
    const auto rests = [&](const model::Indicator& one) { return one.weights() == name; };
    for (const auto& [id, edition] : out->editions_)
      out->Recompile(*edition, rests, "weight_set", findings);
    return findings->empty() ? out : nullptr;
  }
  const EditionEntry* before = FindEdition(EditionIdOf(name));
  if (before == nullptr && !definition.has_edition()) return fail({});
  auto entry = before == nullptr ? std::make_shared<EditionEntry>()
                                 : std::make_shared<EditionEntry>(*before);
  bool recompile_questionnaires = false;
  bool recompile_indicators = false;
  switch (definition.document_case()) {
    case model::Definition::kEdition:
      recompile_questionnaires =
          before != nullptr && !SameParts(*before->definition, definition.edition());
      entry->id = EditionIdOf(name);
      entry->revision = revision;
      entry->definition = std::make_shared<const model::Edition>(definition.edition());
      break;
    case model::Definition::kQuestionnaire: {
      CompiledQuestionnaire::Result compiled = CompiledQuestionnaire::Compile(
          definition.questionnaire(), *entry->definition, entry->frame.get());
      if (compiled.questionnaire == nullptr) return fail(compiled.findings);
      auto numbers = std::make_shared<ItemNumbers>(NumbersOf(entry->definition->survey()));
      for (const ItemNumbers::Assigned& item : new_items) {
        if (!numbers->Add(item)) return fail({});
      }
      for (const Item& item : compiled.questionnaire->items()) {
        if (numbers->Find(item.id) == 0) return fail({});
      }
      auto binding =
          std::make_shared<const ItemBinding>(BindItems(*compiled.questionnaire, *numbers));
      entry->questionnaires[compiled.questionnaire->version()] = {revision, compiled.questionnaire,
                                                                  std::move(binding)};
      out->numbers_[entry->definition->survey()] = std::move(numbers);
      recompile_indicators = true;
      break;
    }
    case model::Definition::kFrame: {
      CompiledFrame::Result compiled = CompiledFrame::Compile(definition.frame());
      if (compiled.frame == nullptr) return fail(compiled.findings);
      entry->frame = compiled.frame;
      entry->frame_revision = revision;
      recompile_questionnaires = true;
      break;
    }
    case model::Definition::kClaim:
      entry->claims[std::string(ClaimIdOf(name))] = {
          revision, std::make_shared<const model::Claim>(definition.claim())};
      break;
    default:
      return fail({});
  }
  const std::string document = definition.has_frame()     ? "frame"
                               : definition.has_edition() ? "edition"
                                                          : "questionnaire";
  if (recompile_questionnaires) {
    // Routes and checks name attributes of the frame by number, and parts by their place.
    for (auto& [version, questionnaire] : entry->questionnaires) {
      const std::string dependent = questionnaire.compiled->definition().name();
      CompiledQuestionnaire::Result compiled = CompiledQuestionnaire::Compile(
          questionnaire.compiled->definition(), *entry->definition, entry->frame.get());
      if (compiled.questionnaire == nullptr)
        findings->push_back(Broken(document, "BREAKS_QUESTIONNAIRE", dependent, compiled.findings));
      else
        questionnaire.compiled = std::move(compiled.questionnaire);
    }
    recompile_indicators = true;
  }
  out->editions_[entry->id] = entry;
  if (recompile_indicators)
    out->Recompile(
        *entry, [](const model::Indicator&) { return true; }, document, findings);
  if (!findings->empty()) return nullptr;
  return out;
}

absl::Status Catalog::CheckTransition(std::string_view edition_id, model::EditionState to,
                                      std::string_view unit, bool* holds) const {
  *holds = false;
  const EditionEntry* edition = FindEdition(edition_id);
  if (edition == nullptr)
    return base::Error(base::Reason::kUnknownResource,
                       base::StrCat("there is no edition editions/", edition_id));
  if (to != model::EDITION_STATE_OPEN && to != model::EDITION_STATE_CLOSED)
    return base::InvalidField("state", "OPEN or CLOSED");
  if (edition->Current() == nullptr || edition->frame == nullptr)
    return base::Error(base::Reason::kEditionStateConflict,
                       base::StrCat("editions/", edition_id,
                                    " has no questionnaire and frame yet; apply them first"));
  if (unit.empty()) {
    if (to == model::EDITION_STATE_CLOSED && edition->state == model::EDITION_STATE_DRAFT)
      return base::Error(base::Reason::kEditionStateConflict,
                         base::StrCat("editions/", edition_id, " was never open"));
    *holds = edition->state == to;
    return absl::OkStatus();
  }
  if (!edition->frame->Find(unit).has_value())
    return base::Error(base::Reason::kUnitOutOfFrame,
                       base::StrCat("unit ", base::Quoted(unit), " is not in the frame"));
  if (edition->state != model::EDITION_STATE_CLOSED)
    return base::Error(base::Reason::kEditionStateConflict,
                       "single units are reopened only while the edition is closed");
  *holds = edition->reopened.contains(std::string(unit)) == (to == model::EDITION_STATE_OPEN);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Catalog>> Catalog::WithState(std::string_view edition_id,
                                                                  model::EditionState state,
                                                                  std::string_view unit,
                                                                  int64_t revision) const {
  const EditionEntry* edition = FindEdition(edition_id);
  if (edition == nullptr) return CannotApply(base::StrCat(kEditions, edition_id), {});
  auto entry = std::make_shared<EditionEntry>(*edition);
  entry->state_revision = revision;
  if (unit.empty()) {
    // A scheduled closing of an edition that is closed already leaves reopened units open.
    if (entry->state != state) entry->reopened.clear();
    entry->state = state;
  } else if (state == model::EDITION_STATE_OPEN) {
    entry->reopened.insert(std::string(unit));
  } else {
    entry->reopened.erase(std::string(unit));
  }
  auto out = std::make_shared<Catalog>(*this);
  out->editions_[entry->id] = std::move(entry);
  return out;
}

}  // namespace imdi::domain
