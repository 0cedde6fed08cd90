"""Optuna's distributions and trials as the daemon's, and values back."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import optuna
from optuna.distributions import BaseDistribution

from hpod.distributions import (
    CategoricalDistribution,
    Choice,
    Distribution,
    FloatDistribution,
    IntDistribution,
)
from hpod.frozen import FrozenTrial, TrialState

# The attribute of a mirrored trial that has its number in Optuna.
NUMBER = "optuna:number"


def to_distribution(distribution: BaseDistribution) -> Distribution:
    """The daemon's form of a distribution of Optuna."""
    if isinstance(distribution, optuna.distributions.FloatDistribution):
        low, high = distribution.low, distribution.high
        return FloatDistribution(low, high, distribution.log, distribution.step)
    if isinstance(distribution, optuna.distributions.IntDistribution):
        low, high = distribution.low, distribution.high
        return IntDistribution(low, high, distribution.log, distribution.step)
    assert isinstance(distribution, optuna.distributions.CategoricalDistribution)
    return CategoricalDistribution(_storable(distribution.choices))


def from_choice(value: Choice, distribution: BaseDistribution) -> Any:
    """What the daemon's `value` stands for in Optuna's `distribution`."""
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        kinds = [(type(choice), choice) for choice in _storable(distribution.choices)]
        return distribution.choices[kinds.index((type(value), value))]
    return value


def to_choice(value: Any, distribution: BaseDistribution) -> Choice:
    """The daemon's form of a value of Optuna's `distribution`."""
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        index = int(distribution.to_internal_repr(value))
        return _storable(distribution.choices)[index]
    is_int = isinstance(distribution, optuna.distributions.IntDistribution)
    return int(value) if is_int else float(value)


def to_trial(trial: optuna.trial.FrozenTrial) -> FrozenTrial:
    """A finished trial of Optuna as the daemon's."""
    params = {
        name: to_choice(value, trial.distributions[name])
        for name, value in trial.params.items()
    }
    fails = trial.state is optuna.trial.TrialState.FAIL
    return FrozenTrial(
        state=TrialState[trial.state.name],
        values=None if fails else trial.values,
        datetime_start=trial.datetime_start,
        datetime_complete=trial.datetime_complete,
        params=params,
        distributions={
            name: _containing(to_distribution(trial.distributions[name]), value)
            for name, value in params.items()
        },
        user_attrs=to_attributes(trial),
        intermediate_values=dict(trial.intermediate_values),
        constraints=dict(trial.constraints),
    )


def to_attributes(trial: optuna.trial.FrozenTrial) -> Dict[str, Any]:
    """The user attributes, and the number; what JSON cannot express as its `repr`."""
    attributes: Mapping[str, Any] = trial.user_attrs
    plain = {
        key: json.loads(json.dumps(value, default=repr))
        for key, value in attributes.items()
    }
    return {**plain, NUMBER: trial.number}


def is_same(value: Choice, told: Any, distribution: BaseDistribution) -> bool:
    """Whether the daemon's `value` is what Optuna has, as far as Optuna can tell.

    It does not tell the choices `1` and `True` of one parameter apart.
    """
    proposed = from_choice(value, distribution)
    is_one: bool = distribution.to_internal_repr(
        proposed
    ) == distribution.to_internal_repr(told)
    return is_one


def _storable(choices: Sequence[Any]) -> List[Choice]:
    """The choices; if the daemon cannot have these very ones, texts in their places."""
    kinds = (bool, int, float, str)
    plain = all(choice is None or type(choice) in kinds for choice in choices)
    seen: List[Tuple[type, Any]] = [(type(choice), choice) for choice in choices]
    if plain and len(set(seen)) == len(seen):
        return list(choices)
    return [f"{index}: {choice!r}" for index, choice in enumerate(choices)]


def _containing(distribution: Distribution, value: Choice) -> Distribution:
    """`distribution`, widened to `value` where Optuna let a fixed value lie outside."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution
    assert isinstance(value, (int, float))
    low, high, step = distribution.low, distribution.high, distribution.step
    if low <= value <= high and _is_on_grid(low, value, step):
        return distribution
    wide_low, wide_high = min(low, value), max(high, value)
    if isinstance(distribution, IntDistribution):
        return IntDistribution(int(wide_low), int(wide_high), distribution.log)
    return FloatDistribution(wide_low, wide_high, distribution.log)


def _is_on_grid(low: float, value: float, step: Optional[float]) -> bool:
    if not step:
        return True
    steps = (value - low) / step
    return abs(steps - round(steps)) < 1e-8
