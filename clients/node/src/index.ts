/** Client of hpod, the hyperparameter-optimization daemon. */
export { Client, type ClientOptions, type TlsOptions } from "./client.js";
export {
  HpodError,
  InvalidArgumentError,
  LeaseLostError,
  LimitExceededError,
  NoTrialError,
  ParameterChangedError,
  SeveralObjectivesError,
  StorageFullError,
  StudyExistsError,
  StudyMismatchError,
  StudyNotFoundError,
  TrialFinishedError,
  TrialNotFoundError,
  TrialPruned,
  TrialWaitingError,
  UnavailableError,
  type StopReason,
} from "./errors.js";
export { categorical, float, int, Parameter } from "./space.js";
export { Study, type OptimizeOptions } from "./study.js";
export type { Algorithm, Direction, Json, StudySettings } from "./settings.js";
export { Trial } from "./trial.js";
export type { StoredTrial, StudyInfo, TrialState } from "./stored.js";
export { real, Real, type Plain } from "./values.js";
