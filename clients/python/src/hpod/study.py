"""A study: asked for trials, told their values, looked at."""

from __future__ import annotations

import os
import socket
import warnings
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Mapping,
    Optional,
    Sequence,
    Type,
    Union,
)

from hpod import _optimize, _rpc
from hpod._arguments import by_name, listed, real, texts, whole
from hpod._budget import Seconds, to_budget
from hpod._client import Client, connect
from hpod._proto import space_pb2, study_pb2, study_service_pb2, trial_service_pb2
from hpod._reader import StudyDirection, StudyReader
from hpod._tell import Outcome, judge
from hpod.distributions import Distribution, from_parameter, to_value
from hpod.exceptions import NoTrialError, StopReason, UpdateFinishedTrialError
from hpod.frozen import FrozenTrial, TrialState, to_json, to_proto, to_state
from hpod.trial import Trial, told

# Trials sent in one call.
_TRIALS_PER_CALL = 1000
_FAILURE_BYTES_MAX = 4096


class Study(StudyReader):
    """A study of the daemon. Made by `create_study` or `load_study`.

    Holds a name and an address, no trials: what it says of them, it reads from the
    daemon. Several threads may use it, and it can be pickled to other processes and
    machines.
    """

    def __init__(self, client: Client, message: study_pb2.Study) -> None:
        directions = [StudyDirection(direction) for direction in message.directions]
        space = {entry.name: from_parameter(entry) for entry in message.space}
        super().__init__(client, message.name, directions, space)
        self._run: Optional[_optimize.Run] = None

    def __getstate__(self) -> Dict[str, Any]:
        return {
            "server": self._client.target,
            "name": self._name,
            "directions": self._directions,
            "space": self._space,
        }

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        client = connect(state["server"])
        super().__init__(client, state["name"], state["directions"], state["space"])
        self._run = None

    def __repr__(self) -> str:
        return f"Study({self._name!r}, server={self._client.server!r})"

    def set_user_attr(self, key: str, value: Any) -> None:
        """Stores a JSON value with the study.

        Raises:
            TypeError: JSON cannot express `value`.
        """
        self._update(
            study_pb2.Study(user_attributes=to_json({key: value})), "user_attributes"
        )

    def set_metric_names(self, metric_names: Sequence[str]) -> None:
        """Names the objective values: as many as directions."""
        given = texts("metric_names", metric_names)
        self._update(study_pb2.Study(metric_names=given), "metric_names")

    def set_budget(
        self,
        max_trials: Optional[int] = None,
        max_running: Optional[int] = None,
        max_duration: Optional[Seconds] = None,
    ) -> None:
        """Replaces the limits of the study (see `create_study`); None is no limit."""
        budget = to_budget(max_trials, max_running, max_duration)
        self._update(study_pb2.Study(budget=budget), "budget")

    # Running it.

    def optimize(
        self,
        func: Callable[[Trial], Union[float, Sequence[float]]],
        n_trials: Optional[int] = None,
        timeout: Optional[float] = None,
        n_jobs: int = 1,
        catch: Union[Iterable[Type[Exception]], Type[Exception]] = (),
        callbacks: Optional[Iterable[Callable[[Study, FrozenTrial], None]]] = None,
        show_progress_bar: bool = False,
    ) -> None:
        """Runs trials of `func` until something ends it. Any number of processes may.

        A trial whose lease was lost is dropped with a warning, and the loop goes on.
        When the study hands out no trial, the loop ends; while another worker's loss
        could still free one, or `max_running` trials are running, it waits.

        Args:
            func: the objective: from a trial to its value, or one value per direction.
                It may raise `TrialPruned`, or Optuna's. None, NaN or a wrong count
                fails the trial.
            n_trials: how many trials this call runs; None: no limit.
            timeout: seconds after which this call starts no trial; None: no limit.
            n_jobs: threads; -1: one per core.
            catch: exceptions of `func` that fail their trial and nothing else. Any
                other fails its trial and, once the other threads are done, is raised
                here.
            callbacks: called with study and trial after each one, in its thread.
            show_progress_bar: on standard error, by tqdm if it is installed.

        Raises:
            TypeError: `func` cannot be called, or a limit is no number.
            RuntimeError: called inside of itself.
            UnavailableError: the daemon stayed away for longer than the retries last.
        """
        if not callable(func):
            raise TypeError(f"func is {func!r}, but must be a function of a trial")
        if self._run is not None:
            raise RuntimeError("optimize is running in this process already")
        for name, limit in (("n_trials", n_trials), ("timeout", timeout)):
            if limit is not None:
                real(name, limit)
        whole("n_jobs", n_jobs)
        limits = _optimize.Limits(n_trials, timeout)
        catches = [catch] if isinstance(catch, type) else listed("catch", catch)
        after = listed("callbacks", callbacks or ())
        self._run = _optimize.Run(
            self, func, limits, tuple(catches), tuple(after), show_progress_bar
        )
        try:
            self._run.start(os.cpu_count() or 1 if n_jobs == -1 else n_jobs)
        finally:
            self._run = None

    def stop(self, everywhere: bool = False) -> None:
        """Ends `optimize` once its running trials are done.

        Args:
            everywhere: for all workers: the daemon hands out no further trial of the
                study until `resume`. Otherwise for this process only, as Optuna does.

        Raises:
            RuntimeError: not `everywhere`, and `optimize` is not running.
        """
        if everywhere:
            request = study_service_pb2.StopStudyRequest(study=self._name)
            self._client.call(_rpc.STOP_STUDY, request)
        elif self._run is None:
            raise RuntimeError(
                "stop is for callbacks and objectives of a running optimize"
            )
        if self._run is not None:
            self._run.stop()

    def resume(self) -> None:
        """Lets a study that was stopped everywhere hand out trials again."""
        self._update(study_pb2.Study(stopped=False), "stopped")

    def ask(
        self, fixed_distributions: Optional[Mapping[str, Distribution]] = None
    ) -> Trial:
        """Starts one trial. Its lease is kept until it is told, or the process ends.

        Args:
            fixed_distributions: parameters to suggest at once.

        Raises:
            NoTrialError: the study hands out none; `reason` says why.
            TypeError, ValueError: a distribution that is none, or that the study cannot
                have; the trial has failed.
        """
        asked = by_name("fixed_distributions", fixed_distributions)
        request = trial_service_pb2.SuggestTrialsRequest(
            study=self._name, count=1, worker=_worker_name()
        )
        reply = self._client.call(_rpc.SUGGEST_TRIALS, request)
        if not reply.trials:
            raise NoTrialError(self._name, StopReason(reply.stop_reason), reply.final)
        trial = Trial(self, reply.trials[0])
        try:
            for name, distribution in asked.items():
                trial._suggest(name, distribution)
        except (TypeError, ValueError) as error:
            # Nobody else can tell a trial that its asker has not seen.
            self._finish(trial, Outcome(TrialState.FAIL), str(error))
            raise
        return trial

    def tell(
        self,
        trial: Union[Trial, int],
        values: Union[float, Sequence[float], None] = None,
        state: Optional[TrialState] = None,
        skip_if_finished: bool = False,
        failure: str = "",
    ) -> FrozenTrial:
        """Ends a running trial and returns it as stored.

        Args:
            trial: from `ask`, or its number. A trial that another process asked for,
                told by number, is not fenced by its lease.
            values: one per direction. None, NaN or a wrong count fails the trial with a
                warning, unless `state` is COMPLETE.
            state: COMPLETE, PRUNED or FAIL; None: what `values` make it. The value of a
                PRUNED trial is its last report.
            skip_if_finished: return a finished trial as it is.
            failure: why the trial failed, if it did.

        Raises:
            TypeError: `trial` is neither.
            ValueError: the trial is finished or waiting; bad values with COMPLETE;
                values with PRUNED or FAIL.
            KeyError: no trial of that number.
            LeaseLostError: the trial was given up; nothing is stored.
        """
        if not isinstance(trial, (Trial, int)) or isinstance(trial, bool):
            raise TypeError(f"trial is {trial!r}, but must be a Trial or a number")
        if isinstance(trial, int):
            whole("trial", trial)
        outcome = judge(values, state, len(self._directions))
        number = trial.number if isinstance(trial, Trial) else trial
        if outcome.problem:
            warnings.warn(f"trial {number} failed: {outcome.problem}", stacklevel=2)
        try:
            return self._finish(trial, outcome, failure)
        except UpdateFinishedTrialError:
            if skip_if_finished:
                return self.get_trial(number)
            raise

    def _finish(
        self, trial: Union[Trial, int], outcome: Outcome, failure: str = ""
    ) -> FrozenTrial:
        number = trial.number if isinstance(trial, Trial) else trial
        request = trial_service_pb2.CompleteTrialRequest(
            study=self._name,
            number=number,
            state=to_state(outcome.state),
            values=outcome.values,
            failure=_shortened(failure or outcome.problem),
        )
        leases = self._client.leases
        if isinstance(trial, Trial):
            lease = trial._lease
        else:
            found = leases.find(self._name, number)
            if found is None:
                self._client.call(_rpc.COMPLETE_TRIAL, request)
                return self.get_trial(number)
            lease = found
        request.lease_token = lease.token
        reply = self._client.call_for_trial(lease, _rpc.COMPLETE_TRIAL, request)
        leases.release(lease)
        return (
            told(trial, reply.trial)
            if isinstance(trial, Trial)
            else self.get_trial(number)
        )

    # Adding trials.

    def enqueue_trial(
        self,
        params: Mapping[str, Any],
        user_attrs: Optional[Mapping[str, Any]] = None,
        skip_if_exists: bool = False,
    ) -> int:
        """Has a coming trial use these values; names left out are sampled.

        With `skip_if_exists`, nothing happens if a trial that has not failed has or
        fixes exactly these. Returns the number of the trial made or found.

        Raises:
            ValueError: a value outside the declared space, or of a wrong type.
        """
        request = trial_service_pb2.EnqueueTrialRequest(
            study=self._name,
            params=[
                space_pb2.Assignment(name=name, value=to_value(name, value))
                for name, value in by_name("params", params).items()
            ],
            user_attributes=to_json(by_name("user_attrs", user_attrs)),
            skip_if_exists=skip_if_exists,
        )
        return self._client.call(_rpc.ENQUEUE_TRIAL, request).number

    def add_trial(self, trial: FrozenTrial) -> None:
        """Adds a trial made elsewhere (`create_trial`, or one of another study).

        Raises:
            ValueError: a value outside its distribution, or no such trial can be.
        """
        self.add_trials([trial])

    def add_trials(self, trials: Iterable[FrozenTrial]) -> None:
        """Adds trials made elsewhere, each thousand all or none; as `add_trial`."""
        messages = [to_proto(trial) for trial in trials]
        for start in range(0, len(messages), _TRIALS_PER_CALL):
            request = trial_service_pb2.AddTrialsRequest(
                study=self._name, trials=messages[start : start + _TRIALS_PER_CALL]
            )
            self._client.call(_rpc.ADD_TRIALS, request)

    def _update(self, update: study_pb2.Study, field: str) -> None:
        request = study_service_pb2.UpdateStudyRequest(study=self._name, update=update)
        request.update_mask.paths.append(field)
        self._client.call(_rpc.UPDATE_STUDY, request)


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _shortened(failure: str) -> str:
    """At most what the daemon stores, cut between characters."""
    return failure.encode()[:_FAILURE_BYTES_MAX].decode(errors="ignore")
