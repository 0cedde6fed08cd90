package hpod;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import hpo.v1.CreateStudyRequest;
import hpo.v1.DeleteStudyRequest;
import hpo.v1.GetStudyRequest;
import hpo.v1.StudyServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Calls a daemon. Safe to use from several threads. The connection is made with the first call.
 *
 * <p>Calls are repeated while the daemon is away, with the same request id, so that each takes effect
 * once. Every method that calls throws {@link HpodException}.
 */
public final class Client implements AutoCloseable {
  private final Options options;
  private final ManagedChannel connection;
  private final Channel channel;
  private final LeaseKeeper leases = new LeaseKeeper(this);

  private Client(Options options) {
    this.options = options;
    connection = options.channel().build();
    channel = options.token().map(token -> withToken(connection, token)).orElse(connection);
  }

  /** A client by the environment; see {@link Options#fromEnvironment}. */
  public static Client connect() {
    return connect(Options.fromEnvironment());
  }

  /**
   * A client of {@code options.server()}.
   *
   * @throws HpodException INVALID_ARGUMENT: an option is wrong; the message names it
   */
  public static Client connect(Options options) {
    return new Client(options);
  }

  /**
   * Makes a study.
   *
   * @throws HpodException STUDY_EXISTS: the name is taken
   */
  public Study createStudy(StudySpec spec) {
    return create(spec, false);
  }

  /**
   * Makes a study, or loads the one of that name, unchanged.
   *
   * @throws HpodException STUDY_MISMATCH: it has other directions
   */
  public Study createOrLoadStudy(StudySpec spec) {
    return create(spec, true);
  }

  /**
   * The study of that name.
   *
   * @throws HpodException STUDY_NOT_FOUND: there is none
   */
  public Study loadStudy(String name) {
    var request = GetStudyRequest.newBuilder().setStudy(name).build();
    return new Study(this, call(StudyServiceGrpc.getGetStudyMethod(), request).getStudy().getName());
  }

  /**
   * Deletes a study with its trials.
   *
   * @throws HpodException STUDY_NOT_FOUND: there is none
   */
  public void deleteStudy(String name) {
    var request = DeleteStudyRequest.newBuilder().setStudy(name).build();
    call(StudyServiceGrpc.getDeleteStudyMethod(), request);
  }

  /**
   * The reply of any unary method of the protocol, repeated while the daemon is away or its disk
   * full. A request that takes a {@code request_id} gets one, the same for all attempts, so that it
   * takes effect once.
   */
  public <Q extends Message, A> A call(MethodDescriptor<Q, A> method, Q request) {
    Q identified = identified(request);
    long endNanos = System.nanoTime() + options.retryFor().toNanos();
    for (int failures = 0; ; failures++) {
      try {
        return attempt(method, identified, options.callTimeout());
      } catch (HpodException error) {
        Duration pause = Retry.pause(failures, ThreadLocalRandom.current().nextDouble());
        boolean isTooLate = System.nanoTime() + pause.toNanos() - endNanos > 0;
        if (!error.isTransient() || isTooLate) throw error;
        Retry.sleep(pause);
      }
    }
  }

  /** Lets the leases of all trials run out, and closes the connection. */
  @Override
  public void close() {
    leases.close();
    connection.shutdownNow();
  }

  /** One attempt of a call. */
  <Q extends Message, A> A attempt(MethodDescriptor<Q, A> method, Q request, Duration timeout) {
    CallOptions deadline =
        CallOptions.DEFAULT.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
    try {
      return ClientCalls.blockingUnaryCall(channel, method, deadline, request);
    } catch (StatusRuntimeException failure) {
      // gRPC's own pauses grow to 2 minutes: longer than a restart of the daemon takes.
      connection.resetConnectBackoff();
      throw HpodException.of(failure, options.server(), timeout.toMillis() / 1e3);
    }
  }

  LeaseKeeper leases() {
    return leases;
  }

  private Study create(StudySpec spec, boolean loadIfExists) {
    var request =
        CreateStudyRequest.newBuilder().setStudy(spec.message()).setLoadIfExists(loadIfExists);
    var reply = call(StudyServiceGrpc.getCreateStudyMethod(), request.build());
    return new Study(this, reply.getStudy().getName());
  }

  private static Channel withToken(Channel channel, String token) {
    var headers = new Metadata();
    var key = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    headers.put(key, "Bearer " + token);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  @SuppressWarnings("unchecked") // a builder of a message builds that message's type
  private static <Q extends Message> Q identified(Q request) {
    FieldDescriptor id = request.getDescriptorForType().findFieldByName("request_id");
    if (id == null) return request;
    return (Q) request.toBuilder().setField(id, UUID.randomUUID().toString()).build();
  }
}
