#include "services/ingestion/restore_command.h"

#include <iostream>

#include "CLI/CLI.hpp"
#include "services/base/text.h"
#include "services/ingestion/ingestion_app.h"
#include "services/process/program.h"

namespace imdi::ingestion {

void RestoreCommand::AddFlags(CLI::App& app) {
  app.add_option("--restore_from", from_,
                 "restore this backup into the (empty) data folder as a new epoch, then end");
  app.add_option("--restore_keys_from", keys_from_,
                 "the backup of the keys; without --restore_from the keys alone");
  app.add_flag("--without_keys", without_keys_, "restore without keys: texts stay sealed for ever");
}

std::optional<int> RestoreCommand::Run(const std::string& program,
                                       const survey::config::v1::ServerConfig& config) const {
  const auto fail = [&](const absl::Status& status) {
    return process::Fail(absl::IsDataLoss(status) ? process::kExitDamaged : process::kExitStart,
                         program, base::ToStd(status.message()));
  };
  if (from_.empty() && keys_from_.empty()) return std::nullopt;
  if (from_.empty()) {
    const absl::Status restored = RestoreKeys(config.ingestion(), keys_from_);
    if (!restored.ok()) return fail(restored);
    std::cout << "restored the keys; start the server\n";
    return process::kExitOk;
  }
  if (keys_from_.empty() != without_keys_) {
    return process::Fail(process::kExitConfig, program,
                         "--restore_from needs --restore_keys_from, or --without_keys to leave the "
                         "texts sealed for ever");
  }
  const auto restored = RestoreBackup(config.ingestion(), from_, keys_from_);
  if (!restored.ok()) return fail(restored.status());
  std::cout << "restored up to position " << restored->head.position << ", epoch "
            << restored->head.epoch << ", chain " << base::Hex(restored->head.chain) << "; "
            << restored->texts - restored->texts_without_key << " of " << restored->texts
            << " texts have their key. Put the master key in its place and start the server\n";
  return process::kExitOk;
}

}  // namespace imdi::ingestion
