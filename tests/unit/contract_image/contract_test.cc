#include "tests/unit/contract_image/contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "imdi/survey/model/v1/access.pb.h"

namespace imdi::contract {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;
using google::protobuf::MethodDescriptorProto;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

FileDescriptorSet Read(const std::string& path) {
  FileDescriptorSet set;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file && set.ParseFromIstream(&file))
      << path << " cannot be read; ./dev contract makes it";
  return set;
}

const FileDescriptorSet& Now() {
  static const FileDescriptorSet* const now = new FileDescriptorSet(Read(IMDI_CONTRACT_NOW));
  return *now;
}

FileDescriptorSet Stored() {
  const char* root = std::getenv("IMDI_ROOT");
  return Read(std::string(root == nullptr ? "." : root) + "/proto/contract.binpb");
}

TEST(Contract, StillServesEveryCallerOfTheStoredImage) {
  const FileDescriptorSet stored = Stored();
  EXPECT_GT(stored.file_size(), 10);
  EXPECT_THAT(BreakingChanges(stored, Now()), IsEmpty())
      << "A change that breaks callers is made with ./dev contract --because REASON";
}

TEST(Contract, ExplainsEveryElement) { EXPECT_THAT(WithoutComment(Now()), IsEmpty()); }

// Calls `look` for each method of this project with its request and response.
void ForEachMethod(
    const std::function<void(const MethodDescriptorProto& method, const DescriptorProto& request,
                             const DescriptorProto& response)>& look) {
  std::map<std::string, const DescriptorProto*> messages;
  for (const FileDescriptorProto& file : Now().file()) {
    for (const DescriptorProto& message : file.message_type()) {
      messages["." + file.package() + "." + message.name()] = &message;
    }
  }
  size_t seen = 0;
  for (const FileDescriptorProto& file : Now().file()) {
    for (const auto& service : file.service()) {
      for (const MethodDescriptorProto& method : service.method()) {
        ++seen;
        look(method, *messages.at(method.input_type()), *messages.at(method.output_type()));
      }
    }
  }
  EXPECT_GE(seen, 25u);
}

const FieldDescriptorProto* Find(const DescriptorProto& message, const std::string& name) {
  for (const FieldDescriptorProto& field : message.field()) {
    if (field.name() == name) return &field;
  }
  return nullptr;
}

TEST(Contract, SaysWhoMayCallEachMethod) {
  ForEachMethod(
      [](const MethodDescriptorProto& method, const DescriptorProto&, const DescriptorProto&) {
        EXPECT_NE(method.options().GetExtension(survey::model::v1::access),
                  survey::model::v1::ACCESS_UNSPECIFIED)
            << method.name();
      });
}

TEST(Contract, TakesARequestIdWithEachMutationOfTheLog) {
  // Not in the log: saving a draft names the version it replaces, deleting twice is deleting once,
  // a backup is made once under its name, and candidates of releases live in memory. Publishing one
  // is of that one alone: the candidate's name says which, and it is published once.
  const std::set<std::string> beside_the_log = {"SaveDraft",    "DeleteDraft",    "CreateBackup",
                                                "BuildRelease", "PublishRelease", "VerifyRelease"};
  ForEachMethod([&](const MethodDescriptorProto& method, const DescriptorProto& request,
                    const DescriptorProto&) {
    if (!method.options().GetExtension(survey::model::v1::mutation)) return;
    if (beside_the_log.contains(method.name())) return;
    // BatchSubmit carries one in each of its requests.
    const bool of_many = Find(request, "requests") != nullptr;
    EXPECT_TRUE(of_many || Find(request, "request_id") != nullptr) << method.name();
  });
}

TEST(Contract, PagesEveryList) {
  ForEachMethod([](const MethodDescriptorProto& method, const DescriptorProto& request,
                   const DescriptorProto& response) {
    if (method.name().rfind("List", 0) != 0) return;
    EXPECT_NE(Find(request, "page_size"), nullptr) << method.name();
    EXPECT_NE(Find(request, "page_token"), nullptr) << method.name();
    EXPECT_NE(Find(response, "next_page_token"), nullptr) << method.name();
  });
}

// A made-up contract, and what becomes of it.
class Comparer : public ::testing::Test {
 protected:
  static FileDescriptorSet Made() {
    FileDescriptorSet set;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        R"pb(
          file {
            name: "imdi/made/up.proto"
            package: "made.v1"
            message_type {
              name: "Ask"
              field {
                name: "unit"
                number: 1
                type: TYPE_STRING
                label: LABEL_OPTIONAL
                json_name: "unit"
              }
              field {
                name: "code"
                number: 2
                type: TYPE_INT32
                label: LABEL_OPTIONAL
                json_name: "code"
                oneof_index: 0
              }
              field {
                name: "groups"
                number: 3
                type: TYPE_MESSAGE
                type_name: ".made.v1.Ask.GroupsEntry"
                label: LABEL_REPEATED
                json_name: "groups"
              }
              nested_type {
                name: "GroupsEntry"
                field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
                field { name: "value" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
                options { map_entry: true }
              }
              nested_type { name: "Inner" }
              oneof_decl { name: "value" }
            }
            message_type { name: "Told" }
            enum_type {
              name: "Kind"
              value { name: "KIND_UNSPECIFIED" number: 0 }
              value { name: "KIND_ONE" number: 1 }
            }
            service {
              name: "Desk"
              method { name: "Put" input_type: ".made.v1.Ask" output_type: ".made.v1.Told" }
              method { name: "Take" input_type: ".made.v1.Ask" output_type: ".made.v1.Told" }
            }
          })pb",
        &set));
    return set;
  }

  static std::vector<std::string> After(const std::function<void(FileDescriptorProto&)>& change) {
    FileDescriptorSet now = Made();
    change(*now.mutable_file(0));
    return BreakingChanges(Made(), now);
  }

  template <typename List>
  static void Remove(List* list, int index) {
    list->DeleteSubrange(index, 1);
  }
};

TEST_F(Comparer, FindsNothingWhereNothingChanged) {
  EXPECT_THAT(After([](FileDescriptorProto&) {}), IsEmpty());
}

TEST_F(Comparer, LetsAdditionsPass) {
  EXPECT_THAT(After([](FileDescriptorProto& file) {
                FieldDescriptorProto& field = *file.mutable_message_type(0)->add_field();
                field.set_name("more");
                field.set_number(9);
                file.add_message_type()->set_name("New");
                file.mutable_enum_type(0)->add_value()->set_name("KIND_TWO");
                file.mutable_service(0)->add_method()->set_name("Look");
                file.add_service()->set_name("Shelf");
              }),
              IsEmpty());
}

TEST_F(Comparer, LetsElementsChangePlacesAndFiles) {
  FileDescriptorSet now = Made();
  FileDescriptorProto& other = *now.add_file();
  other.set_name("imdi/made/other.proto");
  other.set_package("made.v1");
  other.add_message_type()->Swap(now.mutable_file(0)->mutable_message_type(1));
  Remove(now.mutable_file(0)->mutable_message_type(), 1);
  now.mutable_file(0)->mutable_service(0)->mutable_method()->SwapElements(0, 1);
  EXPECT_THAT(BreakingChanges(Made(), now), IsEmpty());
}

TEST_F(Comparer, FindsWhatWasRemoved) {
  EXPECT_THAT(After([](FileDescriptorProto& file) { Remove(file.mutable_message_type(), 1); }),
              ElementsAre("message made.v1.Told: removed"));
  EXPECT_THAT(After([](FileDescriptorProto& file) {
                Remove(file.mutable_message_type(0)->mutable_nested_type(), 1);
              }),
              ElementsAre("message made.v1.Ask.Inner: removed"));
  EXPECT_THAT(After([](FileDescriptorProto& file) {
                Remove(file.mutable_message_type(0)->mutable_field(), 0);
              }),
              ElementsAre("field made.v1.Ask.unit: removed"));
  EXPECT_THAT(After([](FileDescriptorProto& file) {
                Remove(file.mutable_enum_type(0)->mutable_value(), 1);
              }),
              ElementsAre("value made.v1.Kind.KIND_ONE: removed"));
  EXPECT_THAT(After([](FileDescriptorProto& file) {
                Remove(file.mutable_service(0)->mutable_method(), 1);
              }),
              ElementsAre("method made.v1.Desk.Take: removed"));
  EXPECT_THAT(After([](FileDescriptorProto& file) { Remove(file.mutable_service(), 0); }).size(),
              3);
  EXPECT_EQ(After([](FileDescriptorProto& file) { file.set_package("made.v2"); }).size(), 12u);
}

TEST_F(Comparer, FindsAFieldThatIsAnother) {
  const auto changed = [](const std::function<void(FieldDescriptorProto&)>& change, int index) {
    return After([&](FileDescriptorProto& file) {
      change(*file.mutable_message_type(0)->mutable_field(index));
    });
  };
  const auto unit =
      ElementsAre(StartsWith("field made.v1.Ask.unit: was number 1, type TYPE_STRING"));
  EXPECT_THAT(changed([](auto& field) { field.set_number(7); }, 0), unit);
  EXPECT_THAT(changed([](auto& field) { field.set_type(FieldDescriptorProto::TYPE_BYTES); }, 0),
              unit);
  EXPECT_THAT(
      changed([](auto& field) { field.set_label(FieldDescriptorProto::LABEL_REPEATED); }, 0), unit);
  EXPECT_THAT(changed([](auto& field) { field.set_json_name("Unit"); }, 0), unit);
  EXPECT_THAT(changed([](auto& field) { field.set_oneof_index(0); }, 0), unit);
  EXPECT_THAT(changed([](auto& field) { field.clear_oneof_index(); }, 1),
              ElementsAre(StartsWith("field made.v1.Ask.code: was number 2")));
  EXPECT_THAT(changed([](auto& field) { field.set_proto3_optional(true); }, 0), unit);
  EXPECT_THAT(changed([](auto& field) { field.set_name("renamed"); }, 0),
              ElementsAre("field made.v1.Ask.unit: removed"));
}

TEST_F(Comparer, FindsAMapOfOtherValues) {
  EXPECT_THAT(After([](FileDescriptorProto& file) {
                file.mutable_message_type(0)->mutable_nested_type(0)->mutable_field(1)->set_type(
                    FieldDescriptorProto::TYPE_INT64);
              }),
              ElementsAre(StartsWith("field made.v1.Ask.groups: was")));
}

TEST_F(Comparer, FindsAnEnumValueOfAnotherNumber) {
  EXPECT_THAT(After([](FileDescriptorProto& file) {
                file.mutable_enum_type(0)->mutable_value(1)->set_number(5);
              }),
              ElementsAre("value made.v1.Kind.KIND_ONE: was number 1; is number 5"));
}

TEST_F(Comparer, FindsAMethodThatIsAnother) {
  const auto changed = [](const std::function<void(MethodDescriptorProto&)>& change) {
    return After(
        [&](FileDescriptorProto& file) { change(*file.mutable_service(0)->mutable_method(0)); });
  };
  const auto put =
      ElementsAre(StartsWith("method made.v1.Desk.Put: was .made.v1.Ask to .made.v1.Told; is "));
  EXPECT_THAT(changed([](auto& method) { method.set_input_type(".made.v1.Told"); }), put);
  EXPECT_THAT(changed([](auto& method) { method.set_output_type(".made.v1.Ask"); }), put);
  EXPECT_THAT(changed([](auto& method) { method.set_client_streaming(true); }), put);
  EXPECT_THAT(changed([](auto& method) { method.set_server_streaming(true); }), put);
}

TEST_F(Comparer, MissesEveryCommentThatIsNotThere) {
  FileDescriptorSet made = Made();
  EXPECT_EQ(WithoutComment(made).size(), 12u);
  auto* location = made.mutable_file(0)->mutable_source_code_info()->add_location();
  for (const int step : {4, 0, 2, 0}) location->add_path(step);
  location->set_leading_comments(" \n");
  EXPECT_EQ(WithoutComment(made).size(), 12u) << "a blank comment says nothing";
  location->set_leading_comments(" Code of the unit.\n");
  const std::vector<std::string> rest = WithoutComment(made);
  EXPECT_EQ(rest.size(), 11u);
  EXPECT_EQ(std::count(rest.begin(), rest.end(), "field made.v1.Ask.unit"), 0);
}

}  // namespace
}  // namespace imdi::contract
