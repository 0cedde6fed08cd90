import { getSystemErrorMap } from "node:util";
import { fromBinary } from "@bufbuild/protobuf";
import { type ServiceError, status } from "@grpc/grpc-js";
import { ErrorInfoSchema, RpcStatusSchema } from "../gen/hpo/v1/error_pb.js";

const DETAILS_KEY = "grpc-status-details-bin";
const ERROR_INFO_TYPE = "type.googleapis.com/google.rpc.ErrorInfo";

/** Thrown by an objective to end its trial as pruned. */
export class TrialPruned extends Error {
  override name = "TrialPruned";
}

/** An answer of the daemon that is an error, or no answer. */
export class HpodError extends Error {
  /**
   * `code`: name of the gRPC status code. `reason`: name of hpo.v1.ErrorReason without its prefix, or "".
   * `metadata`: what the reason's description in error.proto names.
   */
  constructor(
    message: string,
    readonly code: string,
    readonly reason: string,
    readonly metadata: Readonly<Record<string, string>>,
  ) {
    super(message);
    this.name = new.target.name;
  }

  /** Whether the same call may succeed later. */
  get isTransient(): boolean {
    if (this.reason === "LIMIT_EXCEEDED") return this.metadata["limit"] === "calls_in_flight";
    return this.code === "UNAVAILABLE" || this.code === "DEADLINE_EXCEEDED" || this.reason === "STORAGE_FULL";
  }
}

/** The daemon could not be reached, or gave no answer in time, for all retries. */
export class UnavailableError extends HpodError {}
/** The daemon's disk is full; nothing was changed, and retries did not help. */
export class StorageFullError extends HpodError {}
/** A limit of the daemon; `metadata.limit` names it. */
export class LimitExceededError extends HpodError {}
/** A value is out of its range or form; the message names the field. */
export class InvalidArgumentError extends HpodError {}
/** The study has the parameter with another kind, `log` flag or list of choices. */
export class ParameterChangedError extends InvalidArgumentError {}
/** No study of that name. */
export class StudyNotFoundError extends HpodError {}
/** No trial of that number in the study. */
export class TrialNotFoundError extends HpodError {}
/** The study's name is taken, and `loadIfExists` was not given. */
export class StudyExistsError extends HpodError {}
/** The study exists with other directions than those asked for. */
export class StudyMismatchError extends HpodError {}
/** The trial was given up and may be running elsewhere: drop the work. */
export class LeaseLostError extends HpodError {}
/** The trial is finished and cannot change. */
export class TrialFinishedError extends HpodError {}
/** The trial is enqueued and not running yet. */
export class TrialWaitingError extends HpodError {}
/** Intermediate values belong to one objective. */
export class SeveralObjectivesError extends HpodError {}

const BY_REASON: Record<string, typeof HpodError> = {
  STUDY_NOT_FOUND: StudyNotFoundError,
  TRIAL_NOT_FOUND: TrialNotFoundError,
  STUDY_EXISTS: StudyExistsError,
  STUDY_MISMATCH: StudyMismatchError,
  INVALID_FIELD: InvalidArgumentError,
  PARAMETER_CHANGED: ParameterChangedError,
  REQUEST_ID_REUSED: InvalidArgumentError,
  LEASE_LOST: LeaseLostError,
  TRIAL_FINISHED: TrialFinishedError,
  TRIAL_WAITING: TrialWaitingError,
  SEVERAL_OBJECTIVES: SeveralObjectivesError,
  LIMIT_EXCEEDED: LimitExceededError,
  STORAGE_FULL: StorageFullError,
};

/** Why a study hands out no trial. */
export type StopReason = "MAX_TRIALS" | "MAX_RUNNING" | "MAX_DURATION" | "GRID_EXHAUSTED" | "STOPPED";

/** `Study.suggest` was given no trial. `final`: no later call gets one unless somebody changes the study. */
export class NoTrialError extends Error {
  override name = "NoTrialError";

  constructor(
    readonly study: string,
    readonly reason: StopReason,
    readonly final: boolean,
  ) {
    super(`study '${study}' hands out no trial now: ${reason}`);
  }
}

/** What a failed call of `server` that had so much time becomes; the daemon's own message is kept. */
export function toError(error: ServiceError, server: string, timeoutMs: number): HpodError {
  const code = status[error.code] ?? "UNKNOWN";
  const { reason, metadata } = errorInfo(error);
  const kind = BY_REASON[reason] ?? (code === "UNAVAILABLE" || code === "DEADLINE_EXCEEDED" ? UnavailableError : HpodError);
  return new kind(reason ? error.details : withoutReason(code, error.details, server, timeoutMs), code, reason, metadata);
}

function withoutReason(code: string, details: string, server: string, timeoutMs: number): string {
  if (code === "UNAVAILABLE") return `cannot reach ${server}: ${innermostCause(details)} (is hpod running? start it with: hpod)`;
  if (code === "DEADLINE_EXCEEDED") return `no answer from ${server} in ${timeoutMs / 1000} s`;
  return details;
}

/** What gRPC says of a failed connection, cut to its end; an error of the system in its words: connection refused. */
function innermostCause(details: string): string {
  const cause = details.replace(/^.*Last error: (Error: )?/s, "");
  const name = /^\w+ (E[A-Z]+)\b/.exec(cause)?.[1];
  const known = [...getSystemErrorMap().values()].find((system) => system[0] === name);
  return known?.[1] ?? cause;
}

function errorInfo(error: ServiceError): { reason: string; metadata: Record<string, string> } {
  for (const bytes of error.metadata?.get(DETAILS_KEY) ?? []) {
    const details = fromBinary(RpcStatusSchema, bytes as Buffer).details;
    const found = details.find((detail) => detail.typeUrl === ERROR_INFO_TYPE);
    if (found) return fromBinary(ErrorInfoSchema, found.value);
  }
  return { reason: "", metadata: {} };
}
