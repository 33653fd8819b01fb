#pragma once

// What apply, diff and validate say of documents: lines for people as they come, or one JSON object
// for programs at the end, or the documents as CSV.
//
//   {"documents":[{"name":"editions/KU2017","file":"a.yaml","line":1,"outcome":"applied","revision":1,
//                  "position":4,"differences":[]}],
//    "problems":[{"file":"a.yaml","line":7,"column":12,"path":"edition.parts[0]","rule":"UNKNOWN_SECTION",
//                 "message":"…","remedy":"…"}],
//    "problem_count":1}
//
// `outcome` is one of applied, would_apply, unchanged, refused, failed (apply), new, different,
// same (diff), valid (validate). Line and column count from 1; 0 = not known. Of more than
// config::kYamlProblemsMax problems only the first are listed; `problem_count` is the true number.

#include <cstdint>
#include <string>
#include <vector>

#include "clients/cli/output.h"
#include "services/config/yaml_message.h"

namespace imdi::cli {

struct DocumentResult {
  std::string name;
  config::Place place = {};
  std::string outcome;
  int64_t revision = 0;                       // 0 = none.
  int64_t position = 0;                       // 0 = nothing was appended.
  std::vector<std::string> differences = {};  // Of diff, a line for each field.
};

class DocumentReport {
 public:
  explicit DocumentReport(Format format) : output_(format) {}

  // `lines` go to standard output now, unless a program reads the report.
  void Add(DocumentResult result, const std::string& lines);
  // To standard error now, unless the report is JSON, which holds them.
  void AddProblems(const std::vector<config::Problem>& problems, size_t count);
  size_t problem_count() const { return problem_count_; }
  // `summary` for people, or the whole report.
  void Finish(const std::string& summary) const;

 private:
  std::string ToJsonText() const;
  Sheet ToSheet() const;

  const Output output_;
  std::vector<DocumentResult> results_;
  std::vector<config::Problem> problems_;
  size_t problem_count_ = 0;
};

}  // namespace imdi::cli
