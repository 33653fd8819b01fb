// The bytes of the log's records and of what seals their texts. A record is stored for as long as
// the log lives, so a field must never change its number or type.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "imdi/survey/store/v1/record.pb.h"
#include "services/base/crypto.h"
#include "services/base/text.h"
#include "services/ingestion/text_vault.h"
#include "storage/memory/side_stores.h"
#include "tests/unit/storage/golden.h"

namespace imdi::storage {
namespace {

namespace store_pb = survey::store::v1;
namespace model = survey::model::v1;
using base::Hex;
using golden::Bytes;
using golden::Counting;
using golden::kKeyId;
using golden::kSealedText;
using golden::kSubmission;
using golden::kWrappedKey;

store_pb::Record RecordOf(const std::string& request_id) {
  store_pb::Record record;
  record.set_actor("embedded");
  record.set_request_id(request_id);
  return record;
}

void ExpectBytes(const store_pb::Record& record, const std::string& hex) {
  EXPECT_EQ(Hex(record.SerializeAsString()), hex);
  store_pb::Record read;
  ASSERT_TRUE(read.ParseFromString(Bytes(hex)));
  EXPECT_EQ(read.DebugString(), record.DebugString());
}

TEST(StoredRecord, OfAnAcceptedSubmission) {
  store_pb::Record record = RecordOf("r-1");
  store_pb::SubmissionAccepted& accepted = *record.mutable_submission_accepted();
  accepted.set_edition("KU2017");
  accepted.set_unit("0301");
  accepted.set_part("main");
  accepted.set_revision(1);
  accepted.set_questionnaire(1);
  accepted.set_language(model::LANGUAGE_NN);
  store_pb::PackedAnswers& answers = *accepted.mutable_answers();
  for (const uint32_t item : {1, 2, 300}) answers.add_code_items(item);
  for (const uint32_t code : {1, 98, 2}) answers.add_codes(code);
  answers.add_set_items(7);
  answers.add_set_sizes(2);
  answers.add_set_codes(1);
  answers.add_set_codes(3);
  answers.add_number_items(9);
  answers.add_number_items(10);
  answers.add_numbers(1250);
  answers.add_numbers(-5);
  answers.add_text_items(11);
  accepted.mutable_text()->set_key_id(std::string(32, 'k'));
  accepted.mutable_text()->set_sealed(Counting(40, 0));
  store_pb::FindingRef& finding = *accepted.add_findings();
  finding.set_rule("CHK05");
  finding.set_item("BAK04");
  ExpectBytes(record,
              "0a08656d6265646465641a03722d3162"
              "9b010a064b55323031371204303330311a046d61696e200128013001"
              "3a210a040102ac0212030162021a01072201022a0201033202090a3a03c4130942010b"
              "424c0a206b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"
              "1228000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
              "4a0e0a0543484b3035120542414b3034");
}

TEST(StoredRecord, OfAWithdrawal) {
  store_pb::Record record = RecordOf("r-2");
  store_pb::SubmissionWithdrawn& withdrawn = *record.mutable_submission_withdrawn();
  withdrawn.set_edition("KU2017");
  withdrawn.set_unit("0301");
  withdrawn.set_part("main");
  withdrawn.set_revision(2);
  withdrawn.set_reason("feil");
  ExpectBytes(record,
              "0a08656d6265646465641a03722d326a1c"
              "0a064b55323031371204303330311a046d61696e20022a046665696c");
}

TEST(StoredRecord, OfAnEditionThatOpens) {
  store_pb::Record record;
  record.set_actor("scheduler");
  record.set_actor_authenticated(true);
  record.set_trace_parent("00-4bf9-00f0-01");
  store_pb::EditionStateChanged& changed = *record.mutable_edition_state_changed();
  changed.set_edition("KU2017");
  changed.set_state(model::EDITION_STATE_OPEN);
  changed.set_revision(1);
  changed.set_scheduled(true);
  ExpectBytes(record,
              "0a097363686564756c65721001220f30302d346266392d303066302d3031"
              "5a0e0a064b5532303137100228013001");
}

TEST(StoredRecord, OfTextsErased) {
  store_pb::Record record = RecordOf("r-3");
  store_pb::TextErased& erased = *record.mutable_text_erased();
  erased.set_submission("editions/KU2017/submissions/0301.main@1");
  erased.set_key_id(std::string(32, 'k'));
  erased.set_reason("asked");
  ExpectBytes(record,
              "0a08656d6265646465641a03722d3372520a27"
              "65646974696f6e732f4b55323031372f7375626d697373696f6e732f303330312e6d61696e4031"
              "12206b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b"
              "1a0561736b6564");
}

TEST(StoredRecord, OfADisposition) {
  store_pb::Record record = RecordOf("r-4");
  store_pb::DispositionSet& set = *record.mutable_disposition_set();
  set.set_edition("KU2017");
  set.set_unit("0104");
  set.set_disposition(model::DISPOSITION_REFUSAL);
  set.set_reason("said so");
  set.set_revision(1);
  ExpectBytes(record,
              "0a08656d6265646465641a03722d347a1b"
              "0a064b5532303137120430313034180422077361696420736f2801");
}

TEST(StoredRecord, OfADefinition) {
  store_pb::Record record = RecordOf("r-5");
  store_pb::DefinitionApplied& applied = *record.mutable_definition_applied();
  model::Edition& edition = *applied.mutable_definition()->mutable_edition();
  edition.set_name("editions/KU2017");
  edition.set_survey("ku");
  edition.set_reference_year(2017);
  applied.set_revision(1);
  store_pb::ItemNumber& number = *applied.add_new_items();
  number.set_item("SYS06.a");
  number.set_number(300);
  ExpectBytes(record,
              "0a08656d6265646465641a03722d35522c"
              "0a1a0a180a0f65646974696f6e732f4b553230313712026b7520e10f"
              "10011a0c0a0753595330362e6110ac02");
}

TEST(StoredRecord, OfAPartOfARelease) {
  store_pb::Record record = RecordOf("r-6");
  store_pb::ReleaseChunk& chunk = *record.mutable_release_chunk();
  chunk.set_edition("KU2017");
  chunk.set_build_id(std::string(32, 'b'));
  chunk.set_index(2);
  chunk.set_part(Counting(5, 1));
  ExpectBytes(record,
              "0a08656d6265646465641a03722d368201330a064b553230313712206262626262626262626262626262"
              "6262626262626262626262626262626262621802"
              "22050102030405");
}

TEST(StoredRecord, OfAReleaseThatIsClosed) {
  store_pb::Record record = RecordOf("r-7");
  store_pb::ReleasePublished& published = *record.mutable_release_published();
  published.set_edition("KU2017");
  published.set_number(2);
  published.set_build_id(std::string(32, 'b'));
  published.set_chunks(3);
  published.set_content_hash(Counting(32, 0));
  published.set_position(1268);
  published.set_rule_version(1);
  published.set_audience(1);
  published.set_builder("team-1");
  published.set_reason("retta");
  ExpectBytes(record,
              "0a08656d6265646465641a03722d378a0166"
              "0a064b553230313710021a20"
              "62626262626262626262626262626262626262626262626262626262626262622003"
              "2a20000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f30f4093801400"
              "14a067465616d2d3152057265747461");
}

// ---- Texts: nonce, ciphertext, tag; a key of each submission, wrapped under the master key.

TEST(SealedText, OpensUnderTheWrappedKeyOfItsSubmission) {
  memory::MemoryKeyStore keys;
  const std::vector<WrappedKey> stored = {{kKeyId, Bytes(kWrappedKey)}};
  ASSERT_TRUE(keys.Put(stored).ok());
  const ingestion::TextVault vault(Counting(32, 0), keys);
  store_pb::SealedText sealed;
  sealed.set_key_id(kKeyId);
  sealed.set_sealed(Bytes(kSealedText));
  const absl::StatusOr<store_pb::PlainText> plain = vault.Open(kSubmission, sealed);
  ASSERT_TRUE(plain.ok()) << plain.status();
  ASSERT_EQ(plain->items_size(), 1);
  EXPECT_EQ(plain->items(0).item(), 11U);
  EXPECT_EQ(plain->items(0).text(), "Vi har eit eige m\u00e5l.");
  EXPECT_EQ(plain->contact().email(), "kari@example.invalid");

  EXPECT_FALSE(vault.Open("editions/KU2017/submissions/0301.main@2", sealed).ok())
      << "bound to its submission";
}

TEST(SealedText, KeysAreWrappedUnderTheMasterKeyAndBoundToTheirId) {
  EXPECT_EQ(*base::Open(Counting(32, 0), Bytes(kWrappedKey), kKeyId), Counting(32, 100));
  EXPECT_FALSE(
      base::Open(Counting(32, 0), Bytes(kWrappedKey), "0123456789abcdef0123456789abcdee").ok());
}

TEST(SealedText, ADraftLiesUnderTheMasterKeyItself) {
  memory::MemoryKeyStore keys;
  const ingestion::TextVault vault(Counting(32, 0), keys);
  EXPECT_EQ(*vault.OpenDraft(kKeyId, Bytes(kWrappedKey)), Counting(32, 100));
}

TEST(Fingerprint, IsAVersionByteAndAKeyedHash) {
  memory::MemoryKeyStore keys;
  const ingestion::TextVault vault(Counting(32, 0), keys);
  EXPECT_EQ(Hex(vault.Fingerprint("canonical")),
            "01f1ac89a5e6127e86bb8a6a0397b5b91bd1b987ec50852ddd6cfc4cedaec1a772");
}

}  // namespace
}  // namespace imdi::storage
