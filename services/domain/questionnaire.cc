#include "services/domain/questionnaire.h"

#include <algorithm>
#include <set>
#include <utility>

#include "services/base/limits.h"
#include "services/base/text.h"
#include "services/domain/automatic_indicators.h"

namespace imdi::domain {
namespace {

bool IsUpperId(std::string_view id, size_t longest) {
  return !id.empty() && id.size() <= longest && id[0] >= 'A' && id[0] <= 'Z' &&
         std::ranges::all_of(id, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

constexpr size_t kTextBytesMax = 4'000;

ValueType ValueTypeOf(model::QuestionType type) {
  switch (type) {
    case model::QUESTION_TYPE_MULTI:
      return ValueType::kCodeSet;
    case model::QUESTION_TYPE_NUMERIC:
      return ValueType::kNumber;
    case model::QUESTION_TYPE_TEXT:
      return ValueType::kText;
    default:
      return ValueType::kCode;
  }
}

}  // namespace

class QuestionnaireCompiler {
 public:
  QuestionnaireCompiler(const model::Questionnaire& definition, const model::Edition& edition,
                        const CompiledFrame* frame)
      : edition_(edition), frame_(frame), out_(new CompiledQuestionnaire) {
    out_->definition_ = definition;
  }

  CompiledQuestionnaire::Result Compile() {
    ReadMarks();
    ReadName();
    ReadParts();
    ReadCodeLists();
    ReadQuestions();
    ReadChecks();
    ReadRest();
    CompiledQuestionnaire::Result result;
    result.findings = std::move(findings_);
    if (!result.findings.empty()) return result;
    MakeSteps();
    result.questionnaire = std::move(out_);
    return result;
  }

 private:
  const model::Questionnaire& definition() const { return out_->definition_; }

  void Add(std::string path, std::string_view rule, std::string message, std::string_view remedy,
           int column = 0) {
    findings_.push_back({base::StrCat("questionnaire.", path), column, std::string(rule),
                         std::move(message), std::string(remedy)});
  }

  void CheckText(const std::string& path, const model::LocalizedText& text) {
    if (text.nn().empty())
      Add(path + ".nn", "MISSING_TEXT", "the nynorsk text is missing",
          "add it: both standards are required");
    if (text.nb().empty())
      Add(path + ".nb", "MISSING_TEXT", "the bokmål text is missing",
          "add it: both standards are required");
    for (const auto& [field, value] :
         {std::pair{".nn", &text.nn()}, {".nb", &text.nb()}, {".en", &text.en()}}) {
      if (value->size() > kTextBytesMax)
        Add(path + field, "TEXT_TOO_LONG", base::StrCat("at most ", kTextBytesMax, " bytes"),
            "shorten it");
      for (size_t at = value->find('{'); at != std::string::npos; at = value->find('{', at + 1)) {
        const size_t end = value->find('}', at);
        const std::string mark =
            end == std::string::npos ? "" : value->substr(at + 1, end - at - 1);
        if (!marks_.contains(mark)) {
          Add(path + field, "UNKNOWN_PIPING_MARK",
              base::StrCat("there is no piping mark ", base::Quoted(mark)),
              "declare it under text_piping", static_cast<int>(at) + 1);
        }
      }
    }
  }

  // Before any text, which may hold them.
  void ReadMarks() {
    for (int i = 0; i < definition().text_piping_size(); ++i) {
      if (!marks_.insert(definition().text_piping(i).mark()).second)
        Add(base::StrCat("text_piping[", i, "].mark"), "DUPLICATE_ID", "the mark stands twice",
            "remove one");
    }
  }

  void ReadName() {
    const std::string& name = definition().name();
    const std::string prefix = edition_.name() + "/questionnaires/";
    const auto version = name.starts_with(prefix)
                             ? base::ParseInt64(std::string_view(name).substr(prefix.size()))
                             : std::nullopt;
    if (!version.has_value() || *version < 1 || *version > 1'000'000 ||
        name != base::StrCat(prefix, *version)) {
      Add("name", "BAD_NAME",
          base::StrCat(base::Quoted(name), " is not a questionnaire of ", edition_.name()),
          base::StrCat("write ", prefix, "{version}, versions from 1"));
    }
    out_->version_ = static_cast<int32_t>(version.value_or(0));
    out_->edition_id_ = edition_.name().substr(edition_.name().find('/') + 1);
  }

  void ReadParts() {
    std::set<std::string> known;
    for (int i = 0; i < definition().sections_size(); ++i) {
      const model::Section& section = definition().sections(i);
      const std::string path = base::StrCat("sections[", i, "]");
      if (!IsUpperId(section.id(), 10))
        Add(path + ".id", "BAD_ID",
            base::StrCat(base::Quoted(section.id()), " is not a section id"),
            "upper case letters and digits, at most 10");
      if (!known.insert(section.id()).second)
        Add(path + ".id", "DUPLICATE_ID", "the section stands twice", "remove one");
      CheckText(path + ".title", section.title());
      background_[section.id()] = section.background();
    }
    for (const model::Part& part : edition_.parts()) {
      for (const std::string& section : part.sections()) {
        if (!part_of_section_.emplace(section, static_cast<uint32_t>(out_->parts_.size())).second) {
          Add("sections", "SECTION_IN_TWO_PARTS",
              base::StrCat("section ", section, " belongs to two parts of the edition"),
              "leave it in one");
        }
      }
      out_->parts_.push_back(part.id());
    }
    for (int i = 0; i < definition().sections_size(); ++i) {
      if (!part_of_section_.contains(definition().sections(i).id())) {
        Add(base::StrCat("sections[", i, "].id"), "SECTION_WITHOUT_PART",
            base::StrCat("no part of ", edition_.name(), " holds section ",
                         definition().sections(i).id()),
            "name it in a part of the edition");
      }
    }
  }

  void CheckCodes(const std::string& path,
                  const google::protobuf::RepeatedPtrField<model::Code>& codes, int32_t largest) {
    std::set<int32_t> seen;
    if (codes.empty()) Add(path, "EMPTY_LIST", "a list has at least one code", "add its codes");
    for (int i = 0; i < codes.size(); ++i) {
      const std::string code_path = base::StrCat(path, "[", i, "]");
      if (codes[i].code() < 1 || codes[i].code() > largest)
        Add(code_path + ".code", "BAD_CODE",
            base::StrCat("code ", codes[i].code(), " is out of range"),
            base::StrCat("1 to ", largest));
      if (!seen.insert(codes[i].code()).second)
        Add(code_path + ".code", "DUPLICATE_CODE",
            base::StrCat("code ", codes[i].code(), " stands twice"), "remove one");
      CheckText(code_path + ".text", codes[i].text());
    }
  }

  void ReadCodeLists() {
    for (int i = 0; i < definition().codelists_size(); ++i) {
      const model::CodeList& list = definition().codelists(i);
      const std::string path = base::StrCat("codelists[", i, "]");
      if (!codelists_.emplace(list.id(), &list).second)
        Add(path + ".id", "DUPLICATE_ID", "the code list stands twice", "remove one");
      CheckCodes(path + ".codes", list.codes(), 98);
    }
    for (int i = 0; i < definition().codeframes_size(); ++i) {
      const model::CodeList& list = definition().codeframes(i);
      const std::string path = base::StrCat("codeframes[", i, "]");
      if (!codeframes_.insert(list.id()).second)
        Add(path + ".id", "DUPLICATE_ID", "the code frame stands twice", "remove one");
      CheckCodes(path + ".codes", list.codes(), 99);
    }
  }

  void ReadQuestions() {
    std::vector<int> order;
    for (const bool last : {false, true}) {
      for (int i = 0; i < definition().questions_size(); ++i) {
        if ((definition().questions(i).position() == model::QUESTION_POSITION_LAST) == last)
          order.push_back(i);
      }
    }
    if (order.empty())
      Add("questions", "EMPTY_QUESTIONNAIRE", "a questionnaire has at least one question",
          "add questions");
    // First every item, so that a route naming a later question is a forward reference and not an
    // unknown one.
    for (const int index : order) ReadQuestion(index);
    if (out_->items_.size() > base::kItemsPerSurveyMax) {
      Add("questions", "TOO_MANY_ITEMS",
          base::StrCat("at most ", base::kItemsPerSurveyMax, " items"), "split the survey");
    }
    const SymbolTable symbols = out_->Symbols(frame_);
    for (Question& question : out_->questions_) ReadRoutes(question, symbols);
  }

  void ReadQuestion(int index) {
    const model::Question& definition = out_->definition_.questions(index);
    const std::string path = base::StrCat("questions[", index, "]");
    Question question;
    question.id = definition.id();
    question.type = definition.type();
    question.scope =
        definition.scope() == model::SCOPE_UNSPECIFIED ? model::SCOPE_BOTH : definition.scope();
    question.required = definition.required();
    question.definition_index = index;
    question.first_item = static_cast<ItemIndex>(out_->items_.size());
    if (!IsUpperId(definition.id(), 10))
      Add(path + ".id", "BAD_ID",
          base::StrCat(base::Quoted(definition.id()), " is not a question id"),
          "upper case letters and digits, at most 10");
    const auto number = static_cast<QuestionIndex>(out_->questions_.size());
    if (!out_->question_by_id_.emplace(definition.id(), number).second) {
      Add(path + ".id", "DUPLICATE_ID", base::StrCat("question ", definition.id(), " stands twice"),
          "give one another id");
    }
    const auto part = part_of_section_.find(definition.section());
    if (!background_.contains(definition.section())) {
      Add(path + ".section", "UNKNOWN_SECTION",
          base::StrCat("there is no section ", base::Quoted(definition.section())),
          "name one of the sections");
    } else if (part != part_of_section_.end()) {
      question.part = part->second;
      question.background = background_[definition.section()];
    }
    CheckText(path + ".text", definition.text());
    ReadCodes(definition, path, question);
    ReadTypeRules(definition, path, question);
    for (int i = 0; i < definition.series_size(); ++i) {
      const std::string series_path = base::StrCat(path, ".series[", i, "]");
      if (definition.series(i).year() < 1990 || definition.series(i).year() > 2100)
        Add(series_path + ".year", "BAD_YEAR", "not a reference year", "1990 to 2100");
      if (definition.series(i).kinds().empty())
        Add(series_path + ".kinds", "MISSING_RELATION", "the relation is not stated",
            "name at least one, unknown if it is not known");
    }
    const ValueType type = ValueTypeOf(definition.type());
    if (definition.type() == model::QUESTION_TYPE_GRID) {
      std::set<std::string> rows;
      for (int r = 0; r < definition.rows_size(); ++r) {
        const model::Row& row = definition.rows(r);
        const std::string row_path = base::StrCat(path, ".rows[", r, "]");
        const bool fine =
            !row.row().empty() && row.row().size() <= 4 &&
            std::ranges::all_of(row.row(), [](char c) { return c >= 'a' && c <= 'z'; });
        if (!fine)
          Add(row_path + ".row", "BAD_ID",
              base::StrCat(base::Quoted(row.row()), " is not a row id"),
              "lower case letters, at most 4");
        if (!rows.insert(row.row()).second)
          Add(row_path + ".row", "DUPLICATE_ID", "the row stands twice", "remove one");
        CheckText(row_path + ".text", row.text());
        AddItem({base::StrCat(definition.id(), ".", row.row()), number, r, type, {}},
                row_path + ".row");
      }
      if (definition.rows().empty())
        Add(path + ".rows", "EMPTY_GRID", "a grid has at least one row", "add rows");
      else
        out_->grid_example_[definition.id()] =
            base::StrCat(definition.id(), ".", definition.rows(0).row());
    } else {
      if (!definition.rows().empty())
        Add(path + ".rows", "TYPE_MISMATCH", "only a grid has rows",
            "remove them or make it a grid");
      AddItem({definition.id(), number, -1, type, {}}, path + ".id");
    }
    question.item_count = static_cast<uint32_t>(out_->items_.size()) - question.first_item;
    out_->questions_.push_back(std::move(question));
  }

  void AddItem(Item item, const std::string& path) {
    const bool fresh =
        out_->item_by_id_.emplace(item.id, static_cast<ItemIndex>(out_->items_.size())).second;
    if (!figure_ids_.insert(AutomaticIndicatorId(item.id)).second && fresh) {
      Add(path, "DUPLICATE_ID",
          base::StrCat("the figures of ", item.id,
                       " would be named like those of another question"),
          "give the question or the row another id");
    }
    out_->items_.push_back(std::move(item));
  }

  void ReadCodes(const model::Question& definition, const std::string& path, Question& question) {
    const int sources = (definition.codelist().empty() ? 0 : 1) +
                        (definition.options().empty() ? 0 : 1) +
                        (definition.options_from().empty() ? 0 : 1);
    const bool coded = definition.type() == model::QUESTION_TYPE_SINGLE ||
                       definition.type() == model::QUESTION_TYPE_MULTI ||
                       definition.type() == model::QUESTION_TYPE_GRID;
    if (!coded) {
      if (sources > 0)
        Add(path, "TYPE_MISMATCH", "only single, multi and grid questions have codes",
            "remove the codes");
      return;
    }
    if (sources != 1) {
      Add(path, "CODES_NOT_CLEAR",
          base::StrCat("exactly one of codelist, options and options_from is required; there are ",
                       sources),
          "keep one");
      return;
    }
    if (!definition.codelist().empty()) {
      const auto list = codelists_.find(definition.codelist());
      if (list == codelists_.end()) {
        Add(path + ".codelist", "UNKNOWN_CODELIST",
            base::StrCat("there is no code list ", base::Quoted(definition.codelist())),
            "name one of the codelists");
        return;
      }
      question.codes.assign(list->second->codes().begin(), list->second->codes().end());
    } else if (!definition.options().empty()) {
      CheckCodes(path + ".options", definition.options(), 98);
      question.codes.assign(definition.options().begin(), definition.options().end());
    } else {
      const Question* source = out_->FindQuestion(definition.options_from());
      if (source == nullptr || source->type != model::QUESTION_TYPE_MULTI ||
          source->id == definition.id()) {
        Add(path + ".options_from", "BAD_OPTIONS_FROM",
            base::StrCat(base::Quoted(definition.options_from()),
                         " is not an earlier multi question"),
            "name one");
        return;
      }
      question.options_from = static_cast<QuestionIndex>(source - out_->questions_.data());
      for (const model::Code& code : source->codes) {
        if (code.code() < kSubstantiveMax) question.codes.push_back(code);
      }
    }
    for (const model::Code& code : question.codes) {
      if (code.code() >= 0 && code.code() <= kCodeMax) question.code_bits.Add(code.code());
    }
  }

  void ReadTypeRules(const model::Question& definition, const std::string& path,
                     Question& question) {
    const auto subset = [&](const google::protobuf::RepeatedField<int32_t>& codes,
                            std::string_view field, CodeBits& bits) {
      for (int i = 0; i < codes.size(); ++i) {
        if (!question.code_bits.Has(codes[i])) {
          Add(base::StrCat(path, ".", field, "[", i, "]"), "UNKNOWN_CODE",
              base::StrCat(definition.id(), " has no code ", codes[i]), "name one of its codes");
        } else {
          bits.Add(codes[i]);
        }
      }
    };
    subset(definition.other_text(), "other_text", question.other_text);
    subset(definition.exclusive(), "exclusive", question.exclusive);
    if (!definition.exclusive().empty() && definition.type() != model::QUESTION_TYPE_MULTI)
      Add(path + ".exclusive", "TYPE_MISMATCH", "only a multiple choice has exclusive codes",
          "remove them");
    switch (definition.type()) {
      case model::QUESTION_TYPE_UNSPECIFIED:
        Add(path + ".type", "MISSING_TYPE", "the type is required",
            "single, multi, grid, numeric or text");
        break;
      case model::QUESTION_TYPE_NUMERIC:
        question.numeric = definition.numeric();
        if (!definition.has_numeric() || definition.numeric().min() > definition.numeric().max() ||
            definition.numeric().decimals() < 0 || definition.numeric().decimals() > 4) {
          Add(path + ".numeric", "BAD_BOUNDS",
              "min, max (not below min) and 0 to 4 decimals are required", "state them");
        }
        break;
      case model::QUESTION_TYPE_TEXT:
        question.open_text = definition.open_text();
        if (definition.open_text().max_chars() < 1 || definition.open_text().max_chars() > 10'000)
          Add(path + ".open_text.max_chars", "BAD_BOUNDS", "1 to 10 000 is required", "state it");
        if (!definition.open_text().codeframe().empty() &&
            !codeframes_.contains(definition.open_text().codeframe())) {
          Add(path + ".open_text.codeframe", "UNKNOWN_CODEFRAME",
              base::StrCat("there is no code frame ",
                           base::Quoted(definition.open_text().codeframe())),
              "name one of the codeframes");
        }
        break;
      default:
        break;
    }
  }

  Expression Parse(const std::string& path, const std::string& text, const SymbolTable& symbols,
                   ExpressionUse use, ItemIndex limit) {
    ParsedExpression parsed = ParseExpression(text, symbols, use, limit);
    for (ExpressionError& error : parsed.errors)
      Add(path, error.rule, std::move(error.message), error.remedy, error.column);
    return parsed.expression.value_or(Expression());
  }

  PartMask PartsOf(const std::vector<ItemIndex>& items) const {
    PartMask parts = 0;
    for (const ItemIndex item : items) {
      const Question& question = out_->QuestionOf(item);
      parts |= (PartMask{1} << question.part) | question.route_parts;
    }
    return parts;
  }

  void ReadRoutes(Question& question, const SymbolTable& symbols) {
    const model::Question& definition = out_->definition_.questions(question.definition_index);
    const std::string path = base::StrCat("questions[", question.definition_index, "]");
    question.route = Parse(path + ".route", definition.route(), symbols, ExpressionUse::kRoute,
                           question.first_item);
    out_->reads_attributes_ = out_->reads_attributes_ || question.route.reads_attributes();
    question.route_parts = PartsOf(question.route.items());
    if (definition.type() != model::QUESTION_TYPE_GRID) return;
    for (int r = 0; r < definition.rows_size(); ++r) {
      Item& item = out_->items_[question.first_item + static_cast<ItemIndex>(r)];
      item.route = Parse(base::StrCat(path, ".rows[", r, "].route"), definition.rows(r).route(),
                         symbols, ExpressionUse::kRoute, question.first_item);
      out_->reads_attributes_ = out_->reads_attributes_ || item.route.reads_attributes();
      question.route_parts |= PartsOf(item.route.items());
    }
  }

  void MakeSteps() {
    std::map<std::string, uint32_t> routes;
    for (QuestionIndex q = 0; q < out_->questions_.size(); ++q) {
      const Question& question = out_->questions_[q];
      FormStep step;
      step.first_item = question.first_item;
      step.item_count = question.item_count;
      step.question = q;
      step.part = static_cast<uint8_t>(question.part);
      step.scope = question.scope;
      step.background = question.background;
      if (!question.route.empty())
        step.route =
            routes.emplace(question.route.Print(), static_cast<uint32_t>(routes.size() + 1))
                .first->second;
      for (uint32_t i = 0; i < question.item_count; ++i)
        step.row_routes = step.row_routes || !out_->items_[question.first_item + i].route.empty();
      out_->steps_.push_back(step);
    }
  }

  void ReadChecks() {
    const SymbolTable symbols = out_->Symbols(frame_);
    std::set<std::string> ids;
    for (int i = 0; i < definition().checks_size(); ++i) {
      const model::Check& definition = out_->definition_.checks(i);
      const std::string path = base::StrCat("checks[", i, "]");
      if (!IsUpperId(definition.id(), 10) || !ids.insert(definition.id()).second)
        Add(path + ".id", "BAD_ID",
            base::StrCat(base::Quoted(definition.id()), " is not a check id, or stands twice"),
            "upper case letters and digits, at most 10");
      if (definition.grade() == model::GRADE_UNSPECIFIED)
        Add(path + ".grade", "MISSING_GRADE", "the grade is required", "hard or soft");
      CheckText(path + ".text", definition.text());
      CompiledCheck check{
          definition.id(), definition.grade(),
          Parse(path + ".violated", definition.violated(), symbols, ExpressionUse::kCheck, kNoItem),
          0, definition.text()};
      if (definition.violated().empty())
        Add(path + ".violated", "EMPTY_EXPRESSION", "a check needs an expression",
            "state when it is violated");
      out_->reads_attributes_ = out_->reads_attributes_ || check.violated.reads_attributes();
      out_->reads_previous_ = out_->reads_previous_ || !check.violated.previous_items().empty();
      for (const ItemIndex item : check.violated.items())
        check.parts |= PartMask{1} << out_->QuestionOf(item).part;
      if (check.grade == model::GRADE_HARD && std::popcount(check.parts) > 1)
        Add(path + ".violated", "HARD_CHECK_ACROSS_PARTS", "a hard check reads one part only",
            "make it soft, or split it");
      out_->checks_.push_back(std::move(check));
    }
  }

  void ReadRest() {
    for (int i = 0; i < definition().text_piping_size(); ++i) {
      const model::PipedText& piped = definition().text_piping(i);
      const std::string path = base::StrCat("text_piping[", i, "]");
      if (piped.mark().empty())
        Add(path + ".mark", "BAD_ID", "the mark is required", "for example UNIT");
      CheckText(path + ".municipality", piped.municipality());
      CheckText(path + ".district", piped.district());
    }
    const model::OutcomeRule& outcome = definition().outcome();
    if (outcome.partial_percent() < 1 || outcome.complete_percent() > 100 ||
        outcome.partial_percent() > outcome.complete_percent()) {
      Add("outcome", "BAD_BOUNDS", "1 <= partial_percent <= complete_percent <= 100 is required",
          "state both");
    }
    std::set<std::string_view> recoded;
    for (int i = 0; i < definition().recodes_size(); ++i)
      ReadRecode(base::StrCat("recodes[", i, "]"), definition().recodes(i), recoded);
    for (int i = 0; i < definition().not_fielded_size(); ++i) {
      if (out_->FindQuestion(definition().not_fielded(i)) != nullptr)
        Add(base::StrCat("not_fielded[", i, "]"), "FIELDED_AFTER_ALL",
            base::StrCat(definition().not_fielded(i), " is asked here"),
            "remove it from not_fielded");
    }
  }

  void ReadRecode(const std::string& path, const model::Recode& recode,
                  std::set<std::string_view>& seen) {
    if (!seen.insert(recode.item()).second)
      Add(path + ".item", "DUPLICATE_ID", "the item is recoded twice", "remove one");
    const std::optional<ItemIndex> item = out_->FindItem(recode.item());
    if (!item.has_value()) {
      Add(path + ".item", "UNKNOWN_QUESTION",
          base::StrCat("there is no item ", base::Quoted(recode.item())),
          "name an item of this questionnaire");
      return;
    }
    std::set<int32_t> from;
    for (int p = 0; p < recode.pairs_size(); ++p) {
      const std::string pair_path = base::StrCat(path, ".pairs[", p, "]");
      if (!out_->QuestionOf(*item).code_bits.Has(recode.pairs(p).to()))
        Add(pair_path + ".to", "UNKNOWN_CODE",
            base::StrCat(recode.item(), " has no code ", recode.pairs(p).to()),
            "name one of its codes");
      if (!from.insert(recode.pairs(p).from()).second)
        Add(pair_path + ".from", "DUPLICATE_CODE",
            base::StrCat("code ", recode.pairs(p).from(), " is recoded twice"), "remove one");
    }
  }

  const model::Edition& edition_;
  const CompiledFrame* frame_;
  std::shared_ptr<CompiledQuestionnaire> out_;
  std::set<std::string_view> marks_;  // Of piped texts.
  DefinitionFindings findings_;
  std::map<std::string, bool> background_;
  std::map<std::string, uint32_t> part_of_section_;
  std::map<std::string, const model::CodeList*> codelists_;
  std::set<std::string> codeframes_;
  std::set<std::string> figure_ids_;  // Of automatic indicators.
};

CompiledQuestionnaire::Result CompiledQuestionnaire::Compile(
    const model::Questionnaire& questionnaire, const model::Edition& edition,
    const CompiledFrame* frame) {
  return QuestionnaireCompiler(questionnaire, edition, frame).Compile();
}

std::optional<ItemIndex> CompiledQuestionnaire::FindItem(std::string_view id) const {
  const auto found = item_by_id_.find(id);
  return found == item_by_id_.end() ? std::nullopt : std::optional(found->second);
}
const Question* CompiledQuestionnaire::FindQuestion(std::string_view id) const {
  const auto found = question_by_id_.find(id);
  return found == question_by_id_.end() || found->second >= questions_.size()
             ? nullptr
             : &questions_[found->second];
}
std::string CompiledQuestionnaire::PathOf(const Question& question) const {
  return base::StrCat("questionnaire.questions[", question.definition_index, "]");
}
const CompiledCheck* CompiledQuestionnaire::FindCheck(std::string_view id) const {
  const auto found = std::ranges::find(checks_, id, &CompiledCheck::id);
  return found == checks_.end() ? nullptr : &*found;
}
std::optional<uint32_t> CompiledQuestionnaire::FindPart(std::string_view id) const {
  const auto found = std::ranges::find(parts_, id);
  return found == parts_.end() ? std::nullopt
                               : std::optional(static_cast<uint32_t>(found - parts_.begin()));
}
bool CompiledQuestionnaire::IsNotFielded(std::string_view question_id) const {
  return std::ranges::find(definition_.not_fielded(), question_id) !=
         definition_.not_fielded().end();
}
bool CompiledQuestionnaire::InScope(model::Scope scope, model::UnitType type) {
  if (scope == model::SCOPE_MUNICIPALITY) return type == model::UNIT_TYPE_MUNICIPALITY;
  if (scope == model::SCOPE_DISTRICT) return type == model::UNIT_TYPE_DISTRICT;
  return true;
}
std::vector<bool> CompiledQuestionnaire::ScopeFor(model::UnitType type) const {
  std::vector<bool> scope(items_.size());
  for (ItemIndex item = 0; item < items_.size(); ++item) scope[item] = InScope(item, type);
  return scope;
}

namespace {

// The text with what `with` gives in the place of its marks ({UNIT}), which is not read for marks
// again. The text is read once; a mark is looked up only where a brace opens.
template <typename With>
std::string Pipe(const std::string& text, const model::Questionnaire& definition,
                 const With& with) {
  std::string out;
  size_t begin = 0;
  for (size_t at = text.find('{'); at != std::string::npos; at = text.find('{', at + 1)) {
    const size_t end = text.find('}', at);
    if (end == std::string::npos) break;
    const std::string_view mark = std::string_view(text).substr(at + 1, end - at - 1);
    const auto& marks = definition.text_piping();
    const auto piped = std::ranges::find(marks, mark, &model::PipedText::mark);
    if (piped == marks.end()) continue;
    out.append(text, begin, at - begin).append(with(*piped));
    begin = end + 1;
    at = end;
  }
  return out.append(text, begin, std::string::npos);
}

}  // namespace

std::string CompiledQuestionnaire::Text(const model::LocalizedText& text, model::UnitType type,
                                        model::Language language) const {
  return Pipe(TextIn(text, language), definition_, [&](const model::PipedText& piped) {
    return TextIn(type == model::UNIT_TYPE_DISTRICT ? piped.district() : piped.municipality(),
                  language);
  });
}

model::LocalizedText CompiledQuestionnaire::Piped(const model::LocalizedText& text,
                                                  model::UnitType type) const {
  model::LocalizedText out;
  out.set_nn(Text(text, type, model::LANGUAGE_NN));
  out.set_nb(Text(text, type, model::LANGUAGE_NB));
  if (!text.en().empty()) out.set_en(Text(text, type, model::LANGUAGE_EN));
  return out;
}

model::LocalizedText CompiledQuestionnaire::Neutral(const model::LocalizedText& text,
                                                    model::Scope scope) const {
  const auto in = [&](model::Language language) {
    return Pipe(TextIn(text, language), definition_, [&](const model::PipedText& piped) {
      const std::string& municipality = TextIn(piped.municipality(), language);
      const std::string& district = TextIn(piped.district(), language);
      if (scope == model::SCOPE_MUNICIPALITY || municipality == district) return municipality;
      return scope == model::SCOPE_DISTRICT ? district : base::StrCat(municipality, "/", district);
    });
  };
  model::LocalizedText out;
  out.set_nn(in(model::LANGUAGE_NN));
  out.set_nb(in(model::LANGUAGE_NB));
  if (!text.en().empty()) out.set_en(in(model::LANGUAGE_EN));
  return out;
}

SymbolTable CompiledQuestionnaire::Symbols(const CompiledFrame* frame) const {
  SymbolTable symbols;
  for (ItemIndex index = 0; index < items_.size(); ++index) {
    const Item& item = items_[index];
    const Question& question = questions_[item.question];
    symbols.AddItem(item.id, {index, item.type, question.code_bits, question.numeric.decimals()});
  }
  for (const auto& [grid, example] : grid_example_) symbols.AddGrid(grid, example);
  if (frame != nullptr) {
    for (uint32_t a = 0; a < frame->attributes().size(); ++a) {
      SymbolTable::Attribute attribute{a, {}};
      const auto& groups = frame->attributes()[a].groups;
      for (size_t g = 0; g < groups.size(); ++g)
        attribute.groups.emplace(groups[g].code, static_cast<uint16_t>(g));
      symbols.AddAttribute(frame->attributes()[a].id, std::move(attribute));
    }
  }
  return symbols;
}

uint32_t ItemNumbers::Find(std::string_view item) const {
  const auto found = numbers_.find(item);
  return found == numbers_.end() ? 0 : found->second;
}
std::string_view ItemNumbers::IdOf(uint32_t number) const {
  return number >= 1 && number <= ids_.size() ? std::string_view(ids_[number - 1])
                                              : std::string_view();
}
bool ItemNumbers::Add(const Assigned& assigned) {
  if (assigned.number != largest() + 1 || !numbers_.emplace(assigned.item, assigned.number).second)
    return false;
  ids_.push_back(assigned.item);
  return true;
}

std::vector<ItemNumbers::Assigned> AssignItemNumbers(const ItemNumbers& existing,
                                                     const CompiledQuestionnaire& questionnaire) {
  std::vector<ItemNumbers::Assigned> out;
  uint32_t next = existing.largest() + 1;
  for (const Item& item : questionnaire.items()) {
    if (existing.Find(item.id) == 0) out.push_back({item.id, next++});
  }
  return out;
}

ItemBinding BindItems(const CompiledQuestionnaire& questionnaire, const ItemNumbers& numbers) {
  ItemBinding out;
  out.index_of.assign(numbers.largest() + 1, kNoItem);
  out.type_of.assign(numbers.largest() + 1, ValueType::kCode);
  for (ItemIndex index = 0; index < questionnaire.item_count(); ++index) {
    const uint32_t number = numbers.Find(questionnaire.items()[index].id);
    out.number_of.push_back(number);
    out.index_of[number] = index;
    out.type_of[number] = questionnaire.items()[index].type;
    out.by_number.push_back(index);
  }
  std::ranges::sort(out.by_number, {}, [&](ItemIndex index) { return out.number_of[index]; });
  return out;
}

}  // namespace imdi::domain
