#pragma once

// Results as rows of cells, and rows as CSV.

#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"

namespace imdi::cli {

// Every row has a cell for each column.
struct Sheet {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

// RFC 4180: cells that need it in quotes, lines end with CR LF, the head first unless it was
// printed before.
std::string FormatCsv(const Sheet& sheet, bool with_head = true);

// A message as a sheet. `rows` names a repeated message field, which gives a row for each element;
// empty = one row, the message itself. The columns follow from the message's type alone, whatever
// it holds:
// - a field is a column by its name; those of a message inside it are name.field;
// - what is absent is an empty cell, so a figure without a value has no number there;
// - numbers in the shortest form that reads back equal, enum values by name, bytes in base64;
// - a list, and a message that holds one of messages, is one cell with its JSON.
Sheet SheetOf(const google::protobuf::Message& message, std::string_view rows = {});

}  // namespace imdi::cli
