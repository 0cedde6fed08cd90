"""One trial of a search: the folds of the cross-validation, one after the other."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from sklearn.base import clone
from sklearn.model_selection._validation import _fit_and_score

import hpod
from hpod._server import ServerLike
from hpod.frozen import FrozenTrial
from hpod.sklearn._space import SearchSpace
from hpod.trial import Trial

# The attribute of a trial that has its folds: a list of what `_fit_and_score` returned.
FOLDS = "sklearn:folds"

_ERROR_CHARS_MAX = 20_000

Fold = Dict[str, Any]


class NoScoreError(Exception):
    """A trial whose mean score is NaN: some of its fits failed."""


@dataclass
class Folds:
    """The objective of a search, for any number of processes.

    Attributes:
        splits: (train, test) indices of each fold.
        metrics: the scores to maximize; one None where there is but one score.
        settings: arguments of scikit-learn's `_fit_and_score`.
        n_candidates: how many trials there will be, for its progress lines.
    """

    estimator: Any
    X: Any
    y: Any
    splits: Sequence[Tuple[Any, Any]]
    space: SearchSpace
    metrics: Sequence[Optional[str]]
    settings: Dict[str, Any]
    n_candidates: Optional[int]

    def __call__(self, trial: Trial) -> List[float]:
        """The mean score of each metric.

        Raises:
            TrialPruned: the folds so far look hopeless.
            NoScoreError: the mean of a metric is NaN.
        """
        folds: List[Fold] = []
        pruned = False
        while len(folds) < len(self.splits) and not pruned:
            folds.append(self._run_fold(trial, len(folds)))
            pruned = self._report(trial, folds)
        trial.set_user_attr(FOLDS, folds)
        if pruned:
            raise hpod.TrialPruned
        means = [mean_score(folds, metric) for metric in self.metrics]
        if any(math.isnan(mean) for mean in means):
            failed = sum(1 for fold in folds if fold["fit_error"])
            raise NoScoreError(
                f"no mean score: {failed} of {len(folds)} fits failed"
                if failed
                else "no mean score: a fold's score is NaN"
            )
        return means

    def _run_fold(self, trial: Trial, index: int) -> Fold:
        train, test = self.splits[index]
        fold = _fit_and_score(
            clone(self.estimator),
            self.X,
            self.y,
            train=train,
            test=test,
            parameters=self.space.decode(trial.params),
            split_progress=(index, len(self.splits)),
            candidate_progress=(trial.number, self.n_candidates or trial.number + 1),
            **self.settings,
        )
        if fold["fit_error"]:
            fold["fit_error"] = fold["fit_error"][-_ERROR_CHARS_MAX:]
        # What is stored is what a later fit will read: plain numbers.
        stored: Fold = json.loads(json.dumps(fold, default=float))
        return stored

    def _report(self, trial: Trial, folds: List[Fold]) -> bool:
        """Reports the running mean; whether to leave the remaining folds out."""
        if len(self.metrics) > 1:
            return False
        trial.report(mean_score(folds, self.metrics[0]), step=len(folds) - 1)
        return trial.should_prune() and len(folds) < len(self.splits)


def mean_score(folds: Sequence[Fold], metric: Optional[str]) -> float:
    """The mean test score of `folds`.

    Raises:
        ValueError: the scoring has several scores and `metric` is None, or has not
            `metric`.
    """
    scores = [fold["test_scores"] for fold in folds]
    picked = []
    for score in scores:
        if isinstance(score, dict):
            if metric not in score:
                raise ValueError(
                    "For multi-metric scoring, the parameter refit must be set to a "
                    f"scorer key (known: {', '.join(score)}). {metric!r} was passed."
                )
            picked.append(score[metric])
        else:
            picked.append(score)
    return float(sum(picked)) / len(picked)


def work(server: ServerLike, study_name: str, folds: Folds, verbose: int) -> None:
    """Runs trials of the study until it hands out no more."""
    study = hpod.load_study(study_name, server=server)
    say = (lambda _, trial: print(_line(trial, len(folds.splits)), flush=True),)
    study.optimize(folds, catch=(NoScoreError,), callbacks=say if verbose > 0 else None)


def _line(trial: FrozenTrial, n_splits: int) -> str:
    if trial.state is hpod.TrialState.COMPLETE:
        assert trial.values is not None
        what = " ".join(f"{value:.4f}" for value in trial.values)
    elif trial.state is hpod.TrialState.PRUNED:
        what = f"pruned after {len(trial.intermediate_values)} of {n_splits} folds"
    else:
        what = f"failed: {trial.failure.splitlines()[-1]}"
    return f"[trial {trial.number}] {what}"
