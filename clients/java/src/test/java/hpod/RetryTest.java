package hpod;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RetryTest {
  @Test
  void pausesDoubleToThreeSecondsWithARandomUpperHalf() {
    long[] ceilings = {100, 200, 400, 800, 1600, 3000, 3000};
    for (int failures = 0; failures < ceilings.length; failures++) {
      assertEquals(ceilings[failures] / 2, Retry.pause(failures, 0).toMillis());
      assertEquals(ceilings[failures] * 3 / 4, Retry.pause(failures, 0.5).toMillis());
    }
    assertEquals(1500, Retry.pause(Integer.MAX_VALUE, 0).toMillis());
  }
}
