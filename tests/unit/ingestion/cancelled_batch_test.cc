// A batch whose caller goes while it is judged: what was judged already may be in the log, the rest
// is not, and the same batch sent again makes it whole, once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/memory_ingestion.h"
#include "tests/unit/domain/small_survey.h"

namespace imdi::ingestion {
namespace {

using testing_support::MemoryIngestion;
using testing_support::SmallLog;

constexpr int kUnits = 4;

ingestion_pb::BatchSubmitRequest FourUnits() {
  ingestion_pb::BatchSubmitRequest batch;
  for (int unit = 1; unit <= kUnits; ++unit) {
    ingestion_pb::SubmitRequest& one = *batch.add_requests();
    one.set_request_id(base::StrCat("request-", unit));
    one.mutable_submission()->set_edition("editions/T");
    one.mutable_submission()->set_unit(base::StrCat("010", unit));
    one.mutable_submission()->set_part("second");
    one.mutable_submission()->set_questionnaire(1);
    one.mutable_submission()->set_language(survey::model::v1::LANGUAGE_NN);
    survey::model::v1::Answer& answer = *one.mutable_submission()->add_answers();
    answer.set_item("B2");
    answer.mutable_codes()->add_codes(1);
  }
  return batch;
}

TEST(CancelledBatch, WhatWasJudgedMayStandTheRestDoesNotAndARepetitionCompletesIt) {
  SmallLog definitions;
  definitions.ApplySmallSurvey({"T"});
  for (int goes_at = 1; goes_at <= kUnits; ++goes_at) {
    MemoryIngestion log;
    log.Add(definitions);
    const int64_t before = log.head();
    int looks = 0;
    base::CallContext call;
    call.actor = "tester";
    call.cancelled = [&] { return ++looks >= goes_at; };
    const auto cut = log.Batch(call, FourUnits());
    ASSERT_EQ(cut.results_size(), kUnits);
    for (int i = 0; i < kUnits; ++i) {
      if (i + 1 < goes_at) {
        EXPECT_TRUE(cut.results(i).has_response()) << cut.results(i).DebugString();
      } else {
        EXPECT_EQ(cut.results(i).error().reason(), "REASON_CANCELLED")
            << cut.results(i).DebugString();
      }
    }
    EXPECT_EQ(log.head(), before + goes_at - 1);

    call.cancelled = nullptr;
    const auto whole = log.Batch(call, FourUnits());
    ASSERT_EQ(whole.results_size(), kUnits);
    for (const auto& result : whole.results()) {
      EXPECT_EQ(result.response().outcome(), ingestion_pb::SUBMIT_OUTCOME_ACCEPTED)
          << result.DebugString();
    }
    EXPECT_EQ(log.head(), before + kUnits) << "each once";
  }
}

}  // namespace
}  // namespace imdi::ingestion
