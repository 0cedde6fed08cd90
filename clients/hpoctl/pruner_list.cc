#include "clients/hpoctl/algorithms.h"
#include "clients/hpoctl/command.h"

namespace hpod {

Action BindPrunerList(CLI::App&) {
  return [](Context& context) {
    const auto response = context.connection.Call(&hpo::v1::CatalogService::Stub::ListPruners,
                                                  hpo::v1::ListPrunersRequest());
    if (response.ok()) PrintAlgorithms(response->pruners(), context);
    return response.status();
  };
}

}  // namespace hpod
