import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Value } from "../gen/hpo/v1/space_pb.js";
import { Direction as WireDirection, StopReason as WireStopReason, type Study as StudyMessage } from "../gen/hpo/v1/study_pb.js";
import { type Trial as Message, TrialState as WireState } from "../gen/hpo/v1/trial_pb.js";
import type { StopReason } from "./errors.js";
import { type Direction, fromTexts, type Json } from "./settings.js";
import { fromAssignments, type Plain } from "./values.js";

export type TrialState = "WAITING" | "RUNNING" | "COMPLETE" | "PRUNED" | "FAIL";

/** A trial as the daemon has it. */
export interface StoredTrial {
  number: number;
  state: TrialState;
  params: Record<string, Plain>;
  /** The same as on the wire, where 1 and 1.0 differ. */
  wireParams: Record<string, Value>;
  /** One per objective if COMPLETE; the last report if PRUNED. */
  values: number[];
  /** By step, ascending. */
  intermediateValues: { step: number; value: number }[];
  userAttributes: Record<string, Json>;
  /** A value > 0 violates. */
  constraints: Record<string, number>;
  worker: string;
  /** Why it failed, or "". */
  failure: string;
  retryOf: number | null;
  start: Date | null;
  end: Date | null;
}

/** A study as the daemon has it. */
export interface StudyInfo {
  name: string;
  directions: Direction[];
  metricNames: string[];
  userAttributes: Record<string, Json>;
  seed: bigint;
  counts: { waiting: number; running: number; complete: number; pruned: number; failed: number };
  /** Why `suggest` would be refused now; null if it would not. */
  stopReason: StopReason | null;
}

export function toStored(message: Message): StoredTrial {
  return {
    number: Number(message.number),
    state: WireState[message.state] as TrialState,
    params: fromAssignments(message.params),
    wireParams: Object.fromEntries(message.params.map(({ name, value }) => [name, value!])),
    values: message.values,
    intermediateValues: message.intermediateValues.map(({ step, value }) => ({ step: Number(step), value })),
    userAttributes: fromTexts(message.userAttributes),
    constraints: message.constraints,
    worker: message.worker,
    failure: message.failure,
    retryOf: message.retryOf === undefined ? null : Number(message.retryOf),
    start: message.startTime ? timestampDate(message.startTime) : null,
    end: message.completeTime ? timestampDate(message.completeTime) : null,
  };
}

export function toInfo(message: StudyMessage): StudyInfo {
  const { waiting = 0n, running = 0n, complete = 0n, pruned = 0n, failed = 0n } = message.counts ?? {};
  return {
    name: message.name,
    directions: message.directions.map((direction) => WireDirection[direction].toLowerCase() as Direction),
    metricNames: message.metricNames,
    userAttributes: fromTexts(message.userAttributes),
    seed: message.seed,
    counts: { waiting: Number(waiting), running: Number(running), complete: Number(complete), pruned: Number(pruned), failed: Number(failed) },
    stopReason: fromStopReason(message.stopReason),
  };
}

export function fromStopReason(reason: WireStopReason): StopReason | null {
  return reason === WireStopReason.UNSPECIFIED ? null : (WireStopReason[reason] as StopReason);
}

export function toState(state: TrialState): WireState {
  return WireState[state];
}
