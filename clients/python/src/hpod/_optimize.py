"""The loop of `Study.optimize`."""

from __future__ import annotations

import logging
import math
import random
import sys
import threading
import time
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Optional, Tuple, Type

from hpod._progress import Progress
from hpod._retry import backoff_s
from hpod._tell import Outcome, judge
from hpod.exceptions import (
    HpodError,
    LeaseLostError,
    NoTrialError,
    StopReason,
    TrialPruned,
)
from hpod.frozen import FrozenTrial, TrialState

if TYPE_CHECKING:
    from hpod.study import Study
    from hpod.trial import Trial

_logger = logging.getLogger("hpod")

# Pauses between questions whether a place has become free.
_WAIT_FIRST_S = 0.05
_WAIT_MAX_S = 2.0


@dataclass(frozen=True)
class Limits:
    """What ends one call of `optimize`; None: no limit."""

    n_trials: Optional[int]
    timeout_s: Optional[float]


class Run:
    """One call of `optimize`: threads that ask, evaluate and tell."""

    def __init__(
        self,
        study: Study,
        objective: Callable[[Trial], Any],
        limits: Limits,
        catch: Tuple[Type[Exception], ...],
        callbacks: Tuple[Callable[[Study, FrozenTrial], None], ...],
        show_progress_bar: bool,
    ) -> None:
        self._study = study
        self._objective = objective
        self._catch = catch
        self._callbacks = callbacks
        self._progress = Progress(limits.n_trials) if show_progress_bar else None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._left = math.inf if limits.n_trials is None else limits.n_trials
        timeout_s = math.inf if limits.timeout_s is None else limits.timeout_s
        self._end = time.monotonic() + timeout_s
        self._rng = random.Random()

    def start(self, n_jobs: int) -> None:
        """Runs until the limits, the study or an error ends it.

        Raises:
            ValueError: `n_jobs` < 1.
        """
        if n_jobs < 1:
            raise ValueError(f"n_jobs is {n_jobs}, but must be -1 or >= 1")
        try:
            if n_jobs == 1:
                self._work()
            else:
                self._start_threads(n_jobs)
        finally:
            if self._progress is not None:
                self._progress.close()

    def stop(self) -> None:
        """Starts no further trial."""
        self._stopping.set()

    def _start_threads(self, n_jobs: int) -> None:
        with ThreadPoolExecutor(n_jobs, thread_name_prefix="hpod-worker") as pool:
            workers = [pool.submit(self._work) for _ in range(n_jobs)]
            try:
                for worker in workers:
                    worker.result()
            except BaseException:
                self.stop()
                raise

    def _work(self) -> None:
        try:
            while self._take_one():
                trial = self._ask()
                if trial is None:
                    return
                self._evaluate(trial)
        except BaseException:
            self.stop()
            raise

    def _take_one(self) -> bool:
        with self._lock:
            if not self._may_start() or self._left <= 0:
                return False
            self._left -= 1
            return True

    def _may_start(self) -> bool:
        return not self._stopping.is_set() and time.monotonic() < self._end

    def _ask(self) -> Optional[Trial]:
        """The next trial, waited for if one may come; None when the loop is over."""
        waits = 0
        while self._may_start():
            try:
                return self._study.ask()
            except NoTrialError as refused:
                if refused.final or not self._may_come(refused.reason):
                    _logger.info("%s", refused)
                    return None
            pause_s = backoff_s(waits, _WAIT_FIRST_S, _WAIT_MAX_S, self._rng)
            self._stopping.wait(min(pause_s, max(0.0, self._end - time.monotonic())))
            waits += 1
        return None

    def _may_come(self, reason: StopReason) -> bool:
        """Whether somebody else's trial may end so that this process gets one."""
        if reason is StopReason.MAX_RUNNING:
            return True
        running = self._study._get().counts.running
        return running > self._study._client.leases.count(self._study.study_name)

    def _evaluate(self, trial: Trial) -> None:
        try:
            frozen, error = self._run_objective(trial)
        except LeaseLostError as lost:
            warnings.warn(f"trial {trial.number} is dropped: {lost}", stacklevel=2)
            return
        for callback in self._callbacks:
            callback(self._study, frozen)
        if self._progress is not None:
            self._progress.update(self._best_value())
        if error is not None and not isinstance(error, self._catch):
            raise error

    def _run_objective(
        self, trial: Trial
    ) -> Tuple[FrozenTrial, Optional[BaseException]]:
        """Runs the objective and tells the outcome; the trial, and what was raised."""
        failure: Optional[BaseException] = None
        text = ""
        try:
            values = self._objective(trial)
            outcome = judge(values, None, len(self._study.directions))
        except TrialPruned:
            outcome = Outcome(TrialState.PRUNED)
        except HpodError as error:
            if isinstance(error, LeaseLostError) or error.is_transient:
                # Nobody to tell: the lease runs out and the trial is given on.
                self._study._client.leases.release(trial._lease)
                raise
            outcome, failure, text = Outcome(TrialState.FAIL), error, _text(error)
        except BaseException as error:
            if _is_pruned_of_optuna(error):
                outcome = Outcome(TrialState.PRUNED)
            else:
                outcome, failure, text = Outcome(TrialState.FAIL), error, _text(error)
        frozen = self._study._finish(trial, outcome, text)
        _log(frozen)
        return frozen, failure

    def _best_value(self) -> Optional[float]:
        if len(self._study.directions) > 1:
            return None
        try:
            return self._study.best_value
        except ValueError:
            return None


def _is_pruned_of_optuna(error: BaseException) -> bool:
    """Whether it is Optuna's `TrialPruned`, as an objective written for it raises."""
    optuna = sys.modules.get("optuna")
    return optuna is not None and isinstance(error, optuna.TrialPruned)


def _text(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def _log(trial: FrozenTrial) -> None:
    if trial.state is TrialState.FAIL:
        _logger.warning("trial %d failed: %s", trial.number, trial.failure)
    else:
        _logger.info("trial %d: %s %s", trial.number, trial.state.name, trial.values)
