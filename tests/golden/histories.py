"""Histories of studies: what both Optuna and the C++ tests are given.

A history is plain data: the distributions that its trials used and the trials
themselves with *internal* parameter values (the number of a float or an int, the
index of a categorical's choice).
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Literal

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.distributions import CategoricalDistribution
from optuna.distributions import FloatDistribution
from optuna.distributions import IntDistribution
from optuna.trial import TrialState

Rng = np.random.RandomState
Direction = Literal["minimize", "maximize"]
RELATIVE_PARAMS_KEY = "tpe:relative_params:0"


@dataclass
class Named:
    """A parameter: a name with a distribution."""

    name: str
    distribution: BaseDistribution


@dataclass
class Trial:
    """One trial.

    params, foreseen: index of the parameter in `History.parameters` -> internal
    value; `foreseen` is what the joint proposal of a running trial holds.
    values: one per objective, or none. reports: (step, value).
    constraints: > 0 means violated.
    """

    state: str = "COMPLETE"
    params: dict[int, float] = field(default_factory=dict)
    values: list[float] = field(default_factory=list)
    reports: list[tuple[int, float]] = field(default_factory=list)
    constraints: list[float] = field(default_factory=list)
    foreseen: dict[int, float] = field(default_factory=dict)


@dataclass
class History:
    """A study: its directions, parameters and trials 0, 1, 2, ..."""

    directions: list[Direction]
    parameters: list[Named]
    trials: list[Trial] = field(default_factory=list)


def exact(value: float) -> float | int | str:
    """A number as JSON that reads back exactly; "nan", "inf" and "-inf" as text."""
    number = float(value)
    if not np.isfinite(number):
        return str(number)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def parameter_json(parameter: Named) -> dict[str, Any]:
    """{"name", "type", ...}; `step` is absent for a continuous parameter."""
    domain = parameter.distribution
    if isinstance(domain, CategoricalDistribution):
        choices = list(domain.choices)
        return {"name": parameter.name, "type": "categorical", "choices": choices}
    assert isinstance(domain, (FloatDistribution, IntDistribution))
    kind = "int" if isinstance(domain, IntDistribution) else "float"
    result: dict[str, Any] = {"name": parameter.name, "type": kind}
    result |= {"low": exact(domain.low), "high": exact(domain.high)}
    if domain.log:
        result["log"] = True
    if domain.step is not None:
        result["step"] = exact(domain.step)
    return result


def trial_json(trial: Trial) -> dict[str, Any]:
    """The trial without its empty fields; params as [parameter, value] pairs."""
    result: dict[str, Any] = {"state": trial.state}
    for key, pairs in (
        ("params", sorted(trial.params.items())),
        ("reports", trial.reports),
        ("foreseen", sorted(trial.foreseen.items())),
    ):
        if pairs:
            result[key] = [[first, exact(second)] for first, second in pairs]
    for key, numbers in (("values", trial.values), ("constraints", trial.constraints)):
        if numbers:
            result[key] = [exact(number) for number in numbers]
    return result


def history_json(history: History) -> dict[str, Any]:
    """The history as the C++ tests read it."""
    return {
        "directions": history.directions,
        "parameters": [parameter_json(p) for p in history.parameters],
        "trials": [trial_json(t) for t in history.trials],
    }


def external(history: History, params: dict[int, float]) -> dict[str, Any]:
    """Names to external values, as users see them."""
    named = [(history.parameters[i], value) for i, value in params.items()]
    return {p.name: p.distribution.to_external_repr(value) for p, value in named}


def make_study(history: History) -> optuna.Study:
    """An in-memory Optuna study with the trials of the history."""
    study = optuna.create_study(directions=history.directions)
    for trial in history.trials:
        attributes = {}
        if trial.foreseen:
            attributes[RELATIVE_PARAMS_KEY] = json.dumps(
                external(history, trial.foreseen)
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            study.add_trial(
                optuna.trial.create_trial(
                    state=TrialState[trial.state],
                    values=trial.values or None,
                    params=external(history, trial.params),
                    distributions={
                        history.parameters[i].name: history.parameters[i].distribution
                        for i in trial.params
                    },
                    system_attrs=attributes,
                    intermediate_values=dict(trial.reports),
                    constraints={f"c{i}": c for i, c in enumerate(trial.constraints)},
                )
            )
    return study


def draw(domain: BaseDistribution, rng: Rng, digits: int | None = 5) -> float:
    """An internal value, uniform over the domain (its logarithm if log).

    digits: significant digits kept of a continuous value; None: all of them.
    """
    if isinstance(domain, CategoricalDistribution):
        return float(rng.randint(len(domain.choices)))
    assert isinstance(domain, (FloatDistribution, IntDistribution))
    low, high = float(domain.low), float(domain.high)
    if domain.log:
        value = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    else:
        value = float(rng.uniform(low, high))
    if isinstance(domain, IntDistribution) or domain.step is not None:
        return on_grid(domain, value)
    if digits is not None:
        value = float(f"{value:.{digits}g}")
    return min(max(value, low), high)


def on_grid(domain: FloatDistribution | IntDistribution, value: float) -> float:
    """The value of a stepped domain that is nearest to `value`."""
    assert domain.step is not None
    steps = round((value - domain.low) / domain.step)
    return float(min(max(domain.low + steps * domain.step, domain.low), domain.high))


def all_kinds() -> list[Named]:
    """One parameter of every kind, by name."""
    return [
        Named("batch", IntDistribution(1, 64, log=True)),
        Named("depth", IntDistribution(1, 12)),
        Named("drop", FloatDistribution(0.0, 0.9, step=0.15)),
        Named("lr", FloatDistribution(1e-5, 0.1, log=True)),
        Named("opt", CategoricalDistribution(["adam", "sgd", None])),
        Named("units", IntDistribution(-16, 112, step=16)),
        Named("x", FloatDistribution(-2.0, 3.0)),
    ]


def draw_params(
    parameters: list[Named], rng: Rng, digits: int | None = 5
) -> dict[int, float]:
    """A value for every parameter."""
    return {i: draw(p.distribution, rng, digits) for i, p in enumerate(parameters)}
