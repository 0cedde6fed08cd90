"""Optuna, measured in a process of its own; also its gRPC proxy server. See peer.py for the requests."""

from __future__ import annotations

import sys
import time
import warnings
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from bench import peer
from bench.significance import quantile
from bench.space import Parameter, to_external
from bench.workload import SPACES, history

STEPS = 10  # reports of a finished trial, as in pruning_bench.cc


def to_distribution(p: Parameter) -> BaseDistribution:
    if p.kind == "float":
        return FloatDistribution(p.low, p.high, log=p.log)
    if p.kind == "int":
        return IntDistribution(int(p.low), int(p.high), log=p.log)
    return CategoricalDistribution(list(p.choices))


def make_sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, multivariate=True)


def tell(study: optuna.Study, trial: optuna.Trial, value: float) -> None:
    study.tell(trial, value)


def report(trial: optuna.Trial, value: float) -> None:
    trial.report(value, 0)


class Measured:
    """The study that is extended while the number of trials grows."""

    def __init__(self) -> None:
        self._name: tuple[str, str] = ("", "")
        self._study: Any = None

    def suggest(self, space: str, history_kind: str, trials: int, asks: int, seconds: float) -> dict[str, float]:
        if self._name != (space, history_kind):
            self._name = (space, history_kind)
            self._study = optuna.create_study(sampler=make_sampler("tpe", 1), pruner=optuna.pruners.NopPruner())
        self._extend(space, history_kind, trials)
        return peer.measure_asks(self._study, space, tell, asks, seconds)

    def _extend(self, space_name: str, kind: str, trials: int) -> None:
        space = SPACES[space_name]
        distributions = {p.name: to_distribution(p) for p in space}
        have = len(self._study.get_trials(deepcopy=False))
        for point, value in history(space, kind, trials)[have:]:
            self._study.add_trial(
                optuna.trial.create_trial(params=to_external(space, point), distributions=distributions, value=value)
            )


def loop(sampler: str, path: str, trials: int, seconds: float) -> dict[str, float]:
    """One worker, in memory or on the SQLite file `path`."""
    storage = f"sqlite:///{path}" if path else None
    study = optuna.create_study(storage=storage, sampler=make_sampler(sampler, 1), pruner=optuna.pruners.NopPruner())
    return peer.run_trials(study, report, tell, trials, seconds)


def prune(trials: int, asks: int, seconds: float) -> dict[str, float]:
    """`report` and `should_prune` with the median pruner after so many finished trials of STEPS reports."""
    study = optuna.create_study(sampler=make_sampler("random", 1), pruner=optuna.pruners.MedianPruner())
    study.add_trials(
        optuna.trial.create_trial(value=0.5, intermediate_values={s: ((n * 7919 + s) % 1000) / 1000 for s in range(STEPS)})
        for n in range(trials)
    )
    times_us: list[float] = []
    end = time.perf_counter() + seconds
    while len(times_us) < asks and time.perf_counter() < end:
        trial = study.ask()
        for step in range(STEPS):
            began = time.perf_counter()
            trial.report(-1.0, step)
            trial.should_prune()
            times_us.append((time.perf_counter() - began) * 1e6)
        study.tell(trial, -1.0)
    return {"report_us": quantile(times_us, 0.5), "report_p95_us": quantile(times_us, 0.95)}


def run_proxy(path: str, port: int) -> None:
    """The server that Optuna's documentation sets up, on a SQLite file."""
    storage = optuna.storages.get_storage(f"sqlite:///{path}")
    optuna.storages.run_grpc_proxy_server(storage, host="localhost", port=port)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if sys.argv[1:2] == ["proxy"]:
        run_proxy(sys.argv[2], int(sys.argv[3]))
    else:
        peer.serve({"suggest": Measured().suggest, "loop": loop, "prune": prune})
