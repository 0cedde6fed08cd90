// Who may ask: what keeps web pages of other sites from using a daemon that their reader can reach.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_ADMISSION_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_ADMISSION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/endpoints/http/answer.h"
#include "server/endpoints/http/request.h"

namespace hpod {

// "a.example, b.example" to names in lower case.
std::vector<std::string> SplitHosts(std::string_view list);

// The refusal, if any.
//
// 400: there is not one Host header. 421: the host, of the target or else that header, is neither a
// number nor localhost nor one of `hosts`. A page that was served by its own site and then has that
// site's name point here (DNS rebinding) says its own name.
// 403: a browser says that a page of another origin asks. Clients that are no browsers send neither
// Sec-Fetch-Site nor Origin.
std::optional<HttpAnswer> RefuseOrigin(const HttpHeader& header,
                                       const std::vector<std::string>& hosts);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_ADMISSION_H_
