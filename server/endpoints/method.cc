#include "server/endpoints/method.h"

#include <google/protobuf/descriptor.h>

namespace hpod {

const google::protobuf::MethodDescriptor* MethodOf(const google::protobuf::Descriptor& request) {
  for (int s = 0; s < request.file()->service_count(); ++s) {
    const google::protobuf::ServiceDescriptor& service = *request.file()->service(s);
    for (int m = 0; m < service.method_count(); ++m)
      if (service.method(m)->input_type() == &request) return service.method(m);
  }
  return nullptr;
}

}  // namespace hpod
