package hpod;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OptionsTest {
  @Test
  void haveDefaultsWithoutAnEnvironment() {
    Options options = Options.from(Map.of("HPOD_TLS_CA", ""));
    assertEquals("127.0.0.1:13000", options.server());
    assertEquals(Optional.empty(), options.token());
    assertEquals(Optional.empty(), options.tlsCa());
    assertEquals(Duration.ofSeconds(120), options.retryFor());
  }

  @Test
  void areTakenFromTheEnvironment() {
    Options options =
        Options.from(
            Map.of("HPOD_SERVER", "host:1", "HPOD_TOKEN", "secret", "HPOD_RETRY_SECONDS", "1.5"));
    assertEquals("host:1", options.server());
    assertEquals(Optional.of("secret"), options.token());
    assertEquals(Duration.ofMillis(1500), options.retryFor());
  }

  @Test
  void areRefusedByNameWhenTheyAreWrong() {
    for (String text : new String[] {"soon", "-1", "NaN"}) {
      assertRefused("HPOD_RETRY_SECONDS is '%s'".formatted(text), Map.of("HPOD_RETRY_SECONDS", text));
    }
    assertRefused("the server is 'host'", Map.of("HPOD_SERVER", "host"));
    assertRefused("tls_ca '/none.pem' cannot be read", Map.of("HPOD_TLS_CA", "/none.pem"));
    assertRefused("one is missing", Map.of("HPOD_TLS_CERT", "c.pem"));
    assertRefused("need tls_ca", Map.of("HPOD_TLS_CERT", "c.pem", "HPOD_TLS_KEY", "k.pem"));
  }

  private static void assertRefused(String words, Map<String, String> variables) {
    var error =
        assertThrows(HpodException.class, () -> Client.connect(Options.from(variables)).close());
    assertEquals(HpodException.Kind.INVALID_ARGUMENT, error.kind());
    assertTrue(error.getMessage().contains(words), error.getMessage());
  }
}
