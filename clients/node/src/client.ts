import { Client as Channel } from "@grpc/grpc-js";
import { StudyService } from "../gen/hpo/v1/study_service_pb.js";
import { Caller } from "./caller.js";
import { channelOptions, checkedServer, retrySecondsFromEnvironment, tlsFromEnvironment, toCredentials, type TlsOptions } from "./connection.js";
import { LeaseKeeper } from "./lease.js";
import { type StudySettings, toStudy } from "./settings.js";
import { Study } from "./study.js";

export type { TlsOptions } from "./connection.js";

const DEFAULT_SERVER = "127.0.0.1:13000";

/** What is absent comes from the environment. */
export interface ClientOptions {
  /** "host:port"; absent: HPOD_SERVER, else 127.0.0.1:13000. */
  server?: string;
  /** `{}` trusts Node's authorities; absent: HPOD_TLS_CA (a PEM file, or `system`), HPOD_TLS_CERT, HPOD_TLS_KEY, else no TLS. */
  tls?: TlsOptions;
  /** Sent as `authorization: Bearer TOKEN`; absent: HPOD_TOKEN. Without TLS, everybody on the way can read it. */
  token?: string;
  /** How long a call is repeated while the daemon is away; absent: HPOD_RETRY_SECONDS, else 120. */
  retrySeconds?: number;
}

/** A connection to one daemon. */
export class Client {
  private readonly channel: Channel;
  private readonly caller: Caller;
  private readonly leases: LeaseKeeper;

  /** Makes no call yet. Throws RangeError: `server` is no "host:port". */
  constructor(options: ClientOptions = {}) {
    const server = checkedServer(options.server || process.env["HPOD_SERVER"] || DEFAULT_SERVER);
    const token = options.token || process.env["HPOD_TOKEN"];
    const retrySeconds = options.retrySeconds ?? retrySecondsFromEnvironment();
    const tls = options.tls ?? tlsFromEnvironment();
    this.channel = new Channel(server, toCredentials(tls), channelOptions(tls));
    this.caller = new Caller(this.channel, server, token, retrySeconds);
    this.leases = new LeaseKeeper(this.caller);
  }

  /** Makes a study, or loads it. Throws StudyExistsError, StudyMismatchError, InvalidArgumentError. */
  async createStudy(settings: StudySettings): Promise<Study> {
    const { loadIfExists = false } = settings;
    const reply = await this.caller.call(StudyService.method.createStudy, { study: toStudy(settings), loadIfExists });
    return new Study(reply.study!.name, this.caller, this.leases);
  }

  /** Throws StudyNotFoundError. */
  async loadStudy(name: string): Promise<Study> {
    const reply = await this.caller.call(StudyService.method.getStudy, { study: name });
    return new Study(reply.study!.name, this.caller, this.leases);
  }

  /** Deletes the study with its trials. Throws StudyNotFoundError. */
  async deleteStudy(name: string): Promise<void> {
    await this.caller.call(StudyService.method.deleteStudy, { study: name });
  }

  /** Ends the connection. Leases that are held run out. */
  close(): void {
    this.leases.releaseAll();
    this.channel.close();
  }
}
