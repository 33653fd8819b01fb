// Random expressions over random answers, against an oracle that walks the tree the test made and
// knows nothing of parser, printer or evaluator; and packed answers out of random bytes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "services/base/error.h"
#include "services/domain/expression.h"
#include "services/domain/packed_answers.h"
#include "tests/support/campaign.h"
#include "tests/support/random.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::domain {
namespace {

using testing_support::Random;

// A new seed each run, or the one in IMDI_SEED; a failure prints it.
uint64_t Seed() {
  static const uint64_t seed = testing_support::CampaignSeed("expressions");
  return seed;
}

// ---- What the test knows of a unit

struct Answer {
  bool there = false;
  bool dont_know = false;  // Of a number.
  std::set<int> codes;     // One code, or a set.
  int64_t number = 0;      // Scaled by 10.
};

struct Facts {
  std::map<std::string, Answer> now;
  std::map<std::string, Answer> before;
  std::map<std::string, ItemState> states;
  bool with_states = false;
  bool has_before = false;
  bool district = false;
  int region = -1;  // Index of kRegions; -1 = unknown.
  bool responded = false;
};

const std::vector<std::string> kSingle = {"S1", "S2", "G1.a"};
const std::vector<std::string> kMulti = {"M1", "M2"};
const std::vector<std::string> kNumeric = {"N1"};
const std::vector<std::string> kItems = {"S1", "S2", "G1.a", "M1", "M2", "N1"};
const std::vector<int> kCodes = {1, 2, 3, 5, 90, 97, 98, 127};
const std::vector<std::string> kRegions = {"1", "2", "n"};

SymbolTable Symbols() {
  SymbolTable symbols;
  CodeBits codes;
  for (const int code : kCodes) codes.Add(code);
  ItemIndex index = 0;
  for (const std::string& id : kSingle) symbols.AddItem(id, {index++, ValueType::kCode, codes, 0});
  for (const std::string& id : kMulti)
    symbols.AddItem(id, {index++, ValueType::kCodeSet, codes, 0});
  for (const std::string& id : kNumeric) symbols.AddItem(id, {index++, ValueType::kNumber, {}, 1});
  symbols.AddAttribute("region", {0, {{"1", 0}, {"2", 1}, {"n", 2}}});
  return symbols;
}

// ---- Trees that the test makes and walks

enum class Truth { kNo, kYes, kOpen };
Truth Of(bool value) { return value ? Truth::kYes : Truth::kNo; }

struct Tree {
  virtual ~Tree() = default;
  virtual std::string Text() const = 0;
  virtual Truth Value(const Facts& facts) const = 0;
};
using TreePtr = std::unique_ptr<Tree>;

bool Compares(const std::string& compare, int64_t a, int64_t b) {
  if (compare == "==") return a == b;
  if (compare == "!=") return a != b;
  if (compare == "<") return a < b;
  if (compare == "<=") return a <= b;
  if (compare == ">") return a > b;
  return a >= b;
}
const std::vector<std::string> kCompares = {"==", "!=", "<", "<=", ">", ">="};

// The answer that counts, or null.
const Answer* Counted(const Facts& facts, const std::string& item, bool before) {
  if (before && !facts.has_before) return nullptr;
  const auto& answers = before ? facts.before : facts.now;
  const auto found = answers.find(item);
  if (found == answers.end() || !found->second.there) return nullptr;
  if (!before && facts.with_states && facts.states.at(item) != ItemState::kAnswered) return nullptr;
  return &found->second;
}

struct Leaf : Tree {
  enum class Kind {
    kCode,
    kList,
    kHasAny,
    kCount,
    kNumber,
    kAnswered,
    kRouted,
    kType,
    kRegion,
    kRegions,
    kResponded
  };
  Kind kind = Kind::kResponded;
  std::string item, compare = "==", codes_text, literal, region_text;
  bool before = false;
  std::set<int> codes;
  std::set<int> regions;
  int64_t number = 0;

  std::string Text() const override {
    const std::string subject = before ? "previous(" + item + ")" : item;
    switch (kind) {
      case Kind::kCode:
      case Kind::kNumber:
        return subject + compare + literal;
      case Kind::kList:
        return subject + " in(" + codes_text + ")";
      case Kind::kHasAny:
        return subject + " has_any (" + codes_text + ")";
      case Kind::kCount:
        return "count(" + item + " in " + codes_text + ") " + compare + " " + literal;
      case Kind::kAnswered:
        return "answered(" + item + ")";
      case Kind::kRouted:
        return "routed( " + item + " )";
      case Kind::kType:
        return "unit.type " + compare + (number == 1 ? " district" : " municipality");
      case Kind::kRegion:
        return "unit.region " + compare + " " + region_text;
      case Kind::kRegions:
        return "unit.region in (" + region_text + ")";
      case Kind::kResponded:
        return "responded";
    }
    return "";
  }

  Truth Value(const Facts& facts) const override {
    const Answer* answer = item.empty() ? nullptr : Counted(facts, item, before);
    switch (kind) {
      case Kind::kCode:
        return answer == nullptr ? Truth::kOpen
                                 : Of(Compares(compare, *answer->codes.begin(), number));
      case Kind::kList:
        return answer == nullptr ? Truth::kOpen : Of(codes.contains(*answer->codes.begin()));
      case Kind::kHasAny:
      case Kind::kCount: {
        if (answer == nullptr) return Truth::kOpen;
        int hits = 0;
        for (const int code : codes) hits += answer->codes.contains(code) ? 1 : 0;
        return kind == Kind::kHasAny ? Of(hits > 0) : Of(Compares(compare, hits, number));
      }
      case Kind::kNumber:
        return answer == nullptr || answer->dont_know
                   ? Truth::kOpen
                   : Of(Compares(compare, answer->number, number));
      case Kind::kAnswered:
        if (facts.with_states) return Of(facts.states.at(item) == ItemState::kAnswered);
        return Of(answer != nullptr);
      case Kind::kRouted: {
        if (!facts.with_states) return Truth::kYes;
        const ItemState state = facts.states.at(item);
        if (state == ItemState::kNotInScope || state == ItemState::kNotRouted) return Truth::kNo;
        return state == ItemState::kAnswered || state == ItemState::kItemNonresponse ||
                       state == ItemState::kBreakoff
                   ? Truth::kYes
                   : Truth::kOpen;
      }
      case Kind::kType:
        return Of((facts.district == (number == 1)) == (compare == "=="));
      case Kind::kRegion:
      case Kind::kRegions:
        if (facts.region < 0) return Truth::kOpen;
        return Of(regions.contains(facts.region) == (compare == "=="));
      case Kind::kResponded:
        return Of(facts.responded);
    }
    return Truth::kOpen;
  }
};

struct Negation : Tree {
  TreePtr child;
  std::string Text() const override { return "not (" + child->Text() + ")"; }
  Truth Value(const Facts& facts) const override {
    const Truth value = child->Value(facts);
    return value == Truth::kOpen ? value : Of(value == Truth::kNo);
  }
};

struct Chain : Tree {
  bool all = true;
  bool bare = false;  // Written without brackets around its atoms.
  std::vector<TreePtr> children;
  std::string Text() const override {
    std::string out;
    for (const TreePtr& child : children) {
      if (!out.empty()) out += all ? " and " : " or ";
      out += bare ? child->Text() : "( " + child->Text() + ")";
    }
    return out;
  }
  Truth Value(const Facts& facts) const override {
    int no = 0, open = 0, yes = 0;
    for (const TreePtr& child : children) {
      const Truth value = child->Value(facts);
      ++(value == Truth::kNo ? no : value == Truth::kYes ? yes : open);
    }
    if (all) return no > 0 ? Truth::kNo : open > 0 ? Truth::kOpen : Truth::kYes;
    return yes > 0 ? Truth::kYes : open > 0 ? Truth::kOpen : Truth::kNo;
  }
};

// Codes as written and as meant: single ones and ranges in any order.
void SomeCodes(Random& random, std::string& text, std::set<int>& codes) {
  for (int i = 0; i <= random.Below(3); ++i) {
    if (!text.empty()) text += ", ";
    const int first = random.Of(kCodes);
    if (random.OneIn(2)) {
      text += std::to_string(first);
      codes.insert(first);
    } else {
      const int last = first + random.Below(40);
      text += std::to_string(first) + ".." + std::to_string(last);
      for (const int code : kCodes)
        if (code >= first && code <= last) codes.insert(code);
    }
  }
}

TreePtr SomeLeaf(Random& random, ExpressionUse use) {
  auto leaf = std::make_unique<Leaf>();
  using Kind = Leaf::Kind;
  leaf->kind = static_cast<Kind>(random.Below(11));
  if (leaf->kind == Kind::kResponded && use == ExpressionUse::kCheck) leaf->kind = Kind::kCode;
  leaf->before = use == ExpressionUse::kCheck && random.OneIn(3);
  switch (leaf->kind) {
    case Kind::kCode:
      leaf->item = random.Of(kSingle);
      leaf->compare = random.Of(kCompares);
      leaf->number = random.Of(kCodes);
      leaf->literal = std::to_string(leaf->number);
      break;
    case Kind::kList:
      leaf->item = random.Of(kSingle);
      SomeCodes(random, leaf->codes_text, leaf->codes);
      break;
    case Kind::kHasAny:
      leaf->item = random.Of(kMulti);
      SomeCodes(random, leaf->codes_text, leaf->codes);
      break;
    case Kind::kCount:
      leaf->before = false;
      leaf->item = random.Of(kMulti);
      leaf->compare = random.Of(kCompares);
      SomeCodes(random, leaf->codes_text, leaf->codes);
      leaf->number = random.Below(5);
      leaf->literal = std::to_string(leaf->number);
      break;
    case Kind::kNumber:
      leaf->item = random.Of(kNumeric);
      leaf->compare = random.Of(kCompares);
      leaf->number = random.Below(60) - 10;
      leaf->literal = leaf->number < 0 ? "-" : "";
      leaf->literal += std::to_string(std::abs(leaf->number) / 10) + "." +
                       std::to_string(std::abs(leaf->number) % 10);
      break;
    case Kind::kAnswered:
    case Kind::kRouted:
      leaf->before = false;
      leaf->item = random.Of(kItems);
      break;
    case Kind::kType:
      leaf->number = random.Below(2);
      leaf->compare = random.OneIn(2) ? "==" : "!=";
      break;
    case Kind::kRegion:
    case Kind::kRegions:
      if (leaf->kind == Kind::kRegion) leaf->compare = random.OneIn(2) ? "==" : "!=";
      for (int i = 0; i < (leaf->kind == Kind::kRegion ? 1 : 1 + random.Below(3)); ++i) {
        const int region = random.Below(3);
        leaf->region_text += (i > 0 ? "," : "") + kRegions[static_cast<size_t>(region)];
        leaf->regions.insert(region);
      }
      break;
    case Kind::kResponded:
      break;
  }
  return leaf;
}

TreePtr SomeTree(Random& random, ExpressionUse use, int depth) {
  if (depth == 0 || random.OneIn(4)) return SomeLeaf(random, use);
  if (random.OneIn(4)) {
    auto out = std::make_unique<Negation>();
    out->child = SomeTree(random, use, depth - 1);
    return out;
  }
  auto out = std::make_unique<Chain>();
  out->all = random.OneIn(2);
  out->bare = random.OneIn(3);
  for (int i = 0; i < 2 + random.Below(3); ++i)
    out->children.push_back(out->bare ? SomeLeaf(random, use) : SomeTree(random, use, depth - 1));
  return out;
}

Answer SomeAnswer(Random& random, const std::string& item) {
  Answer out;
  out.there = !random.OneIn(3);
  if (!out.there) return out;
  if (item[0] == 'N') {
    out.dont_know = random.OneIn(4);
    out.number = random.Below(60) - 10;
  } else {
    for (int i = 0; i <= (item[0] == 'M' ? random.Below(4) : 0); ++i)
      out.codes.insert(random.Of(kCodes));
  }
  return out;
}

Facts SomeFacts(Random& random) {
  Facts out;
  for (const std::string& item : kItems) {
    out.now[item] = SomeAnswer(random, item);
    out.before[item] = SomeAnswer(random, item);
    out.states[item] = random.OneIn(2) && out.now[item].there
                           ? ItemState::kAnswered
                           : static_cast<ItemState>(1 + random.Below(7));
  }
  out.with_states = random.OneIn(2);
  out.has_before = random.OneIn(2);
  out.district = random.OneIn(2);
  out.region = random.Below(4) - 1;
  out.responded = random.OneIn(2);
  return out;
}

AnswerSet Packed(const std::map<std::string, Answer>& answers) {
  AnswerSet out(kItems.size());
  for (ItemIndex index = 0; index < kItems.size(); ++index) {
    const std::string& item = kItems[index];
    const Answer& answer = answers.at(item);
    if (!answer.there) continue;
    CodeBits bits;
    for (const int code : answer.codes) bits.Add(code);
    if (item[0] == 'M')
      out.Set(index, AnswerValue::OfCodes(bits));
    else if (item[0] == 'N')
      out.Set(index,
              answer.dont_know ? AnswerValue::DontKnow() : AnswerValue::OfNumber(answer.number));
    else
      out.Set(index, AnswerValue::OfCode(*answer.codes.begin()));
  }
  return out;
}

std::string_view Name(Truth value) {
  return value == Truth::kNo ? "false" : value == Truth::kYes ? "true" : "unknown";
}

TEST(ExpressionProperty, EvaluationEqualsTheOracleAndPrintingLosesNothing) {
  const uint64_t seed = Seed();
  Random random(seed);
  const SymbolTable symbols = Symbols();
  std::map<std::string_view, int> seen;
  int trees = 0;
  for (int round = 0; round < 4'000; ++round) {
    const ExpressionUse use = random.OneIn(3) ? ExpressionUse::kCheck : ExpressionUse::kBase;
    const TreePtr tree = SomeTree(random, use, 4);
    const std::string text = tree->Text();
    if (text.size() > 3'000) continue;
    ++trees;
    const ParsedExpression parsed = ParseExpression(text, symbols, use);
    ASSERT_TRUE(parsed.expression.has_value())
        << "seed " << seed << ": " << text << ": "
        << (parsed.errors.empty() ? "" : parsed.errors[0].message);
    const std::string printed = parsed.expression->Print();
    const ParsedExpression again = ParseExpression(printed, symbols, use);
    ASSERT_TRUE(again.expression.has_value()) << "seed " << seed << ": " << printed;
    ASSERT_EQ(*again.expression, *parsed.expression) << "seed " << seed << ": " << text;
    ASSERT_EQ(again.expression->Print(), printed) << "seed " << seed;
    for (int unit = 0; unit < 20; ++unit) {
      const Facts facts = SomeFacts(random);
      const AnswerSet now = Packed(facts.now), before = Packed(facts.before);
      std::vector<ItemState> states;
      if (facts.with_states)
        for (const std::string& item : kItems) states.push_back(facts.states.at(item));
      const std::vector<uint16_t> groups = {facts.region < 0 ? kUnknownGroup
                                                             : static_cast<uint16_t>(facts.region)};
      const UnitAnswers view{
          .answers = &now,
          .states = states,
          .previous = facts.has_before ? &before : nullptr,
          .unit = {facts.district ? model::UNIT_TYPE_DISTRICT : model::UNIT_TYPE_MUNICIPALITY,
                   groups},
          .responded = facts.responded};
      const std::string_view value = Name(Evaluate(*parsed.expression, view));
      ASSERT_EQ(value, Name(tree->Value(facts))) << "seed " << seed << ": " << text;
      ++seen[value];
    }
  }
  EXPECT_GT(trees, 3'000);
  for (const char* value : {"true", "false", "unknown"}) EXPECT_GT(seen[value], 5'000) << value;
}

// What CanBeTrue denies can never become true, whatever is answered.
TEST(ExpressionProperty, WhatCannotBeTrueNeverIs) {
  const uint64_t seed = Seed() + 1;
  Random random(seed);
  const SymbolTable symbols = Symbols();
  int denied = 0;
  for (int round = 0; round < 3'000; ++round) {
    const TreePtr tree = SomeTree(random, ExpressionUse::kBase, 3);
    if (tree->Text().size() > 3'000) continue;
    const ParsedExpression parsed = ParseExpression(tree->Text(), symbols, ExpressionUse::kBase);
    ASSERT_TRUE(parsed.expression.has_value()) << "seed " << seed;
    Facts facts = SomeFacts(random);
    std::vector<bool> in_scope;
    for (size_t i = 0; i < kItems.size(); ++i) in_scope.push_back(random.OneIn(2));
    const std::vector<uint16_t> groups = {facts.region < 0 ? kUnknownGroup
                                                           : static_cast<uint16_t>(facts.region)};
    const UnitFacts unit{facts.district ? model::UNIT_TYPE_DISTRICT : model::UNIT_TYPE_MUNICIPALITY,
                         groups};
    if (CanBeTrue(*parsed.expression, unit, in_scope)) continue;
    ++denied;
    for (int answers = 0; answers < 20; ++answers) {
      const Facts other = SomeFacts(random);
      facts.now = other.now;
      facts.states = other.states;
      facts.with_states = true;
      facts.responded = other.responded;
      for (size_t i = 0; i < kItems.size(); ++i) {
        const std::string& item = kItems[i];
        if (!in_scope[i])
          facts.states[item] = ItemState::kNotInScope;
        else if (facts.states[item] == ItemState::kNotInScope)
          facts.states[item] = ItemState::kNotRouted;
        if (facts.states[item] == ItemState::kAnswered && !facts.now[item].there)
          facts.states[item] = ItemState::kItemNonresponse;
      }
      ASSERT_NE(tree->Value(facts), Truth::kYes) << "seed " << seed << ": " << tree->Text();
    }
  }
  EXPECT_GT(denied, 50);
}

TEST(ExpressionProperty, RandomTextIsReadOrRefusedWithAPosition) {
  const uint64_t seed = Seed() + 2;
  Random random(seed);
  const SymbolTable symbols = Symbols();
  const std::vector<std::string> pieces = {
      "(",         ")",           ",",       "..",       "==",       "<",
      "not ",      " and ",       " or ",    "in",       "S1",       "M1",
      "N1",        "G1",          "1",       "98",       "-",        "1.5",
      ".",         " ",           "count",   "previous", "answered", "unit.",
      "unit.type", "unit.region", "has_any", "\x80",     "\"",       std::string(1, '\0')};
  int refused = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string text;
    for (int i = 0; i < 1 + random.Below(14); ++i) text += random.Of(pieces);
    const auto use = static_cast<ExpressionUse>(random.Below(4));
    const ParsedExpression parsed =
        ParseExpression(text, symbols, use, static_cast<ItemIndex>(random.Below(8)));
    ASSERT_EQ(parsed.expression.has_value(), parsed.errors.empty()) << "seed " << seed;
    if (!parsed.errors.empty()) ++refused;
    for (const ExpressionError& error : parsed.errors) {
      ASSERT_GE(error.column, 1) << "seed " << seed << ": " << text;
      ASSERT_LE(error.column, static_cast<int>(text.size()) + 1) << "seed " << seed << ": " << text;
    }
  }
  EXPECT_GT(refused, 20'000);
  EXPECT_LT(refused, 30'000);
}

// ---- Packed answers

struct Form {
  std::shared_ptr<const CompiledQuestionnaire> questionnaire;
  ItemBinding binding;
};

Form SmallForm() {
  Form out;
  out.questionnaire = CompiledQuestionnaire::Compile(testing_support::SmallQuestionnaire("T"),
                                                     testing_support::SmallEdition("T"))
                          .questionnaire;
  ItemNumbers numbers;
  for (const ItemNumbers::Assigned& one : AssignItemNumbers(numbers, *out.questionnaire))
    numbers.Add(one);
  out.binding = BindItems(*out.questionnaire, numbers);
  return out;
}

TEST(PackedAnswersProperty, WhatIsPackedComesBackAndChangedBytesNeverCrash) {
  const uint64_t seed = Seed() + 3;
  Random random(seed);
  const Form form = SmallForm();
  ASSERT_NE(form.questionnaire, nullptr);
  int refused = 0, read = 0;
  for (int round = 0; round < 5'000; ++round) {
    AnswerSet answers(form.questionnaire->item_count());
    for (ItemIndex item = 0; item < answers.size(); ++item) {
      if (random.OneIn(3)) continue;
      switch (form.questionnaire->items()[item].type) {
        case ValueType::kCode:
          answers.Set(item, AnswerValue::OfCode(random.Below(128)));
          break;
        case ValueType::kCodeSet: {
          CodeBits bits = CodeBits::Of(random.Below(128));
          for (int i = random.Below(6); i > 0; --i) bits.Add(random.Below(128));
          answers.Set(item, AnswerValue::OfCodes(bits));
          break;
        }
        case ValueType::kNumber:
          answers.Set(item, random.OneIn(3)
                                ? AnswerValue::DontKnow()
                                : AnswerValue::OfNumber(static_cast<int64_t>(random.Bits())));
          break;
        case ValueType::kText:
          answers.Set(item, AnswerValue::Text());
          break;
      }
    }
    const auto packed = PackAnswers(answers, form.binding);
    const auto again = UnpackAnswers(packed, *form.questionnaire, form.binding);
    ASSERT_TRUE(again.ok()) << "seed " << seed << ": " << again.status();
    ASSERT_EQ(*again, answers) << "seed " << seed;

    std::string bytes = packed.SerializeAsString();
    for (int change = 0; change <= random.Below(4) && !bytes.empty(); ++change) {
      const auto at = static_cast<size_t>(random.Below(static_cast<int>(bytes.size())));
      if (random.OneIn(4))
        bytes.resize(at);
      else if (random.OneIn(4))
        bytes.insert(at, 1, static_cast<char>(random.Below(256)));
      else
        bytes[at] = static_cast<char>(random.Below(256));
    }
    survey::store::v1::PackedAnswers changed;
    if (!changed.ParseFromString(bytes)) continue;
    const auto result = UnpackAnswers(changed, *form.questionnaire, form.binding);
    if (result.ok()) {
      ++read;
      // What is read can be packed and read again.
      const auto twice =
          UnpackAnswers(PackAnswers(*result, form.binding), *form.questionnaire, form.binding);
      ASSERT_TRUE(twice.ok()) << "seed " << seed;
      ASSERT_EQ(*twice, *result) << "seed " << seed;
    } else {
      ++refused;
      ASSERT_EQ(base::ReasonOf(result.status()), base::Reason::kStoreCorrupt) << "seed " << seed;
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(read, 100);
}

TEST(PackedAnswersProperty, RandomBytesNeverCrash) {
  const uint64_t seed = Seed() + 4;
  Random random(seed);
  const Form form = SmallForm();
  int parsed = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes;
    // Half the time tags of the message with packed fields, so that many of them parse.
    while (bytes.size() < static_cast<size_t>(random.Below(40))) {
      bytes.push_back(
          static_cast<char>(random.OneIn(2) ? (1 + random.Below(8)) << 3 | 2 : random.Below(256)));
      const int length = random.Below(6);
      bytes.push_back(static_cast<char>(length));
      for (int i = 0; i < length; ++i)
        bytes.push_back(static_cast<char>(random.Below(random.OneIn(3) ? 256 : 20)));
    }
    survey::store::v1::PackedAnswers packed;
    if (!packed.ParseFromString(bytes)) continue;
    ++parsed;
    const auto read = UnpackAnswers(packed, *form.questionnaire, form.binding);
    if (!read.ok()) {
      ASSERT_EQ(base::ReasonOf(read.status()), base::Reason::kStoreCorrupt) << "seed " << seed;
    }
  }
  EXPECT_GT(parsed, 1'000);
}

}  // namespace
}  // namespace imdi::domain
