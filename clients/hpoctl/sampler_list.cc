#include "clients/hpoctl/algorithms.h"
#include "clients/hpoctl/command.h"

namespace hpod {

Action BindSamplerList(CLI::App&) {
  return [](Context& context) {
    const auto response = context.connection.Call(&hpo::v1::CatalogService::Stub::ListSamplers,
                                                  hpo::v1::ListSamplersRequest());
    if (response.ok()) PrintAlgorithms(response->samplers(), context);
    return response.status();
  };
}

}  // namespace hpod
