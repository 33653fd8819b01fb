// Backups of a serving system over real gRPC: log, keys and drafts, and what comes back of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "services/base/error.h"
#include "services/base/text.h"
#include "services/ingestion/ingestion_app.h"
#include "tests/support/ingestion_server.h"
#include "tests/support/temp_folder.h"

namespace imdi::ingestion {
namespace {

namespace fs = std::filesystem;
namespace pb = survey::ingestion::v1;
namespace model = survey::model::v1;
using base::Reason;
using base::ReasonOf;
using base::StrCat;
using testing_support::CallOnce;
using testing_support::IngestionServer;
using testing_support::TempFolder;

using Submissions = pb::SubmissionService::Stub;
using Log = pb::LogService::Stub;

constexpr const char* kTextOf = "Lite bustader, seier eining ";

std::string Documents() {
  return testing_support::SurveyFolder() + "/../../../tests/data/three_parts";
}

pb::SubmitRequest Answers(const std::string& unit, int64_t expected_revision) {
  pb::SubmitRequest request;
  request.set_expected_revision(expected_revision);
  request.set_request_id(StrCat(unit, "-", expected_revision));
  pb::SubmissionDraft& draft = *request.mutable_submission();
  draft.set_edition("editions/TP2019");
  draft.set_unit(unit);
  draft.set_part("leader");
  draft.set_questionnaire(1);
  draft.set_language(model::LANGUAGE_NN);
  model::Answer& settled = *draft.add_answers();
  settled.set_item("L01");
  settled.set_code(1);
  model::Answer& text = *draft.add_answers();
  text.set_item("L04");
  text.set_text(StrCat(kTextOf, unit, " ", expected_revision));
  return request;
}

// Submits one revision of a unit after the other until it is told to stop.
class Writer {
 public:
  Writer(IngestionServer& server, std::string unit, std::atomic<int64_t>& acknowledged,
         std::atomic<int64_t>& last_position)
      : thread_([this, &server, unit = std::move(unit), &acknowledged, &last_position] {
          for (int64_t revision = 0; !stop_; ++revision) {
            const auto response = server.Submit(Answers(unit, revision));
            ASSERT_TRUE(response.ok()) << response.status();
            ASSERT_EQ(response->outcome(), pb::SUBMIT_OUTCOME_ACCEPTED);
            int64_t seen = last_position;
            while (seen < response->receipt().position() &&
                   !last_position.compare_exchange_weak(seen, response->receipt().position())) {
            }
            ++acknowledged;
            acknowledged.notify_all();
          }
        }) {}
  ~Writer() {
    stop_ = true;
    thread_.join();
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

void WaitFor(const std::atomic<int64_t>& counter, int64_t at_least) {
  for (int64_t now = counter; now < at_least; now = counter) counter.wait(now);
}

class Backup : public testing::Test {
 protected:
  Backup() : server_(std::make_unique<IngestionServer>(folder_ / "first")) {
    server_->ApplyFiles(Documents());
    EXPECT_TRUE(server_->SetState("TP2019", model::EDITION_STATE_OPEN).ok());
  }

  absl::Status Make(const std::string& id, pb::CreateBackupResponse* made = nullptr) {
    pb::CreateBackupRequest request;
    request.set_backup_id(id);
    pb::CreateBackupResponse response;
    const absl::Status status = CallOnce(*server_->log, &Log::CreateBackup, request, &response);
    if (made != nullptr) *made = response;
    return status;
  }
  int64_t SaveDraft(const std::string& unit, int64_t expected_version) {
    pb::SaveDraftRequest request;
    *request.mutable_draft() = Answers(unit, 0).submission();
    request.set_expected_version(expected_version);
    pb::SaveDraftResponse response;
    EXPECT_TRUE(CallOnce(*server_->submissions, &Submissions::SaveDraft, request, &response).ok());
    return response.version();
  }
  // Into the folder `to`, where a server can start afterwards.
  absl::StatusOr<Restored> Restore(const std::string& id, const std::string& key_id,
                                   const std::string& to) {
    survey::config::v1::IngestionConfig config;
    config.set_data_dir(folder_ / to + "/ingestion");
    const auto restored =
        RestoreBackup(config, folder_ / "first/backups/" + id,
                      key_id.empty() ? "" : folder_ / "first/key-backups/" + key_id);
    if (restored.ok()) {
      fs::copy_file(folder_ / "first/master.key", folder_ / to + "/master.key");
    }
    return restored;
  }
  static std::vector<std::string> LogOf(IngestionServer& server) {
    std::vector<std::string> out;
    const int64_t head = server.Head();
    grpc::ClientContext context;
    transport::SetTimeout(context, absl::Seconds(60));
    const auto stream = server.log->FollowLog(&context, pb::FollowLogRequest());
    pb::FollowLogResponse chunk;
    while (static_cast<int64_t>(out.size()) < head && stream->Read(&chunk)) {
      for (const pb::LogRecord& record : chunk.records()) out.push_back(record.SerializeAsString());
    }
    context.TryCancel();
    return out;
  }
  static pb::GetDraftResponse DraftOf(IngestionServer& server, const std::string& unit) {
    pb::GetDraftRequest request;
    request.set_name(StrCat("editions/TP2019/drafts/", unit, ".leader"));
    pb::GetDraftResponse response;
    EXPECT_TRUE(CallOnce(*server.submissions, &Submissions::GetDraft, request, &response).ok());
    return response;
  }
  // Flips a bit in the middle of the largest file below a folder.
  static void Damage(const std::string& folder) {
    fs::path largest;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file() || entry.path().filename() == "BACKUP") continue;
      if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
    }
    ASSERT_FALSE(largest.empty());
    const auto at = static_cast<std::streamoff>(fs::file_size(largest) / 2);
    std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
  }

  const TempFolder folder_;
  std::unique_ptr<IngestionServer> server_;
};

TEST_F(Backup, MadeUnderLoadComesBackAsTheSameLogWithItsTextsAndDraftsInANewEpoch) {
  const int64_t draft_version = SaveDraft("5001", 0);
  std::atomic<int64_t> acknowledged = 0;
  std::atomic<int64_t> last_position = 0;
  pb::CreateBackupResponse made;
  int64_t acknowledged_before = 0;
  {
    const Writer one(*server_, "1201", acknowledged, last_position);
    const Writer two(*server_, "1103", acknowledged, last_position);
    const Writer three(*server_, "1902", acknowledged, last_position);
    WaitFor(acknowledged, 30);
    acknowledged_before = last_position;
    const absl::Status status = Make("loaded", &made);
    EXPECT_TRUE(status.ok()) << status;
    WaitFor(acknowledged, acknowledged + 30);
  }
  const std::vector<std::string> before = LogOf(*server_);
  EXPECT_GE(made.head().position(), acknowledged_before);
  EXPECT_LT(made.head().position(), static_cast<int64_t>(before.size()))
      << "answers came in after it";
  EXPECT_EQ(made.path(), "loaded");
  EXPECT_EQ(made.key_path(), "loaded");
  SaveDraft("5001", draft_version);  // After the backup.

  const auto restored = Restore("loaded", "loaded", "second");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->head.position, made.head().position());
  EXPECT_EQ(restored->head.log_id, made.head().log_id());
  EXPECT_EQ(restored->head.epoch, made.head().epoch() + 1);
  EXPECT_EQ(base::AsText(restored->head.chain), made.head().chain_hash());
  EXPECT_GE(restored->texts, 30);
  EXPECT_EQ(restored->texts_without_key, 0);

  IngestionServer second(folder_ / "second");
  const std::vector<std::string> after = LogOf(second);
  ASSERT_EQ(static_cast<int64_t>(after.size()), made.head().position());
  EXPECT_TRUE(std::equal(after.begin(), after.end(), before.begin()));
  pb::VerifyChainResponse verified;
  EXPECT_TRUE(CallOnce(*second.log, &Log::VerifyChain, pb::VerifyChainRequest(), &verified).ok());
  EXPECT_EQ(verified.verified(), made.head().position());
  int64_t texts = 0;
  for (const std::string unit : {"1201", "1103", "1902"}) {
    for (int64_t revision = 1;; ++revision) {
      const auto there =
          second.Get(StrCat("editions/TP2019/submissions/", unit, ".leader@", revision));
      if (ReasonOf(there.status()) == Reason::kUnknownResource) break;
      ASSERT_TRUE(there.ok()) << there.status();
      ASSERT_EQ(there->answers_size(), 2);
      EXPECT_EQ(there->answers(1).text(), StrCat(kTextOf, unit, " ", revision - 1));
      ++texts;
    }
  }
  EXPECT_EQ(texts, restored->texts);
  EXPECT_EQ(DraftOf(second, "5001").version(), draft_version);
  EXPECT_EQ(DraftOf(second, "5001").draft().SerializeAsString(),
            Answers("5001", 0).submission().SerializeAsString());
  // It goes on as a log of its own: what was lost with the restore is taken again.
  const auto current = second.Get("editions/TP2019/submissions/1201.leader");
  ASSERT_TRUE(current.ok());
  EXPECT_TRUE(second.Submit(Answers("1201", current->revision())).ok());
}

TEST_F(Backup, KeepsTheKeysInAFolderOfTheirOwn) {
  ASSERT_TRUE(server_->Submit(Answers("1201", 0)).ok());
  ASSERT_TRUE(Make("one").ok());
  std::vector<std::string> parts;
  for (const auto& entry : fs::directory_iterator(folder_ / "first/backups/one")) {
    parts.push_back(entry.path().filename());
  }
  EXPECT_THAT(parts, testing::UnorderedElementsAre("log", "drafts"));
  EXPECT_TRUE(fs::exists(folder_ / "first/key-backups/one/BACKUP"));
  const auto without = Restore("one", "", "second");
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_EQ(without->texts, 1);
  EXPECT_EQ(without->texts_without_key, 1);
  IngestionServer second(folder_ / "second");
  EXPECT_EQ(ReasonOf(second.Get("editions/TP2019/submissions/1201.leader").status()),
            Reason::kKeyMissing);
}

TEST_F(Backup, RestoredWithOlderKeysSaysHowManyTextsLackOne) {
  ASSERT_TRUE(server_->Submit(Answers("1201", 0)).ok());
  ASSERT_TRUE(Make("old").ok());
  ASSERT_TRUE(server_->Submit(Answers("1201", 1)).ok());
  ASSERT_TRUE(server_->Submit(Answers("1103", 0)).ok());
  pb::EraseTextRequest erase;
  erase.set_name("editions/TP2019/submissions/1103.leader@1");
  erase.set_request_id("erase");
  pb::EraseTextResponse erased;
  ASSERT_TRUE(CallOnce(*server_->submissions, &Submissions::EraseText, erase, &erased).ok());
  ASSERT_TRUE(Make("new").ok());
  const auto older = Restore("new", "old", "second");
  ASSERT_TRUE(older.ok()) << older.status();
  EXPECT_EQ(older->texts, 2) << "an erased one is not missed";
  EXPECT_EQ(older->texts_without_key, 1);
  const auto newer = Restore("old", "new", "third");
  ASSERT_TRUE(newer.ok()) << newer.status();
  EXPECT_EQ(newer->texts, 1);
  EXPECT_EQ(newer->texts_without_key, 0);
}

TEST_F(Backup, ThatCannotBeMadeLeavesNothingBehind) {
  ASSERT_TRUE(Make("one").ok());
  EXPECT_EQ(ReasonOf(Make("one")), Reason::kAlreadyExists);
  EXPECT_TRUE(fs::exists(folder_ / "first/backups/one/log/BACKUP"));
  fs::create_directories(folder_ / "first/key-backups/two");
  EXPECT_EQ(ReasonOf(Make("two")), Reason::kAlreadyExists);
  EXPECT_FALSE(fs::exists(folder_ / "first/backups/two"));
  fs::rename(folder_ / "first/key-backups", folder_ / "first/elsewhere");
  std::ofstream(folder_ / "first/key-backups") << "a file, no folder";
  EXPECT_FALSE(Make("three").ok());
  EXPECT_FALSE(fs::exists(folder_ / "first/backups/three"));
  fs::remove(folder_ / "first/key-backups");
  EXPECT_TRUE(Make("three").ok());
}

TEST_F(Backup, ThatIsDamagedOrWasInterruptedIsRefused) {
  ASSERT_TRUE(server_->Submit(Answers("1201", 0)).ok());
  SaveDraft("5001", 0);
  const std::map<std::string, std::string> folders = {
      {"log", "first/backups/log/log"},
      {"drafts", "first/backups/drafts/drafts"},
      {"keys", "first/key-backups/keys"},
  };
  for (const auto& [id, folder] : folders) {
    ASSERT_TRUE(Make(id).ok());
    Damage(folder_ / folder);
    const auto restored = Restore(id, id, "into-" + id);
    EXPECT_EQ(ReasonOf(restored.status()), Reason::kStoreCorrupt) << id << restored.status();
    EXPECT_FALSE(fs::exists(folder_ / "into-" + id + "/ingestion/log/FORMAT")) << id;
  }
  ASSERT_TRUE(Make("interrupted").ok());
  fs::remove(folder_ / "first/backups/interrupted/drafts/BACKUP");
  EXPECT_EQ(ReasonOf(Restore("interrupted", "interrupted", "fourth").status()),
            Reason::kStoreCorrupt);
}

TEST_F(Backup, IsNeverRestoredOverALog) {
  ASSERT_TRUE(Make("one").ok());
  EXPECT_EQ(ReasonOf(Restore("one", "one", "first").status()), Reason::kAlreadyExists);
  server_->Restart();
  EXPECT_TRUE(server_->Submit(Answers("1201", 0)).ok());
}

}  // namespace
}  // namespace imdi::ingestion
