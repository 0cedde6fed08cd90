"""From the trials of a study to the rows that `cv_results_` is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, List

from hpod.frozen import FrozenTrial, TrialState
from hpod.sklearn._folds import FOLDS, Fold
from hpod.sklearn._space import SearchSpace
from hpod.study import Study


@dataclass
class Rows:
    """The candidates of a search that were evaluated, by trial number.

    Attributes:
        candidates: the parameters of each.
        folds: as many for each as the cross-validation has splits, one candidate after
            the other. Folds that a pruned trial was spared have NaN for every number.
        pruned: how many candidates were pruned.
    """

    candidates: List[Dict[str, Any]]
    folds: List[Fold]
    pruned: int


def read_rows(study: Study, space: SearchSpace, n_splits: int) -> Rows:
    """The evaluated candidates of `study`.

    Raises:
        ValueError: there are none.
    """
    trials = [trial for trial in study.get_trials() if is_evaluated(trial)]
    if not trials:
        raise ValueError(
            "No fits were performed. Was the CV iterator empty? Were there no "
            "candidates?"
        )
    rows = Rows([], [], 0)
    for trial in trials:
        rows.candidates.append(space.decode(trial.params))
        folds: List[Fold] = trial.user_attrs[FOLDS]
        rows.folds += folds
        rows.folds += [_without_numbers(folds[0])] * (n_splits - len(folds))
        rows.pruned += trial.state is TrialState.PRUNED
    return rows


def is_evaluated(trial: FrozenTrial) -> bool:
    """Whether the trial's folds were run to their end, or to its pruning."""
    return trial.state.is_finished() and FOLDS in trial.user_attrs


def _without_numbers(fold: Fold) -> Fold:
    blank: Fold = dict(fold, fit_time=math.nan, score_time=math.nan, fit_error=None)
    for key in ("test_scores", "train_scores"):
        if isinstance(fold.get(key), dict):
            blank[key] = dict.fromkeys(fold[key], math.nan)
        elif key in fold:
            blank[key] = math.nan
    return blank
