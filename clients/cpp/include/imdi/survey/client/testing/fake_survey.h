#pragma once

// A survey of a test's own, on a loopback port: releases of what the test says, followed, listed
// and found as from the real one; it can be away, fail, and come back from a backup. For a consumer
// who wants single calls to answer this or that, there are gmock stubs beside it
// (imdi/survey/query/v1/query_service_mock.grpc.pb.h, and stub.h to put a client over one).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "imdi/survey/client/error.h"
#include "imdi/survey/query/v1/claim.pb.h"
#include "imdi/survey/query/v1/figure.pb.h"
#include "imdi/survey/query/v1/release.pb.h"

namespace imdi::survey::client::testing {

// A figure with a share, one with a number, and one without a value. `cell` as in names:
// "IND_RR.FRAME.size_group=3".
query::v1::Figure FigureOf(std::string_view cell, int32_t numerator, int32_t base);
query::v1::Figure FigureOfNumber(std::string_view cell, double number, int32_t base,
                                 int32_t decimals = 1);
query::v1::Figure FigureWithout(std::string_view cell, query::v1::NoValueReason reason,
                                std::string_view sign);
// A sentence without a verdict, in both languages, with its figures. `id`: "F12".
query::v1::ClaimResult SentenceOf(std::string_view id, std::string_view nn, std::string_view nb,
                                  std::vector<query::v1::Figure> figures);

struct FakeRelease {
  std::vector<query::v1::Figure> figures = {};
  std::vector<query::v1::ClaimResult> claims = {};
  std::string reason = {};
};

// Answers GetFigure, GetRelease, ListFigures, ListClaims, ListReleases and FollowReleases;
// everything else is UNIMPLEMENTED. Thread-safe.
class FakeSurvey {
 public:
  FakeSurvey();
  ~FakeSurvey();
  FakeSurvey(const FakeSurvey&) = delete;
  FakeSurvey& operator=(const FakeSurvey&) = delete;

  // "127.0.0.1:PORT", the same after every Start.
  const std::string& address() const;
  // The server goes, and comes back. It begins started.
  void Stop();
  void Start();

  // The next release of an edition, "KU2017".
  query::v1::Release Publish(const std::string& edition, const FakeRelease& content);
  // As from a backup taken when each edition had at most so many releases: another epoch.
  void Restore(int releases);
  // As long as true, the figures may be old.
  void SetStale(bool stale);

  // The next `count` unary calls fail so.
  void FailNext(int count, const Error& error);
  // Entries on a page, at most.
  void SetPageSize(int most);
  // Page tokens given out so far are of a snapshot that is gone.
  void ForgetPages();
  // Calls of a method so far, for example "ListFigures", also those that failed.
  int CallsOf(std::string_view method) const;

 private:
  class Service;
  std::unique_ptr<Service> service_;
};

}  // namespace imdi::survey::client::testing
