import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { StudyService } from "../gen/hpo/v1/study_service_pb.js";
import { TrialService } from "../gen/hpo/v1/trial_service_pb.js";
import type { Caller } from "./caller.js";
import { LeaseLostError, NoTrialError, type StopReason, TrialPruned } from "./errors.js";
import type { LeaseKeeper } from "./lease.js";
import { type Json, toTexts } from "./settings.js";
import { fromStopReason, type StoredTrial, type StudyInfo, toInfo, toState, toStored, type TrialState } from "./stored.js";
import { Trial } from "./trial.js";
import { type Plain, type Real, toValue } from "./values.js";

const PAGE_SIZE = 1000;
/** How long to wait when the study may have a trial later. */
const NO_TRIAL_PAUSE_MS = 1000;

export interface OptimizeOptions {
  /** Trials at one time, for objectives that wait for something else than this process; 1 if absent. */
  parallel?: number;
  /** Once aborted, no further trial starts; running ones go on. */
  signal?: AbortSignal;
}

/** A study of the daemon. Made by `Client`. */
export class Study {
  constructor(
    readonly name: string,
    private readonly caller: Caller,
    private readonly leases: LeaseKeeper,
  ) {}

  /** Starts a trial; its lease is renewed until it is finished. Throws NoTrialError if the study gives none. */
  async suggest(): Promise<Trial> {
    const worker = `${hostname()}:${process.pid}`;
    const reply = await this.caller.call(TrialService.method.suggestTrials, { study: this.name, count: 1, worker });
    const [trial] = reply.trials;
    if (!trial) throw new NoTrialError(this.name, fromStopReason(reply.stopReason) as StopReason, reply.final);
    return new Trial(trial, this.leases.hold(this.name, trial), this.caller, this.leases);
  }

  /**
   * Runs trials of `objective` until the study has none left. A trial that was lost is dropped. An error of the
   * objective fails its trial and is thrown.
   */
  async optimize(objective: (trial: Trial) => Promise<number> | number, options: OptimizeOptions = {}): Promise<void> {
    const workers = Array.from({ length: options.parallel ?? 1 }, () => this.work(objective, options.signal));
    const ends = await Promise.allSettled(workers);
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /**
   * Has a coming trial use these values; names left out are sampled. A whole number is an int: for a float write
   * `real(1)`. With `skipIfExists`, nothing happens if a trial that has not failed has or fixes exactly these. Returns
   * the number of the trial made or found. Throws InvalidArgumentError.
   */
  async enqueue(params: Record<string, Plain | Real>, options: { userAttributes?: Record<string, Json>; skipIfExists?: boolean } = {}): Promise<number> {
    const reply = await this.caller.call(TrialService.method.enqueueTrial, {
      study: this.name,
      params: Object.entries(params).map(([name, plain]) => ({ name, value: toValue(plain) })),
      userAttributes: toTexts(options.userAttributes ?? {}),
      skipIfExists: options.skipIfExists ?? false,
    });
    return Number(reply.number);
  }

  /** Has the daemon hand out no further trial of the study, until `resume`. */
  async stop(): Promise<void> {
    await this.caller.call(StudyService.method.stopStudy, { study: this.name });
  }

  /** Undoes `stop`. */
  async resume(): Promise<void> {
    await this.caller.call(StudyService.method.updateStudy, { study: this.name, update: { stopped: false }, updateMask: { paths: ["stopped"] } });
  }

  /** Stores JSON values with the study. Other attributes stay. */
  async setAttributes(attributes: Record<string, Json>): Promise<void> {
    const update = { userAttributes: toTexts(attributes) };
    await this.caller.call(StudyService.method.updateStudy, { study: this.name, update, updateMask: { paths: ["user_attributes"] } });
  }

  async info(): Promise<StudyInfo> {
    return toInfo((await this.caller.call(StudyService.method.getStudy, { study: this.name })).study!);
  }

  /** Throws TrialNotFoundError. */
  async trial(number: number): Promise<StoredTrial> {
    return toStored((await this.caller.call(TrialService.method.getTrial, { study: this.name, number: BigInt(number) })).trial!);
  }

  /** The trials in one of `states` (absent: all) by number. */
  async trials(states: TrialState[] = []): Promise<StoredTrial[]> {
    const trials: StoredTrial[] = [];
    let pageToken = "";
    do {
      const request = { study: this.name, pageSize: PAGE_SIZE, pageToken, states: states.map(toState) };
      const reply = await this.caller.call(TrialService.method.listTrials, request);
      trials.push(...reply.trials.map(toStored));
      pageToken = reply.nextPageToken;
    } while (pageToken);
    return trials;
  }

  /** The best feasible complete trial (of several objectives: the first of the Pareto front), or null. */
  async best(): Promise<StoredTrial | null> {
    const [best] = (await this.caller.call(StudyService.method.listBestTrials, { study: this.name, pageSize: 1 })).trials;
    return best ? toStored(best) : null;
  }

  private async work(objective: (trial: Trial) => Promise<number> | number, signal: AbortSignal | undefined): Promise<void> {
    while (!signal?.aborted) {
      try {
        await run(await this.suggest(), objective);
      } catch (error) {
        if (error instanceof NoTrialError && error.final) return;
        if (error instanceof NoTrialError) await sleep(NO_TRIAL_PAUSE_MS);
        else if (!(error instanceof LeaseLostError)) throw error;
      }
    }
  }
}

async function run(trial: Trial, objective: (trial: Trial) => Promise<number> | number): Promise<void> {
  let value: number;
  try {
    value = await objective(trial);
  } catch (error) {
    if (error instanceof TrialPruned) return trial.prune();
    if (error instanceof LeaseLostError) throw error;
    await trial.fail(String(error));
    throw error;
  }
  if (typeof value !== "number" || Number.isNaN(value)) return trial.fail(`the objective gave ${String(value)}`);
  await trial.complete(value);
}
