package hpod;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;

/** A failed call, or a wrong setting. The message is the daemon's own, where it gave one. */
public class HpodException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What went wrong, as far as a program decides by it. */
  public enum Kind {
    /** The daemon could not be reached, or gave no answer in time, for all retries. */
    UNAVAILABLE,
    /** The daemon's disk is full; nothing was changed, and retries did not help. */
    STORAGE_FULL,
    /** A limit of the daemon; {@code metadata().get("limit")} names it. */
    LIMIT_EXCEEDED,
    /** A value is out of its range or form; the message names the field. */
    INVALID_ARGUMENT,
    /** The study has the parameter with another kind, {@code log} flag or list of choices. */
    PARAMETER_CHANGED,
    STUDY_NOT_FOUND,
    TRIAL_NOT_FOUND,
    /** The name is taken. */
    STUDY_EXISTS,
    /** The study exists with other directions than those asked for. */
    STUDY_MISMATCH,
    /** A {@link LeaseLostException}: drop the work. */
    LEASE_LOST,
    /** The trial is finished and cannot change. */
    TRIAL_FINISHED,
    /** The trial is enqueued and not running yet. */
    TRIAL_WAITING,
    /** Intermediate values belong to one objective. */
    SEVERAL_OBJECTIVES,
    /** Token or certificate are missing or not accepted. */
    NOT_ALLOWED,
    /** Anything else; see the code. */
    OTHER
  }

  private final Kind kind;
  private final Status.Code code;
  private final String reason;
  private final transient Map<String, String> metadata;

  HpodException(
      String message, Kind kind, Status.Code code, String reason, Map<String, String> metadata) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.reason = reason;
    this.metadata = metadata;
  }

  /** What to decide by. */
  public Kind kind() {
    return kind;
  }

  /** The gRPC status code. */
  public Status.Code code() {
    return code;
  }

  /**
   * The stable reason, a name of {@code hpo.v1.ErrorReason} without its prefix ({@code LEASE_LOST}),
   * or empty.
   */
  public String reason() {
    return reason;
  }

  /** What the reason's description in {@code error.proto} names. */
  public Map<String, String> metadata() {
    return metadata == null ? Map.of() : metadata;
  }

  /** Whether a later attempt of the same call may succeed. */
  public boolean isTransient() {
    return switch (kind) {
      case UNAVAILABLE, STORAGE_FULL -> true;
      case LIMIT_EXCEEDED -> "calls_in_flight".equals(metadata().get("limit"));
      default -> false;
    };
  }

  static HpodException invalid(String message) {
    return new HpodException(
        message, Kind.INVALID_ARGUMENT, Status.Code.INVALID_ARGUMENT, "", Map.of());
  }

  /** What a failed call of {@code server} becomes. */
  static HpodException of(StatusRuntimeException failure, String server, double timeoutSeconds) {
    ErrorInfo info = errorInfo(failure);
    Status.Code code = codeOf(failure, info);
    Kind kind = kindOf(info.getReason(), code);
    String message = failure.getStatus().getDescription();
    if (info.getReason().isEmpty() && code == Status.Code.UNAVAILABLE) {
      message =
          "cannot reach %s: %s (is hpod running? start it with: hpod)"
              .formatted(server, innermostCause(failure));
    } else if (info.getReason().isEmpty() && code == Status.Code.DEADLINE_EXCEEDED) {
      message = "no answer from %s in %s s".formatted(server, timeoutSeconds);
    }
    if (kind == Kind.LEASE_LOST) {
      return new LeaseLostException(message, info.getMetadataMap());
    }
    return new HpodException(message, kind, code, info.getReason(), info.getMetadataMap());
  }

  private static Status.Code codeOf(StatusRuntimeException failure, ErrorInfo info) {
    Status.Code code = failure.getStatus().getCode();
    // A connection that breaks in the middle of a call is UNKNOWN, with the local cause.
    boolean isFromTransport = failure.getStatus().getCause() != null && info.getReason().isEmpty();
    return isFromTransport && code == Status.Code.UNKNOWN ? Status.Code.UNAVAILABLE : code;
  }

  /** The ErrorInfo in grpc-status-details-bin; empty if there is none. */
  private static ErrorInfo errorInfo(StatusRuntimeException failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    for (var detail : status.getDetailsList()) {
      try {
        if (detail.is(ErrorInfo.class)) return detail.unpack(ErrorInfo.class);
      } catch (InvalidProtocolBufferException malformed) {
        // As if it were not there: the code says enough.
      }
    }
    return ErrorInfo.getDefaultInstance();
  }

  private static Kind kindOf(String reason, Status.Code code) {
    return switch (reason) {
      case "STUDY_NOT_FOUND" -> Kind.STUDY_NOT_FOUND;
      case "TRIAL_NOT_FOUND" -> Kind.TRIAL_NOT_FOUND;
      case "STUDY_EXISTS" -> Kind.STUDY_EXISTS;
      case "STUDY_MISMATCH" -> Kind.STUDY_MISMATCH;
      case "INVALID_FIELD", "REQUEST_ID_REUSED" -> Kind.INVALID_ARGUMENT;
      case "PARAMETER_CHANGED" -> Kind.PARAMETER_CHANGED;
      case "LEASE_LOST" -> Kind.LEASE_LOST;
      case "TRIAL_FINISHED" -> Kind.TRIAL_FINISHED;
      case "TRIAL_WAITING" -> Kind.TRIAL_WAITING;
      case "SEVERAL_OBJECTIVES" -> Kind.SEVERAL_OBJECTIVES;
      case "LIMIT_EXCEEDED" -> Kind.LIMIT_EXCEEDED;
      case "STORAGE_FULL" -> Kind.STORAGE_FULL;
      case "STORAGE_FAILED", "SHUTTING_DOWN" -> Kind.UNAVAILABLE;
      default -> kindOf(code);
    };
  }

  private static Kind kindOf(Status.Code code) {
    return switch (code) {
      case UNAVAILABLE, DEADLINE_EXCEEDED -> Kind.UNAVAILABLE;
      case INVALID_ARGUMENT -> Kind.INVALID_ARGUMENT;
      case RESOURCE_EXHAUSTED -> Kind.LIMIT_EXCEEDED;
      case UNAUTHENTICATED, PERMISSION_DENIED -> Kind.NOT_ALLOWED;
      default -> Kind.OTHER;
    };
  }

  private static String innermostCause(StatusRuntimeException failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) cause = cause.getCause();
    boolean saysMore = cause != failure && cause.getMessage() != null;
    return saysMore ? cause.getMessage() : failure.getStatus().getDescription();
  }
}
