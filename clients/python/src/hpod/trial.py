"""The trial an objective works on."""

from __future__ import annotations

import copy
import datetime
import math
import warnings
from typing import TYPE_CHECKING, Any, Dict, Optional

from hpod import _rpc
from hpod._arguments import text, whole, wrong
from hpod._leases import Lease
from hpod._proto import trial_pb2, trial_service_pb2
from hpod._suggest import Suggest
from hpod.distributions import (
    Distribution,
    check_asked,
    from_value,
    to_parameter,
    warn_if_outside,
)
from hpod.frozen import FrozenTrial, from_proto, to_json
from hpod.exceptions import SeveralObjectivesError

if TYPE_CHECKING:
    from hpod.study import Study


class Trial(Suggest):
    """A running trial that this process holds the lease of. Made by `Study.ask`.

    One thread at a time may use it. It can be pickled to another process, which then
    keeps the lease as well. Every method that calls the daemon may raise
    `LeaseLostError`: the trial was given up, so drop the work.
    """

    def __init__(self, study: Study, message: trial_pb2.Trial) -> None:
        self.study = study
        self._frozen = from_proto(message)
        self._frozen.distributions = {
            name: study._space[name] for name in self.params if name in study._space
        }
        self._should_prune = False
        self._lease: Lease = Lease(
            study.study_name,
            message.number,
            message.lease.token,
            message.lease.duration.ToNanoseconds() / 1e9,
        )
        study._client.leases.hold(self._lease)

    def __repr__(self) -> str:
        return f"Trial({self.number}, study={self.study.study_name!r})"

    @property
    def number(self) -> int:
        """0, 1, 2, ... in the study."""
        return self._frozen.number

    @property
    def params(self) -> Dict[str, Any]:
        """Name to value of all parameters known so far: with a declared space, all."""
        return dict(self._frozen.params)

    @property
    def distributions(self) -> Dict[str, Distribution]:
        """Name to domain of `params`."""
        return dict(self._frozen.distributions)

    @property
    def user_attrs(self) -> Dict[str, Any]:
        """Attributes, also those an enqueued trial brought along."""
        return copy.deepcopy(self._frozen.user_attrs)

    @property
    def constraints(self) -> Dict[str, float]:
        """Constraint values set so far."""
        return dict(self._frozen.constraints)

    @property
    def intermediate_values(self) -> Dict[int, float]:
        """Step to value of the reports so far."""
        return dict(self._frozen.intermediate_values)

    @property
    def datetime_start(self) -> Optional[datetime.datetime]:
        """Local time without a zone, as Optuna has it."""
        return self._frozen.datetime_start

    @property
    def retry_of(self) -> Optional[int]:
        """Number of the lost trial that this one repeats, or None."""
        return self._frozen.retry_of

    @property
    def lease_lost(self) -> bool:
        """Whether the trial is known to be given up, from a heartbeat or a call.

        Makes no call. An objective that works long without a report may ask it.
        """
        return self._lease.lost is not None

    def report(self, value: float, step: int) -> None:
        """Stores an intermediate value; `should_prune` then has the verdict on it.

        The first value of a step stays; a second one warns.

        Args:
            value: the objective so far; NaN and infinities are allowed.
            step: >= 0; epochs, batches, folds: whatever counts the progress.

        Raises:
            TypeError: `value` is no number, or `step` no whole number.
            ValueError: `step` < 0.
            NotImplementedError: the study has several objectives.
        """
        if len(self.study.directions) > 1:
            raise _several("intermediate values are for one objective")
        number, at = _real("value", value), whole("step", step)
        if at < 0:
            raise ValueError(f"step is {at}, but must be >= 0")
        request = trial_service_pb2.ReportValueRequest(
            study=self._lease.study,
            number=self.number,
            lease_token=self._lease.token,
            step=at,
            value=number,
        )
        reply = self._call(_rpc.REPORT_VALUE, request)
        self._should_prune = reply.should_prune
        if reply.step_was_reported:
            warnings.warn(
                f"step {at} was reported before: its value stays", stacklevel=2
            )
        self._frozen.intermediate_values.setdefault(at, number)

    def should_prune(self) -> bool:
        """Whether the last report looked too bad to go on: then raise `TrialPruned`.

        False before the first report. No call: the report's reply brought the verdict.

        Raises:
            NotImplementedError: the study has several objectives.
        """
        if len(self.study.directions) > 1:
            raise _several("pruning is for one objective")
        return self._should_prune

    def set_user_attr(self, key: str, value: Any) -> None:
        """Stores a JSON value with the trial.

        Raises:
            TypeError: JSON cannot express `value`.
        """
        self._set_attributes(user_attributes=to_json({key: value}))
        self._frozen.user_attrs[key] = copy.deepcopy(value)

    def set_constraint(self, key: str, value: float) -> None:
        """Stores a constraint value; > 0 makes the trial infeasible.

        Raises:
            TypeError: `value` is no number.
            ValueError: it is NaN.
        """
        number = _real(f"constraint '{key}'", value)
        if math.isnan(number):
            raise ValueError(f"constraint '{key}' is NaN")
        self._set_attributes(constraints={text("key", key): number})
        self._frozen.constraints[key] = number

    def _suggest(self, name: str, distribution: Distribution) -> Any:
        known = self._frozen.distributions.get(name)
        if known is not None:
            check_asked(name, known, distribution)
            return self._frozen.params[name]
        request = trial_service_pb2.SuggestParameterRequest(
            study=self._lease.study,
            number=self.number,
            lease_token=self._lease.token,
            parameter=to_parameter(name, distribution),
        )
        value = from_value(self._call(_rpc.SUGGEST_PARAMETER, request).value)
        warn_if_outside(name, value, distribution)
        self._frozen.params[name] = value
        self._frozen.distributions[name] = distribution
        return value

    def _set_attributes(self, **fields: Any) -> None:
        request = trial_service_pb2.SetTrialAttributesRequest(
            study=self._lease.study,
            number=self.number,
            lease_token=self._lease.token,
            **fields,
        )
        self._call(_rpc.SET_TRIAL_ATTRIBUTES, request)

    def _call(self, method: Any, request: Any) -> Any:
        return self.study._client.call_for_trial(self._lease, method, request)


def told(trial: Trial, message: trial_pb2.Trial) -> FrozenTrial:
    """What `trial` has become; the reply that says so leaves what it knows out."""
    frozen = from_proto(message)
    frozen.distributions = trial.distributions
    frozen.intermediate_values = trial.intermediate_values
    return frozen


def _several(message: str) -> SeveralObjectivesError:
    """What the daemon would say too."""
    return SeveralObjectivesError(message, "FAILED_PRECONDITION", "SEVERAL_OBJECTIVES")


def _real(name: str, value: Any) -> float:
    """As Optuna takes it: the text of a number too."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise wrong(name, value, "a number") from None
