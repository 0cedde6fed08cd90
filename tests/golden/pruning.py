"""Decisions of the released median and percentile pruners on fixed reports."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any
from typing import Iterator

import optuna
from histories import Direction
from histories import History
from histories import Rng
from histories import Trial
from histories import exact
from histories import history_json
from histories import make_study


@dataclass
class Setting:
    """A pruner and how its trials report."""

    name: str
    pruner: str = "median"
    percentile: float = 50.0
    n_startup_trials: int = 5
    n_warmup_steps: int = 0
    interval_steps: int = 1
    n_min_trials: int = 1
    trials: int = 12
    digits: int = 1  # of reported values: few make ties
    gap: int = 1  # greatest gap between reported steps
    odd: float = 0.0  # share of reports that are NaN or infinite
    odd_values: tuple[float, ...] = (math.nan,)
    shuffled: bool = False  # steps are reported out of order


SETTINGS = [
    Setting("defaults"),
    Setting("one_reference", trials=1, n_startup_trials=0),
    Setting("no_reference", trials=0, n_startup_trials=0),
    Setting("too_few", trials=4),
    Setting("just_enough", trials=5),
    Setting("even", trials=6, digits=6),
    Setting("coarse", trials=11, digits=0),
    Setting("hundredths", trials=30, digits=2),
    Setting("warmup", n_warmup_steps=4),
    Setting("interval", interval_steps=3, gap=2),
    Setting("warmup_interval", n_warmup_steps=3, interval_steps=4, gap=3),
    Setting("gaps", gap=4),
    Setting("min_trials", n_min_trials=4, gap=2, trials=9),
    Setting("min_trials_nan", n_min_trials=7, odd=0.4),
    Setting("shuffled", interval_steps=3, gap=2, shuffled=True),
    Setting("shuffled_warmup", n_warmup_steps=5, gap=2, shuffled=True),
    Setting("nan", odd=0.3),
    Setting("mostly_nan", odd=0.9),
    Setting("only_nan", odd=1.0),
    Setting("infinite", odd=0.2, odd_values=(math.inf, -math.inf), trials=9),
    Setting("mostly_infinite", odd=0.7, odd_values=(math.inf, -math.inf)),
    Setting("plus_infinite", odd=0.4, odd_values=(math.inf,), trials=7),
    Setting("minus_infinite", odd=0.4, odd_values=(-math.inf,), trials=7),
    Setting("nan_and_infinite", odd=0.3, odd_values=(math.nan, math.inf, -math.inf)),
    *(
        Setting(f"percentile_{p}", "percentile", p, trials=count, digits=digits)
        for p, count, digits in [
            (0.0, 8, 1),
            (10.0, 11, 1),
            (25.0, 8, 1),
            (25.0, 9, 0),
            (28.0, 26, 1),
            (33.3, 10, 2),
            (55.0, 21, 1),
            (57.0, 101, 1),
            (70.0, 11, 1),
            (90.0, 21, 1),
            (99.9, 40, 2),
            (100.0, 8, 1),
        ]
    ),
    Setting("percentile_infinite", "percentile", 25.0, odd=0.3, odd_values=(math.inf,)),
    Setting("percentile_interval", "percentile", 60.0, interval_steps=2, gap=3),
]


def reports(setting: Setting, rng: Rng) -> list[tuple[int, float]]:
    """Up to 12 reports in the order in which they are made; each step once.

    Trials differ in level, so that some stay bad at every step.
    """
    level = 1.5 * rng.normal()
    result: list[tuple[int, float]] = []
    step = int(rng.randint(setting.gap))
    for _ in range(rng.randint(1, 13)):
        value = round(level + rng.normal(), setting.digits)
        if rng.uniform() < setting.odd:
            value = setting.odd_values[rng.randint(len(setting.odd_values))]
        result.append((step, value))
        step += 1 + int(rng.randint(setting.gap))
    if setting.shuffled:
        rng.shuffle(result)
    return [(int(step), float(value)) for step, value in result]


def references(setting: Setting, direction: Direction, rng: Rng) -> History:
    """COMPLETE trials, some infeasible, and some in states that do not count."""
    history = History([direction], [])
    for number in range(setting.trials):
        trial = Trial(values=[0.0], reports=sorted(reports(setting, rng)))
        if number % 5 == 4:
            trial.constraints = [1.0]
        history.trials.append(trial)
        if number % 3 == 2:
            state = ["PRUNED", "FAIL", "RUNNING"][number // 3 % 3]
            other = sorted(reports(setting, rng))
            history.trials.append(Trial(state, reports=other))
    return history


def options(setting: Setting) -> dict[str, Any]:
    """The pruner's options, under Optuna's names."""
    names = ["n_startup_trials", "n_warmup_steps", "interval_steps", "n_min_trials"]
    result = {name: getattr(setting, name) for name in names}
    if setting.pruner == "percentile":
        result["percentile"] = setting.percentile
    return result


def make_pruner(setting: Setting) -> optuna.pruners.BasePruner:
    """The released pruner with the options of the setting."""
    kinds = {
        "median": optuna.pruners.MedianPruner,
        "percentile": optuna.pruners.PercentilePruner,
    }
    return kinds[setting.pruner](**options(setting))


def run(study: optuna.Study, setting: Setting, rng: Rng, number: int) -> dict[str, Any]:
    """One trial: its reports, the decision after each, and how it ended.

    It goes on whatever the decision; one in three stays running.
    """
    made = reports(setting, rng)
    trial = study.ask()
    decisions = []
    for step, value in made:
        trial.report(value, step)
        decisions.append(bool(trial.should_prune()))
    end = ["RUNNING", "COMPLETE", "PRUNED"][number % 3]
    if end == "COMPLETE":
        study.tell(trial, 0.0)
    elif end == "PRUNED":
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    steps = [[step, exact(value)] for step, value in made]
    return {"reports": steps, "prune": decisions, "end": end}


def pruner_cases() -> Iterator[dict[str, Any]]:
    """Every setting in both directions: references, then trials one by one."""
    for seed, setting in enumerate(SETTINGS):
        for direction in ("minimize", "maximize"):
            rng = Rng(500 + seed)
            history = references(setting, direction, rng)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                study = make_study(history)
                study.pruner = make_pruner(setting)
                runs = [run(study, setting, rng, number) for number in range(9)]
            yield {
                "name": f"{setting.name} {setting.trials} {direction}",
                "pruner": setting.pruner,
                "options": options(setting),
                "history": history_json(history),
                "runs": runs,
            }
