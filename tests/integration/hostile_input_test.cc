// What broken clients and people who mean harm may send, to every method of every service, over
// real TCP: each call is answered with a reason and a place, nothing crashes, and the log holds
// only what was accepted.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "clients/cli/definition_documents.h"
#include "grpcpp/generic/generic_stub.h"
#include "imdi/survey/aggregation/v1/figures_service.pb.h"
#include "imdi/survey/aggregation/v1/release_service.pb.h"
#include "imdi/survey/ingestion/v1/edition_service.pb.h"
#include "imdi/survey/ingestion/v1/log_service.pb.h"
#include "imdi/survey/ingestion/v1/submission_service.pb.h"
#include "imdi/survey/model/v1/access.pb.h"
#include "imdi/survey/query/v1/query_service.pb.h"
#include "imdi/survey/status/v1/status_service.pb.h"
#include "services/allinone/allinone_app.h"
#include "services/base/error.h"
#include "services/base/limits.h"
#include "services/base/log.h"
#include "services/base/text.h"
#include "services/process/server_config.h"
#include "services/transport/client.h"
#include "services/transport/server_host.h"
#include "services/transport/status_bridge.h"
#include "tests/integration/hostile_messages.h"
#include "tests/support/campaign.h"
#include "tests/support/temp_folder.h"

namespace imdi {
namespace {

namespace ingestion_pb = survey::ingestion::v1;
namespace query_pb = survey::query::v1;
namespace aggregation_pb = survey::aggregation::v1;
namespace status_pb = survey::status::v1;
namespace store_pb = survey::store::v1;
namespace model = survey::model::v1;
namespace protobuf = google::protobuf;

using base::Reason;
using base::StrCat;
using testing_support::Hostile;
using testing_support::HostileVariants;
using testing_support::TempFolder;
using testing_support::Verdict;

constexpr int kFailuresShown = 20;
constexpr size_t kInFlight = 32;
constexpr size_t kVariantsOfAnExample = 400;
constexpr absl::Duration kTimeout = absl::Seconds(30);
// Units of 2017 that a test writes to; everything hostile stays away from kQuietUnit.
constexpr std::string_view kQuietUnit = "0101";
constexpr std::string_view kSubmitUnit = "0104";
constexpr std::string_view kWithdrawUnit = "0105";
constexpr std::string_view kTextUnit = "0106";

std::string ProjectFolder() {
  const char* root = std::getenv("IMDI_ROOT");
  return root == nullptr ? "." : root;
}

uint32_t Seed() {
  static const auto seed = static_cast<uint32_t>(testing_support::CampaignSeed("hostile input"));
  return seed;
}

// Of a document's many variants every n-th is sent, unless a soak asks for all.
size_t Step(size_t variants) {
  const bool whole = testing_support::CampaignRounds(1) > 1;
  return whole ? 1 : 1 + variants / kVariantsOfAnExample;
}

// Every method of the project's services: from the contract's files, so that a new one is found by
// itself.
std::vector<const protobuf::MethodDescriptor*> AllMethods() {
  std::vector<const protobuf::MethodDescriptor*> methods;
  const std::filesystem::path root = ProjectFolder() + "/proto";
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "imdi")) {
    if (entry.path().extension() == ".proto")
      files.insert(entry.path().lexically_relative(root).string());
  }
  for (const std::string& name : files) {
    const protobuf::FileDescriptor* file =
        protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    if (file == nullptr)
      continue;  // Holds no service of this process: the generated code is not linked in.
    for (int i = 0; i < file->service_count(); ++i) {
      for (int k = 0; k < file->service(i)->method_count(); ++k)
        methods.push_back(file->service(i)->method(k));
    }
  }
  return methods;
}

struct Answer {
  absl::Status status;
  std::string bytes;  // Of the response, or of a stream's first message.
};

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.Valid() || !buffer.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// Calls with raw bytes, many at a time.
class RawCaller {
 public:
  explicit RawCaller(const std::string& address) : stub_(transport::MakeChannel(address)) {}

  Answer CallUnary(const std::string& method, const std::string& request) {
    return CallUnary(method, std::vector{request}).front();
  }
  std::vector<Answer> CallUnary(const std::string& method,
                                const std::vector<std::string>& requests) {
    struct Call {
      grpc::ClientContext context;
      grpc::ByteBuffer response;
      grpc::Status status;
      std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
    };
    std::vector<std::unique_ptr<Call>> calls(requests.size());
    std::vector<Answer> answers(requests.size());
    grpc::CompletionQueue queue;
    size_t begun = 0;
    for (size_t done = 0; done < requests.size(); ++done) {
      for (; begun < requests.size() && begun < done + kInFlight; ++begun) {
        calls[begun] = std::make_unique<Call>();
        Call& call = *calls[begun];
        transport::SetTimeout(call.context, kTimeout);
        call.reader =
            stub_.PrepareUnaryCall(&call.context, method, ToBuffer(requests[begun]), &queue);
        call.reader->StartCall();
        call.reader->Finish(&call.response, &call.status, reinterpret_cast<void*>(begun));
      }
      void* tag = nullptr;
      bool ok = false;
      if (!queue.Next(&tag, &ok)) break;
      const auto index = reinterpret_cast<size_t>(tag);
      answers[index] = {transport::FromRpc(calls[index]->status), ToString(calls[index]->response)};
      calls[index].reset();
    }
    return answers;
  }

  // Reads at most one message, then hangs up: OK when there was one.
  Answer CallStream(const std::string& method, const std::string& request) {
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    transport::SetTimeout(context, kTimeout);
    const auto step = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    const auto stream = stub_.PrepareCall(&context, method, &queue);
    stream->StartCall(nullptr);
    step();
    stream->WriteLast(ToBuffer(request), grpc::WriteOptions(), nullptr);
    step();
    grpc::ByteBuffer first;
    stream->Read(&first, nullptr);
    const bool read = step();
    if (read) context.TryCancel();
    grpc::Status status;
    stream->Finish(&status, nullptr);
    step();
    return {read ? absl::OkStatus() : transport::FromRpc(status), ToString(first)};
  }

  // For methods whose types are known.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(const std::string& method, const Request& request) {
    const Answer answer = CallUnary(method, request.SerializeAsString());
    if (!answer.status.ok()) return answer.status;
    Response response;
    if (!response.ParseFromString(answer.bytes))
      return absl::DataLossError(StrCat(method, ": not a response"));
    return response;
  }

 private:
  grpc::GenericStub stub_;
};

// Positions in a response.
void PositionsIn(const protobuf::Message& message, std::set<int64_t>& positions) {
  const protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const protobuf::FieldDescriptor* field : fields) {
    if (field->name() == "position" &&
        field->cpp_type() == protobuf::FieldDescriptor::CPPTYPE_INT64) {
      positions.insert(reflection.GetInt64(message, field));
    }
    if (field->cpp_type() != protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map())
      continue;
    if (!field->is_repeated()) {
      PositionsIn(reflection.GetMessage(message, field), positions);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      PositionsIn(reflection.GetRepeatedMessage(message, field, i), positions);
    }
  }
}

class HostileInput : public testing::Test {
 protected:
  using Examples = std::vector<std::unique_ptr<protobuf::Message>>;

  // One server for all tests of the file: what one test leaves behind, the next must stand.
  static void SetUpTestSuite() {
    transport::TameLibraryLogs();
    base::SetLogSink([](std::string_view line) {
      if (line.find("\"incident\"") != std::string_view::npos ||
          line.find("\"exception\"") != std::string_view::npos) {
        std::cerr << line << std::endl;
      }
    });
    folder_ = new TempFolder;
    clock_ = new base::SystemClock;
    Start();
    for (const cli::DefinitionDocument& document : Documents()) Apply(document.definition);
    Open("KU2014");
    Open("KU2017");
    for (const std::string_view unit : {kWithdrawUnit, kTextUnit}) {
      const auto submitted = CallNamed<ingestion_pb::SubmitResponse>("Submit", Submission(unit, 0));
      ASSERT_TRUE(submitted.ok()) << submitted.status();
      ASSERT_EQ(submitted->outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED)
          << submitted->DebugString();
    }
    const auto figure = FigureAt(Head().position());
    ASSERT_TRUE(figure.ok()) << figure.status();
  }
  static void TearDownTestSuite() {
    Stop();
    delete clock_;
    delete folder_;
    base::SetLogSink({});
  }

  static void Start() {
    const auto config = allinone::EmbeddedConfig(folder_->path());
    ASSERT_THAT(process::CheckConfig(config, process::kEverything), testing::IsEmpty());
    auto system = allinone::Start(config, *clock_);
    ASSERT_TRUE(system.ok()) << system.status();
    system_ = system->release();
    public_ = new RawCaller(system_->public_address());
    internal_ = new RawCaller(system_->internal_address());
  }
  static void Stop() {
    delete public_;
    delete internal_;
    delete system_;
    public_ = internal_ = nullptr;
    system_ = nullptr;
  }

  static const std::vector<cli::DefinitionDocument>& Documents() {
    static const auto* documents = [] {
      auto* loaded = new cli::DefinitionDocuments(
          cli::LoadDefinitions({ProjectFolder() + "/deploy/surveys/ku"}));
      for (const config::Problem& problem : loaded->problems)
        ADD_FAILURE() << config::ToText(problem);
      return loaded;
    }();
    return documents->documents;
  }
  static std::string NewId() { return StrCat("hostile-", ++ids_); }

  static std::string Path(const protobuf::MethodDescriptor* method) {
    return StrCat("/", method->service()->full_name(), "/", method->name());
  }
  static bool IsPublic(const protobuf::MethodDescriptor* method) {
    return method->service()->full_name() == "imdi.survey.ingestion.v1.SubmissionService";
  }
  static RawCaller& CallerOf(const protobuf::MethodDescriptor* method) {
    return IsPublic(method) ? *public_ : *internal_;
  }
  static bool IsMutation(const protobuf::MethodDescriptor* method) {
    return method->options().GetExtension(model::mutation);
  }

  template <typename Response, typename Request>
  static absl::StatusOr<Response> CallNamed(const std::string& name, const Request& request) {
    for (const protobuf::MethodDescriptor* method : AllMethods()) {
      if (method->name() == name) return CallerOf(method).Call<Response>(Path(method), request);
    }
    return absl::NotFoundError(name);
  }
  static void Apply(const model::Definition& definition) {
    ingestion_pb::ApplyDefinitionRequest request;
    *request.mutable_definition() = definition;
    request.set_request_id(NewId());
    const auto applied =
        CallNamed<ingestion_pb::ApplyDefinitionResponse>("ApplyDefinition", request);
    ASSERT_TRUE(applied.ok()) << applied.status();
    EXPECT_EQ(applied->findings_size(), 0) << applied->DebugString();
  }
  static void Open(const std::string& edition) {
    ingestion_pb::SetEditionStateRequest request;
    request.set_edition("editions/" + edition);
    request.set_state(model::EDITION_STATE_OPEN);
    request.set_request_id(NewId());
    const auto opened =
        CallNamed<ingestion_pb::SetEditionStateResponse>("SetEditionState", request);
    ASSERT_TRUE(opened.ok()) << opened.status();
  }
  static ingestion_pb::Cursor Head() {
    const auto head =
        CallNamed<ingestion_pb::GetHeadResponse>("GetHead", ingestion_pb::GetHeadRequest());
    EXPECT_TRUE(head.ok()) << head.status();
    return head.ok() ? head->head() : ingestion_pb::Cursor();
  }

  // A figure in which every record up to the position is counted.
  static absl::StatusOr<query_pb::Figure> FigureAt(int64_t position) {
    query_pb::GetFigureRequest request;
    request.set_name("editions/KU2017/releases/live/figures/IND_RR.FRAME");
    request.set_at_least_position(position);
    absl::StatusOr<query_pb::Figure> figure = absl::UnavailableError("not asked yet");
    const absl::Time end = absl::Now() + kTimeout;
    while (absl::Now() < end && figure.status().code() == absl::StatusCode::kUnavailable) {
      figure = CallNamed<query_pb::Figure>("GetFigure", request);
    }
    return figure;
  }

  // A candidate built now; its name.
  static std::string Candidate(const std::string& edition) {
    aggregation_pb::BuildReleaseRequest request;
    request.set_parent("editions/" + edition);
    request.set_audience(query_pb::AUDIENCE_INTERNAL);
    const auto built = CallNamed<aggregation_pb::Candidate>("BuildRelease", request);
    EXPECT_TRUE(built.ok()) << built.status();
    return built.ok() ? built->name() : std::string();
  }
  // Publishes what there is of 2017, once, and waits until query has it.
  static void HaveRelease() {
    if (released_) return;
    released_ = true;
    aggregation_pb::PublishReleaseRequest request;
    request.set_candidate(Candidate("KU2017"));
    request.set_reason("prøve");
    const auto published =
        CallNamed<aggregation_pb::PublishReleaseResponse>("PublishRelease", request);
    ASSERT_TRUE(published.ok()) << published.status();
    const auto figure = FigureAt(published->release().published_position());
    ASSERT_TRUE(figure.ok()) << figure.status();
  }

  // Answers to 2017 that the questionnaire accepts, with every kind of answer.
  static ingestion_pb::SubmitRequest Submission(std::string_view unit, int64_t expected_revision) {
    ingestion_pb::SubmitRequest request;
    request.set_request_id(NewId());
    request.set_expected_revision(expected_revision);
    ingestion_pb::SubmissionDraft& draft = *request.mutable_submission();
    draft.set_edition("editions/KU2017");
    draft.set_unit(std::string(unit));
    draft.set_part("main");
    draft.set_questionnaire(1);
    draft.set_language(model::LANGUAGE_NN);
    const auto code = [&draft](const char* item, int32_t value) {
      model::Answer& answer = *draft.add_answers();
      answer.set_item(item);
      answer.set_code(value);
      return &answer;
    };
    model::OtherText& other = *code("BAK01", 6)->add_other_texts();
    other.set_code(6);
    other.set_text("rådgjevar");
    model::Answer& settled = *draft.add_answers();
    settled.set_item("BAK04");
    settled.set_number(12);
    model::Answer& challenges = *draft.add_answers();
    challenges.set_item("BOS02");
    for (const int32_t ticked : {1, 2}) challenges.mutable_codes()->add_codes(ticked);
    model::Answer& combine = *draft.add_answers();
    combine.set_item("NOR01");
    combine.mutable_codes()->add_codes(1);
    code("BAK03", 1);
    code("BAK05", 1);
    code("BOS01", 1);
    code("BOS03", 1);
    code("BOS05.a", 1);
    code("SYS01", 1);
    code("SYS03", 1);
    model::Answer& text = *draft.add_answers();
    text.set_item("SYS05");
    text.set_text("Vi manglar folk.");
    code("INT01", 2);
    code("INT05", 1);
    code("ARB01", 1);
    code("IMD01", 1);
    model::CheckComment& comment = *draft.add_check_comments();
    comment.set_check("CHK05");
    comment.set_text("Det stemmer.");
    draft.mutable_contact()->set_name("postmottak");
    draft.mutable_contact()->set_email("postmottak@example.invalid");
    return request;
  }

  // Valid requests of a method, one for each shape worth bending. Fresh ids and revisions come with
  // Refresh.
  static Examples ExamplesOf(const std::string& method);

  // Makes a request that was sent before into a new one.
  static void Refresh(protobuf::Message& request) {
    const protobuf::FieldDescriptor* id = request.GetDescriptor()->FindFieldByName("request_id");
    if (id != nullptr) request.GetReflection()->SetString(&request, id, NewId());
    if (auto* submit = dynamic_cast<ingestion_pb::SubmitRequest*>(&request)) {
      submit->set_expected_revision(revisions_[submit->submission().unit()]);
    } else if (auto* batch = dynamic_cast<ingestion_pb::BatchSubmitRequest*>(&request)) {
      for (ingestion_pb::SubmitRequest& one : *batch->mutable_requests()) Refresh(one);
    } else if (auto* withdraw = dynamic_cast<ingestion_pb::WithdrawRequest*>(&request)) {
      withdraw->set_expected_revision(std::max<int64_t>(1, revisions_[std::string(kWithdrawUnit)]));
    } else if (auto* save = dynamic_cast<ingestion_pb::SaveDraftRequest*>(&request)) {
      save->set_expected_version(draft_version_);
    }
  }
  // Remembers what an accepted request has moved.
  static void Note(const protobuf::Message& response) {
    const auto receipt = [](const ingestion_pb::Receipt& one) {
      const size_t unit = one.submission().rfind('/') + 1;
      if (one.submission().starts_with("editions/KU2017/")) {
        int64_t& revision =
            revisions_[one.submission().substr(unit, one.submission().find('.', unit) - unit)];
        revision = std::max(revision, one.revision());
      }
    };
    if (const auto* submit = dynamic_cast<const ingestion_pb::SubmitResponse*>(&response)) {
      receipt(submit->receipt());
    } else if (const auto* batch =
                   dynamic_cast<const ingestion_pb::BatchSubmitResponse*>(&response)) {
      for (const auto& one : batch->results()) receipt(one.response().receipt());
    } else if (const auto* withdrawn =
                   dynamic_cast<const ingestion_pb::WithdrawResponse*>(&response)) {
      receipt(withdrawn->receipt());
    } else if (const auto* saved =
                   dynamic_cast<const ingestion_pb::SaveDraftResponse*>(&response)) {
      draft_version_ = saved->version();
    }
  }

  // Empty when the answer is one that this input may have, else what is wrong with it.
  static std::string Fault(const Hostile& hostile, const Answer& answer,
                           const protobuf::MethodDescriptor* method) {
    const absl::Status& status = answer.status;
    if (hostile.verdict == Verdict::kOversized) {
      return status.code() == absl::StatusCode::kResourceExhausted ? ""
                                                                   : "RESOURCE_EXHAUSTED was due";
    }
    const base::ErrorInfo info = base::InfoOf(status);
    if (hostile.verdict == Verdict::kInvalidUtf8) {
      if (info.reason != Reason::kInvalidUtf8) return "INVALID_UTF8 was due";
      if (info.violations.size() != 1 || info.violations.front().field != hostile.place)
        return "the place is missing";
      return "";
    }
    if (hostile.verdict == Verdict::kTooDeep) {
      return info.reason == Reason::kNestingTooDeep ? "" : "NESTING_TOO_DEEP was due";
    }
    if (status.ok()) {
      const std::unique_ptr<protobuf::Message> response(
          protobuf::MessageFactory::generated_factory()
              ->GetPrototype(method->output_type())
              ->New());
      return response->ParseFromString(answer.bytes) ? "" : "the response does not parse";
    }
    switch (status.code()) {
      case absl::StatusCode::kInvalidArgument:
      case absl::StatusCode::kNotFound:
      case absl::StatusCode::kFailedPrecondition:
      case absl::StatusCode::kAlreadyExists:
      case absl::StatusCode::kResourceExhausted:
      case absl::StatusCode::kAborted:
      case absl::StatusCode::kUnavailable:
        break;
      default:
        return "a code that no input may cause";
    }
    if (info.reason == Reason::kUnspecified) return "no reason";
    if (status.message().empty()) return "no message";
    if (info.reason == Reason::kFieldInvalid || info.reason == Reason::kInvalidUtf8) {
      if (info.violations.empty() ||
          info.violation_count < static_cast<int64_t>(info.violations.size()))
        return "no place";
      for (const base::FieldViolation& violation : info.violations) {
        if (violation.field.empty() || violation.description.empty()) return "an empty place";
      }
    }
    return "";
  }

  static void Report(const protobuf::MethodDescriptor* method, const Hostile& hostile,
                     std::string_view fault, const absl::Status& status) {
    if (++faults_ <= kFailuresShown) {
      ADD_FAILURE() << method->full_name() << ": " << hostile.what.substr(0, 200) << ": " << fault
                    << ": " << status.ToString().substr(0, 600);
    }
  }

  // Sends every variant of an example, one at a time, and looks at the log after each.
  static void BendMutation(const protobuf::MethodDescriptor* method, protobuf::Message& example,
                           uint32_t seed) {
    int64_t head = Head().position();
    const std::vector<Hostile> variants = HostileVariants(example, seed);
    const size_t step = Step(variants.size());
    for (size_t i = seed % step; i < variants.size(); i += step) {
      const Hostile& hostile = variants[i];
      Refresh(example);
      const Answer answer = CallerOf(method).CallUnary(Path(method), hostile.bytes(example));
      ++calls_;
      if (const std::string fault = Fault(hostile, answer, method); !fault.empty()) {
        Report(method, hostile, fault, answer.status);
      }
      std::set<int64_t> positions;
      if (answer.status.ok()) {
        const std::unique_ptr<protobuf::Message> response(
            protobuf::MessageFactory::generated_factory()
                ->GetPrototype(method->output_type())
                ->New());
        response->ParseFromString(answer.bytes);
        Note(*response);
        PositionsIn(*response, positions);
        positions.erase(positions.begin(), positions.upper_bound(head));
        ++accepted_;
      }
      const int64_t after = Head().position();
      bool right = after - head == static_cast<int64_t>(positions.size()) &&
                   (positions.empty() || *positions.rbegin() == after);
      // A release is many records, the last of which it names; a second call names it again.
      if (answer.status.ok() && method->name() == "PublishRelease") {
        aggregation_pb::PublishReleaseResponse published;
        published.ParseFromString(answer.bytes);
        right = published.release().published_position() <= after;
      }
      if (!right) {
        Report(method, hostile,
               StrCat("the head moved from ", head, " to ", after, ", the answer names ",
                      positions.size(), " records"),
               answer.status);
      }
      head = after;
    }
  }
  static void BendRead(const protobuf::MethodDescriptor* method, const protobuf::Message& example,
                       uint32_t seed) {
    const int64_t head = Head().position();
    const std::vector<Hostile> variants = HostileVariants(example, seed);
    std::vector<std::string> requests;
    for (const Hostile& hostile : variants) requests.push_back(hostile.bytes(example));
    std::vector<Answer> answers;
    if (method->server_streaming()) {
      for (const std::string& request : requests)
        answers.push_back(CallerOf(method).CallStream(Path(method), request));
    } else {
      answers = CallerOf(method).CallUnary(Path(method), requests);
    }
    for (size_t i = 0; i < variants.size(); ++i) {
      ++calls_;
      accepted_ += answers[i].status.ok() ? 1 : 0;
      if (const std::string fault = Fault(variants[i], answers[i], method); !fault.empty()) {
        Report(method, variants[i], fault, answers[i].status);
      }
    }
    EXPECT_EQ(Head().position(), head) << method->full_name() << " reads, yet the log has grown";
  }
  // All methods of a service.
  static void Bend(std::string_view service) {
    faults_ = calls_ = accepted_ = 0;
    for (const protobuf::MethodDescriptor* method : AllMethods()) {
      if (method->service()->name() != service) continue;
      for (const auto& example : ExamplesOf(method->name())) {
        ASSERT_EQ(example->GetDescriptor(), method->input_type());
        IsMutation(method) ? BendMutation(method, *example, Seed())
                           : BendRead(method, *example, Seed());
      }
    }
    EXPECT_GT(calls_, 0);
    EXPECT_EQ(faults_, 0) << "of " << calls_ << " calls";
    std::cout << service << ": " << calls_ << " calls, " << accepted_ << " answered with OK"
              << std::endl;
  }

  static inline TempFolder* folder_ = nullptr;
  static inline base::SystemClock* clock_ = nullptr;
  static inline process::Process* system_ = nullptr;
  static inline RawCaller* public_ = nullptr;
  static inline RawCaller* internal_ = nullptr;
  static inline int64_t ids_ = 0;
  static inline int64_t draft_version_ = 0;
  static inline std::map<std::string, int64_t> revisions_ = {{std::string(kWithdrawUnit), 1},
                                                             {std::string(kTextUnit), 1}};
  static inline bool released_ = false;
  static inline int faults_ = 0;
  static inline int calls_ = 0;
  static inline int accepted_ = 0;
};

HostileInput::Examples HostileInput::ExamplesOf(const std::string& method) {
  Examples examples;
  const auto add = [&examples](auto message) {
    examples.push_back(std::make_unique<decltype(message)>(std::move(message)));
  };
  const std::string submission = StrCat("editions/KU2017/submissions/", kTextUnit, ".main");
  const std::string figure = "editions/KU2017/releases/live/figures/IND_RR.FRAME";
  if (method == "ApplyDefinition") {
    // The documents of an edition that nothing else here needs; of the questionnaires also the one
    // with everything.
    for (const cli::DefinitionDocument& document : Documents()) {
      const bool spare = document.name.starts_with("editions/KU2014") ||
                         document.name == "indicators/IND_FLUCT" ||
                         document.name == "editions/KU2017/claims/F01";
      ingestion_pb::ApplyDefinitionRequest request;
      *request.mutable_definition() = document.definition;
      if (document.name == "editions/KU2017/questionnaires/1") request.set_validate_only(true);
      if (document.name == "editions/KU2014/frame") {
        request.mutable_definition()->mutable_frame()->mutable_units()->DeleteSubrange(
            3, request.definition().frame().units_size() - 3);
      }
      if (spare || request.validate_only()) add(request);
    }
  } else if (method == "GetDefinition") {
    ingestion_pb::GetDefinitionRequest request;
    request.set_name("editions/KU2014");
    request.set_revision(1);
    add(request);
  } else if (method == "ListDefinitions") {
    ingestion_pb::ListDefinitionsRequest request;
    request.set_prefix("editions/KU");
    request.set_page_size(2);
    request.set_page_token("editions/KU2014");
    add(request);
  } else if (method == "SetEditionState") {
    ingestion_pb::SetEditionStateRequest request;
    request.set_edition("editions/KU2014");
    request.set_state(model::EDITION_STATE_CLOSED);
    request.set_reason("prøve");
    add(request);
    request.set_unit(std::string(kQuietUnit));
    request.set_state(model::EDITION_STATE_OPEN);
    add(request);
  } else if (method == "SetDisposition") {
    ingestion_pb::SetDispositionRequest request;
    request.set_edition("editions/KU2015");
    request.set_unit(std::string(kSubmitUnit));
    request.set_disposition(model::DISPOSITION_REFUSAL);
    request.set_reason("prøve");
    add(request);
  } else if (method == "FollowLog") {
    ingestion_pb::FollowLogRequest request;
    *request.mutable_after() = Head();
    add(request);
    request.clear_after();
    add(request);
  } else if (method == "GetHead") {
    add(ingestion_pb::GetHeadRequest());
  } else if (method == "VerifyChain") {
    ingestion_pb::VerifyChainRequest request;
    request.set_from(2);
    request.set_to(5);
    add(request);
  } else if (method == "CreateBackup") {
    ingestion_pb::CreateBackupRequest request;
    request.set_backup_id(StrCat("backup-", ++ids_));
    add(request);
  } else if (method == "Submit") {
    add(Submission(kSubmitUnit, 0));
  } else if (method == "BatchSubmit") {
    ingestion_pb::BatchSubmitRequest request;
    *request.add_requests() = Submission(kSubmitUnit, 0);
    *request.add_requests() = Submission(kTextUnit, 0);
    add(request);
  } else if (method == "Validate") {
    ingestion_pb::ValidateRequest request;
    *request.mutable_submission() = Submission(kSubmitUnit, 0).submission();
    add(request);
  } else if (method == "GetSubmission") {
    ingestion_pb::GetSubmissionRequest request;
    request.set_name(submission + "@1");
    add(request);
  } else if (method == "ListSubmissions") {
    ingestion_pb::ListSubmissionsRequest request;
    request.set_parent(submission);
    request.set_page_size(1);
    request.set_page_token("1");
    add(request);
    request.clear_page_token();
    add(request);
  } else if (method == "DiffSubmissions") {
    ingestion_pb::DiffSubmissionsRequest request;
    request.set_parent(submission);
    request.set_from_revision(1);
    request.set_to_revision(1);
    add(request);
  } else if (method == "GetReceipt") {
    ingestion_pb::GetReceiptRequest request;
    request.set_name(submission + "@1");
    add(request);
  } else if (method == "Withdraw") {
    ingestion_pb::WithdrawRequest request;
    request.set_name(StrCat("editions/KU2017/submissions/", kWithdrawUnit, ".main"));
    request.set_reason("prøve");
    add(request);
  } else if (method == "EraseText") {
    ingestion_pb::EraseTextRequest request;
    request.set_name(StrCat("editions/KU2017/submissions/", kWithdrawUnit, ".main@1"));
    request.set_reason("prøve");
    add(request);
  } else if (method == "SaveDraft") {
    ingestion_pb::SaveDraftRequest request;
    *request.mutable_draft() = Submission(kSubmitUnit, 0).submission();
    add(request);
  } else if (method == "GetDraft") {
    ingestion_pb::GetDraftRequest request;
    request.set_name(StrCat("editions/KU2017/drafts/", kSubmitUnit, ".main"));
    add(request);
  } else if (method == "DeleteDraft") {
    ingestion_pb::DeleteDraftRequest request;
    request.set_name(StrCat("editions/KU2017/drafts/", kTextUnit, ".main"));
    add(request);
  } else if (method == "GetCollectionStatus") {
    ingestion_pb::GetCollectionStatusRequest request;
    request.set_edition("editions/KU2017");
    request.set_by("imdi_region");
    add(request);
  } else if (method == "FollowFigures") {
    add(aggregation_pb::FollowFiguresRequest());
  } else if (method == "GetStatus") {
    add(status_pb::GetStatusRequest());
  } else if (method == "GetFoldState") {
    add(aggregation_pb::GetFoldStateRequest());
  } else if (method == "GetFigure") {
    query_pb::GetFigureRequest request;
    request.set_name(figure + ".imdi_region=1");
    request.set_at_least_position(1);
    add(request);
  } else if (method == "BatchGetFigures") {
    query_pb::BatchGetFiguresRequest request;
    for (int i = 0; i < 3; ++i) request.add_names(figure);
    add(request);
  } else if (method == "ListFigures") {
    query_pb::ListFiguresRequest request;
    request.set_parent("editions/KU2017/releases/live");
    request.set_indicator("IND_RR");
    request.set_attribute("imdi_region");
    request.set_page_size(2);
    add(request);
    const auto page = internal_->Call<query_pb::ListFiguresResponse>(
        "/imdi.survey.query.v1.QueryService/ListFigures", request);
    EXPECT_TRUE(page.ok()) << page.status();
    if (page.ok()) request.set_page_token(page->next_page_token());
    EXPECT_NE(request.page_token(), "");
    add(request);
  } else if (method == "ListEditions") {
    query_pb::ListEditionsRequest request;
    request.set_page_size(1);
    add(request);
  } else if (method == "ListClaims") {
    query_pb::ListClaimsRequest request;
    request.set_parent("editions/KU2017");
    request.set_page_size(1);
    add(request);
    request.set_parent("editions/KU2017/releases/live");
    add(request);
  } else if (method == "ListIndicators") {
    query_pb::ListIndicatorsRequest request;
    request.set_parent("editions/KU2017/releases/live");
    request.set_page_size(2);
    add(request);
  } else if (method == "GetTable") {
    query_pb::GetTableRequest request;
    request.set_parent("editions/KU2017/releases/live");
    request.add_indicators("IND_RR");
    request.add_indicators("IND_TARGET");
    request.add_attributes("imdi_region");
    request.add_languages(model::LANGUAGE_NN);
    request.set_page_size(1);
    add(request);
    HaveRelease();
    request.set_parent("editions/KU2017/releases/latest");
    request.clear_indicators();
    add(request);
  } else if (method == "GetSeries") {
    query_pb::GetSeriesRequest request;
    request.set_parent("surveys/KU");
    request.set_cell("IND_TARGET.WITH_PROGRAMME");
    request.set_live(true);
    add(request);
  } else if (method == "ExplainFigure") {
    query_pb::ExplainFigureRequest request;
    request.set_name(figure + ".imdi_region=1");
    add(request);
  } else if (method == "TestAssociation") {
    query_pb::TestAssociationRequest request;
    request.set_parent("editions/KU2017/releases/live");
    request.set_cells("IND_TARGET.WITH_PROGRAMME");
    request.add_attributes("imdi_region");
    add(request);
  } else if (method == "GetMethodNote") {
    query_pb::GetMethodNoteRequest request;
    request.set_release("editions/KU2017/releases/live");
    add(request);
  } else if (method == "GetRelease") {
    HaveRelease();
    query_pb::GetReleaseRequest request;
    request.set_name("editions/KU2017/releases/1");
    add(request);
  } else if (method == "ListReleases") {
    HaveRelease();
    query_pb::ListReleasesRequest request;
    request.set_parent("editions/KU2017");
    request.set_page_size(1);
    add(request);
  } else if (method == "ListChanges") {
    HaveRelease();
    query_pb::ListChangesRequest request;
    request.set_parent("editions/KU2017/releases/latest");
    request.set_page_size(1);
    add(request);
  } else if (method == "FollowReleases") {
    HaveRelease();
    query_pb::FollowReleasesRequest request;
    request.set_parent("editions/KU2017");
    add(request);
    request.set_after_position(1);
    request.set_log_id(Head().log_id());
    request.set_epoch(Head().epoch());
    add(request);
  } else if (method == "BuildRelease") {
    aggregation_pb::BuildReleaseRequest request;
    request.set_parent("editions/KU2014");
    request.set_audience(query_pb::AUDIENCE_INTERNAL);
    request.set_at_position(Head().position());
    add(request);
  } else if (method == "GetCandidate") {
    aggregation_pb::GetCandidateRequest request;
    request.set_name(Candidate("KU2014"));
    add(request);
  } else if (method == "PreviewCandidate") {
    aggregation_pb::PreviewCandidateRequest request;
    request.set_name(Candidate("KU2014"));
    request.set_page_size(2);
    add(request);
  } else if (method == "PublishRelease") {
    aggregation_pb::PublishReleaseRequest request;
    request.set_candidate(Candidate("KU2014"));
    request.set_reason("prøve");
    add(request);
  } else if (method == "VerifyRelease") {
    HaveRelease();
    aggregation_pb::VerifyReleaseRequest request;
    request.set_name("editions/KU2017/releases/1");
    add(request);
  } else if (method == "RecordRelease") {
    ingestion_pb::RecordReleaseRequest request;
    request.set_actor("prøve");
    request.mutable_chunk()->set_edition("KU2015");
    request.mutable_chunk()->set_build_id(std::string(32, 'a'));
    request.mutable_chunk()->set_part("no part");
    add(request);
    store_pb::ReleasePublished& published = *request.mutable_published();
    published.set_edition("KU2015");
    published.set_number(1);
    published.set_build_id(std::string(32, 'b'));
    published.set_chunks(1);
    published.set_content_hash(std::string(32, 'c'));
    published.set_audience(1);
    add(request);
  }
  return examples;
}

// A TCP connection that is not gRPC.
class RawSocket {
 public:
  explicit RawSocket(const std::string& address) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const size_t colon = address.rfind(':');
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
    inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~RawSocket() { ::close(fd_); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  bool connected() const { return connected_; }
  void Send(std::string_view bytes) const {
    (void)::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // Everything the other side sends until it closes; empty optional when it has not closed by then.
  std::optional<std::string> ReadToEnd(absl::Time until) const {
    std::string all;
    while (true) {
      pollfd waiting{fd_, POLLIN, 0};
      const int64_t left = std::max<int64_t>(0, absl::ToInt64Milliseconds(until - absl::Now()));
      if (::poll(&waiting, 1, static_cast<int>(left)) <= 0) return std::nullopt;
      char buffer[4096];
      const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
      if (size <= 0) return all;
      all.append(buffer, static_cast<size_t>(size));
    }
  }

 private:
  const int fd_;
  bool connected_ = false;
};

TEST_F(HostileInput, HasAnExampleOfEveryMethodAndKnowsEveryKindOfField) {
  const auto methods = AllMethods();
  EXPECT_GE(methods.size(), 44U);
  std::set<const protobuf::Descriptor*> types;
  std::vector<const protobuf::Descriptor*> waiting;
  for (const protobuf::MethodDescriptor* method : methods) {
    EXPECT_FALSE(method->client_streaming()) << method->full_name();
    const Examples examples = ExamplesOf(method->name());
    EXPECT_FALSE(examples.empty()) << method->full_name() << " has no example";
    for (const auto& example : examples) {
      EXPECT_EQ(example->GetDescriptor(), method->input_type()) << method->full_name();
    }
    waiting.push_back(method->input_type());
  }
  using Field = protobuf::FieldDescriptor;
  while (!waiting.empty()) {
    const protobuf::Descriptor* type = waiting.back();
    waiting.pop_back();
    if (!types.insert(type).second) continue;
    for (int i = 0; i < type->field_count(); ++i) {
      const Field* field = type->field(i);
      EXPECT_THAT(field->cpp_type(), testing::AnyOf(Field::CPPTYPE_INT32, Field::CPPTYPE_INT64,
                                                    Field::CPPTYPE_ENUM, Field::CPPTYPE_BOOL,
                                                    Field::CPPTYPE_STRING, Field::CPPTYPE_MESSAGE))
          << field->full_name();
      if (field->message_type() != nullptr) waiting.push_back(field->message_type());
    }
  }
}

TEST_F(HostileInput, IsAnsweredByEveryReadWithAReasonAndAPlace) { Bend("QueryService"); }
TEST_F(HostileInput, IsAnsweredByTheLogWithAReasonAndAPlace) { Bend("LogService"); }
TEST_F(HostileInput, IsAnsweredByFiguresWithAReasonAndAPlace) { Bend("FiguresService"); }
TEST_F(HostileInput, IsAnsweredByTheStatusWithAReasonAndAPlace) { Bend("StatusService"); }
TEST_F(HostileInput, IsAnsweredByReleasesWithAReasonAndAPlaceAndOnlyWhatIsAcceptedIsAppended) {
  Bend("ReleaseService");
}
TEST_F(HostileInput, IsAnsweredBySubmissionsWithAReasonAndAPlaceAndOnlyWhatIsAcceptedIsAppended) {
  Bend("SubmissionService");
}
TEST_F(HostileInput, IsAnsweredByDefinitionsWithAReasonAndAPlaceAndOnlyWhatIsAcceptedIsAppended) {
  Bend("EditionService");
}

TEST_F(HostileInput,
       ThatIsWrongInThousandsOfPlacesIsAnsweredWithTheFirstOnesAndTheNumberOfTheRest) {
  ingestion_pb::ApplyDefinitionRequest request;
  request.set_validate_only(true);
  model::Questionnaire& questionnaire = *request.mutable_definition()->mutable_questionnaire();
  questionnaire.set_name("editions/KU2014/questionnaires/2");
  for (int i = 0; i < 60'000; ++i) questionnaire.add_questions()->set_id("X");
  const auto response =
      CallNamed<ingestion_pb::ApplyDefinitionResponse>("ApplyDefinition", request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->findings_size(), static_cast<int>(base::kFindingsPerResponseMax) + 1);
  EXPECT_EQ(response->findings(response->findings_size() - 1).rule(), "MORE_FINDINGS");
  EXPECT_FALSE(response->changed());
}

TEST_F(HostileInput, OfWrongMethodsAndHeadersIsRefused) {
  const std::string request = ingestion_pb::GetHeadRequest().SerializeAsString();
  for (const std::string method :
       {"/imdi.survey.ingestion.v1.LogService/NoSuchMethod", "/no.such.Service/GetHead", "/",
        "no-slash", "//", "/imdi.survey.ingestion.v1.LogService/GetHead/..",
        "/imdi.survey.ingestion.v1.LogService/gethead"}) {
    EXPECT_EQ(internal_->CallUnary(method, request).status.code(), absl::StatusCode::kUnimplemented)
        << method;
  }
  // What is internal does not exist on the public port.
  for (const protobuf::MethodDescriptor* method : AllMethods()) {
    if (IsPublic(method) || method->server_streaming()) continue;
    EXPECT_EQ(public_->CallUnary(Path(method), request).status.code(),
              absl::StatusCode::kUnimplemented)
        << method->full_name();
  }
}

TEST_F(HostileInput, OfWrongVersionsPartsAndDuplicatesIsRefusedWithItsOwnReason) {
  const int64_t head = Head().position();
  const auto submit = [](const std::function<void(ingestion_pb::SubmitRequest&)>& change) {
    ingestion_pb::SubmitRequest request = Submission(kQuietUnit, 0);
    change(request);
    return CallNamed<ingestion_pb::SubmitResponse>("Submit", request);
  };
  const auto reason_of = [&](const std::function<void(ingestion_pb::SubmitRequest&)>& change) {
    return base::ReasonOf(submit(change).status());
  };
  EXPECT_EQ(reason_of([](auto& r) { r.mutable_submission()->set_questionnaire(2); }),
            Reason::kQuestionnaireSuperseded);
  EXPECT_EQ(reason_of([](auto& r) { r.mutable_submission()->set_questionnaire(0); }),
            Reason::kFieldInvalid);
  EXPECT_EQ(reason_of([](auto& r) { r.mutable_submission()->set_part("other"); }),
            Reason::kUnknownResource);
  EXPECT_EQ(reason_of([](auto& r) { r.mutable_submission()->set_edition("editions/KU1999"); }),
            Reason::kUnknownResource);
  EXPECT_EQ(reason_of([](auto& r) { r.mutable_submission()->set_edition("editions/KU2016"); }),
            Reason::kEditionNotOpen);
  EXPECT_EQ(reason_of([](auto& r) { r.mutable_submission()->set_unit("9999"); }),
            Reason::kUnitOutOfFrame);
  EXPECT_EQ(reason_of([](auto& r) { r.set_expected_revision(7); }), Reason::kStaleRevision);

  const auto rules_of = [&](const std::function<void(ingestion_pb::SubmissionDraft&)>& change) {
    const auto response = submit([&](auto& r) { change(*r.mutable_submission()); });
    EXPECT_TRUE(response.ok()) << response.status();
    std::set<std::string> rules;
    if (!response.ok()) return rules;
    EXPECT_EQ(response->outcome(), ingestion_pb::SUBMIT_OUTCOME_REFUSED) << response->DebugString();
    EXPECT_FALSE(response->has_receipt());
    for (const model::Finding& finding : response->findings()) {
      EXPECT_NE(finding.text().nn(), "") << finding.rule();
      if (finding.grade() == model::GRADE_HARD) rules.insert(finding.rule());
    }
    return rules;
  };
  using testing::ElementsAre;
  EXPECT_THAT(rules_of([](auto& d) { *d.add_answers() = d.answers(0); }), ElementsAre("DUPLICATE"));
  EXPECT_THAT(rules_of([](auto& d) { d.mutable_answers(2)->mutable_codes()->add_codes(1); }),
              ElementsAre("DUPLICATE"));
  EXPECT_THAT(rules_of([](auto& d) { d.mutable_answers(4)->set_code(77); }),
              testing::Contains("UNKNOWN_CODE"));
  EXPECT_THAT(rules_of([](auto& d) { d.mutable_answers(4)->set_text("1"); }),
              testing::Contains("WRONG_TYPE"));
  EXPECT_THAT(rules_of([](auto& d) { d.add_answers()->set_item("INT01"); }),
              ElementsAre("DUPLICATE"));
  EXPECT_THAT(rules_of([](auto& d) { d.add_answers()->set_item("\xEF\xBC\x91"); }),
              ElementsAre("UNKNOWN_ITEM"));
  EXPECT_THAT(rules_of([](auto& d) { d.add_answers()->set_item("BOS04"); }),
              ElementsAre("EMPTY_ANSWER"));
  EXPECT_EQ(Head().position(), head);
}

TEST_F(HostileInput, OnHalfOpenConnectionsNeitherStopsServiceNorLastsLong) {
  std::vector<std::unique_ptr<RawSocket>> sockets;
  constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (const std::string& address : {system_->public_address(), system_->internal_address()}) {
    for (const std::string_view bytes :
         {std::string_view(), kPreface.substr(0, 1), kPreface.substr(0, 12), kPreface,
          std::string_view("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
          std::string_view("\x16\x03\x01\x02\x00\x01", 6)}) {
      for (int i = 0; i < 3; ++i) {
        sockets.push_back(std::make_unique<RawSocket>(address));
        ASSERT_TRUE(sockets.back()->connected());
        sockets.back()->Send(bytes);
      }
    }
  }
  const int64_t head = Head().position();
  ingestion_pb::ValidateRequest validate;
  *validate.mutable_submission() = Submission(kQuietUnit, 0).submission();
  const auto valid = CallNamed<ingestion_pb::ValidateResponse>("Validate", validate);
  ASSERT_TRUE(valid.ok()) << valid.status();
  EXPECT_EQ(valid->outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED);
  const absl::Time patience =
      absl::Now() + absl::Milliseconds(2 * base::kHandshakeTimeoutMs + base::kKeepaliveTimeMs +
                                       base::kKeepaliveTimeoutMs);
  for (const auto& socket : sockets) EXPECT_TRUE(socket->ReadToEnd(patience).has_value());
  EXPECT_EQ(Head().position(), head);
}

// The last test: it looks at what all the others have left.
TEST_F(HostileInput, LeavesALogThatVerifiesAndASystemThatWorksAlsoAfterARestart) {
  for (const bool restarted : {false, true}) {
    if (restarted) {
      Stop();
      Start();
      ASSERT_NE(system_, nullptr);
    }
    const int64_t head = Head().position();
    const auto verified = CallNamed<ingestion_pb::VerifyChainResponse>(
        "VerifyChain", ingestion_pb::VerifyChainRequest());
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->verified(), head);
    const auto submitted = CallNamed<ingestion_pb::SubmitResponse>(
        "Submit", Submission(kQuietUnit, restarted ? 1 : 0));
    ASSERT_TRUE(submitted.ok()) << submitted.status();
    ASSERT_EQ(submitted->outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED)
        << submitted->DebugString();
    EXPECT_EQ(submitted->receipt().position(), head + 1);
    EXPECT_EQ(Head().position(), head + 1);

    ingestion_pb::ListDefinitionsRequest list;
    do {
      const auto page = CallNamed<ingestion_pb::ListDefinitionsResponse>("ListDefinitions", list);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const ingestion_pb::DefinitionRef& definition : page->definitions()) {
        EXPECT_THAT(definition.name(), testing::MatchesRegex("[A-Za-z0-9_/-]+"));
      }
      list.set_page_token(page->next_page_token());
    } while (!list.page_token().empty());

    // Aggregation and query have followed through everything that was accepted.
    const absl::StatusOr<query_pb::Figure> figure = FigureAt(head + 1);
    const auto fold = CallNamed<aggregation_pb::GetFoldStateResponse>(
        "GetFoldState", aggregation_pb::GetFoldStateRequest());
    ASSERT_TRUE(fold.ok()) << fold.status();
    EXPECT_EQ(fold->stopped(), "");
    ASSERT_TRUE(figure.ok()) << figure.status();
    EXPECT_GE(figure->invited(), 441);

    RawSocket health(system_->health_address());
    health.Send("GET /metrics HTTP/1.0\r\n\r\n");
    const auto metrics = health.ReadToEnd(absl::Now() + kTimeout);
    ASSERT_TRUE(metrics.has_value());
    EXPECT_THAT(*metrics, testing::HasSubstr("imdi_transport_calls_total"));
    EXPECT_THAT(*metrics, testing::Not(testing::HasSubstr("reason=\"INTERNAL\"")));
    EXPECT_THAT(*metrics,
                testing::Not(testing::ContainsRegex("imdi_transport_exceptions_total [1-9]")));
  }
}

}  // namespace
}  // namespace imdi
