#include "hpod/options.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace hpod {
namespace {

void Take(const char* variable, std::string& option) {
  const char* text = std::getenv(variable);
  if (text != nullptr && *text != '\0') option = text;
}

}  // namespace

absl::StatusOr<Options> Options::FromEnvironment() {
  Options options;
  Take("HPOD_SERVER", options.server);
  Take("HPOD_TOKEN", options.token);
  Take("HPOD_TLS_CA", options.tls_ca);
  Take("HPOD_TLS_CERT", options.tls_cert);
  Take("HPOD_TLS_KEY", options.tls_key);
  std::string retry_text;
  Take("HPOD_RETRY_SECONDS", retry_text);
  if (retry_text.empty()) return options;
  double retry_s = 0;
  constexpr double kMaxSeconds = 1e9;
  if (!absl::SimpleAtod(retry_text, &retry_s) || !(retry_s >= 0 && retry_s < kMaxSeconds)) {
    return absl::InvalidArgumentError(
        absl::StrCat("HPOD_RETRY_SECONDS is '", retry_text, "', but must be a number >= 0"));
  }
  options.retry_for = std::chrono::milliseconds(std::llround(retry_s * 1e3));
  return options;
}

}  // namespace hpod
