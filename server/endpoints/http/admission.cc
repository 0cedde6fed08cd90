#include "server/endpoints/http/admission.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cctype>
#include <fmt/format.h>

namespace hpod {
namespace {

namespace http = boost::beast::http;

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// "host:port" without the port; empty if what follows the colon is none.
std::string_view HostName(std::string_view host) {
  const size_t bracket = host.rfind(']');
  const size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return host;
  const std::string_view port = host.substr(colon + 1);
  const bool is_port =
      !port.empty() && port.size() <= 5 &&
      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_port ? host.substr(0, colon) : std::string_view();
}

bool IsNumber(std::string_view name) {
  const bool in_brackets = name.size() > 2 && name.front() == '[' && name.back() == ']';
  const std::string address(in_brackets ? name.substr(1, name.size() - 2) : name);
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  return !error && parsed.is_v6() == in_brackets;
}

bool IsServed(std::string_view host, const std::vector<std::string>& hosts) {
  const std::string name = ToLower(HostName(host));
  return name == "localhost" || IsNumber(name) ||
         std::find(hosts.begin(), hosts.end(), name) != hosts.end();
}

bool IsOfAnotherSite(const HttpHeader& header, std::string_view host) {
  const std::string_view site = FindHeader(header, http::field::sec_fetch_site);
  if (!site.empty()) return site != "same-origin" && site != "none";
  if (header.count(http::field::origin) == 0) return false;
  const std::string origin = ToLower(FindHeader(header, http::field::origin));
  const std::string own = ToLower(host);
  return origin != "http://" + own && origin != "https://" + own;
}

}  // namespace

std::vector<std::string> SplitHosts(std::string_view list) {
  std::vector<std::string> hosts;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (!name.empty()) hosts.push_back(ToLower(name));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return hosts;
}

std::optional<HttpAnswer> RefuseOrigin(const HttpHeader& header,
                                       const std::vector<std::string>& hosts) {
  if (header.count(http::field::host) != 1)
    return ErrorAnswer(400, absl::InvalidArgumentError("a request must have one Host header"));
  const std::string_view host = HostOf(header);
  if (!IsServed(host, hosts)) {
    return ErrorAnswer(421, absl::PermissionDeniedError(fmt::format(
                                "Host '{}' is not served here; names other than localhost must be "
                                "given to the daemon with --http-hosts",
                                host)));
  }
  if (IsOfAnotherSite(header, host)) {
    return ErrorAnswer(403, absl::PermissionDeniedError(
                                "a page of another site may not use this daemon from a browser"));
  }
  return std::nullopt;
}

}  // namespace hpod
