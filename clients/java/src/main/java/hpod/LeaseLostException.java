package hpod;

import io.grpc.Status;
import java.util.Map;

/**
 * The trial was given up because its worker was silent for longer than the lease. Another worker may
 * have its parameters already: drop the work and ask for another trial.
 */
public final class LeaseLostException extends HpodException {
  private static final long serialVersionUID = 1;

  LeaseLostException(String message, Map<String, String> metadata) {
    super(message, Kind.LEASE_LOST, Status.Code.ABORTED, "LEASE_LOST", metadata);
  }
}
