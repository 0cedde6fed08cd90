"""A study of the daemon that has the trials of a study of Optuna.

A trial begins in the daemon when its first parameter is asked for, with a `request_id`
made of its number in Optuna: whoever asks again, in this process or another, gets the
same trial. It bears that number as an attribute. What ended in Optuna without the
daemon's knowledge is added as a whole.
"""

from __future__ import annotations

import copy
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List, Optional, Sequence, Set

from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

import hpod
from hpod import _rpc
from hpod._client import connect
from hpod._contact import reach
from hpod._proto import space_pb2, trial_pb2, trial_service_pb2
from hpod.distributions import to_value
from hpod.frozen import to_json, to_state
from hpod.optuna._convert import (
    NUMBER,
    from_choice,
    is_same,
    to_attributes,
    to_distribution,
)
from hpod.optuna._import import Importer
from hpod.optuna._study import Settings, open_study
from hpod.trial import Trial

_REPORTERS = 8

_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


class Mirror:
    """The mirror of the study with the id `study_id` in `storage`. Safe with threads.

    Attributes:
        study: the daemon's study.
    """

    def __init__(self, storage: BaseStorage, study_id: int, settings: Settings) -> None:
        self._storage = storage
        self._study_id = study_id
        self._client = connect(settings.server)
        reach(self._client)
        self.study = open_study(self._client, storage, study_id, settings)
        self._importer = Importer(self._client, self.study.study_name)
        self._lock = threading.Lock()
        # By number in Optuna: the trials that this process has begun.
        self._running: Dict[int, Trial] = {}
        # Numbers in Optuna of finished trials that the daemon is known to have.
        self._known: Set[int] = set()
        # How many trials of Optuna's the daemon has not: waiting, or another sampler's.
        self._missing = 0
        self._import_finished()

    def suggest(
        self, trial: FrozenTrial, name: str, distribution: BaseDistribution
    ) -> Any:
        """The value of one parameter."""
        given = to_distribution(distribution)
        running = self._running.get(trial.number) or self._begin(trial)
        try:
            value = running._suggest(name, given)
        except (hpod.LeaseLostError, hpod.UpdateFinishedTrialError):
            # This process was cut off for long. What the old one had is told at the end.
            value = self._begin(trial, anew=True)._suggest(name, given)
        return from_choice(value, distribution)

    def finish(
        self,
        trial: FrozenTrial,
        state: TrialState,
        values: Optional[Sequence[float]],
    ) -> None:
        """Ends the trial; adds it as a whole if the daemon has not what it has."""
        running = self._running.pop(trial.number, None) or self._find(trial.number)
        if running is None or not self._end(running, trial, state, values):
            ended = copy.copy(trial)
            ended.state, ended.values = state, values
            self._importer.add([ended], f"optuna:{trial.number}:ended")
        self._known.add(trial.number)

    def _import_finished(self) -> None:
        """Adds the finished trials of Optuna that the daemon has not.

        Optuna's trials are read first: what this or another process has told the daemon
        is then in the daemon's list for certain.
        """
        trials = self._storage.get_all_trials(self._study_id, deepcopy=False)
        finished = [trial for trial in trials if trial.state in _FINISHED]
        unknown = [trial for trial in finished if trial.number not in self._known]
        if unknown:
            self._importer.import_missing(unknown)
            self._known.update(trial.number for trial in unknown)
        running = sum(1 for trial in trials if trial.number in self._running)
        self._missing = len(trials) - len(finished) - running

    # Beginning.

    def _begin(self, trial: FrozenTrial, anew: bool = False) -> Trial:
        with self._lock:
            if trial.number in self._running and not anew:
                return self._running[trial.number]
            # An attempt after a lost lease is a trial of its own.
            attempt = f":{os.urandom(8).hex()}" if anew else ""
            request_id = f"optuna:{trial.number}{attempt}"
            fixed = trial.system_attrs.get("fixed_params") or {}
            if fixed:
                message = self._start_fixed(trial, fixed, request_id)
            else:
                message = self._start(trial, request_id)
            running = Trial(self.study, message)
            self._running[trial.number] = running
            if message.number + self._missing < trial.number:
                self._import_finished()
            return running

    def _start(self, trial: FrozenTrial, request_id: str) -> trial_pb2.Trial:
        request = trial_service_pb2.SuggestTrialsRequest(
            study=self.study.study_name, worker=_worker_name(), request_id=request_id
        )
        reply = self._client.call(_rpc.SUGGEST_TRIALS, request)
        if not reply.trials:
            reason = hpod.StopReason(reply.stop_reason)
            raise hpod.NoTrialError(self.study.study_name, reason, reply.final)
        message = reply.trials[0]
        mark = trial_service_pb2.SetTrialAttributesRequest(
            study=self.study.study_name,
            number=message.number,
            lease_token=message.lease.token,
            user_attributes=to_json({NUMBER: trial.number}),
        )
        self._client.call(_rpc.SET_TRIAL_ATTRIBUTES, mark)
        return message

    def _start_fixed(
        self, trial: FrozenTrial, fixed: Dict[str, Any], request_id: str
    ) -> trial_pb2.Trial:
        """Of an enqueued trial the daemon has to know what is fixed."""
        message = trial_pb2.Trial(
            state=trial_pb2.TRIAL_STATE_RUNNING,
            worker=_worker_name(),
            user_attributes=to_json({NUMBER: trial.number}),
            fixed_params=_storable_assignments(fixed),
        )
        request = trial_service_pb2.AddTrialsRequest(
            study=self.study.study_name, trials=[message], request_id=request_id
        )
        number = self._client.call(_rpc.ADD_TRIALS, request).numbers[0]
        get = trial_service_pb2.GetTrialRequest(
            study=self.study.study_name, number=number
        )
        return self._client.call(_rpc.GET_TRIAL, get).trial

    # Ending.

    def _find(self, number: int) -> Optional[Trial]:
        """A running trial that another process has begun, or None."""
        for message in self._importer.list([trial_pb2.TRIAL_STATE_RUNNING]):
            if message.user_attributes.get(NUMBER) == str(number):
                return Trial(self.study, message)
        return None

    def _end(
        self,
        running: Trial,
        trial: FrozenTrial,
        state: TrialState,
        values: Optional[Sequence[float]],
    ) -> bool:
        """False if the daemon's trial was given up or has other values."""
        try:
            if state is not TrialState.FAIL and not self._has_params(running, trial):
                failure = "has other values in Optuna: see a later trial"
                self._complete(running, TrialState.FAIL, failure=failure)
                return False
            self._report(running, trial)
            self._complete(
                running,
                state,
                values=values if state is TrialState.COMPLETE else None,
                user_attributes=to_json(to_attributes(trial)),
                constraints=trial.constraints,
            )
            return True
        except (hpod.LeaseLostError, hpod.UpdateFinishedTrialError):
            return False

    def _has_params(self, running: Trial, trial: FrozenTrial) -> bool:
        """Asks for the parameters that Optuna knew by itself; whether all agree."""
        for name, distribution in trial.distributions.items():
            try:
                value = running._suggest(name, to_distribution(distribution))
            except hpod.InvalidArgumentError:
                return False
            if not is_same(value, trial.params[name], distribution):
                return False
        return True

    def _report(self, running: Trial, trial: FrozenTrial) -> None:
        steps = sorted(trial.intermediate_values.items())
        if len(self.study.directions) > 1 or not steps:
            return
        with ThreadPoolExecutor(min(_REPORTERS, len(steps))) as pool:
            list(pool.map(lambda step: running.report(step[1], step[0]), steps))

    def _complete(self, running: Trial, state: TrialState, **fields: Any) -> None:
        lease = running._lease
        request = trial_service_pb2.CompleteTrialRequest(
            study=self.study.study_name,
            number=running.number,
            lease_token=lease.token,
            state=to_state(hpod.TrialState[state.name]),
            **fields,
        )
        self._client.call_for_trial(lease, _rpc.COMPLETE_TRIAL, request)
        self._client.leases.release(lease)


def _storable_assignments(fixed: Dict[str, Any]) -> List[space_pb2.Assignment]:
    """Values of other kinds than the daemon has are told when the trial has ended."""
    return [
        space_pb2.Assignment(name=name, value=to_value(name, value))
        for name, value in fixed.items()
        if value is None or isinstance(value, (bool, int, float, str))
    ]


def _worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
