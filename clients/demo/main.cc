// imdi-demo-answers: writes invented answers to the editions of a survey, the same bytes every
// time.

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "clients/demo/documents.h"
#include "clients/demo/submissions.h"
#include "clients/demo/survey.h"
#include "services/base/status_macros.h"

namespace {

absl::StatusOr<size_t> Write(const std::string& surveys, const std::string& out) {
  IMDI_ASSIGN_OR_RETURN(const auto definitions, imdi::demo::ReadDocuments(surveys));
  IMDI_ASSIGN_OR_RETURN(const imdi::demo::Survey survey, imdi::demo::Survey::Make(definitions));
  IMDI_ASSIGN_OR_RETURN(const std::vector<std::string> lines, imdi::demo::MakeLines(survey));
  std::ofstream file(out, std::ios::binary | std::ios::trunc);
  for (const std::string& line : lines) file << line << '\n';
  file.close();
  if (!file) return absl::UnavailableError("cannot write " + out);
  return lines.size();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Writes invented answers for demonstration and tests: newline-delimited JSON, the same bytes "
      "every time.");
  std::string surveys = "deploy/surveys/ku";
  std::string out;
  app.add_option("--surveys", surveys, "Folder with the survey's documents")->capture_default_str();
  app.add_option("--out", out, "File to write")->required();
  CLI11_PARSE(app, argc, argv);
  const auto written = Write(surveys, out);
  if (!written.ok()) {
    std::cerr << "imdi-demo-answers: " << written.status().message() << '\n';
    return EXIT_FAILURE;
  }
  std::cout << "Invented answers: " << *written << " lines in " << out << '\n';
  return EXIT_SUCCESS;
}
