// Headers of HTTP requests, as they are once they are parsed.

#ifndef HPOD_TESTS_SUPPORT_HTTP_HEADER_H_
#define HPOD_TESTS_SUPPORT_HTTP_HEADER_H_

#include <string>
#include <utility>
#include <vector>

#include "server/endpoints/http/request.h"

namespace hpod {

// In their order; a name may be there several times.
using HeaderFields = std::vector<std::pair<std::string, std::string>>;

inline HttpHeader Get(const std::string& target, const HeaderFields& fields = {}) {
  HttpHeader header;
  header.method(boost::beast::http::verb::get);
  header.target(target);
  for (const auto& [name, value] : fields) header.insert(name, value);
  return header;
}

inline HttpHeader Post(const HeaderFields& fields) {
  HttpHeader header = Get("/", fields);
  header.method(boost::beast::http::verb::post);
  return header;
}

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_HTTP_HEADER_H_
