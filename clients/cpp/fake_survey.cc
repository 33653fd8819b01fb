#include "imdi/survey/client/testing/fake_survey.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "absl/time/clock.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "imdi/survey/client/value.h"
#include "imdi/survey/query/v1/query_service.grpc.pb.h"
#include "services/base/crypto.h"
#include "services/base/error.h"
#include "services/base/mutex.h"
#include "services/base/text.h"
#include "services/transport/status_bridge.h"

namespace imdi::survey::client::testing {

namespace query_pb = query::v1;
using base::StrCat;

namespace {

// How often a follower looks whether it is still wanted, and gets a sign of life.
constexpr absl::Duration kSign = absl::Milliseconds(50);

std::string Part(std::string_view name, size_t number) {
  size_t from = 0;
  for (; number > 0 && from != std::string_view::npos; --number) {
    from = name.find('/', from);
    if (from != std::string_view::npos) ++from;
  }
  if (from == std::string_view::npos) return "";
  return std::string(name.substr(from, name.find('/', from) - from));
}

// "total", or the attribute of a cell: what ListFigures filters by.
std::string BreakdownOf(const std::string& cell) {
  std::string out;
  for (size_t dot = cell.find('.', cell.find('.') + 1); dot != std::string::npos;
       dot = cell.find('.', dot + 1)) {
    const std::string attribute = cell.substr(dot + 1, cell.find('=', dot) - dot - 1);
    if (attribute != "answer") out += out.empty() ? attribute : "." + attribute;
  }
  return out.empty() ? "total" : out;
}

}  // namespace

query_pb::Figure FigureOf(std::string_view cell, int32_t numerator, int32_t base) {
  query_pb::Figure out;
  out.set_name(std::string(cell));
  out.set_value(static_cast<double>(numerator) / base);
  out.set_numerator(numerator);
  out.set_base(base);
  out.set_unit("fraction");
  return out;
}

query_pb::Figure FigureOfNumber(std::string_view cell, double number, int32_t base,
                                int32_t decimals) {
  query_pb::Figure out;
  out.set_name(std::string(cell));
  out.set_value(number);
  out.set_base(base);
  out.set_unit("number");
  out.set_decimals(decimals);
  return out;
}

query_pb::Figure FigureWithout(std::string_view cell, query_pb::NoValueReason reason,
                               std::string_view sign) {
  query_pb::Figure out;
  out.set_name(std::string(cell));
  out.mutable_no_value()->set_reason(reason);
  out.mutable_no_value()->set_sign(std::string(sign));
  return out;
}

query_pb::ClaimResult SentenceOf(std::string_view id, std::string_view nn, std::string_view nb,
                                 std::vector<query_pb::Figure> figures) {
  query_pb::ClaimResult out;
  out.mutable_claim()->set_name(std::string(id));
  out.mutable_claim()->mutable_text()->set_nn(std::string(nn));
  out.mutable_claim()->mutable_text()->set_nb(std::string(nb));
  for (query_pb::Figure& figure : figures) *out.add_figures() = std::move(figure);
  out.set_verdict(query_pb::VERDICT_UNDECIDABLE);
  return out;
}

class FakeSurvey::Service final : public query_pb::QueryService::Service {
 public:
  // ---- The test's side

  void Start() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(address_, grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    {
      base::MutexLock lock(mutex_);
      stopping_ = false;
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) std::abort();
    address_ = StrCat("127.0.0.1:", port);
  }

  void Stop() {
    if (server_ == nullptr) return;
    {
      base::MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    server_->Shutdown(absl::ToChronoTime(absl::Now()));
    server_->Wait();
    server_.reset();
  }

  const std::string& address() const { return address_; }

  query_pb::Release Publish(const std::string& edition, const FakeRelease& content) {
    base::MutexLock lock(mutex_);
    std::vector<Stored>& releases = editions_[edition];
    Stored stored;
    query_pb::Release& release = stored.release;
    release.set_number(static_cast<int32_t>(releases.size()) + 1);
    release.set_name(StrCat("editions/", edition, "/releases/", release.number()));
    position_ += 10;
    release.set_position(position_ - 1);
    release.set_published_position(position_);
    release.set_log_id(kLog);
    release.set_reason(content.reason);
    release.set_audience(query_pb::AUDIENCE_INTERNAL);
    release.set_figure_count(static_cast<int32_t>(content.figures.size()));
    std::string all;
    const auto etag = [&](const auto& message) {
      std::string bytes = message.SerializeAsString();
      all += bytes;
      return base::Hex(base::Sha256(bytes)).substr(0, 16);
    };
    for (query_pb::Figure figure : content.figures) {
      const std::string cell = figure.name();
      figure.set_etag(etag(figure));
      figure.set_name(StrCat(release.name(), "/figures/", cell));
      stored.figures.emplace(cell, std::move(figure));
    }
    for (query_pb::ClaimResult claim : content.claims) {
      const std::string id = claim.claim().name();
      claim.set_etag(etag(claim));
      claim.mutable_claim()->set_name(StrCat("editions/", edition, "/claims/", id));
      for (query_pb::Figure& figure : *claim.mutable_figures())
        figure.set_name(StrCat(release.name(), "/figures/", figure.name()));
      stored.claims.emplace(id, std::move(claim));
    }
    release.set_content_hash(base::Hex(base::Sha256(all)));
    query_pb::Release out = release;
    releases.push_back(std::move(stored));
    changed_.NotifyAll();
    return out;
  }

  void Restore(int releases) {
    base::MutexLock lock(mutex_);
    ++epoch_;
    position_ = 0;
    for (auto& [edition, all] : editions_) {
      if (all.size() > static_cast<size_t>(releases)) all.resize(static_cast<size_t>(releases));
      for (const Stored& one : all)
        position_ = std::max(position_, one.release.published_position());
    }
    changed_.NotifyAll();
  }

  void SetStale(bool stale) {
    base::MutexLock lock(mutex_);
    stale_ = stale;
    changed_.NotifyAll();
  }
  void FailNext(int count, const absl::Status& status) {
    base::MutexLock lock(mutex_);
    fail_next_ = count;
    failure_ = status;
  }
  void SetPageSize(int most) {
    base::MutexLock lock(mutex_);
    page_size_ = most;
  }
  void ForgetPages() {
    base::MutexLock lock(mutex_);
    ++snapshot_;
  }
  int CallsOf(std::string_view method) const {
    base::MutexLock lock(mutex_);
    const auto found = calls_.find(method);
    return found == calls_.end() ? 0 : found->second;
  }

  // ---- The caller's side

  grpc::Status GetRelease(grpc::ServerContext*, const query_pb::GetReleaseRequest* request,
                          query_pb::Release* response) override {
    base::MutexLock lock(mutex_);
    if (absl::Status failure = Begin("GetRelease"); !failure.ok()) return transport::ToRpc(failure);
    const Stored* stored = Find(request->name());
    if (stored == nullptr) return Unknown(request->name());
    *response = stored->release;
    return grpc::Status::OK;
  }

  grpc::Status GetFigure(grpc::ServerContext*, const query_pb::GetFigureRequest* request,
                         query_pb::Figure* response) override {
    base::MutexLock lock(mutex_);
    if (absl::Status failure = Begin("GetFigure"); !failure.ok()) return transport::ToRpc(failure);
    const Stored* stored = Find(request->name());
    if (stored == nullptr) return Unknown(request->name());
    const auto found = stored->figures.find(Part(request->name(), 5));
    if (found == stored->figures.end())
      return transport::ToRpc(base::Error(base::Reason::kCellNotInRelease,
                                          StrCat("no figure ", base::Quoted(request->name()))));
    *response = found->second;
    return grpc::Status::OK;
  }

  grpc::Status ListFigures(grpc::ServerContext*, const query_pb::ListFiguresRequest* request,
                           query_pb::ListFiguresResponse* response) override {
    base::MutexLock lock(mutex_);
    if (absl::Status failure = Begin("ListFigures"); !failure.ok())
      return transport::ToRpc(failure);
    const Stored* stored = Find(request->parent());
    if (stored == nullptr) return Unknown(request->parent());
    std::vector<const query_pb::Figure*> wanted;
    for (const auto& [cell, figure] : stored->figures) {
      const bool mine =
          request->indicator().empty() || cell.substr(0, cell.find('.')) == request->indicator();
      if (mine && (request->attribute().empty() || request->attribute() == BreakdownOf(cell)))
        wanted.push_back(&figure);
    }
    return Page(wanted, *request, *response->mutable_figures(),
                *response->mutable_next_page_token());
  }

  grpc::Status ListClaims(grpc::ServerContext*, const query_pb::ListClaimsRequest* request,
                          query_pb::ListClaimsResponse* response) override {
    base::MutexLock lock(mutex_);
    if (absl::Status failure = Begin("ListClaims"); !failure.ok()) return transport::ToRpc(failure);
    const Stored* stored = Find(request->parent());
    if (stored == nullptr) return Unknown(request->parent());
    std::vector<const query_pb::ClaimResult*> wanted;
    for (const auto& [id, claim] : stored->claims) wanted.push_back(&claim);
    return Page(wanted, *request, *response->mutable_claims(),
                *response->mutable_next_page_token());
  }

  grpc::Status ListReleases(grpc::ServerContext*, const query_pb::ListReleasesRequest* request,
                            query_pb::ListReleasesResponse* response) override {
    base::MutexLock lock(mutex_);
    if (absl::Status failure = Begin("ListReleases"); !failure.ok())
      return transport::ToRpc(failure);
    std::vector<const query_pb::Release*> wanted;
    for (const Stored& stored : editions_[Part(request->parent(), 1)])
      wanted.push_back(&stored.release);
    return Page(wanted, *request, *response->mutable_releases(),
                *response->mutable_next_page_token());
  }

  grpc::Status FollowReleases(
      grpc::ServerContext* context, const query_pb::FollowReleasesRequest* request,
      grpc::ServerWriter<query_pb::FollowReleasesResponse>* writer) override {
    int64_t after = request->after_position();
    int64_t epoch = request->epoch();
    while (!context->IsCancelled()) {
      query_pb::FollowReleasesResponse message;
      {
        base::MutexLock lock(mutex_);
        if (stopping_) return grpc::Status::OK;
        if (after == 0) epoch = epoch_;
        if (epoch != epoch_)
          return transport::ToRpc(
              base::Error(base::Reason::kLogDiverged, "restored; follow again from position 0"));
        const query_pb::Release* next = FirstAfter(Part(request->parent(), 1), after);
        if (next != nullptr) *message.mutable_release() = *next;
        after = next != nullptr ? next->published_position() : std::max(after, position_);
        message.set_position(after);
        message.set_log_id(kLog);
        message.set_epoch(epoch_);
        message.set_stale(stale_);
      }
      if (!writer->Write(message)) break;
      base::MutexLock lock(mutex_);
      if (!message.has_release() && !stopping_) changed_.WaitFor(mutex_, kSign);
    }
    return grpc::Status::OK;
  }

 private:
  static constexpr const char* kLog = "fa4e";
  struct Stored {
    query_pb::Release release;
    std::map<std::string, query_pb::Figure> figures;
    std::map<std::string, query_pb::ClaimResult> claims;
  };

  absl::Status Begin(std::string_view method) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    ++calls_[std::string(method)];
    if (fail_next_ == 0) return absl::OkStatus();
    --fail_next_;
    return failure_;
  }

  const Stored* Find(std::string_view name) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const auto edition = editions_.find(Part(name, 1));
    if (edition == editions_.end() || edition->second.empty()) return nullptr;
    const std::string number = Part(name, 3);
    if (number.empty() || number == "latest") return &edition->second.back();
    const auto wanted = base::ParseInt64(number);
    for (const Stored& stored : edition->second) {
      if (wanted == stored.release.number()) return &stored;
    }
    return nullptr;
  }

  static grpc::Status Unknown(const std::string& name) {
    return transport::ToRpc(
        base::Error(base::Reason::kUnknownResource, StrCat("there is no ", base::Quoted(name))));
  }

  // Tokens are "{snapshot}/{entries given}".
  template <typename Item, typename Request>
  grpc::Status Page(const std::vector<const Item*>& wanted, const Request& request,
                    google::protobuf::RepeatedPtrField<Item>& page, std::string& token)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    size_t at = 0;
    if (!request.page_token().empty()) {
      if (base::ParseInt64(Part(request.page_token(), 0)) != snapshot_)
        return transport::ToRpc(
            base::Error(base::Reason::kSnapshotGone, "start from the first page"));
      at = static_cast<size_t>(base::ParseInt64(Part(request.page_token(), 1)).value_or(0));
    }
    const int size =
        request.page_size() > 0 ? std::min(request.page_size(), page_size_) : page_size_;
    for (; at < wanted.size() && page.size() < size; ++at) *page.Add() = *wanted[at];
    if (at < wanted.size()) token = StrCat(snapshot_, "/", at);
    return grpc::Status::OK;
  }

  const query_pb::Release* FirstAfter(const std::string& edition, int64_t after) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const query_pb::Release* first = nullptr;
    for (const auto& [id, releases] : editions_) {
      if (!edition.empty() && id != edition) continue;
      for (const Stored& stored : releases) {
        const int64_t position = stored.release.published_position();
        if (position > after && (first == nullptr || position < first->published_position()))
          first = &stored.release;
      }
    }
    return first;
  }

  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<grpc::Server> server_;

  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::map<std::string, std::vector<Stored>> editions_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int, std::less<>> calls_ ABSL_GUARDED_BY(mutex_);
  int64_t position_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t epoch_ ABSL_GUARDED_BY(mutex_) = 1;
  int64_t snapshot_ ABSL_GUARDED_BY(mutex_) = 1;
  int page_size_ ABSL_GUARDED_BY(mutex_) = 100;
  int fail_next_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  bool stale_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

FakeSurvey::FakeSurvey() : service_(std::make_unique<Service>()) { service_->Start(); }
FakeSurvey::~FakeSurvey() { service_->Stop(); }
const std::string& FakeSurvey::address() const { return service_->address(); }
void FakeSurvey::Stop() { service_->Stop(); }
void FakeSurvey::Start() { service_->Start(); }
query_pb::Release FakeSurvey::Publish(const std::string& edition, const FakeRelease& content) {
  return service_->Publish(edition, content);
}
void FakeSurvey::Restore(int releases) { service_->Restore(releases); }
void FakeSurvey::SetStale(bool stale) { service_->SetStale(stale); }
void FakeSurvey::FailNext(int count, const Error& error) {
  service_->FailNext(count, StatusOf(error));
}
void FakeSurvey::SetPageSize(int most) { service_->SetPageSize(most); }
void FakeSurvey::ForgetPages() { service_->ForgetPages(); }
int FakeSurvey::CallsOf(std::string_view method) const { return service_->CallsOf(method); }

}  // namespace imdi::survey::client::testing
