#include "services/base/crypto.h"

#include <set>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/base/error.h"
#include "services/base/text.h"

namespace imdi::base {
namespace {

std::string Raw(std::string_view hex) { return FromHex(hex).value(); }

TEST(Sha256, KnowsTheVectorsOfFips180) {
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256(std::string_view())), Hex(Sha256("")));
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hex(Sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, IsTheSameInPieces) {
  const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256Stream stream;
    stream.Update(text.substr(0, cut));
    stream.Update(std::string_view());
    stream.Update(AsBytes(std::string_view(text).substr(cut)));
    EXPECT_EQ(stream.Finish(), Sha256(text)) << cut;
  }
}

TEST(HmacSha256, KnowsTheVectorsOfRfc4231) {
  EXPECT_EQ(Hex(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Hex(HmacSha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(Hex(HmacSha256(std::string(131, '\xaa'),
                           "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacKey, SignsAsTheFunctionDoesHoweverOftenItIsUsed) {
  for (const std::string& key :
       {std::string("Jefe"), std::string(32, 'k'), std::string(131, 'l')}) {
    const HmacKey prepared(key);
    for (const std::string& message :
         {std::string(), std::string("what do ya want for nothing?"), std::string(5'000, 'm')}) {
      EXPECT_EQ(prepared.Sign(message), HmacSha256(key, message));
      EXPECT_EQ(prepared.Sign(message), HmacSha256(key, message)) << "the key is not used up";
    }
  }
}

TEST(RandomBytes, NeverComeTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string bytes = RandomBytes(16);
    EXPECT_EQ(bytes.size(), 16);
    EXPECT_TRUE(seen.insert(bytes).second);
  }
  EXPECT_EQ(RandomBytes(0).size(), 0);
  EXPECT_NE(RandomBytes(2'000), RandomBytes(2'000));
}

TEST(ConstantTimeEqual, Compares) {
  EXPECT_TRUE(ConstantTimeEqual("", std::string_view()));
  EXPECT_TRUE(ConstantTimeEqual(std::string_view("a\0b", 3), std::string_view("a\0b", 3)));
  EXPECT_FALSE(ConstantTimeEqual(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abcd"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "xbc"));
}

// AES-256-GCM with additional data: test case 16 of the GCM specification by McGrew and Viega.
constexpr std::string_view kKey =
    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
constexpr std::string_view kNonce = "cafebabefacedbaddecaf888";
constexpr std::string_view kAad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
constexpr std::string_view kPlain =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
constexpr std::string_view kCipher =
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662";
constexpr std::string_view kTag = "76fc6ece0f4e1768cddf8853bb2d551b";

TEST(Open, KnowsTheVectorOfTheGcmSpecification) {
  const auto opened = Open(Raw(kKey), Raw(StrCat(kNonce, kCipher, kTag)), Raw(kAad));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(Hex(*opened), kPlain);
}

TEST(Open, KnowsTheVectorOfNothing) {
  // Test case 13: a zero key, a zero nonce, no text, no additional data.
  const auto opened =
      Open(std::string(32, '\0'), std::string(12, '\0') + Raw("530f8afbc74536b9a963b4f1c4cb738b"),
           std::string_view());
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(*opened, "");
}

TEST(Seal, OpensAgainAndHidesTheText) {
  const std::string key = RandomBytes(kAesKeyBytes);
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("Vi har ikkje\0 mål", 18),
        std::string(100'000, 'a')}) {
    const auto sealed = Seal(key, text, "editions/KU2017");
    ASSERT_TRUE(sealed.ok()) << sealed.status();
    EXPECT_EQ(sealed->size(), kAesNonceBytes + text.size() + kAesTagBytes);
    EXPECT_TRUE(text.size() <= 1 || sealed->find(text) == std::string::npos);
    const auto opened = Open(key, *sealed, "editions/KU2017");
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(*opened, text);
  }
}

TEST(Seal, NeverUsesANonceTwice) {
  const std::string key = RandomBytes(kAesKeyBytes);
  std::set<std::string> nonces;
  for (int i = 0; i < 1000; ++i)
    nonces.insert(Seal(key, "the same", "").value().substr(0, kAesNonceBytes));
  EXPECT_EQ(nonces.size(), 1000u);
}

TEST(Open, RefusesEveryFlippedBit) {
  const std::string key = RandomBytes(kAesKeyBytes);
  const std::string sealed = Seal(key, "fritekst", "aad").value();
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const auto opened = Open(key, changed, "aad");
    EXPECT_EQ(ReasonOf(opened.status()), Reason::kStoreCorrupt) << bit;
  }
}

TEST(Open, RefusesAnotherKeyOtherAdditionalDataAndOtherLengths) {
  const std::string key = RandomBytes(kAesKeyBytes);
  const std::string sealed = Seal(key, "fritekst", "aad").value();
  std::string other = key;
  other[31] = static_cast<char>(other[31] ^ 1);
  EXPECT_EQ(ReasonOf(Open(other, sealed, "aad").status()), Reason::kStoreCorrupt);
  EXPECT_EQ(ReasonOf(Open(key, sealed, "aaD").status()), Reason::kStoreCorrupt);
  EXPECT_EQ(ReasonOf(Open(key, sealed, "").status()), Reason::kStoreCorrupt);
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(ReasonOf(Open(key, sealed.substr(0, size), "aad").status()), Reason::kStoreCorrupt)
        << size;
  }
  EXPECT_EQ(ReasonOf(Open(key, sealed + "x", "aad").status()), Reason::kStoreCorrupt);
  EXPECT_EQ(Open(key, sealed, "aad").value(), "fritekst");
}

TEST(Seal, RefusesKeysOfAnotherLength) {
  for (const size_t size : {0u, 16u, 31u, 33u}) {
    EXPECT_EQ(ReasonOf(Seal(std::string(size, 'k'), "text", "").status()), Reason::kInternal)
        << size;
    EXPECT_EQ(ReasonOf(Open(std::string(size, 'k'), std::string(40, 's'), "").status()),
              Reason::kInternal)
        << size;
  }
}

TEST(RandomId, IsNeverTheSame) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(RandomId());
  EXPECT_EQ(ids.size(), 1000u);
  EXPECT_THAT(*ids.begin(), ::testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(RandomBytes(0), "");
  EXPECT_EQ(RandomBytes(17).size(), 17u);
}

TEST(Wipe, OverwritesTheBytes) {
  std::string secret = "0123456789abcdef0123456789abcdef";  // Long enough to lie on the heap.
  const char* const bytes = secret.data();
  const size_t capacity = secret.capacity();
  Wipe(secret);
  EXPECT_TRUE(secret.empty());
  secret.resize(31, 'x');
  ASSERT_EQ(secret.data(), bytes);
  ASSERT_EQ(secret.capacity(), capacity);
  EXPECT_EQ(secret.data()[31], '\0');
}

}  // namespace
}  // namespace imdi::base
