#include <array>

#include "server/endpoints/grpc/service.h"

namespace hpod {

// Each is defined in the file of its name.
std::unique_ptr<GrpcService> MakeCatalogService(const ServiceContext& context);
std::unique_ptr<GrpcService> MakeHealthService(const ServiceContext& context);
std::unique_ptr<GrpcService> MakeOptunaService(const ServiceContext& context);
std::unique_ptr<GrpcService> MakeReflectionService(const ServiceContext& context);
std::unique_ptr<GrpcService> MakeStudyService(const ServiceContext& context);
std::unique_ptr<GrpcService> MakeTrialService(const ServiceContext& context);

namespace {

constexpr std::array<GrpcServiceEntry, 6> kGrpcServices = {{
    {"grpc.health.v1.Health", &MakeHealthService},
    {"grpc.reflection.v1alpha.ServerReflection", &MakeReflectionService},
    {"hpo.v1.CatalogService", &MakeCatalogService},
    {"hpo.v1.StudyService", &MakeStudyService},
    {"hpo.v1.TrialService", &MakeTrialService},
    {"optuna.StorageService", &MakeOptunaService},
}};

}  // namespace

std::span<const GrpcServiceEntry> GrpcServices() { return kGrpcServices; }

}  // namespace hpod
