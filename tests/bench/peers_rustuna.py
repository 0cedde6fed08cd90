"""Rustuna, measured in a process of its own. See peer.py for the requests. It has no report and no pruners."""

from __future__ import annotations

from typing import Any

import rustuna
from rustuna.distributions import Distribution

from bench import peer
from bench.space import Parameter, to_external
from bench.workload import SPACES, history


def to_distribution(p: Parameter) -> Any:
    if p.kind == "float":
        return Distribution.float(p.low, p.high, log=p.log)
    if p.kind == "int":
        return Distribution.int(int(p.low), int(p.high), log=p.log)
    return Distribution.categorical(list(p.choices))


def make_sampler(name: str) -> Any:
    if name == "random":
        return rustuna.samplers.RandomSampler(seed=1)
    return rustuna.samplers.TPESampler(seed=1, multivariate=True)


def tell(study: rustuna.Study, trial: rustuna.Trial, value: float) -> None:
    study.tell(trial.number, value)


class Measured:
    """The study that is extended while the number of trials grows."""

    def __init__(self) -> None:
        self._name: tuple[str, str] = ("", "")
        self._study: Any = None
        self._size = 0

    def suggest(self, space: str, history_kind: str, trials: int, asks: int, seconds: float) -> dict[str, float]:
        if self._name != (space, history_kind):
            self._name = (space, history_kind)
            self._study, self._size = rustuna.create_study(sampler=make_sampler("tpe")), 0
        self._extend(space, history_kind, trials)
        result = peer.measure_asks(self._study, space, tell, asks, seconds)
        self._size += int(result["asks"]) + 1
        return result

    def _extend(self, space_name: str, kind: str, trials: int) -> None:
        space = SPACES[space_name]
        distributions = {p.name: to_distribution(p) for p in space}
        for point, value in history(space, kind, trials)[self._size :]:
            self._study.add_trial(
                rustuna.create_trial(params=to_external(space, point), distributions=distributions, value=value)
            )
        self._size = max(self._size, trials)


def loop(sampler: str, path: str, trials: int, seconds: float) -> dict[str, float]:
    """One worker, in memory or on the SQLite file `path`."""
    storage = rustuna.storages.SQLite3Storage(path) if path else rustuna.storages.InMemoryStorage()
    study = rustuna.create_study(study_name="bench", storage=storage, sampler=make_sampler(sampler))
    return peer.run_trials(study, lambda trial, value: None, tell, trials, seconds)


if __name__ == "__main__":
    peer.serve({"suggest": Measured().suggest, "loop": loop})
