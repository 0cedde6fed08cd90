"""The estimator."""

from __future__ import annotations

import contextlib
import copy
import numbers
import time
import uuid
import warnings
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.metrics._scorer import _MultimetricScorer
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import (
    _insert_error_scores,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils import check_random_state, get_tags, indexable
from sklearn.utils._param_validation import Interval
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

import hpod
from hpod._client import connect
from hpod._contact import reach
from hpod._server import ServerLike
from hpod.sklearn._fingerprint import FINGERPRINT, check_same, digest
from hpod.sklearn._folds import Folds, work
from hpod.sklearn._results import Rows, is_evaluated, read_rows
from hpod.sklearn._space import SearchSpace

# Stands for the seed 0, which in the daemon means "draw one".
_SEED_OF_ZERO = 2**32


class SearchCV(BaseSearchCV):  # type: ignore[misc]
    """A search over hyperparameters by cross-validation, proposed by the daemon.

    In place of `GridSearchCV` and `RandomizedSearchCV`: same attributes, same
    `cv_results_`, same ways of scoring, refitting and routing metadata. Trials are
    those of a study in the daemon, so `hpoctl study show` shows the search while it
    runs, and a search that was cut off goes on.

    Args:
        estimator: what is fitted; cloned for each fit.
        param_distributions: parameter name to a distribution of hpod, to `uniform`,
            `loguniform` or `randint` of scipy.stats, or to a list of values; or a list
            of such dictionaries, of which each trial uses one.
        n_iter: trials in all; None, for `sampler="grid"` only: all points.
        n_trials: another name of `n_iter`, which it overrides.
        sampler: "tpe" (None), "random", "grid", or an `hpod.Sampler`.
        pruner: what leaves the remaining folds of a hopeless trial out, by the mean of
            its folds so far: None (nothing does), "median" or an `hpod.Pruner`. A pruned
            trial has NaN for those folds, hence for its means, and the last rank.
        study_name: a study to make, or to go on with. A second fit with the same data
            and settings runs only what is missing. None: a study of its own per fit.
        scoring: as in scikit-learn. Several metrics need `refit` to be the one to
            maximize; with `refit=False` or a callable all of them are objectives.
        n_jobs: processes (joblib's), each with one trial at a time.
        refit, cv, error_score, return_train_score: as in scikit-learn.
        verbose: above 0 a line per trial, above 1 also one per fold.
        random_state: seed of the study. With one process the same candidates result;
            with several, the order in which trials end has its part.
        server: "host:port" of the daemon, or an `hpod.Server` with TLS or a token; None:
            HPOD_SERVER, else 127.0.0.1:13000.

    Attributes:
        cv_results_, best_estimator_, best_score_, best_params_, best_index_, scorer_,
            n_splits_, refit_time_, multimetric_, n_features_in_, feature_names_in_,
            classes_: as in scikit-learn. Candidates are in the order of their trials.
        study_name_: the study with the trials.
    """

    _parameter_constraints: dict = {  # type: ignore[type-arg]
        **{
            name: constraint
            for name, constraint in BaseSearchCV._parameter_constraints.items()
            if name != "pre_dispatch"
        },
        "param_distributions": [dict, list, tuple],
        "n_iter": [Interval(numbers.Integral, 1, None, closed="left"), None],
        "n_trials": [Interval(numbers.Integral, 1, None, closed="left"), None],
        "sampler": [str, hpod.Sampler, None],
        "pruner": [str, hpod.Pruner, None],
        "study_name": [str, None],
        "random_state": ["random_state"],
        "server": [str, hpod.Server, None],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_iter: Optional[int] = 10,
        n_trials: Optional[int] = None,
        sampler: Any = None,
        pruner: Any = None,
        study_name: Optional[str] = None,
        scoring: Any = None,
        n_jobs: Optional[int] = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        server: Optional[ServerLike] = None,
    ) -> None:
        self.estimator = estimator
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.n_trials = n_trials
        self.sampler = sampler
        self.pruner = pruner
        self.study_name = study_name
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.refit = refit
        self.cv = cv
        self.verbose = verbose
        self.random_state = random_state
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.server = server

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # What BaseSearchCV leaves at its default.
        tags.target_tags = copy.deepcopy(get_tags(self.estimator).target_tags)
        # Not tried with arrays other than NumPy's.
        tags.array_api_support = False
        return tags

    @_fit_context(prefer_skip_nested_validation=False)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any = None, **params: Any) -> SearchCV:
        """Runs the trials that are missing, and refits the best.

        Args:
            X: array-like of shape (n_samples, n_features), as the estimator takes it.
            y: array-like of shape (n_samples,) or (n_samples, n_outputs); or None.
            params: for `fit` of the estimator, for the scorers and for the splitter
                (`groups`), as scikit-learn routes them.

        Raises:
            UnavailableError: no daemon answers; the message says how to start one.
            ValueError: `study_name` is a search with other data or settings; or all
                fits failed.
        """
        if y is None and get_tags(self.estimator).target_tags.required:
            raise ValueError(
                f"{type(self.estimator).__name__} requires y to be passed, but the "
                "target y is None"
            )
        scorers, refit_metric = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        splits = self._split(X, y, routed.splitter.split)
        folds = Folds(
            clone(self.estimator),
            X,
            y,
            splits,
            SearchSpace(self.param_distributions),
            self._metrics(scorers),
            {
                "scorer": scorers,
                "fit_params": routed.estimator.fit,
                "score_params": routed.scorer.score,
                "return_train_score": self.return_train_score,
                "return_n_test_samples": True,
                "return_times": True,
                "return_parameters": False,
                "error_score": self.error_score,
                "verbose": self.verbose,
            },
            self._n_trials(),
        )
        rows = self._search(folds)
        refit_metric = self._set_results(rows, scorers, refit_metric)
        self._set_best(refit_metric)
        if self.refit:
            self._refit(X, y, routed.estimator.fit)
        return self

    def _split(self, X: Any, y: Any, split_params: Any) -> List[Any]:
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        self.n_splits_ = cv.get_n_splits(X, y, **split_params)
        splits = list(cv.split(X, y, **split_params))
        if len(splits) != self.n_splits_:
            raise ValueError(
                "cv.split and cv.get_n_splits return inconsistent results. Expected "
                f"{self.n_splits_} splits, got {len(splits)}"
            )
        return splits

    def _metrics(self, scorers: Any) -> Sequence[Optional[str]]:
        """What the study maximizes."""
        if isinstance(self.refit, str):
            return [self.refit]
        if isinstance(scorers, _MultimetricScorer):
            return list(scorers._scorers)
        return [None]

    def _n_trials(self) -> Optional[int]:
        n_trials = self.n_iter if self.n_trials is None else self.n_trials
        sampler = self.sampler
        name = sampler.name if isinstance(sampler, hpod.Sampler) else sampler
        if n_trials is None and name != "grid":
            raise ValueError("n_iter=None, all points, is for sampler='grid' only")
        return n_trials

    def _search(self, folds: Folds) -> Rows:
        """Runs trials until the study has all of them."""
        reach(connect(self.server))
        study = self._open_study(folds)
        self.study_name_ = study.study_name
        n_left = self._open_budget(study)
        n_workers = min(effective_n_jobs(self.n_jobs), n_left)
        if self.verbose > 0:
            print(
                f"Running {n_left if self._n_trials() else 'all remaining'} trials of "
                f"{self.n_splits_} folds each in the study '{study.study_name}'"
            )
        server = study._client.target
        Parallel(n_jobs=self.n_jobs)(
            delayed(work)(server, study.study_name, folds, self.verbose)
            for _ in range(n_workers)
        )
        return read_rows(study, folds.space, self.n_splits_)

    def _open_study(self, folds: Folds) -> hpod.Study:
        name = self.study_name
        fingerprint = self._fingerprint(folds)
        if name is not None:
            # Before create_study, which would warn of another space first.
            with contextlib.suppress(hpod.StudyNotFoundError):
                check_same(hpod.load_study(name, server=self.server), fingerprint)
        study = hpod.create_study(
            name or f"{type(self.estimator).__name__}-{uuid.uuid4()}",
            directions=["maximize"] * len(folds.metrics),
            sampler=self.sampler,
            pruner="none" if self.pruner is None else self.pruner,
            load_if_exists=name is not None,
            space=folds.space.declared,
            seed=self._seed(),
            max_trials=self._n_trials() if name is None else None,
            metric_names=[metric for metric in folds.metrics if metric],
            user_attrs={FINGERPRINT: fingerprint},
            server=self.server,
        )
        if name is not None:
            # Another search of that name may have begun in the meantime.
            check_same(study, fingerprint)
        return study

    def _open_budget(self, study: hpod.Study) -> int:
        """Lets the study hand out what is missing; about how many trials that is.

        A study without a name of its own is new and has its budget. In another one a
        trial that was broken off (Ctrl-C, an exception) has used up one of the budget
        without a result, so the budget grows by it. Trials that were lost with their
        worker do not count in the daemon either.
        """
        n_trials = self._n_trials()
        if n_trials is None:
            return effective_n_jobs(self.n_jobs)  # type: ignore[no-any-return]
        if self.study_name is None:
            return n_trials
        trials = study.get_trials()
        evaluated = sum(1 for trial in trials if is_evaluated(trial))
        finished = sum(1 for trial in trials if trial.state.is_finished())
        broken_off = finished - evaluated - study._get().counts.lost
        study.set_budget(max_trials=n_trials + broken_off)
        return max(0, n_trials - evaluated)

    def _seed(self) -> Optional[int]:
        if self.random_state is None:
            return None
        if isinstance(self.random_state, numbers.Integral):
            return int(self.random_state) or _SEED_OF_ZERO
        return int(check_random_state(self.random_state).randint(1, 2**31 - 1))

    def _fingerprint(self, folds: Folds) -> Dict[str, str]:
        settings = folds.settings
        return {
            "data": digest((folds.X, folds.y)),
            "fit parameters": digest(
                (dict(settings["fit_params"]), dict(settings["score_params"]))
            ),
            "folds (has cv a random_state?)": digest(folds.splits),
            "estimator": digest(folds.estimator),
            "space": digest(folds.space.declared),
            "scoring": digest((self.scoring, folds.metrics, self.return_train_score)),
        }

    def _set_results(self, rows: Rows, scorers: Any, refit_metric: Any) -> Any:
        """Sets `cv_results_` and its kin; the name of the score that decides."""
        _warn_or_raise_about_fit_failures(rows.folds, self.error_score)
        if callable(self.scoring):
            _insert_error_scores(rows.folds, self.error_score)
        first = rows.folds[0]["test_scores"]
        self.multimetric_ = isinstance(first, dict)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(first)
            refit_metric = self.refit
        with warnings.catch_warnings():
            if rows.pruned:
                # That pruned trials have no mean is what was asked for.
                warnings.filterwarnings("ignore", "One or more of the .* non-finite")
            self.cv_results_ = self._format_results(
                rows.candidates, self.n_splits_, rows.folds
            )
        is_several = isinstance(scorers, _MultimetricScorer)
        self.scorer_ = scorers._scorers if is_several else scorers
        return refit_metric

    def _set_best(self, refit_metric: Any) -> None:
        if not self.refit and self.multimetric_:
            return
        results = self.cv_results_
        self.best_index_ = self._select_best_index(self.refit, refit_metric, results)
        if not callable(self.refit):
            self.best_score_ = results[f"mean_test_{refit_metric}"][self.best_index_]
        self.best_params_ = results["params"][self.best_index_]

    def _refit(self, X: Any, y: Any, fit_params: Dict[str, Any]) -> None:
        best = clone(self.estimator)
        self.best_estimator_ = best.set_params(**clone(self.best_params_, safe=False))
        start = time.time()
        if y is None:
            self.best_estimator_.fit(X, **fit_params)
        else:
            self.best_estimator_.fit(X, y, **fit_params)
        self.refit_time_ = time.time() - start
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_
