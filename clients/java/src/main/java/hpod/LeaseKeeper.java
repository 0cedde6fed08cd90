package hpod;

import com.google.protobuf.Duration;
import hpo.v1.HeartbeatTrialRequest;
import hpo.v1.TrialServiceGrpc;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Keeps the leases of a client's running trials: one thread renews each after a third of its length
 * without a call for the trial.
 */
final class LeaseKeeper implements AutoCloseable {
  private static final long HEARTBEAT_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);
  /** After a heartbeat that did not get through. */
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Client client;
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(1, LeaseKeeper::daemonThread);

  LeaseKeeper(Client client) {
    this.client = client;
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Keeps the lease of a trial that was handed out just now. */
  Lease hold(String study, long number, hpo.v1.Lease message) {
    var lease = new Lease(study, number, message);
    schedule(lease, lease.dueInNanos());
    return lease;
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private void schedule(Lease lease, long delayNanos) {
    thread.schedule(() -> beat(lease), delayNanos, TimeUnit.NANOSECONDS);
  }

  private void beat(Lease lease) {
    if (lease.isEnded()) return;
    long dueInNanos = lease.dueInNanos();
    if (dueInNanos > 0) { // some call has renewed it meanwhile
      schedule(lease, dueInNanos);
      return;
    }
    try {
      long timeoutNanos = Math.min(HEARTBEAT_TIMEOUT_NANOS, lease.lengthNanos / 3);
      var reply =
          client.attempt(
              TrialServiceGrpc.getHeartbeatTrialMethod(),
              lease.heartbeat,
              java.time.Duration.ofNanos(timeoutNanos));
      lease.lengthNanos = nanos(reply.getLease().getDuration());
      lease.renewed();
      schedule(lease, lease.dueInNanos());
    } catch (HpodException error) {
      // Not transient: lost; or finished or deleted elsewhere, and the trial's next call says which.
      lease.failed(error);
      if (error.isTransient()) schedule(lease, Math.min(RETRY_NANOS, lease.lengthNanos / 6));
    }
  }

  private static Thread daemonThread(Runnable work) {
    var thread = new Thread(work, "hpod-heartbeat");
    thread.setDaemon(true);
    return thread;
  }

  private static long nanos(Duration duration) {
    return TimeUnit.SECONDS.toNanos(duration.getSeconds()) + duration.getNanos();
  }

  /** The right to work on one trial. */
  static final class Lease {
    final CompletableFuture<LeaseLostException> lost = new CompletableFuture<>();
    private final HeartbeatTrialRequest heartbeat;
    private volatile long lengthNanos;
    private volatile long renewedAtNanos = System.nanoTime();
    private volatile boolean isReleased;

    private Lease(String study, long number, hpo.v1.Lease message) {
      heartbeat =
          HeartbeatTrialRequest.newBuilder()
              .setStudy(study)
              .setNumber(number)
              .setLeaseToken(message.getToken())
              .build();
      lengthNanos = nanos(message.getDuration());
    }

    long token() {
      return heartbeat.getLeaseToken();
    }

    /** Throws if the loss is known. */
    void check() {
      LeaseLostException known = lost.getNow(null);
      if (known != null) throw new LeaseLostException(known.getMessage(), known.metadata());
    }

    /** Some call for the trial has just renewed it. */
    void renewed() {
      renewedAtNanos = System.nanoTime();
    }

    /** A call for the trial has failed. */
    void failed(HpodException error) {
      if (error instanceof LeaseLostException loss) lost.complete(loss);
    }

    /** The trial is finished or given up: nothing is left to renew. */
    void release() {
      isReleased = true;
    }

    private boolean isEnded() {
      return isReleased || lost.isDone();
    }

    private long dueInNanos() {
      return renewedAtNanos + lengthNanos / 3 - System.nanoTime();
    }
  }
}
