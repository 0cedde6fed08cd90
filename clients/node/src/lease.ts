import { create } from "@bufbuild/protobuf";
import type { Trial as TrialMessage } from "../gen/hpo/v1/trial_pb.js";
import { HeartbeatTrialRequestSchema, TrialService } from "../gen/hpo/v1/trial_service_pb.js";
import type { Caller } from "./caller.js";
import { toMs } from "./duration.js";
import { HpodError, LeaseLostError } from "./errors.js";

const HEARTBEAT_TIMEOUT_MS = 10_000;
/** After a heartbeat that did not get through. */
const HEARTBEAT_RETRY_MS = 1_000;

/** The right to work on one trial. */
export class Lease {
  /** Aborted, with the LeaseLostError as its reason, once the trial is known to be given up. */
  readonly lost = new AbortController();
  timer: NodeJS.Timeout | undefined;
  released = false;

  constructor(
    readonly study: string,
    readonly number: bigint,
    readonly token: bigint,
    public durationMs: number,
  ) {}
}

/** Renews leases in the background, each after a third of its length without a call. */
export class LeaseKeeper {
  private readonly held = new Set<Lease>();

  constructor(private readonly caller: Caller) {}

  /** Renews the lease of a trial that was just handed out. */
  hold(study: string, trial: TrialMessage): Lease {
    const duration = trial.lease?.duration;
    const lease = new Lease(study, trial.number, trial.lease?.token ?? 0n, duration ? toMs(duration) : 0);
    this.held.add(lease);
    this.renewed(lease);
    return lease;
  }

  /** Some call has just renewed the lease. */
  renewed(lease: Lease): void {
    this.beatIn(lease, lease.durationMs / 3);
  }

  /** Renews the lease no more. */
  release(lease: Lease): void {
    lease.released = true;
    clearTimeout(lease.timer);
    this.held.delete(lease);
  }

  releaseAll(): void {
    for (const lease of this.held) this.release(lease);
  }

  /** The daemon has said that the lease is lost. */
  lose(lease: Lease, error: LeaseLostError): void {
    this.release(lease);
    lease.lost.abort(error);
  }

  private beatIn(lease: Lease, pauseMs: number): void {
    clearTimeout(lease.timer);
    if (lease.released) return;
    lease.timer = setTimeout(() => void this.beat(lease), pauseMs);
    // A lease alone does not keep the process alive.
    lease.timer.unref();
  }

  private async beat(lease: Lease): Promise<void> {
    const { study, number, token: leaseToken } = lease;
    const request = create(HeartbeatTrialRequestSchema, { study, number, leaseToken });
    const timeoutMs = Math.min(HEARTBEAT_TIMEOUT_MS, lease.durationMs / 3);
    try {
      const reply = await this.caller.attempt(TrialService.method.heartbeatTrial, request, timeoutMs);
      if (reply.lease?.duration) lease.durationMs = toMs(reply.lease.duration);
      this.renewed(lease);
    } catch (error) {
      if (error instanceof LeaseLostError) this.lose(lease, error);
      else if (error instanceof HpodError && error.isTransient) this.beatIn(lease, Math.min(HEARTBEAT_RETRY_MS, lease.durationMs / 6));
      // Finished or deleted elsewhere: the trial's next call says which.
      else this.release(lease);
    }
  }
}
