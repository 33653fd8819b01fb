#include "services/domain/expression.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/ascii.h"
#include "services/base/limits.h"
#include "services/base/text.h"

namespace imdi::domain {

const SymbolTable::Item* SymbolTable::FindItem(std::string_view id) const {
  const auto found = items_.find(id);
  return found == items_.end() ? nullptr : &found->second;
}
const std::string* SymbolTable::FindGrid(std::string_view id) const {
  const auto found = grids_.find(id);
  return found == grids_.end() ? nullptr : &found->second;
}
const SymbolTable::Attribute* SymbolTable::FindAttribute(std::string_view id) const {
  const auto found = attributes_.find(id);
  return found == attributes_.end() ? nullptr : &found->second;
}

namespace {

struct Token {
  enum class Kind : uint8_t { kEnd, kWord, kNumber, kSymbol, kBad };
  Kind kind = Kind::kEnd;
  std::string_view text;
  int column = 0;
};

bool IsWordStart(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// Words hold dots between letters (SYS06.a, unit.type); numbers may be negative and have decimals,
// but ".." is a range.
std::vector<Token> Tokens(std::string_view text) {
  std::vector<Token> tokens;
  size_t at = 0;
  const auto push = [&](Token::Kind kind, size_t length) {
    tokens.push_back({kind, text.substr(at, length), static_cast<int>(at) + 1});
    at += length;
  };
  while (at < text.size()) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
      continue;
    }
    size_t end = at + 1;
    if (IsWordStart(c)) {
      while (end < text.size() &&
             (IsWordStart(text[end]) || absl::ascii_isdigit(text[end]) || text[end] == '_' ||
              (text[end] == '.' && end + 1 < text.size() && IsWordStart(text[end + 1])))) {
        ++end;
      }
      push(Token::Kind::kWord, end - at);
    } else if (absl::ascii_isdigit(c) ||
               (c == '-' && at + 1 < text.size() && absl::ascii_isdigit(text[at + 1]))) {
      while (end < text.size() &&
             (absl::ascii_isdigit(text[end]) ||
              (text[end] == '.' && end + 1 < text.size() && absl::ascii_isdigit(text[end + 1])))) {
        ++end;
      }
      push(Token::Kind::kNumber, end - at);
    } else {
      const std::string_view two = text.substr(at, 2);
      const bool pair = two == "==" || two == "!=" || two == "<=" || two == ">=" || two == "..";
      const bool one = c == '(' || c == ')' || c == ',' || c == '<' || c == '>';
      push(pair || one ? Token::Kind::kSymbol : Token::Kind::kBad, pair ? 2 : 1);
    }
  }
  tokens.push_back({Token::Kind::kEnd, {}, static_cast<int>(text.size()) + 1});
  return tokens;
}

std::optional<Compare> CompareOf(std::string_view symbol) {
  if (symbol == "==") return Compare::kEqual;
  if (symbol == "!=") return Compare::kNotEqual;
  if (symbol == "<") return Compare::kLess;
  if (symbol == "<=") return Compare::kLessEqual;
  if (symbol == ">") return Compare::kGreater;
  if (symbol == ">=") return Compare::kGreaterEqual;
  return std::nullopt;
}

std::string_view TextOf(Compare compare) {
  switch (compare) {
    case Compare::kEqual:
      return "==";
    case Compare::kNotEqual:
      return "!=";
    case Compare::kLess:
      return "<";
    case Compare::kLessEqual:
      return "<=";
    case Compare::kGreater:
      return ">";
    case Compare::kGreaterEqual:
      return ">=";
  }
  return "==";
}

bool Holds(Compare compare, int64_t left, int64_t right) {
  switch (compare) {
    case Compare::kEqual:
      return left == right;
    case Compare::kNotEqual:
      return left != right;
    case Compare::kLess:
      return left < right;
    case Compare::kLessEqual:
      return left <= right;
    case Compare::kGreater:
      return left > right;
    case Compare::kGreaterEqual:
      return left >= right;
  }
  return false;
}

// "1,2,4..7": every code, runs of three and more as a range.
std::string PrintCodes(const CodeBits& bits) {
  std::string out;
  const std::vector<int32_t> codes = bits.Codes();
  for (size_t i = 0; i < codes.size();) {
    size_t j = i;
    while (j + 1 < codes.size() && codes[j + 1] == codes[j] + 1) ++j;
    if (!out.empty()) out.push_back(',');
    if (j >= i + 2) {
      base::StrAppend(out, codes[i], "..", codes[j]);
      i = j + 1;
    } else {
      base::StrAppend(out, codes[i]);
      ++i;
    }
  }
  return out;
}

constexpr int64_t kNumberMax = 1'000'000'000'000'000;

}  // namespace

std::string PrintNumber(int64_t number, int decimals) {
  if (decimals == 0) return base::StrCat(number);
  std::string digits = base::StrCat(number < 0 ? -number : number);
  const auto width = static_cast<size_t>(decimals);
  if (digits.size() <= width) digits.insert(0, width + 1 - digits.size(), '0');
  digits.insert(digits.size() - width, ".");
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return number < 0 ? base::StrCat("-", digits) : digits;
}

// Recursive descent over the grammar of the header. Stops at the first syntax error, and goes on
// after errors of meaning, so that all of those are found.
class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, const SymbolTable& symbols, ExpressionUse use,
                   ItemIndex limit)
      : tokens_(Tokens(text)), symbols_(symbols), use_(use), limit_(limit) {}

  ParsedExpression Parse() {
    ParsedExpression out;
    const std::optional<uint32_t> root = Or(0);
    if (root.has_value() && !failed_ && Peek().kind != Token::Kind::kEnd)
      Unexpected("and, or, or the end");
    out.errors = std::move(errors_);
    if (!out.errors.empty()) return out;
    Finish(expression_.items_);
    Finish(expression_.previous_items_);
    out.expression = std::move(expression_);
    return out;
  }

 private:
  using Node = Expression::Node;
  using Op = Expression::Op;

  static void Finish(std::vector<ItemIndex>& items) {
    std::ranges::sort(items);
    items.erase(std::unique(items.begin(), items.end()), items.end());
  }

  const Token& Peek() const { return tokens_[at_]; }
  Token Take() {
    const Token token = tokens_[at_];
    if (token.kind != Token::Kind::kEnd) ++at_;
    return token;
  }
  bool TakeIf(std::string_view text) {
    if (Peek().text != text || Peek().kind == Token::Kind::kEnd) return false;
    ++at_;
    return true;
  }
  bool Expect(std::string_view text) {
    if (TakeIf(text)) return true;
    Unexpected(base::StrCat("\"", text, "\""));
    return false;
  }
  void Add(const Token& token, std::string_view rule, std::string message,
           std::string_view remedy) {
    errors_.push_back({token.column, std::string(rule), std::move(message), std::string(remedy),
                       std::string(token.text)});
  }
  void Unexpected(std::string_view wanted) {
    if (failed_) return;
    failed_ = true;
    const Token& token = Peek();
    Add(token, "EXPRESSION_SYNTAX",
        token.kind == Token::Kind::kEnd
            ? base::StrCat("the expression ends where ", wanted, " should stand")
            : base::StrCat(base::Quoted(token.text), " stands where ", wanted, " should"),
        "write it as in: BAK05 in (1,2) and not INT01 == 2");
  }

  uint32_t Push(Node node) {
    expression_.nodes_.push_back(std::move(node));
    return static_cast<uint32_t>(expression_.nodes_.size() - 1);
  }
  uint32_t PushParent(Op op, const std::vector<uint32_t>& children) {
    Node node;
    node.op = op;
    node.first = static_cast<uint32_t>(expression_.children_.size());
    node.count = static_cast<uint32_t>(children.size());
    expression_.children_.insert(expression_.children_.end(), children.begin(), children.end());
    return Push(std::move(node));
  }

  // A chain of one operator is one node: brackets that change nothing leave no trace, so equal
  // meanings print alike.
  std::optional<uint32_t> Chain(Op op, std::string_view word, int depth,
                                std::optional<uint32_t> (ExpressionParser::*operand)(int)) {
    std::vector<uint32_t> children;
    do {
      const std::optional<uint32_t> child = (this->*operand)(depth);
      if (!child.has_value()) return std::nullopt;
      const Node& node = expression_.nodes_[*child];
      if (node.op == op) {
        const auto inner = expression_.ChildrenOf(node);
        children.insert(children.end(), inner.begin(), inner.end());
      } else {
        children.push_back(*child);
      }
    } while (TakeIf(word));
    return children.size() == 1 ? children.front() : PushParent(op, children);
  }
  std::optional<uint32_t> Or(int depth) {
    return Chain(Op::kOr, "or", depth, &ExpressionParser::And);
  }
  std::optional<uint32_t> And(int depth) {
    return Chain(Op::kAnd, "and", depth, &ExpressionParser::Factor);
  }

  std::optional<uint32_t> Factor(int depth) {
    if (depth > base::kExpressionDepthMax) {
      failed_ = true;
      Add(Peek(), "EXPRESSION_TOO_DEEP",
          base::StrCat("brackets and nots nest deeper than ", base::kExpressionDepthMax),
          "flatten the expression");
      return std::nullopt;
    }
    if (TakeIf("not")) {
      const std::optional<uint32_t> child = Factor(depth + 1);
      return child.has_value() ? std::optional(PushParent(Op::kNot, {*child})) : std::nullopt;
    }
    if (TakeIf("(")) {
      const std::optional<uint32_t> inner = Or(depth + 1);
      return inner.has_value() && Expect(")") ? inner : std::nullopt;
    }
    return Atom();
  }

  std::optional<uint32_t> Atom() {
    const Token word = Peek();
    if (word.kind != Token::Kind::kWord) {
      Unexpected("a question");
      return std::nullopt;
    }
    Take();
    if (word.text == "responded") {
      if (use_ == ExpressionUse::kRoute || use_ == ExpressionUse::kCheck) {
        Add(word, "NOT_ALLOWED_HERE", "responded is known only after the answers are in",
            "use it in bases and numerators only");
      }
      return Push(Node{});
    }
    if (word.text == "answered" || word.text == "routed") {
      if (!Expect("(")) return std::nullopt;
      const Token id = Take();
      Node node;
      node.op = word.text == "answered" ? Op::kAnswered : Op::kRouted;
      Resolve(id, node);
      return Expect(")") ? std::optional(Push(std::move(node))) : std::nullopt;
    }
    if (word.text == "count") return Count(false);
    if (word.text == "previous") {
      if (use_ != ExpressionUse::kCheck) {
        Add(word, "NOT_ALLOWED_HERE", "previous() reads another edition", "use it in checks only");
      }
      if (!Expect("(")) return std::nullopt;
      const Token id = Take();
      return Expect(")") ? Test(id, true) : std::nullopt;
    }
    if (word.text.starts_with("unit.")) return UnitTest(word);
    return Test(word, false);
  }

  // Fills in the item; null (with an error) when it cannot be named here.
  const SymbolTable::Item* Resolve(const Token& id, Node& node) {
    node.subject = id.text;
    const SymbolTable::Item* item =
        id.kind == Token::Kind::kWord ? symbols_.FindItem(id.text) : nullptr;
    if (item == nullptr) {
      if (const std::string* example = symbols_.FindGrid(id.text)) {
        Add(id, "UNKNOWN_QUESTION",
            base::StrCat(id.text, " is a grid and can only be named by row"),
            base::StrCat("name a row, for example ", *example));
      } else {
        Add(id, "UNKNOWN_QUESTION", base::StrCat("there is no question ", base::Quoted(id.text)),
            "name a question of this questionnaire, a grid row as SYS06.a");
      }
      return nullptr;
    }
    if (!node.previous && limit_ != kNoItem && item->index >= limit_) {
      Add(id, "FORWARD_REFERENCE", base::StrCat(id.text, " comes later in the form"),
          "name only earlier questions");
    }
    node.item = item->index;
    node.decimals = item->decimals;
    (node.previous ? expression_.previous_items_ : expression_.items_).push_back(item->index);
    return item;
  }

  std::optional<uint32_t> Test(const Token& id, bool previous) {
    Node node;
    node.previous = previous;
    const SymbolTable::Item* item = Resolve(id, node);
    const Token verb = Peek();
    if (verb.text == "in" || verb.text == "has_any") {
      Take();
      node.is_list = true;
      node.op = verb.text == "in" ? Op::kCode : Op::kSetHasAny;
      const ValueType wanted = verb.text == "in" ? ValueType::kCode : ValueType::kCodeSet;
      if (item != nullptr && item->type != wanted) {
        Add(id, "TYPE_MISMATCH",
            base::StrCat("\"", verb.text, "\" does not fit the type of ", id.text),
            verb.text == "in" ? "use has_any for a multiple choice, a comparison for a number"
                              : "use in or == for a single choice");
        item = nullptr;
      }
      if (!Expect("(") || !Codes(item, id, node.codes) || !Expect(")")) return std::nullopt;
      return Push(std::move(node));
    }
    const std::optional<Compare> compare = CompareOf(verb.text);
    if (!compare.has_value() || verb.kind != Token::Kind::kSymbol) {
      Unexpected("==, in or has_any");
      return std::nullopt;
    }
    Take();
    const Token literal = Peek();
    if (literal.kind != Token::Kind::kNumber) {
      Unexpected("a code or number");
      return std::nullopt;
    }
    Take();
    node.compare = *compare;
    if (item == nullptr) return Push(std::move(node));
    if (item->type == ValueType::kNumber) {
      node.op = Op::kNumber;
      node.number = Scaled(literal, item->decimals);
      return Push(std::move(node));
    }
    if (item->type != ValueType::kCode) {
      Add(id, "TYPE_MISMATCH", base::StrCat(id.text, " cannot be compared with a code"),
          "use has_any or count for a multiple choice, answered for a text");
      return Push(std::move(node));
    }
    node.op = Op::kCode;
    node.number = Scaled(literal, 0);
    CheckCode(*item, literal, node.number);
    for (const int32_t code : item->codes.Codes()) {
      if (Holds(*compare, code, node.number)) node.codes.Add(code);
    }
    return Push(std::move(node));
  }

  std::optional<uint32_t> Count(bool previous) {
    Node node;
    node.op = Op::kSetCount;
    node.previous = previous;
    if (!Expect("(")) return std::nullopt;
    const Token id = Take();
    const SymbolTable::Item* item = Resolve(id, node);
    if (item != nullptr && item->type != ValueType::kCodeSet) {
      Add(id, "TYPE_MISMATCH", base::StrCat("count needs a multiple choice; ", id.text, " is none"),
          "use == or in");
      item = nullptr;
    }
    if (!Expect("in")) return std::nullopt;
    const bool brackets = TakeIf("(");
    if (!Codes(item, id, node.codes) || (brackets && !Expect(")")) || !Expect(")"))
      return std::nullopt;
    const std::optional<Compare> compare = CompareOf(Peek().text);
    if (!compare.has_value()) {
      Unexpected("a comparison");
      return std::nullopt;
    }
    Take();
    const Token literal = Peek();
    if (literal.kind != Token::Kind::kNumber) {
      Unexpected("a number");
      return std::nullopt;
    }
    Take();
    node.compare = *compare;
    node.number = Scaled(literal, 0);
    return Push(std::move(node));
  }

  bool Codes(const SymbolTable::Item* item, const Token& id, CodeBits& codes) {
    do {
      const Token first = Peek();
      if (first.kind != Token::Kind::kNumber) {
        Unexpected("a code");
        return false;
      }
      Take();
      const int64_t from = Scaled(first, 0);
      int64_t to = from;
      if (TakeIf("..")) {
        const Token last = Peek();
        if (last.kind != Token::Kind::kNumber) {
          Unexpected("a code");
          return false;
        }
        Take();
        to = Scaled(last, 0);
        if (item == nullptr) continue;
        bool any = false;
        for (const int32_t code : item->codes.Codes()) {
          if (code < from || code > to) continue;
          codes.Add(code);
          any = true;
        }
        if (!any) {
          Add(first, "UNKNOWN_CODE", base::StrCat(id.text, " has no code from ", from, " to ", to),
              "name codes of its list");
        }
        continue;
      }
      if (item != nullptr && CheckCode(*item, first, from)) codes.Add(static_cast<int32_t>(from));
    } while (TakeIf(","));
    return true;
  }

  bool CheckCode(const SymbolTable::Item& item, const Token& literal, int64_t code) {
    if (code >= 0 && code <= kCodeMax && item.codes.Has(static_cast<int32_t>(code))) return true;
    Add(literal, "UNKNOWN_CODE", base::StrCat("there is no code ", literal.text),
        base::StrCat("the codes are ", PrintCodes(item.codes)));
    return false;
  }

  // The literal times 10^decimals; an error when it has more decimals or is out of range.
  int64_t Scaled(const Token& literal, int decimals) {
    const size_t dot = literal.text.find('.');
    std::string digits(literal.text.substr(0, dot));
    const std::string_view fraction =
        dot == std::string_view::npos ? std::string_view() : literal.text.substr(dot + 1);
    digits += fraction;
    const int missing = decimals - static_cast<int>(fraction.size());
    if (missing < 0 || fraction.find('.') != std::string_view::npos) {
      Add(literal, "NUMBER_OUT_OF_RANGE",
          base::StrCat(literal.text, " has more than ", decimals, " decimals"),
          "write it with fewer");
      return 0;
    }
    digits.append(static_cast<size_t>(missing), '0');
    const std::optional<int64_t> value = base::ParseInt64(digits);
    if (!value.has_value() || *value > kNumberMax || *value < -kNumberMax) {
      Add(literal, "NUMBER_OUT_OF_RANGE", base::StrCat(literal.text, " is too large"),
          "at most 15 digits");
      return 0;
    }
    return *value;
  }

  std::optional<uint32_t> UnitTest(const Token& word) {
    const std::string_view name = word.text.substr(5);
    Node node;
    node.subject = name;
    const Token verb = Take();
    const std::optional<Compare> compare = CompareOf(verb.text);
    const bool list = verb.text == "in" && name != "type";
    if (!list && compare != Compare::kEqual && compare != Compare::kNotEqual) {
      --at_;
      Unexpected("== or !=");
      return std::nullopt;
    }
    node.compare = compare.value_or(Compare::kEqual);
    node.is_list = list;
    expression_.reads_attributes_ = expression_.reads_attributes_ || name != "type";
    if (name == "type") {
      node.op = Op::kUnitType;
      const Token type = Take();
      if (type.text == "municipality")
        node.number = model::UNIT_TYPE_MUNICIPALITY;
      else if (type.text == "district")
        node.number = model::UNIT_TYPE_DISTRICT;
      else
        Add(type, "UNKNOWN_GROUP",
            base::StrCat("there is no type of unit ", base::Quoted(type.text)),
            "municipality or district");
      return Push(std::move(node));
    }
    node.op = Op::kUnitGroup;
    const SymbolTable::Attribute* attribute = symbols_.FindAttribute(name);
    if (attribute == nullptr) {
      Add(word, "UNKNOWN_ATTRIBUTE",
          base::StrCat("the frame has no attribute ", base::Quoted(name)),
          "name a variable of the frame, or unit.type");
    } else {
      node.item = attribute->index;
    }
    std::vector<std::pair<std::string, uint16_t>> groups;
    if (list && !Expect("(")) return std::nullopt;
    do {
      const Token group = Peek();
      if (group.kind != Token::Kind::kWord && group.kind != Token::Kind::kNumber) {
        Unexpected("a group");
        return std::nullopt;
      }
      Take();
      if (attribute == nullptr) continue;
      const auto found = attribute->groups.find(group.text);
      if (found == attribute->groups.end()) {
        Add(group, "UNKNOWN_GROUP",
            base::StrCat("unit.", name, " has no group ", base::Quoted(group.text)),
            "name a group of the frame variable");
      } else {
        groups.emplace_back(found->first, found->second);
      }
    } while (list && TakeIf(","));
    if (list && !Expect(")")) return std::nullopt;
    std::ranges::sort(groups);
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    node.first = static_cast<uint32_t>(expression_.groups_.size());
    node.count = static_cast<uint32_t>(groups.size());
    for (auto& [code, group] : groups) {
      node.group_codes.push_back(code);
      expression_.groups_.push_back(group);
    }
    return Push(std::move(node));
  }

  const std::vector<Token> tokens_;
  const SymbolTable& symbols_;
  const ExpressionUse use_;
  const ItemIndex limit_;
  size_t at_ = 0;
  bool failed_ = false;
  Expression expression_;
  std::vector<ExpressionError> errors_;
};

ParsedExpression ParseExpression(std::string_view text, const SymbolTable& symbols,
                                 ExpressionUse use, ItemIndex limit) {
  ParsedExpression out;
  const auto too_long = [&out] {
    out.errors.push_back(
        {1, "EXPRESSION_TOO_LONG",
         base::StrCat("an expression has at most ", base::kExpressionBytesMax, " bytes"),
         "split it over several questions or indicators", ""});
    return out;
  };
  if (text.size() > base::kExpressionBytesMax) return too_long();
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    out.expression = Expression();
    return out;
  }
  ParsedExpression parsed = ExpressionParser(text, symbols, use, limit).Parse();
  // Once more from the canonical text: brackets that change nothing leave no trace, so equal
  // meanings are equal values.
  if (!parsed.errors.empty()) return parsed;
  const std::string canonical = parsed.expression->Print();
  if (canonical.size() > base::kExpressionBytesMax)
    return too_long();  // Nobody could read it back.
  return ExpressionParser(canonical, symbols, use, limit).Parse();
}

namespace {

class Printer {
 public:
  explicit Printer(const Expression& expression) : expression_(expression) {}

  std::string Print(const Expression::Node& node) const {
    using Op = Expression::Op;
    switch (node.op) {
      case Op::kAnd:
        return Join(node, " and ");
      case Op::kOr:
        return Join(node, " or ");
      case Op::kNot: {
        const Expression::Node& child = expression_.nodes()[expression_.ChildrenOf(node).front()];
        const bool chain = child.op == Op::kAnd || child.op == Op::kOr;
        return chain ? base::StrCat("not (", Print(child), ")")
                     : base::StrCat("not ", Print(child));
      }
      case Op::kCode:
        return node.is_list
                   ? base::StrCat(Subject(node), " in (", PrintCodes(node.codes), ")")
                   : base::StrCat(Subject(node), " ", TextOf(node.compare), " ", node.number);
      case Op::kSetHasAny:
        return base::StrCat(Subject(node), " has_any (", PrintCodes(node.codes), ")");
      case Op::kSetCount:
        return base::StrCat("count(", node.subject, " in (", PrintCodes(node.codes), ")) ",
                            TextOf(node.compare), " ", node.number);
      case Op::kNumber:
        return base::StrCat(Subject(node), " ", TextOf(node.compare), " ",
                            PrintNumber(node.number, node.decimals));
      case Op::kAnswered:
        return base::StrCat("answered(", node.subject, ")");
      case Op::kRouted:
        return base::StrCat("routed(", node.subject, ")");
      case Op::kResponded:
        return "responded";
      case Op::kUnitType:
        return base::StrCat("unit.type ", TextOf(node.compare), " ",
                            node.number == model::UNIT_TYPE_DISTRICT ? "district" : "municipality");
      case Op::kUnitGroup:
        return node.is_list ? base::StrCat("unit.", node.subject, " in (",
                                           base::StrJoin(node.group_codes, ","), ")")
                            : base::StrCat("unit.", node.subject, " ", TextOf(node.compare), " ",
                                           node.group_codes.empty() ? std::string()
                                                                    : node.group_codes.front());
    }
    return "";
  }

 private:
  static std::string Subject(const Expression::Node& node) {
    return node.previous ? base::StrCat("previous(", node.subject, ")") : node.subject;
  }
  std::string Join(const Expression::Node& node, std::string_view word) const {
    std::string out;
    for (const uint32_t index : expression_.ChildrenOf(node)) {
      const Expression::Node& child = expression_.nodes()[index];
      if (!out.empty()) out += word;
      const bool weaker = node.op == Expression::Op::kAnd && child.op == Expression::Op::kOr;
      out += weaker ? base::StrCat("(", Print(child), ")") : Print(child);
    }
    return out;
  }
  const Expression& expression_;
};

class Evaluator {
 public:
  Evaluator(const Expression& expression, const UnitAnswers& unit, EvaluationMode mode)
      : expression_(expression), unit_(unit), mode_(mode) {}

  Kleene Of(const Expression::Node& node) const {
    using Op = Expression::Op;
    switch (node.op) {
      case Op::kAnd: {
        Kleene all = Kleene::kTrue;
        for (const uint32_t child : expression_.ChildrenOf(node)) {
          all = And(all, Of(expression_.nodes()[child]));
          if (all == Kleene::kFalse) break;
        }
        return all;
      }
      case Op::kOr: {
        Kleene any = Kleene::kFalse;
        for (const uint32_t child : expression_.ChildrenOf(node)) {
          any = Or(any, Of(expression_.nodes()[child]));
          if (any == Kleene::kTrue) break;
        }
        return any;
      }
      case Op::kNot:
        return Not(Of(expression_.nodes()[expression_.ChildrenOf(node).front()]));
      case Op::kCode: {
        const AnswerValue& value = Read(node);
        if (value.kind != AnswerValue::Kind::kCode) return Kleene::kUnknown;
        if (mode_.dont_know_is_unknown && value.code == kDontKnow && !NamesDontKnow(node))
          return Kleene::kUnknown;
        return ToKleene(node.codes.Has(value.code));
      }
      case Op::kSetHasAny:
      case Op::kSetCount: {
        const AnswerValue& value = Read(node);
        if (value.kind != AnswerValue::Kind::kCodeSet) return Kleene::kUnknown;
        if (mode_.dont_know_is_unknown && value.codes.Has(kDontKnow) && !NamesDontKnow(node))
          return Kleene::kUnknown;
        if (node.op == Op::kSetHasAny) return ToKleene(value.codes.Meets(node.codes));
        return ToKleene(Holds(node.compare, (value.codes & node.codes).Count(), node.number));
      }
      case Op::kNumber: {
        const AnswerValue& value = Read(node);
        if (value.kind != AnswerValue::Kind::kNumber) return Kleene::kUnknown;
        return ToKleene(Holds(node.compare, value.number, node.number));
      }
      case Op::kAnswered: {
        if (mode_.answered_means_routed) return Routed(node);
        if (!unit_.states.empty()) return ToKleene(StateOf(node.item) == ItemState::kAnswered);
        return ToKleene(unit_.answers != nullptr && unit_.answers->Has(node.item));
      }
      case Op::kRouted:
        return Routed(node);
      case Op::kResponded:
        return ToKleene(unit_.responded);
      case Op::kUnitType:
        return ToKleene(Holds(node.compare, static_cast<int64_t>(unit_.unit.type), node.number));
      case Op::kUnitGroup: {
        const uint16_t group =
            node.item < unit_.unit.groups.size() ? unit_.unit.groups[node.item] : kUnknownGroup;
        if (group == kUnknownGroup) return Kleene::kUnknown;
        const auto groups = expression_.GroupsOf(node);
        const bool in = std::ranges::find(groups, group) != groups.end();
        return ToKleene(node.compare == Compare::kNotEqual ? !in : in);
      }
    }
    return Kleene::kUnknown;
  }

 private:
  ItemState StateOf(ItemIndex item) const {
    return item < unit_.states.size() ? unit_.states[item] : ItemState::kNotFielded;
  }
  Kleene Routed(const Expression::Node& node) const {
    if (unit_.states.empty()) return Kleene::kTrue;
    switch (StateOf(node.item)) {
      case ItemState::kAnswered:
      case ItemState::kItemNonresponse:
      case ItemState::kBreakoff:
        return Kleene::kTrue;
      case ItemState::kNotInScope:
      case ItemState::kNotRouted:
        return Kleene::kFalse;
      default:
        return Kleene::kUnknown;
    }
  }
  const AnswerValue& Read(const Expression::Node& node) const {
    static const AnswerValue kBlank = {};
    const AnswerSet* answers = node.previous ? unit_.previous : unit_.answers;
    if (answers == nullptr) return kBlank;
    if (!node.previous && !unit_.states.empty() && StateOf(node.item) != ItemState::kAnswered)
      return kBlank;
    return (*answers)[node.item];
  }

  const Expression& expression_;
  const UnitAnswers& unit_;
  const EvaluationMode mode_;
};

// Whether the node can become true, and whether it can become false, while every answer is open.
struct Open {
  bool can_be_true;
  bool can_be_false;
};

Open Explore(const Expression& expression, const Expression::Node& node, const UnitFacts& unit,
             const std::vector<bool>& in_scope) {
  using Op = Expression::Op;
  switch (node.op) {
    case Op::kAnd:
    case Op::kOr: {
      const bool conjunction = node.op == Op::kAnd;
      Open out = {conjunction, !conjunction};
      for (const uint32_t child : expression.ChildrenOf(node)) {
        const Open one = Explore(expression, expression.nodes()[child], unit, in_scope);
        out.can_be_true =
            conjunction ? out.can_be_true && one.can_be_true : out.can_be_true || one.can_be_true;
        out.can_be_false = conjunction ? out.can_be_false || one.can_be_false
                                       : out.can_be_false && one.can_be_false;
      }
      return out;
    }
    case Op::kNot: {
      const Open one = Explore(expression, expression.nodes()[expression.ChildrenOf(node).front()],
                               unit, in_scope);
      return {one.can_be_false, one.can_be_true};
    }
    case Op::kUnitType:
    case Op::kUnitGroup: {
      const UnitAnswers nothing{
          .answers = nullptr, .states = {}, .previous = nullptr, .unit = unit, .responded = false};
      const Kleene value = Evaluator(expression, nothing, {}).Of(node);
      return {value == Kleene::kTrue, value == Kleene::kFalse};
    }
    case Op::kResponded:
      return {true, true};
    case Op::kAnswered:
    case Op::kRouted: {
      const bool scope = node.item < in_scope.size() && in_scope[node.item];
      return {scope, true};
    }
    default: {
      const bool scope = node.previous || (node.item < in_scope.size() && in_scope[node.item]);
      return {scope, scope};
    }
  }
}

}  // namespace

std::string Expression::Print() const {
  return empty() ? std::string() : Printer(*this).Print(root());
}

bool NamesDontKnow(const Expression::Node& node) {
  // The codes of a comparison are those for which it is true, whatever it is written with.
  if (node.op == Expression::Op::kCode && !node.is_list) return node.number == kDontKnow;
  return node.codes.Has(kDontKnow);
}

Kleene Evaluate(const Expression& expression, const UnitAnswers& unit, EvaluationMode mode) {
  if (expression.empty()) return Kleene::kTrue;
  return Evaluator(expression, unit, mode).Of(expression.root());
}

bool CanBeTrue(const Expression& expression, const UnitFacts& unit,
               const std::vector<bool>& in_scope) {
  return expression.empty() || Explore(expression, expression.root(), unit, in_scope).can_be_true;
}

}  // namespace imdi::domain
