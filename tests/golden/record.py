"""What the released Optuna does with a history, taken from its own internals."""

from __future__ import annotations

import types
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from histories import History
from histories import Named
from histories import Rng
from histories import draw
from histories import exact
from histories import history_json
from histories import make_study
from histories import parameter_json
from optuna.distributions import CategoricalDistribution
from optuna.distributions import FloatDistribution
from optuna.distributions import IntDistribution
from optuna.samplers._tpe import parzen_estimator
from optuna.samplers._tpe.sampler import TPESampler
from optuna.search_space import IntersectionSearchSpace
from optuna.search_space.group_decomposed import _GroupDecomposedSearchSpace
from optuna.trial import FrozenTrial
from optuna.trial import TrialState

CANDIDATES = 12


class _StableNumPy(types.ModuleType):
    """NumPy with an argsort that keeps the order of equal elements.

    Optuna sorts kernel centres by NumPy's default argsort, which is unstable and
    depends on the processor: which of several equal centres gets which width is
    not defined. The golden files fix one of the possible outcomes.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def argsort(values: np.ndarray) -> np.ndarray:
        return np.argsort(values, kind="stable")


class _Recorder(TPESampler):
    """TPESampler that keeps both sides of its last split and their estimators."""

    def __init__(self, **options: Any) -> None:
        super().__init__(seed=0, **options)
        self.sides: list[tuple[list[int], Any]] = []

    def _build_parzen_estimator(
        self,
        study: optuna.Study,
        search_space: dict[str, Any],
        trials: list[FrozenTrial],
        handle_below: bool,
    ) -> Any:
        estimator = super()._build_parzen_estimator(
            study, search_space, trials, handle_below=handle_below
        )
        self.sides.append(([trial.number for trial in trials], estimator))
        return estimator


@dataclass
class Model:
    """One model that TPE builds.

    space: the modelled parameters. number: the trial that it is for (left out of
    the model; may be one past the last). kernels: whether to record weights and
    kernels.
    """

    name: str
    space: list[Named]
    number: int
    constant_liar: bool = True
    kernels: bool = True


def _edges(parameter: Named, rng: Rng) -> list[float]:
    """Values at and near the ends of the domain, and some inside."""
    domain = parameter.distribution
    inside = [draw(domain, rng, digits=6) for _ in range(2)]
    if isinstance(domain, CategoricalDistribution):
        return [0.0, float(len(domain.choices) - 1), *inside]
    assert isinstance(domain, (FloatDistribution, IntDistribution))
    low, high = float(domain.low), float(domain.high)
    if domain.step is not None:
        next_low = min(low + domain.step, high)
        return [low, high, next_low, *inside]
    width = high - low
    return [low, high, min(low + 1e-9 * width, high), high - 1e-6 * width, *inside]


def candidates(space: list[Named], rng: Rng) -> list[list[float]]:
    """Points of the domain: its two extreme corners, edges, and inside."""
    columns = [_edges(parameter, rng) for parameter in space]
    points = [[column[0] for column in columns], [column[1] for column in columns]]
    while len(points) < CANDIDATES - 4:
        points.append([column[rng.randint(len(column))] for column in columns])
    while len(points) < CANDIDATES:
        points.append([draw(p.distribution, rng, digits=6) for p in space])
    return points


def _dimension_json(parameter: Named, batch: Any) -> dict[str, Any]:
    """One dimension of a mixture: category rows, or centres, widths and bounds.

    Centres, widths and bounds of a log parameter are logarithms.
    """
    if isinstance(parameter.distribution, CategoricalDistribution):
        return {"rows": [[exact(p) for p in row] for row in batch.weights]}
    return {
        "low": exact(batch.adapted_low),
        "high": exact(batch.adapted_high),
        "mu": [exact(mu) for mu in batch.mu],
        "sigma": [exact(sigma) for sigma in batch.sigma],
    }


def _side_json(
    model: Model, numbers: list[int], estimator: Any, points: np.ndarray
) -> dict[str, Any]:
    """Trials, weights, kernels and log densities of one side of the split."""
    mixture = estimator._mixture_distribution
    result: dict[str, Any] = {"trials": numbers}
    if model.kernels:
        result["weights"] = [exact(weight) for weight in mixture.weights]
        result["dimensions"] = [
            _dimension_json(parameter, batch)
            for parameter, batch in zip(model.space, mixture.distributions)
        ]
    names = [parameter.name for parameter in model.space]
    samples = {name: points[:, i] for i, name in enumerate(names)}
    result["log_density"] = [exact(v) for v in estimator.log_pdf(samples)]
    return result


def _run_sampler(study: optuna.Study, model: Model) -> list[tuple[list[int], Any]]:
    """Both sides as TPESampler makes them when asked for the trial."""
    sampler = _Recorder(multivariate=True, constant_liar=model.constant_liar)
    trial = optuna.trial.create_trial(state=TrialState.RUNNING)
    trial.number = model.number
    space = {p.name: p.distribution for p in model.space}
    sampler._sample(study, trial, space)
    return sampler.sides


def _widths(estimator: Any) -> list[list[tuple[float, float]]]:
    """Sorted (centre, width) pairs of each numeric dimension."""
    batches = estimator._mixture_distribution.distributions
    return [sorted(zip(b.mu, b.sigma)) for b in batches if hasattr(b, "mu")]


def record_model(study: optuna.Study, model: Model, seed: int) -> dict[str, Any]:
    """A case: the split, both mixtures, and log densities of candidate points."""
    unstable = _run_sampler(study, model)
    parzen_estimator.np = _StableNumPy("numpy")
    try:
        sides = _run_sampler(study, model)
    finally:
        parzen_estimator.np = np
    for (_, with_default), (_, with_stable) in zip(unstable, sides):
        assert _widths(with_default) == _widths(with_stable)

    points = candidates(model.space, Rng(seed))
    array = np.array(points, dtype=float)
    return {
        "name": model.name,
        "number": model.number,
        "constant_liar": model.constant_liar,
        "space": [parameter_json(parameter) for parameter in model.space],
        "candidates": [[exact(value) for value in point] for point in points],
        "below": _side_json(model, *sides[0], array),
        "above": _side_json(model, *sides[1], array),
    }


def _space_json(history: History, space: dict[str, Any]) -> list[int]:
    """Indices of parameters of the history, by name, without single-valued ones."""
    return [
        index
        for name, distribution in sorted(space.items())
        for index, parameter in enumerate(history.parameters)
        if parameter.name == name and parameter.distribution == distribution
        if not distribution.single()
    ]


def record_spaces(history: History, study: optuna.Study) -> dict[str, Any]:
    """Intersection space and groups, as indices of the history's parameters.

    TPESampler leaves single-valued parameters out of both, as is done here. Groups
    are by their first name.
    """
    intersection = IntersectionSearchSpace(include_pruned=True).calculate(study)
    decomposed = _GroupDecomposedSearchSpace(include_pruned=True).calculate(study)
    groups = [_space_json(history, group) for group in decomposed.search_spaces]
    return {
        "intersection": _space_json(history, intersection),
        "groups": sorted(
            (group for group in groups if group),
            key=lambda group: history.parameters[group[0]].name,
        ),
    }


def record(history: History, models: list[Model], seed: int) -> dict[str, Any]:
    """The history, its spaces and the recorded cases."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = make_study(history)
        return {
            "history": history_json(history),
            **record_spaces(history, study),
            "cases": [record_model(study, m, seed + i) for i, m in enumerate(models)],
        }
