#include "storage/response_log.h"

#include <string>
#include <string_view>

#include "services/base/crypto.h"
#include "services/base/encoding.h"
#include "services/base/error.h"
#include "services/base/text.h"
#include "storage/append_plan.h"

namespace imdi::storage {

using base::Error;
using base::Reason;
using base::StrCat;

bool IsResourceName(std::string_view resource) {
  return !resource.empty() && resource.size() <= kResourceBytesMax &&
         resource.find('\0') == std::string_view::npos;
}

absl::Status CheckProposal(const Proposal& proposal) {
  if (proposal.bytes.size() > kPayloadBytesMax) {
    return Error(Reason::kTooLarge, StrCat("a record has ", proposal.bytes.size(),
                                           " bytes; at most ", kPayloadBytesMax, " fit"));
  }
  if (proposal.request_key.size() > kRequestKeyBytesMax) {
    return Error(Reason::kInvalidArgument,
                 StrCat("a request key has at most ", kRequestKeyBytesMax, " bytes"));
  }
  if (proposal.fingerprint.size() > kFingerprintBytesMax) {
    return Error(Reason::kInvalidArgument,
                 StrCat("a fingerprint has at most ", kFingerprintBytesMax, " bytes"));
  }
  if (proposal.depends_on.size() > kDependenciesMax) {
    return Error(Reason::kInvalidArgument,
                 StrCat("a record depends on at most ", kDependenciesMax, " resources"));
  }
  for (size_t i = 0; i < proposal.depends_on.size(); ++i) {
    const Dependency& dependency = proposal.depends_on[i];
    if (!IsResourceName(dependency.resource)) {
      return Error(Reason::kInvalidArgument,
                   StrCat("the name of a resource has 1 to ", kResourceBytesMax,
                          " bytes and no NUL: ", base::Quoted(dependency.resource)));
    }
    if (dependency.revision < 0) {
      return Error(Reason::kInvalidArgument, "a revision is never negative");
    }
    // Few and short-lived: comparing each with those before it is cheaper than any set.
    for (size_t k = 0; k < i; ++k) {
      if (proposal.depends_on[k].resource != dependency.resource) continue;
      return Error(Reason::kInvalidArgument, StrCat("a resource may be named once only: ",
                                                    base::Quoted(dependency.resource)));
    }
  }
  return absl::OkStatus();
}

Hash GenesisChain(std::string_view log_id) { return base::Sha256(StrCat("imdi.log.v1", log_id)); }

Hash NextChain(const Hash& previous, int64_t position, absl::Time time, std::string_view payload) {
  std::string fixed;
  base::PutU64(fixed, static_cast<uint64_t>(position));
  base::PutU64(fixed, static_cast<uint64_t>(absl::ToUnixMicros(time)));
  base::Sha256Stream stream;
  stream.Update(previous);
  stream.Update(fixed);
  stream.Update(payload);
  return stream.Finish();
}

}  // namespace imdi::storage
