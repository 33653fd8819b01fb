// Prints, by group of municipalities, how many have a target of their own for participants going on
// to work or education (INT01), which kind (INT02), and where the management asks for results
// (INT05), beside shares that the register holds itself. Keeps the survey's figures in a file.
//
//   nir-targets --server 127.0.0.1:50052 --shares register_shares.csv --file targets.set
//               [--by imdi_region|size_group|centrality] [--edition KU2017] [--language nn|nb|en]
//
// Exit codes: 0, 1 when there is nothing to show, 2 for the command line or the shares.

#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>

#include "comparison.h"

namespace {

namespace client = imdi::survey::client;
namespace model = imdi::survey::model::v1;

int Usage(const std::string& problem) {
  std::cerr << "nir-targets: " << problem
            << "\nusage: nir-targets --server HOST:PORT --shares CSV --file PATH [--by "
               "imdi_region|size_group|centrality] [--edition KU2017] [--language nn|nb|en]\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> given = {{"--server", ""},        {"--shares", ""},
                                              {"--file", ""},          {"--by", "imdi_region"},
                                              {"--edition", "KU2017"}, {"--language", "nn"}};
  for (int i = 1; i < argc; i += 2) {
    const auto word = given.find(argv[i]);
    if (word == given.end() || i + 1 == argc)
      return Usage(std::string("unknown or incomplete: ") + argv[i]);
    word->second = argv[i + 1];
  }
  for (const auto& [word, value] : given) {
    if (value.empty()) return Usage(word + " is needed");
  }
  const std::map<std::string, model::Language> languages = {
      {"nn", model::LANGUAGE_NN}, {"nb", model::LANGUAGE_NB}, {"en", model::LANGUAGE_EN}};
  if (!languages.contains(given["--language"])) return Usage("languages are nn, nb and en");
  const model::Language language = languages.at(given["--language"]);
  if (!std::set<std::string>{"imdi_region", "size_group", "centrality"}.contains(given["--by"]))
    return Usage("--by is imdi_region, size_group or centrality");

  std::ifstream file(given["--shares"]);
  if (!file) return Usage("cannot read " + given["--shares"]);
  const auto shares = nir::ReadRegisterShares(file);
  if (!shares.ok()) return Usage(given["--shares"] + ": " + std::string(shares.status().message()));

  const auto connected = client::SurveyClient::Connect(given["--server"]);
  if (!connected.ok()) return Usage(std::string(connected.status().message()));
  const auto set = client::HeldSet::Open(
      *connected, nir::SetOf(given["--edition"], given["--by"], given["--file"]));
  if (!set.ok()) return Usage(std::string(set.status().message()));
  (*set)->WaitConfirmed(absl::Seconds(5));

  const client::HeldAge age = (*set)->Age();
  const auto held = (*set)->Current();
  if (held == nullptr) {
    std::cerr << "nir-targets: nothing is held yet: " << age.trouble.message() << "\n";
    return 1;
  }
  std::cout << nir::Comparison(*held, *shares, given["--by"], language) << age.release;
  if (age.stale)
    std::cout << " (" << absl::FormatDuration(age.age) << ": " << age.trouble.message() << ")";
  std::cout << "\n";
  return 0;
}
