"""The sampler."""

from __future__ import annotations

import threading
import weakref
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Union

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.samplers._base import _process_constraints_after_trial
from optuna.trial import FrozenTrial, TrialState

import hpod
from hpod._server import ServerLike
from hpod.optuna._mirror import Mirror
from hpod.optuna._study import Settings

Constraints = Callable[[FrozenTrial], Sequence[float]]


class Sampler(BaseSampler):
    """Has the daemon propose the parameters of a study of Optuna.

    `optuna.create_study(sampler=hpod.optuna.Sampler())`: storage, pruner and everything
    else stay Optuna's. The trials are mirrored into a study of the daemon, which
    `hpoctl study show` shows, and proposals are computed there from all of them: with
    threads, and with any number of processes that share one Optuna storage, they share
    one study of the daemon. Finished trials that the daemon has not seen (an older study,
    `add_trial`, another sampler's) are imported once.

    The daemon's study has the name of Optuna's. If a study of that name has been there
    before, say of an earlier run in memory, the name gets a number: `demo (2)`.

    Args:
        sampler: "tpe" (None), "random", or an `hpod.Sampler` with options.
        seed: of the daemon's study, > 0; used when that is made. None: drawn.
        constraints_func: from a finished trial to its constraint values, as TPESampler
            has it. `Trial.set_constraint` needs none.
        study_name: a name in the daemon other than the study's own.
        server: "host:port" of the daemon, or an `hpod.Server` with TLS or a token; None:
            HPOD_SERVER, else 127.0.0.1:13000.
    """

    def __init__(
        self,
        *,
        sampler: Optional[Union[str, hpod.Sampler]] = None,
        seed: Optional[int] = None,
        constraints_func: Optional[Constraints] = None,
        study_name: Optional[str] = None,
        server: Optional[ServerLike] = None,
    ) -> None:
        self._settings = Settings(sampler, seed, study_name, server)
        self._constraints_func = constraints_func
        self._forget()

    def __getstate__(self) -> Dict[str, Any]:
        return {
            "settings": self._settings,
            "constraints_func": self._constraints_func,
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._settings = state["settings"]
        self._constraints_func = state["constraints_func"]
        self._forget()

    def __repr__(self) -> str:
        return f"hpod.optuna.Sampler({self._settings})"

    def study_of(self, study: optuna.Study) -> hpod.Study:
        """The daemon's study that mirrors `study`, which has begun a trial at least.

        Raises:
            UnavailableError: no daemon answers; the message says how to start one.
        """
        return self._mirror(study).study

    def reseed_rng(self) -> None:
        """Does nothing: random numbers are drawn in the daemon, by trial."""

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> Dict[str, BaseDistribution]:
        """None: the daemon knows which parameters belong together.

        It proposes them jointly when a trial begins, and hands them out one by one.
        """
        return {}

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: Dict[str, BaseDistribution],
    ) -> Dict[str, Any]:
        """The values of the parameters in `search_space`."""
        return {
            name: self.sample_independent(study, trial, name, distribution)
            for name, distribution in search_space.items()
        }

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The value of one parameter.

        Raises:
            NoTrialError: somebody stopped the daemon's study.
            UnavailableError: no daemon answers.
            ValueError: the daemon cannot have the distribution; the message says why.
        """
        return self._mirror(study).suggest(trial, param_name, param_distribution)

    def after_trial(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Optional[Sequence[float]],
    ) -> None:
        """Tells the daemon how the trial ended."""
        if self._constraints_func is not None:
            _process_constraints_after_trial(
                self._constraints_func, study, trial, state
            )
            trial = study._storage.get_trial(trial._trial_id)
        self._mirror(study).finish(trial, state, values)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        # By storage and id of the study.
        self._mirrors: weakref.WeakKeyDictionary[Any, Dict[int, Mirror]] = (
            weakref.WeakKeyDictionary()
        )

    def _mirror(self, study: optuna.Study) -> Mirror:
        with self._lock:
            mirrors = self._mirrors.setdefault(study._storage, {})
            if study._study_id not in mirrors:
                mirrors[study._study_id] = Mirror(
                    study._storage, study._study_id, self._settings
                )
            return mirrors[study._study_id]
