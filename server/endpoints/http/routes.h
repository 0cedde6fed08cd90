// What is at which path.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_ROUTES_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_ROUTES_H_

#include <boost/beast/http/verb.hpp>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/endpoints/http/answer.h"
#include "server/endpoints/method.h"

namespace hpod {

// POST /hpo.v1.Service/Method.
struct UnaryRoute {
  Method* method;
};
// GET or POST /hpo.v1.StudyService/WatchStudy.
struct WatchRoute {};
// GET /openapi.json.
struct OpenApiRoute {};
using Route = std::variant<UnaryRoute, WatchRoute, OpenApiRoute>;

class Routes {
 public:
  // Methods of other packages than hpo.v1 are left out.
  explicit Routes(const std::vector<Method*>& methods);

  // An HttpAnswer if there is nothing: 404, or 405 with the verbs that there are.
  std::variant<Route, HttpAnswer> Find(boost::beast::http::verb verb, std::string_view path) const;

 private:
  std::map<std::string, Route, std::less<>> routes_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_ROUTES_H_
