"""Errors of the client.

Everything the daemon refuses is an `HpodError` that keeps the daemon's message; the
subclasses are also the built-in type an Optuna user would catch (`ValueError`,
`KeyError`, `RuntimeError`).
"""

from __future__ import annotations

import enum
from typing import Mapping, Optional


class TrialPruned(Exception):
    """Raised by an objective to end its trial as PRUNED."""


class HpodError(Exception):
    """An answer of the daemon that is an error, or no answer.

    Attributes:
        code: name of the gRPC status code, for example `NOT_FOUND`.
        reason: the stable reason (`hpo.v1.ErrorReason` without its prefix), or "".
        metadata: what the reason's description in `error.proto` names.
    """

    # Whether a later attempt of the same call may succeed.
    is_transient = False

    def __init__(
        self,
        message: str,
        code: str = "UNKNOWN",
        reason: str = "",
        metadata: Optional[Mapping[str, str]] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.metadata = dict(metadata or {})

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.code, self.reason, self.metadata)


class UnavailableError(HpodError, ConnectionError):
    """The daemon could not be reached, or gave no answer in time, for all retries."""

    is_transient = True


class StorageFullError(HpodError):
    """The daemon's disk is full; nothing was changed, and retries did not help."""

    is_transient = True


class LimitExceededError(HpodError, ValueError):
    """A limit of the daemon; `metadata["limit"]` names it."""


class InvalidArgumentError(HpodError, ValueError):
    """A value is out of its range or form; the message names the field."""


class ParameterChangedError(InvalidArgumentError):
    """The study has the parameter with another kind, `log` flag or list of choices."""


class StudyNotFoundError(HpodError, KeyError):
    """No study of that name."""


class TrialNotFoundError(HpodError, KeyError):
    """No trial of that number in the study."""


class DuplicatedStudyError(HpodError):
    """The study's name is taken, and `load_if_exists` was not given."""


class StudyMismatchError(HpodError, ValueError):
    """The study exists with other directions than those asked for."""


class LeaseLostError(HpodError):
    """The trial was given up because its worker was silent for longer than the lease.

    It may be running elsewhere by now: drop the work. `optimize` does so by itself and
    goes on with the next trial.
    """


class UpdateFinishedTrialError(HpodError, RuntimeError, ValueError):
    """The trial is finished and cannot change."""


class TrialWaitingError(HpodError, ValueError):
    """The trial is enqueued and not running yet."""


class SeveralObjectivesError(HpodError, NotImplementedError):
    """Intermediate values and the curve of the best belong to one objective."""


class StopReason(enum.Enum):
    """Why a study hands out no trial."""

    MAX_TRIALS = 1
    """`max_trials` have been handed out."""
    MAX_RUNNING = 2
    """`max_running` trials are running: ask again when one has ended."""
    MAX_DURATION = 3
    """`max_duration` has passed."""
    GRID_EXHAUSTED = 4
    """Each point of the grid has been handed out."""
    STOPPED = 5
    """Somebody stopped the study."""


class NoTrialError(RuntimeError):
    """`Study.ask` was given no trial.

    Attributes:
        reason: why.
        final: no later `ask` gets a trial unless somebody changes the study.
    """

    def __init__(self, study_name: str, reason: StopReason, final: bool) -> None:
        super().__init__(study_name, reason, final)
        self.study_name = study_name
        self.reason = reason
        self.final = final

    def __str__(self) -> str:
        why = self.reason.name.lower()
        return f"study '{self.study_name}' hands out no trial now: {why}"
