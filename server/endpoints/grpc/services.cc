#include <array>

#include "server/endpoints/grpc/service.h"

namespace hpod {

// Each is defined in the file of its name.
std::unique_ptr<GrpcService> MakeCatalogService(const ServiceContext& context);
std::unique_ptr<GrpcService> MakeOptunaService(const ServiceContext& context);
std::unique_ptr<GrpcService> MakeStudyService(const ServiceContext& context);
std::unique_ptr<GrpcService> MakeTrialService(const ServiceContext& context);

namespace {

constexpr std::array<GrpcServiceFactory, 4> kGrpcServices = {
    &MakeCatalogService, &MakeOptunaService, &MakeStudyService, &MakeTrialService};

}  // namespace

std::span<const GrpcServiceFactory> GrpcServices() { return kGrpcServices; }

}  // namespace hpod
