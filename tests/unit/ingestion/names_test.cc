// Resource names as callers send them: one spelling each, and everything else is refused.

#include "services/ingestion/names.h"

#include <gtest/gtest.h>

#include <string>

#include "services/base/error.h"

namespace imdi::ingestion {
namespace {

TEST(SubmissionName, ReadsANameWithAndWithoutARevision) {
  const auto current = SubmissionName::Parse("editions/KU2017/submissions/1201.main");
  ASSERT_TRUE(current.ok()) << current.status();
  EXPECT_EQ(current->edition, "KU2017");
  EXPECT_EQ(current->unit, "1201");
  EXPECT_EQ(current->part, "main");
  EXPECT_EQ(current->revision, 0);
  const auto third = SubmissionName::Parse("editions/KU2017/submissions/1201.main@3");
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_EQ(third->revision, 3);
  EXPECT_EQ(third->Full(), "editions/KU2017/submissions/1201.main@3");
}

TEST(SubmissionName, RefusesEverythingElseAsANameThatIsInvalid) {
  for (const std::string& name :
       {std::string(), std::string("a.b"), std::string("/."), std::string("editions/a.b"),
        std::string("editions/KU2017/a.b"), std::string("editions/KU2017/drafts/1201.main"),
        std::string("editions/KU2017/submissions/1201"),
        std::string("editions/KU2017/submissions/.main"),
        std::string("editions/KU2017/submissions/1201."),
        std::string("editions/KU2017/submissions/../..@1"),
        std::string("editions/KU2017/submissions/1201.main@"),
        std::string("editions/KU2017/submissions/1201.main@0"),
        std::string("editions/KU2017/submissions/1201.main@-1"),
        std::string("editions/KU2017/submissions/1201.main@01"),
        std::string("editions/KU2017/submissions/1201.main@99999999999999999999"),
        std::string("editions/KU2017/submissions/1201.main\0", 38),
        std::string("editions/KU2017/submissions/\xEF\xBC\x91"
                    "201.main")}) {
    EXPECT_EQ(base::ReasonOf(SubmissionName::Parse(name).status()), base::Reason::kNameInvalid)
        << name;
  }
}

}  // namespace
}  // namespace imdi::ingestion
