"""Trials as they are stored."""

from __future__ import annotations

import datetime
import enum
import json
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from hpod._arguments import by_name, real, text, whole, wrong
from hpod._proto import trial_pb2
from hpod._suggest import Suggest
from hpod.distributions import (
    Distribution,
    check_asked,
    from_parameter,
    from_value,
    to_parameter,
    to_value,
)


class TrialState(enum.IntEnum):
    """Where a trial is in its life; the numbers are Optuna's."""

    RUNNING = 0
    COMPLETE = 1
    PRUNED = 2
    FAIL = 3
    WAITING = 4

    def is_finished(self) -> bool:
        return self not in (TrialState.RUNNING, TrialState.WAITING)


@dataclass
class FrozenTrial(Suggest):
    """A copy of a trial; changing it changes nothing in the daemon.

    Attributes:
        number: 0, 1, 2, ... in its study.
        state: where it is in its life.
        values: one per objective. None unless COMPLETE, or PRUNED with a last report.
        datetime_start: local time without a zone, as Optuna has it.
        datetime_complete: likewise.
        params: name to value.
        distributions: name to the domain the value was drawn from.
        user_attrs: name to JSON value.
        intermediate_values: step to reported value.
        constraints: name to value; > 0 violates.
        worker: who ran it.
        failure: why it failed, or "".
        retry_of: the first of the lost trials that this one repeats, or None.
        retry_count: how many lost trials preceded it.
    """

    number: int = -1
    state: TrialState = TrialState.COMPLETE
    values: Optional[List[float]] = None
    datetime_start: Optional[datetime.datetime] = None
    datetime_complete: Optional[datetime.datetime] = None
    params: Dict[str, Any] = field(default_factory=dict)
    distributions: Dict[str, Distribution] = field(default_factory=dict)
    user_attrs: Dict[str, Any] = field(default_factory=dict)
    intermediate_values: Dict[int, float] = field(default_factory=dict)
    constraints: Dict[str, float] = field(default_factory=dict)
    worker: str = ""
    failure: str = ""
    retry_of: Optional[int] = None
    retry_count: int = 0

    @property
    def value(self) -> Optional[float]:
        """The value of the only objective.

        Raises:
            RuntimeError: there are several.
        """
        if self.values is None:
            return None
        if len(self.values) != 1:
            raise RuntimeError("value is for one objective; use values")
        return self.values[0]

    @property
    def duration(self) -> Optional[datetime.timedelta]:
        """From start to completion; None before."""
        if self.datetime_start is None or self.datetime_complete is None:
            return None
        return self.datetime_complete - self.datetime_start

    @property
    def last_step(self) -> Optional[int]:
        """The largest step reported; None without reports."""
        return max(self.intermediate_values, default=None)

    def report(self, value: float, step: int) -> None:
        """Does nothing: lets an objective run on a stored trial."""

    def should_prune(self) -> bool:
        """Never: lets an objective run on a stored trial."""
        return False

    def _suggest(self, name: str, distribution: Distribution) -> Any:
        if name not in self.params:
            raise ValueError(f"trial {self.number} has no parameter '{name}'")
        if name in self.distributions:
            check_asked(name, self.distributions[name], distribution)
        return self.params[name]


def create_trial(
    *,
    state: TrialState = TrialState.COMPLETE,
    value: Optional[float] = None,
    values: Optional[Sequence[float]] = None,
    params: Optional[Mapping[str, Any]] = None,
    distributions: Optional[Mapping[str, Distribution]] = None,
    user_attrs: Optional[Mapping[str, Any]] = None,
    intermediate_values: Optional[Mapping[int, float]] = None,
    constraints: Optional[Mapping[str, float]] = None,
) -> FrozenTrial:
    """A trial for `Study.add_trial`.

    Raises:
        TypeError: `state` is none, or a value no number.
        ValueError: both `value` and `values`; COMPLETE without either; or `params` and
            `distributions` with different names.
    """
    if not isinstance(state, TrialState):
        raise wrong("state", state, "a TrialState of hpod")
    if value is not None and values is not None:
        raise ValueError("give value or values, not both")
    if set(params or {}) != set(distributions or {}):
        raise ValueError("params and distributions must have the same names")
    told = [value] if value is not None else values
    if state is TrialState.COMPLETE and told is None:
        raise ValueError("a COMPLETE trial needs value or values")
    now = datetime.datetime.now()
    return FrozenTrial(
        state=state,
        values=None if told is None else [real("a value", number) for number in told],
        datetime_start=None if state is TrialState.WAITING else now,
        datetime_complete=now if state.is_finished() else None,
        params=dict(params or {}),
        distributions=dict(distributions or {}),
        user_attrs=dict(user_attrs or {}),
        intermediate_values=dict(intermediate_values or {}),
        constraints=dict(constraints or {}),
    )


def from_proto(trial: trial_pb2.Trial) -> FrozenTrial:
    """The Python form of a trial on the wire."""
    return FrozenTrial(
        number=trial.number,
        state=from_state(trial.state),
        values=list(trial.values) or None,
        datetime_start=_from_time(trial, "start_time"),
        datetime_complete=_from_time(trial, "complete_time"),
        params={param.name: from_value(param.value) for param in trial.params},
        distributions={
            param.name: from_parameter(param) for param in trial.distributions
        },
        user_attrs=from_json(trial.user_attributes),
        intermediate_values={at.step: at.value for at in trial.intermediate_values},
        constraints=dict(trial.constraints),
        worker=trial.worker,
        failure=trial.failure,
        retry_of=trial.retry_of if trial.HasField("retry_of") else None,
        retry_count=trial.retry_count,
    )


def to_proto(trial: FrozenTrial) -> trial_pb2.Trial:
    """The wire form of a trial to add.

    Raises:
        TypeError: a step, report or constraint that is no number.
        ValueError: a parameter's value of a type that cannot be stored.
    """
    message = trial_pb2.Trial(
        state=to_state(trial.state),
        values=trial.values or [],
        user_attributes=to_json(trial.user_attrs),
        constraints={
            name: real(f"constraint '{name}'", value)
            for name, value in by_name("constraints", trial.constraints).items()
        },
        worker=trial.worker,
        failure=trial.failure,
    )
    for name, value in trial.params.items():
        message.params.add(name=name, value=to_value(name, value))
    for name, distribution in trial.distributions.items():
        message.distributions.append(to_parameter(name, distribution))
    for step, reported in sorted(trial.intermediate_values.items()):
        message.intermediate_values.add(
            step=whole("a step", step),
            value=real(f"the value of step {step}", reported),
        )
    if trial.datetime_start is not None:
        message.start_time.FromMicroseconds(_to_us(trial.datetime_start))
    if trial.datetime_complete is not None:
        message.complete_time.FromMicroseconds(_to_us(trial.datetime_complete))
    return message


def from_state(state: int) -> TrialState:
    name = trial_pb2.TrialState.Name(state)
    return TrialState[name[len("TRIAL_STATE_") :]]


def to_state(state: TrialState) -> trial_pb2.TrialState:
    """The wire form of a state, also of Optuna's, which has the same names.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(state, enum.Enum):
        raise wrong("a state", state, "a TrialState")
    name = f"TRIAL_STATE_{state.name}"
    return trial_pb2.TrialState.Value(name)  # type: ignore[return-value]


def from_json(attributes: Mapping[str, str]) -> Dict[str, Any]:
    """Attributes from their JSON texts."""
    return {key: json.loads(text) for key, text in attributes.items()}


def to_json(attributes: Mapping[str, Any]) -> Dict[str, str]:
    """Attributes as JSON texts.

    Raises:
        TypeError: a value that JSON cannot express, or a name that is no text.
    """
    return {
        text("an attribute's name", key): _json(key, value)
        for key, value in attributes.items()
    }


def _json(key: str, value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"attribute '{key}' must be JSON: {error}") from None


def local_time(timestamp: Timestamp) -> datetime.datetime:
    """A moment as local time without a zone, as Optuna has it."""
    whole = datetime.datetime.fromtimestamp(timestamp.seconds)
    return whole + datetime.timedelta(microseconds=timestamp.nanos // 1000)


def _from_time(trial: trial_pb2.Trial, name: str) -> Optional[datetime.datetime]:
    return local_time(getattr(trial, name)) if trial.HasField(name) else None


def _to_us(moment: datetime.datetime) -> int:
    return round(moment.timestamp() * 1e6)
