#include "server/endpoints/http/routes.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

namespace hpod {
namespace {

using boost::beast::http::verb;

constexpr char kPackage[] = "hpo.v1";

bool Takes(const Route& route, verb asked) {
  if (std::holds_alternative<UnaryRoute>(route)) return asked == verb::post;
  if (std::holds_alternative<OpenApiRoute>(route)) return asked == verb::get;
  return asked == verb::get || asked == verb::post;
}

std::string Verbs(const Route& route) {
  std::string verbs;
  for (const verb known : {verb::get, verb::post}) {
    if (!Takes(route, known)) continue;
    if (!verbs.empty()) verbs += ", ";
    verbs += known == verb::get ? "GET" : "POST";
  }
  return verbs;
}

}  // namespace

Routes::Routes(const std::vector<Method*>& methods)
    : routes_{{"/hpo.v1.StudyService/WatchStudy", WatchRoute{}},
              {"/openapi.json", OpenApiRoute{}}} {
  for (Method* method : methods) {
    const google::protobuf::MethodDescriptor* descriptor = method->Descriptor();
    if (descriptor == nullptr || descriptor->file()->package() != kPackage) continue;
    routes_.emplace(fmt::format("/{}/{}", descriptor->service()->full_name(), descriptor->name()),
                    UnaryRoute{method});
  }
}

std::variant<Route, HttpAnswer> Routes::Find(verb asked, std::string_view path) const {
  const auto it = routes_.find(path);
  if (it == routes_.end()) {
    return ErrorAnswer(404, absl::UnimplementedError(fmt::format(
                                "there is no path '{}'; /openapi.json lists them", path)));
  }
  if (Takes(it->second, asked)) return it->second;
  const std::string verbs = Verbs(it->second);
  HttpAnswer answer =
      ErrorAnswer(405, absl::UnimplementedError(fmt::format("{} takes {} only", path, verbs)));
  answer.allow = verbs;
  return answer;
}

}  // namespace hpod
