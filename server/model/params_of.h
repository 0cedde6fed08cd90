// A trial's parameters as a list, in the order in which it got them.

#ifndef HPOD_SERVER_MODEL_PARAMS_OF_H_
#define HPOD_SERVER_MODEL_PARAMS_OF_H_

#include <vector>

#include "samplers/history.h"

namespace hpod {

inline std::vector<DistributionValue> ParamsOf(const History& history, size_t number) {
  std::vector<DistributionValue> params;
  for (uint32_t distribution : history.ShapeOf(number)) {
    params.push_back(
        {distribution, history.Param(number, history.GetDistribution(distribution).name)});
  }
  return params;
}

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_PARAMS_OF_H_
