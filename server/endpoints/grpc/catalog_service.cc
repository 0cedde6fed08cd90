// hpo.v1.CatalogService: the tables of samplers/registry.h as messages.

#include "hpo/v1/catalog_service.grpc.pb.h"

#include "samplers/registry.h"
#include "server/endpoints/grpc/service.h"

namespace hpod {
namespace {

namespace v1 = hpo::v1;

template <class Entry>
void EncodeEntry(const Entry& entry, v1::AlgorithmEntry& message) {
  message.set_name(std::string(entry.name));
  message.set_summary(std::string(entry.summary));
  for (const OptionSpec& option : entry.options) {
    v1::AlgorithmOption& encoded = *message.add_options();
    encoded.set_name(std::string(option.name));
    encoded.set_type(std::string(ToString(option.type)));
    encoded.set_default_value(std::string(option.default_value));
    encoded.set_minimum(std::string(option.minimum));
    encoded.set_maximum(std::string(option.maximum));
    encoded.set_summary(std::string(option.summary));
  }
}

class CatalogService final : public GrpcService {
 public:
  explicit CatalogService(const ServiceContext& context)
      : samplers_(context.loop, context.limits,
                  std::bind_front(&Async::RequestListSamplers, &service_),
                  [](SamplersMethod::Call& call) {
                    for (const SamplerEntry& entry : Samplers())
                      EncodeEntry(entry, *call.response.add_samplers());
                    call.Done(absl::OkStatus());
                  }),
        pruners_(context.loop, context.limits,
                 std::bind_front(&Async::RequestListPruners, &service_),
                 [](PrunersMethod::Call& call) {
                   for (const PrunerEntry& entry : Pruners())
                     EncodeEntry(entry, *call.response.add_pruners());
                   call.Done(absl::OkStatus());
                 }) {}

  grpc::Service& Generated() override { return service_; }
  std::vector<Method*> Methods() override { return {&samplers_, &pruners_}; }

 private:
  using Async = v1::CatalogService::AsyncService;
  using SamplersMethod = UnaryMethod<v1::ListSamplersRequest, v1::ListSamplersResponse>;
  using PrunersMethod = UnaryMethod<v1::ListPrunersRequest, v1::ListPrunersResponse>;

  Async service_;
  SamplersMethod samplers_;
  PrunersMethod pruners_;
};

}  // namespace

std::unique_ptr<GrpcService> MakeCatalogService(const ServiceContext& context) {
  return std::make_unique<CatalogService>(context);
}

}  // namespace hpod
