import { readFileSync } from "node:fs";
import { type ChannelOptions, type ChannelCredentials, credentials } from "@grpc/grpc-js";

/** Files in PEM form. */
export interface TlsOptions {
  /** The authorities to trust; absent: those of Node. */
  ca?: string;
  /** The client's own certificate and its key; both or none. */
  cert?: string;
  key?: string;
}

const DEFAULT_RETRY_SECONDS = 120;

const CHANNEL_OPTIONS: ChannelOptions = {
  // gRPC's own pauses grow to two minutes: longer than a restart of the daemon takes.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
  // Lists of trials with many reports are larger than gRPC's 4 MiB.
  "grpc.max_receive_message_length": -1,
  "grpc.use_local_subchannel_pool": 1,
};

/** `server`, which must be a host and a port: gRPC would take the port of https for a missing one. */
export function checkedServer(server: string): string {
  if (!/^(\[[^\s[\]]+\]|[^\s:/[\]]+):\d{1,5}$/.test(server)) throw new RangeError(`the server is '${server}', but must be host:port`);
  return server;
}

/** Settings of the channel of a daemon that has TLS or not. */
export function channelOptions(tls: TlsOptions | undefined): ChannelOptions {
  // Without TLS the daemon is on this machine or this network: a web proxy in the environment does not lead to it.
  return tls ? CHANNEL_OPTIONS : { ...CHANNEL_OPTIONS, "grpc.enable_http_proxy": 0 };
}

/** What HPOD_TLS_CA (a file, or `system`), HPOD_TLS_CERT and HPOD_TLS_KEY say; undefined: no TLS. */
export function tlsFromEnvironment(environment = process.env): TlsOptions | undefined {
  const { HPOD_TLS_CA: ca, HPOD_TLS_CERT: cert, HPOD_TLS_KEY: key } = environment;
  if (!ca && (cert || key)) throw new Error("HPOD_TLS_CERT and HPOD_TLS_KEY need HPOD_TLS_CA: a file, or `system`");
  if (!ca) return undefined;
  return { ca: ca === "system" ? undefined : ca, cert: cert || undefined, key: key || undefined };
}

export function toCredentials(tls: TlsOptions | undefined): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  const { ca, cert, key } = tls;
  if (Boolean(cert) !== Boolean(key)) throw new Error("tls needs cert and key, or neither");
  return credentials.createSsl(read(ca), read(key), read(cert));
}

function read(path: string | undefined): Buffer | null {
  return path ? readFileSync(path) : null;
}

/** HPOD_RETRY_SECONDS, else two minutes. */
export function retrySecondsFromEnvironment(environment = process.env): number {
  const text = environment["HPOD_RETRY_SECONDS"];
  if (!text) return DEFAULT_RETRY_SECONDS;
  const seconds = Number(text);
  if (!(seconds >= 0)) throw new RangeError(`HPOD_RETRY_SECONDS is '${text}', but must be a number >= 0`);
  return seconds;
}
