package hpod;

import java.time.Duration;

/** When a call is tried again. */
final class Retry {
  private static final double FIRST_SECONDS = 0.1;
  private static final double MAX_SECONDS = 3.0;

  private Retry() {}

  /**
   * The pause after failure number {@code failures} (from 0): doubles each time, up to 3 s. The upper
   * half is random, so that workers which failed together come back apart.
   *
   * @param fraction in [0, 1)
   */
  static Duration pause(int failures, double fraction) {
    double ceiling = Math.min(MAX_SECONDS, FIRST_SECONDS * Math.pow(2, Math.min(failures, 60)));
    return Duration.ofNanos(Math.round(ceiling * (0.5 + fraction / 2) * 1e9));
  }

  /**
   * Pauses the thread.
   *
   * @throws java.util.concurrent.CancellationException the thread was interrupted; it stays so
   */
  static void sleep(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new java.util.concurrent.CancellationException("interrupted between two attempts");
    }
  }
}
