// The data folder of a whole system, kept under tests/golden/system_v1 (see the README there): what
// it said when it was made it says for ever, also when what can be derived from the log is gone,
// and it goes on from there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "clients/cli/answers_file.h"
#include "clients/cli/connection.h"
#include "clients/cli/definition_documents.h"
#include "services/allinone/allinone_app.h"
#include "services/base/clock.h"
#include "services/base/text.h"
#include "tests/support/temp_folder.h"

namespace imdi {
namespace {

namespace fs = std::filesystem;
namespace ingestion_pb = survey::ingestion::v1;
namespace aggregation_pb = survey::aggregation::v1;
namespace model = survey::model::v1;
namespace query_pb = survey::query::v1;
using base::StrCat;
using testing_support::TempFolder;
using Editions = ingestion_pb::EditionService::StubInterface;
using Log = ingestion_pb::LogService::StubInterface;
using Queries = query_pb::QueryService::StubInterface;
using Releases = aggregation_pb::ReleaseService::StubInterface;
using Submissions = ingestion_pb::SubmissionService::StubInterface;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr char kRelease[] = "editions/TP2019/releases/1";
constexpr char kLive[] = "editions/TP2019/releases/live";

std::string Root() {
  const char* root = std::getenv("IMDI_ROOT");
  return root == nullptr ? "." : root;
}
std::string GoldenFolder() { return Root() + "/tests/golden/system_v1"; }

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// What is sent, in order; all of it invented.
std::vector<cli::AnswersAction> Actions(const std::string& lines) {
  const cli::AnswersFile file = cli::ParseAnswers(
      "lines", StrCat(R"({"format":"imdi-answers/1","note":"Invented"})", "\n", lines));
  EXPECT_EQ(file.problem_count, 0u);
  return file.actions;
}
std::string Line(const std::string& unit, const std::string& part, int revision,
                 const std::string& answers) {
  return StrCat(R"({"edition":"TP2019","unit":")", unit, R"(","part":")", part,
                R"(","questionnaire":1,"language":"nn","expected_revision":)", revision,
                R"(,"request_id":")", unit, ".", part, "@", revision + 1, R"(","answers":{)",
                answers, "}}\n");
}
std::string FirstLife() {
  return Line("1103", "leader", 0,
              R"("L01":1,"L02":[1,3],"L03":{"number":40},"K01":1,"L04":{"text":"Lite bustader"})") +
         Line("1103", "settlement", 0,
              R"("B01":1,"B02.a":3,"B02.b":1,"B03":{"number":125},"B04":1)") +
         Line("1201", "leader", 0, R"("L01":1,"L02":[90],"L03":{"number":7},"K01":2)") +
         Line("1201", "settlement", 0, R"("B01":2,"B02.a":97,"B04":2)");
}
std::string SecondLife() {
  return Line(
             "1103", "leader", 1,
             R"("L01":1,"L02":[1],"L03":{"number":41},"K01":1,"L04":{"text":"Framleis lite bustader"})") +
         Line("1902", "leader", 0, R"("L01":2,"K01":1)") +
         Line("030101", "leader", 0, R"("L01":1,"L03":{"number":3},"K01":2)") +
         Line("030101", "settlement", 0, R"("B01":1,"B05":1)") +
         R"({"action":"withdraw","edition":"TP2019","unit":"1902","part":"leader","expected_revision":1,"request_id":"withdraw"})"
         "\n"
         R"({"action":"disposition","edition":"TP2019","unit":"5001","disposition":"refusal","request_id":"refuses"})"
         "\n";
}
std::string Later() { return Line("030102", "leader", 0, R"("L01":1,"L03":{"number":5},"K01":1)"); }

// A system over a folder, and what is asked of it.
class System {
 public:
  explicit System(const std::string& folder) {
    auto started = allinone::Start(allinone::EmbeddedConfig(folder), clock_);
    EXPECT_TRUE(started.ok()) << started.status();
    if (!started.ok()) return;
    process_ = *std::move(started);
    connection_ = std::make_unique<cli::Connection>(process_->public_address(),
                                                    process_->internal_address(), kPatience);
  }
  bool ok() const { return process_ != nullptr; }

  // The answer, or an empty one and a failed test.
  template <typename Peer, typename Method, typename Request>
  auto Ask(const Peer& peer, Method method, const Request& request) const {
    auto answer = connection_->Call(peer, method, request);
    EXPECT_TRUE(answer.ok()) << answer.status() << "\n" << request.ShortDebugString();
    return answer.ok() ? *std::move(answer) : std::remove_reference_t<decltype(*answer)>();
  }
  const cli::Connection& to() const { return *connection_; }

  void Apply() const {
    const auto loaded = cli::LoadDefinitions({Root() + "/tests/data/three_parts"});
    ASSERT_EQ(loaded.problem_count, 0u);
    for (const cli::DefinitionDocument& document : loaded.documents) {
      ingestion_pb::ApplyDefinitionRequest request;
      *request.mutable_definition() = document.definition;
      request.set_request_id(StrCat("apply-", document.name));
      EXPECT_EQ(Ask(to().editions(), &Editions::ApplyDefinition, request).findings_size(), 0);
    }
    ingestion_pb::SetEditionStateRequest open;
    open.set_edition("editions/TP2019");
    open.set_state(model::EDITION_STATE_OPEN);
    open.set_request_id("open");
    Ask(to().editions(), &Editions::SetEditionState, open);
  }
  // The receipts of what was submitted.
  std::vector<ingestion_pb::Receipt> Send(const std::string& lines) const {
    std::vector<ingestion_pb::Receipt> receipts;
    for (const cli::AnswersAction& action : Actions(lines)) {
      if (const auto* submit = std::get_if<ingestion_pb::SubmitRequest>(&action.request)) {
        const auto answer = Ask(to().submissions(), &Submissions::Submit, *submit);
        EXPECT_EQ(answer.outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED) << answer.DebugString();
        receipts.push_back(answer.receipt());
      } else if (const auto* withdraw =
                     std::get_if<ingestion_pb::WithdrawRequest>(&action.request)) {
        Ask(to().submissions(), &Submissions::Withdraw, *withdraw);
      } else if (const auto* disposition =
                     std::get_if<ingestion_pb::SetDispositionRequest>(&action.request)) {
        Ask(to().editions(), &Editions::SetDisposition, *disposition);
      }
    }
    return receipts;
  }
  void SaveDraft() const {
    ingestion_pb::SaveDraftRequest save;
    *save.mutable_draft() =
        std::get<ingestion_pb::SubmitRequest>(Actions(Later()).front().request).submission();
    Ask(to().submissions(), &Submissions::SaveDraft, save);
  }
  void Publish() const {
    aggregation_pb::BuildReleaseRequest build;
    build.set_parent("editions/TP2019");
    build.set_audience(query_pb::AUDIENCE_INTERNAL);
    aggregation_pb::PublishReleaseRequest publish;
    publish.set_candidate(Ask(to().releases(), &Releases::BuildRelease, build).name());
    publish.set_reason("golden");
    Ask(to().releases(), &Releases::PublishRelease, publish);
  }
  int64_t Head() const {
    return Ask(to().log(), &Log::GetHead, ingestion_pb::GetHeadRequest()).head().position();
  }
  query_pb::ListFiguresResponse FiguresOf(const std::string& parent) const {
    query_pb::ListFiguresRequest request;
    request.set_parent(parent);
    request.set_page_size(1'000);
    request.set_at_least_position(Head());
    return Ask(to().query(), &Queries::ListFigures, request);
  }

  // What it says of log, keys, drafts, figures and the release, a line each.
  std::string Say() const {
    std::string out;
    const auto say = [&](const auto&... parts) { base::StrAppend(out, parts..., "\n"); };
    const auto head = Ask(to().log(), &Log::GetHead, ingestion_pb::GetHeadRequest()).head();
    say("log ", head.log_id(), " epoch ", head.epoch(), " position ", head.position(), " chain ",
        base::Hex(head.chain_hash()));
    say("verified ",
        Ask(to().log(), &Log::VerifyChain, ingestion_pb::VerifyChainRequest()).verified());
    for (const char* name : {"1103.leader@1", "1103.leader@2", "1103.settlement@1", "1201.leader@1",
                             "1201.settlement@1", "1902.leader@1", "030101.leader@1"}) {
      ingestion_pb::GetSubmissionRequest get;
      get.set_name(StrCat("editions/TP2019/submissions/", name));
      const auto got = Ask(to().submissions(), &Submissions::GetSubmission, get);
      std::string answers;
      for (const model::Answer& answer : got.submission().answers())
        base::StrAppend(answers, " {", answer.ShortDebugString(), "}");
      say(name, answers);
    }
    ingestion_pb::GetDraftRequest draft;
    draft.set_name("editions/TP2019/drafts/030102.leader");
    const auto saved = Ask(to().submissions(), &Submissions::GetDraft, draft);
    say("draft version ", saved.version(), " answers ", saved.draft().answers_size());

    // First what waits until query has heard of every record.
    const auto published = FiguresOf(kRelease);
    query_pb::GetReleaseRequest get;
    get.set_name(kRelease);
    const auto release = Ask(to().query(), &Queries::GetRelease, get);
    say("release ", release.number(), " position ", release.position(), " hash ",
        release.content_hash());
    const auto counts = [](const query_pb::Figure& figure) {
      return StrCat(figure.numerator(), " of ", figure.base(), ", ", figure.responded(), " of ",
                    figure.invited());
    };
    // What is live follows from the rules of today, which may know more cells and other estimates.
    const auto live = FiguresOf(kLive);
    for (const query_pb::Figure& figure : published.figures()) {
      const std::string cell = figure.name().substr(sizeof kRelease + sizeof "figures");
      say(cell, "  ", counts(figure), "  etag ", figure.etag());
      const auto now = std::ranges::find_if(live.figures(), [&](const query_pb::Figure& one) {
        return one.name().ends_with("/" + cell);
      });
      say("  live ", now == live.figures().end() ? "none" : counts(*now));
    }
    return out;
  }

 private:
  base::SystemClock clock_;
  std::unique_ptr<process::Process> process_;
  std::unique_ptr<cli::Connection> connection_;
};

// Without what RocksDB makes anew.
void KeepFolder(const fs::path& from, const fs::path& to) {
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const std::string name = entry.path().filename();
    if (!entry.is_regular_file() || name == "LOCK" || name == "IDENTITY" ||
        name.starts_with("OPTIONS-"))
      continue;
    const fs::path kept = to / fs::relative(entry.path(), from);
    fs::create_directories(kept.parent_path());
    fs::copy_file(entry.path(), kept);
  }
}

// Two lives of it, so that some lies in tables and some in log files.
void Make(const std::string& golden) {
  const TempFolder folder;
  std::string facts;
  {
    const System first(folder.path());
    ASSERT_TRUE(first.ok());
    first.Apply();
    first.Send(FirstLife());
    first.SaveDraft();
  }
  {
    const System second(folder.path());
    ASSERT_TRUE(second.ok());
    second.Send(SecondLife());
    second.Publish();
    facts = second.Say();
  }
  fs::remove_all(golden);
  KeepFolder(folder.path(), golden);
  std::ofstream(golden + "/FACTS", std::ios::binary) << facts;
}

class GoldenSystem : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("IMDI_REGENERATE_GOLDEN") != nullptr) {
      ASSERT_NO_FATAL_FAILURE(Make(GoldenFolder()));
    }
    ASSERT_TRUE(fs::exists(GoldenFolder()));
    fs::copy(GoldenFolder(), folder_.path(),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    fs::permissions(folder_ / "master.key", fs::perms::owner_read | fs::perms::owner_write);
    facts_ = ReadText(folder_ / "FACTS");
    ASSERT_NE(facts_, "");
  }

  const TempFolder folder_;
  std::string facts_;
};

TEST_F(GoldenSystem, SaysOfLogKeysDraftsFiguresAndReleaseWhatItSaidWhenItWasMade) {
  const System system(folder_.path());
  ASSERT_TRUE(system.ok());
  EXPECT_EQ(system.Say(), facts_);
}

TEST_F(GoldenSystem, SaysTheSameWhenAllThatIsDerivedIsFoldedAfresh) {
  ASSERT_GT(fs::remove_all(folder_ / "aggregation"), 0u);
  ASSERT_GT(fs::remove_all(folder_ / "query"), 0u);
  const System system(folder_.path());
  ASSERT_TRUE(system.ok());
  EXPECT_EQ(system.Say(), facts_);
}

TEST_F(GoldenSystem, KnowsItsRequestsAgainAndGoesOn) {
  const System system(folder_.path());
  ASSERT_TRUE(system.ok());
  const int64_t head = system.Head();
  for (const ingestion_pb::Receipt& receipt : system.Send(FirstLife()))
    EXPECT_LT(receipt.position(), head) << receipt.ShortDebugString();
  EXPECT_EQ(system.Head(), head) << "a repeated request is answered, not stored";
  const auto later = system.Send(Later());
  ASSERT_EQ(later.size(), 1u);
  EXPECT_EQ(later.front().position(), head + 1);
  EXPECT_GE(system.FiguresOf(kLive).position(), head + 1);
}

}  // namespace
}  // namespace imdi
