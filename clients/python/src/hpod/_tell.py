"""What a told value makes of a trial: the rules of Optuna's `Study.tell`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, List, Optional, Union

from hpod.frozen import TrialState


@dataclass(frozen=True)
class Outcome:
    """How a trial ends. `problem`: why its value was dropped and it failed, or ""."""

    state: TrialState
    values: List[float] = field(default_factory=list)
    problem: str = ""


def judge(values: Any, state: Optional[TrialState], objectives: int) -> Outcome:
    """The outcome of telling `values` and `state` to a study of so many objectives.

    Without a state, a bad value (none, NaN, no number, wrong count) fails the trial.

    Raises:
        ValueError: a bad value with COMPLETE, values with PRUNED or FAIL, or a state
            that no trial ends in.
    """
    if state not in (None, TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL):
        raise ValueError(
            f"a trial ends as TrialState.COMPLETE, PRUNED or FAIL, not as {state!r}"
        )
    if state in (TrialState.PRUNED, TrialState.FAIL):
        if values is not None:
            raise ValueError(
                f"values are for COMPLETE trials, not for {TrialState(state).name}"
            )
        return Outcome(TrialState(state))
    checked = _check(values, objectives)
    if isinstance(checked, list):
        return Outcome(TrialState.COMPLETE, checked)
    if state is TrialState.COMPLETE:
        raise ValueError(checked)
    return Outcome(TrialState.FAIL, problem=checked)


def _check(values: Any, objectives: int) -> Union[List[float], str]:
    """The values as numbers, or what is wrong with them."""
    if values is None:
        return "the objective gave None, but must give a number"
    given = _listed(values)
    if len(given) != objectives:
        return f"the objective gave {len(given)} values, but the study has {objectives}"
    numbers = []
    for value in given:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return f"the objective gave {value!r}, which is no number"
        if math.isnan(number):
            return "the objective gave NaN"
        numbers.append(number)
    return numbers


def _listed(values: Any) -> List[Any]:
    if isinstance(values, (str, bytes)):
        return [values]
    try:
        return list(values)
    except TypeError:
        return [values]
