package hpod;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.nio.channels.ClosedChannelException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HpodExceptionTest {
  private static HpodException of(Status.Code code, String reason, Map<String, String> metadata) {
    var info = ErrorInfo.newBuilder().setReason(reason).putAllMetadata(metadata).build();
    var status =
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage("words")
            .addDetails(Any.pack(info))
            .build();
    return HpodException.of(StatusProto.toStatusRuntimeException(status), "here", 30);
  }

  @Test
  void theReasonInTheDetailsDecidesTheKind() {
    var error = of(Status.Code.NOT_FOUND, "STUDY_NOT_FOUND", Map.of("study", "mnist"));
    assertEquals(HpodException.Kind.STUDY_NOT_FOUND, error.kind());
    assertEquals("words", error.getMessage());
    assertEquals(Map.of("study", "mnist"), error.metadata());
    assertFalse(error.isTransient());
  }

  @Test
  void aLostLeaseHasAnExceptionOfItsOwn() {
    assertInstanceOf(LeaseLostException.class, of(Status.Code.ABORTED, "LEASE_LOST", Map.of()));
  }

  @Test
  void aConnectionThatBreaksInACallIsUnavailable() {
    var broken = Status.UNKNOWN.withDescription("channel closed").withCause(new ClosedChannelException());
    var error = HpodException.of(broken.asRuntimeException(), "here", 30);
    assertEquals(HpodException.Kind.UNAVAILABLE, error.kind());
    assertTrue(error.isTransient());
    assertTrue(error.getMessage().startsWith("cannot reach here: channel closed"), error.getMessage());
  }

  @Test
  void onlyTheLimitOfCallsInFlightIsTransient() {
    var limit = Map.of("limit", "calls_in_flight");
    assertTrue(of(Status.Code.RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED", limit).isTransient());
    assertFalse(of(Status.Code.RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED", Map.of("limit", "trials")).isTransient());
  }
}
