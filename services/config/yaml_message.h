#pragma once

// YAML documents read into protobuf messages by reflection. Keys are field names; enum values are
// written short
// (`type: single` is QUESTION_TYPE_SINGLE). Nothing is guessed: unknown fields, duplicate keys,
// aliases and tags are refused. All problems of a text are found at once, each with its line and
// column.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"

namespace imdi::config {

inline constexpr size_t kYamlBytesMax = 8 * 1024 * 1024;  // A text; refused TOO_LARGE.
inline constexpr size_t kYamlDepthMax = 40;               // Nested collections; refused TOO_DEEP.
inline constexpr size_t kYamlProblemsMax = 200;           // Problems kept; the rest is counted.

// Where something stands in a text. Line and column count from 1, columns in bytes; 0 = not known.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

// One thing wrong with a text.
struct Problem {
  Place place;
  std::string path;  // Field path, as in questionnaire.questions[12].route; empty = the whole.
  std::string rule;  // YAML_SYNTAX, UNKNOWN_FIELD, DUPLICATE_KEY, WRONG_KIND, NOT_A_NUMBER,
                     // NOT_A_BOOL, OUT_OF_RANGE, UNKNOWN_VALUE, ONE_OF, ALIAS_REFUSED, TAG_REFUSED,
                     // INVALID_UTF8, TOO_DEEP, TOO_LARGE, EMPTY_VALUE, EMPTY_DOCUMENT, CANNOT_READ,
                     // or a rule of the reader above.
  std::string message;  // What is wrong.
  std::string remedy;   // What to do.
};
// "file:line:column: RULE: message (remedy)".
std::string ToText(const Problem& problem);

// Where the fields of one message stand in its text.
class PlaceIndex {
 public:
  void Add(std::string path, Place value, int text_column);
  // The place of a field, or of the nearest enclosing one that the text holds. `column` is within
  // the field's text, from 1; 0 = its start. Map entries are found as path.key and path[key].
  Place Find(std::string_view path, int column = 0) const;

 private:
  struct Entry {
    Place place;
    int text_column = 0;  // Where a one-line text begins; 0 = not on one line.
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

// One YAML document as a message.
struct LoadedMessage {
  std::unique_ptr<google::protobuf::Message> message;
  PlaceIndex places;
  Place start;
};

// All documents of a text. With problems the messages are incomplete and must not be used.
struct LoadedText {
  std::vector<LoadedMessage> documents;
  std::vector<Problem> problems;  // In the order of the text, at most kYamlProblemsMax.
  size_t problem_count = 0;       // The true number.
};

// Reads every document of `text` into a new message of the prototype's type. `file` is only named
// in places.
LoadedText LoadYaml(std::string_view file, std::string_view text,
                    const google::protobuf::Message& prototype);

// The text of a file; false and a problem where it cannot be read.
bool ReadTextFile(const std::string& file, std::string* text, Problem* problem);

}  // namespace imdi::config
