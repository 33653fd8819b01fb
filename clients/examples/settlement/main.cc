// Prints what municipalities say about the settlement case system and about guidance, and follows
// new releases. Keeps what it shows in a file, so that it can show it while the survey is away.
//
//   settlement-findings --server 127.0.0.1:50052 --file findings.set [--edition KU2017]
//                       [--language nn|nb|en] [--once]
//
// --once prints and ends: 0, or 1 when there is nothing to show. Without it the program goes on
// until SIGINT or SIGTERM, and prints what a new release changed.

#include <pthread.h>

#include <csignal>
#include <cstring>
#include <iostream>
#include <map>
#include <mutex>
#include <string>

#include "findings.h"

namespace {

namespace client = imdi::survey::client;
namespace model = imdi::survey::model::v1;

int Usage(const std::string& problem) {
  std::cerr << "settlement-findings: " << problem
            << "\nusage: settlement-findings --server HOST:PORT --file PATH [--edition KU2017] "
               "[--language nn|nb|en] [--once]\n";
  return 2;
}

// Lines of two threads must not mix.
void Print(const std::string& text) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  std::cout << text << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> given = {{"--edition", "KU2017"}, {"--language", "nn"}};
  bool once = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--once") {
      once = true;
    } else if ((word == "--server" || word == "--file" || word == "--edition" ||
                word == "--language") &&
               i + 1 < argc) {
      given[word] = argv[++i];
    } else {
      return Usage("unknown or incomplete: " + word);
    }
  }
  if (given["--server"].empty() || given["--file"].empty())
    return Usage("--server and --file are needed");
  const std::map<std::string, model::Language> languages = {
      {"nn", model::LANGUAGE_NN}, {"nb", model::LANGUAGE_NB}, {"en", model::LANGUAGE_EN}};
  if (!languages.contains(given["--language"])) return Usage("languages are nn, nb and en");
  const model::Language language = languages.at(given["--language"]);

  // Blocked before any thread begins, so that only this one takes them.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  const auto connected = client::SurveyClient::Connect(given["--server"]);
  if (!connected.ok()) return Usage(std::string(connected.status().message()));
  client::HeldSetOptions options = settlement::SetOf(given["--edition"], given["--file"]);
  options.on_change = [language, once](const client::HeldChange& change) {
    // Nothing to compare with at the first fill, and --once prints everything anyway.
    if (change.before != nullptr && !once)
      Print(settlement::Change(change, language) + settlement::Findings(*change.after, language));
  };
  const auto set = client::HeldSet::Open(*connected, std::move(options));
  if (!set.ok()) return Usage(std::string(set.status().message()));

  // What is held is shown at once where the survey is away; where it answers, what it says.
  (*set)->WaitConfirmed(absl::Seconds(5));
  auto held = (*set)->Current();
  Print(settlement::AgeLine((*set)->Age(), language) +
        (held == nullptr ? "" : settlement::Findings(*held, language)));
  if (once) return held == nullptr ? 1 : 0;

  bool was_stale = (*set)->Age().stale;
  while (true) {
    const timespec second = {.tv_sec = 1, .tv_nsec = 0};
    if (sigtimedwait(&ends, nullptr, &second) > 0) return 0;
    const client::HeldAge age = (*set)->Age();
    if (held == nullptr && (held = (*set)->Current()) != nullptr) {
      Print(settlement::AgeLine(age, language) + settlement::Findings(*held, language));
    } else if (age.stale != was_stale) {
      Print(settlement::AgeLine(age, language));
    }
    was_stale = age.stale;
  }
}
