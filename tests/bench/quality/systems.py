"""The optimisers that are compared, in this process: one loop for each."""

from __future__ import annotations

import json
import pathlib
from typing import Any, Callable, Mapping

from bench.child import REPOSITORY, Child
from bench.space import Space, suggest, to_external, to_json

Objective = Callable[[int, Mapping[str, Any]], float]  # of trial number and parameters

# Of one proposal, which takes milliseconds.
ANSWER_SECONDS = 60.0


def minimize_with_hpod(space: Space, objective: Objective, trials: int, seed: int) -> None:
    """hpod's tpe with its defaults, through ask_tell."""
    with Child([str(binary("ask_tell"))]) as child:
        request = {"sampler": "tpe", "seed": seed + 1, "space": to_json(space)}
        answer = child.ask(json.dumps(request), ANSWER_SECONDS)
        for number in range(trials):
            value = objective(number, to_external(space, json.loads(answer)))
            if number + 1 < trials:
                answer = child.ask(repr(value), ANSWER_SECONDS)


def minimize_with_optuna(space: Space, objective: Objective, trials: int, seed: int) -> None:
    """Optuna's TPESampler with its defaults."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), pruner=optuna.pruners.NopPruner())
    for number in range(trials):
        trial = study.ask()
        study.tell(trial, objective(number, suggest(trial, space)))


def minimize_with_rustuna(space: Space, objective: Objective, trials: int, seed: int) -> None:
    """Rustuna's TPESampler with its defaults."""
    import rustuna

    study = rustuna.create_study(sampler=rustuna.samplers.TPESampler(seed=seed))
    for number in range(trials):
        trial = study.ask()
        study.tell(trial.number, objective(number, suggest(trial, space)))


def binary(name: str) -> pathlib.Path:
    """A program of the release build."""
    return REPOSITORY / "build/release/bin" / name


SYSTEMS = {"hpod": minimize_with_hpod, "Optuna": minimize_with_optuna, "Rustuna": minimize_with_rustuna}
