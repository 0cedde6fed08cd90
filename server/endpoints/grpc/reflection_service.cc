// grpc.reflection.v1alpha.ServerReflection: what tools like grpcurl ask to know the daemon's calls.
// Not gRPC's own, whose thread would take turns with the loop (health_service.cc).

#include <fmt/format.h>
#include <functional>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <set>

#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

#include "server/endpoints/grpc/service.h"

namespace hpod {
namespace {

namespace v1 = grpc::reflection::v1alpha;
namespace pb = google::protobuf;

// The file and all that it imports, each once.
void AddFiles(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>& seen,
              v1::FileDescriptorResponse& response) {
  if (!seen.insert(&file).second) return;
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response.add_file_descriptor_proto(proto.SerializeAsString());
  for (int i = 0; i < file.dependency_count(); ++i) AddFiles(*file.dependency(i), seen, response);
}

void AnswerFile(const pb::FileDescriptor* file, const std::string& asked,
                v1::ServerReflectionResponse& response) {
  if (file == nullptr) {
    response.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
    response.mutable_error_response()->set_error_message(fmt::format("'{}' is not here", asked));
    return;
  }
  std::set<const pb::FileDescriptor*> seen;
  AddFiles(*file, seen, *response.mutable_file_descriptor_response());
}

v1::ServerReflectionResponse Answer(const v1::ServerReflectionRequest& request) {
  using Request = v1::ServerReflectionRequest;
  v1::ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  const pb::DescriptorPool& pool = *pb::DescriptorPool::generated_pool();
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      AnswerFile(pool.FindFileByName(request.file_by_filename()), request.file_by_filename(),
                 response);
      break;
    case Request::kFileContainingSymbol:
      AnswerFile(pool.FindFileContainingSymbol(request.file_containing_symbol()),
                 request.file_containing_symbol(), response);
      break;
    case Request::kListServices:
      for (const GrpcServiceEntry& entry : GrpcServices()) {
        response.mutable_list_services_response()->add_service()->set_name(std::string(entry.name));
      }
      break;
    default:
      response.mutable_error_response()->set_error_code(grpc::StatusCode::UNIMPLEMENTED);
      response.mutable_error_response()->set_error_message(
          "the daemon's messages have no extensions");
  }
  return response;
}

class ReflectionService final : public GrpcService {
 public:
  explicit ReflectionService(const ServiceContext& context) : loop_(context.loop) {}

  grpc::Service& Generated() override { return service_; }
  void Start() override { streams_.insert(std::make_unique<Stream>(*this)); }
  void EndStreams() override {
    has_ended_ = true;
    for (const auto& stream : streams_) stream->End();
  }

 private:
  // One stream: reads, writes the answer, reads again. One operation is under way at a time, but
  // for a Finish beside a read at the end of the daemon.
  class Stream final {
   public:
    explicit Stream(ReflectionService& reflection) : reflection_(reflection) {
      ++under_way_;
      reflection_.service_.RequestServerReflectionInfo(
          &context_, &stream_, reflection_.loop_.Queue(), reflection_.loop_.Queue(), &called_);
    }

    void End() {
      if (is_reading_) Finish(ToGrpc(ShuttingDown()));
    }

   private:
    class Operation final : public Event {
     public:
      Operation(Stream& stream, void (Stream::*then)(bool)) : stream_(stream), then_(then) {}
      void Proceed(bool ok) override {
        --stream_.under_way_;
        (stream_.*then_)(ok);
        if (stream_.under_way_ == 0) stream_.Remove();
      }

     private:
      Stream& stream_;
      void (Stream::*then_)(bool);
    };

    void OnCall(bool ok) {
      if (!ok) return;  // shutting down
      reflection_.streams_.insert(std::make_unique<Stream>(reflection_));
      Read();
    }
    void OnRead(bool ok) {
      is_reading_ = false;
      if (is_finishing_) return;
      if (!ok) return Finish(grpc::Status::OK);
      response_ = Answer(request_);
      ++under_way_;
      stream_.Write(response_, &written_);
    }
    void OnWritten(bool ok) { ok ? Read() : Finish(grpc::Status::OK); }
    void OnFinished(bool /*ok*/) {}

    void Read() {
      if (reflection_.has_ended_) return Finish(ToGrpc(ShuttingDown()));
      is_reading_ = true;
      ++under_way_;
      stream_.Read(&request_, &read_);
    }
    void Finish(const grpc::Status& status) {
      if (std::exchange(is_finishing_, true)) return;
      ++under_way_;
      stream_.Finish(status, &finished_);
    }
    void Remove() {
      std::erase_if(reflection_.streams_,
                    [this](const auto& stream) { return stream.get() == this; });
    }

    ReflectionService& reflection_;
    grpc::ServerContext context_;
    grpc::ServerAsyncReaderWriter<v1::ServerReflectionResponse, v1::ServerReflectionRequest>
        stream_{&context_};
    v1::ServerReflectionRequest request_;
    v1::ServerReflectionResponse response_;
    Operation called_{*this, &Stream::OnCall};
    Operation read_{*this, &Stream::OnRead};
    Operation written_{*this, &Stream::OnWritten};
    Operation finished_{*this, &Stream::OnFinished};
    int under_way_ = 0;
    bool is_reading_ = false;
    bool is_finishing_ = false;
  };

  Loop& loop_;
  v1::ServerReflection::AsyncService service_;
  std::set<std::unique_ptr<Stream>> streams_;
  bool has_ended_ = false;
};

}  // namespace

std::unique_ptr<GrpcService> MakeReflectionService(const ServiceContext& context) {
  return std::make_unique<ReflectionService>(context);
}

}  // namespace hpod
