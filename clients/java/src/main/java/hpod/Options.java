package hpod;

import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/**
 * How to reach a daemon.
 *
 * @param server {@code host:port}
 * @param token sent as {@code authorization: Bearer}
 * @param tlsCa PEM file of the authority that signed the daemon's certificate, or {@code system} for
 *     those that Java trusts; with it, the connection is encrypted
 * @param tlsCert PEM file of this client's certificate, for a daemon that asks for one; needs {@code
 *     tlsCa} and {@code tlsKey}
 * @param tlsKey PEM file of its private key
 * @param retryFor how long a call is repeated while the daemon is away; zero: not at all
 * @param callTimeout how long one attempt of a call may take
 */
public record Options(
    String server,
    Optional<String> token,
    Optional<Path> tlsCa,
    Optional<Path> tlsCert,
    Optional<Path> tlsKey,
    Duration retryFor,
    Duration callTimeout) {

  private static final String DEFAULT_SERVER = "127.0.0.1:13000";
  private static final String DEFAULT_RETRY_SECONDS = "120";
  private static final Path SYSTEM = Path.of("system");
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(30);

  /**
   * What HPOD_SERVER, HPOD_TOKEN, HPOD_TLS_CA, HPOD_TLS_CERT, HPOD_TLS_KEY and HPOD_RETRY_SECONDS
   * say, else the defaults. An empty variable counts as absent.
   *
   * @throws HpodException INVALID_ARGUMENT: HPOD_RETRY_SECONDS is not a number >= 0
   */
  public static Options fromEnvironment() {
    return from(System.getenv());
  }

  static Options from(Map<String, String> variables) {
    return new Options(
        variable(variables, "HPOD_SERVER").orElse(DEFAULT_SERVER),
        variable(variables, "HPOD_TOKEN"),
        variable(variables, "HPOD_TLS_CA").map(Path::of),
        variable(variables, "HPOD_TLS_CERT").map(Path::of),
        variable(variables, "HPOD_TLS_KEY").map(Path::of),
        seconds(variable(variables, "HPOD_RETRY_SECONDS").orElse(DEFAULT_RETRY_SECONDS)),
        CALL_TIMEOUT);
  }

  /** The same with another server. */
  public Options withServer(String other) {
    return new Options(other, token, tlsCa, tlsCert, tlsKey, retryFor, callTimeout);
  }

  /** The same with another token. */
  public Options withToken(String other) {
    return new Options(
        server, Optional.of(other), tlsCa, tlsCert, tlsKey, retryFor, callTimeout);
  }

  /** The same with TLS. */
  public Options withTls(Path ca) {
    return new Options(
        server, token, Optional.of(ca), tlsCert, tlsKey, retryFor, callTimeout);
  }

  /** The same with a certificate of the client. */
  public Options withClientCertificate(Path cert, Path key) {
    return new Options(
        server, token, tlsCa, Optional.of(cert), Optional.of(key), retryFor, callTimeout);
  }

  /** The same with another time for retries. */
  public Options withRetryFor(Duration other) {
    return new Options(server, token, tlsCa, tlsCert, tlsKey, other, callTimeout);
  }

  ManagedChannelBuilder<?> channel() {
    NettyChannelBuilder channel = target();
    Optional<SslContext> tls = tls();
    if (tls.isPresent()) {
      channel.sslContext(tls.get());
    } else {
      // The daemon is on this machine or this network: a web proxy of the JVM does not lead to it.
      channel.usePlaintext().proxyDetector(address -> null);
    }
    return channel
        .keepAliveTime(20, TimeUnit.SECONDS) // notices a daemon that went without a word
        .maxInboundMessageSize(Integer.MAX_VALUE); // a trial may hold any number of reports
  }

  private NettyChannelBuilder target() {
    if (!server.matches(".+:\\d+")) {
      throw HpodException.invalid("the server is '%s', but must be host:port".formatted(server));
    }
    return NettyChannelBuilder.forTarget("dns:///" + server);
  }

  private Optional<SslContext> tls() {
    if (tlsCert.isPresent() != tlsKey.isPresent()) {
      throw HpodException.invalid("tls_cert and tls_key belong together: one is missing");
    }
    if (tlsCa.isEmpty()) {
      if (tlsCert.isPresent()) {
        throw HpodException.invalid("tls_cert and tls_key need tls_ca (HPOD_TLS_CA)");
      }
      return Optional.empty();
    }
    try {
      SslContextBuilder context = GrpcSslContexts.forClient();
      if (!tlsCa.get().equals(SYSTEM)) context.trustManager(readable("tls_ca", tlsCa.get()).toFile());
      if (tlsCert.isPresent()) {
        context.keyManager(
            readable("tls_cert", tlsCert.get()).toFile(), readable("tls_key", tlsKey.get()).toFile());
      }
      return Optional.of(context.build());
    } catch (SSLException | IllegalArgumentException wrong) {
      throw HpodException.invalid("the TLS files cannot be used: " + wrong.getMessage());
    }
  }

  private static Path readable(String name, Path path) {
    if (!Files.isReadable(path)) {
      throw HpodException.invalid("%s '%s' cannot be read".formatted(name, path));
    }
    return path;
  }

  private static Optional<String> variable(Map<String, String> variables, String name) {
    return Optional.ofNullable(variables.get(name)).filter(text -> !text.isEmpty());
  }

  private static Duration seconds(String text) {
    try {
      double seconds = Double.parseDouble(text.strip());
      if (seconds >= 0 && seconds < 1e9) return Duration.ofNanos(Math.round(seconds * 1e9));
    } catch (NumberFormatException notANumber) {
      // Refused below, as a negative one is.
    }
    throw HpodException.invalid(
        "HPOD_RETRY_SECONDS is '%s', but must be a number >= 0".formatted(text));
  }
}
