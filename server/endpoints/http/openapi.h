// The OpenAPI 3.1 document of the HTTP endpoint, made from the protos.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_OPENAPI_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_OPENAPI_H_

#include <string>

namespace hpod {

// As JSON. `version` is the daemon's. Made once.
const std::string& OpenApiDocument(const std::string& version);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_OPENAPI_H_
