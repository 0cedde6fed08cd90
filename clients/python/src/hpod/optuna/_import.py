"""What the daemon has of a study of Optuna, and adding what it has not."""

from __future__ import annotations

from typing import Dict, Iterator, List, Sequence, Set

from optuna.trial import FrozenTrial, TrialState

import hpod
from hpod import _rpc
from hpod._client import Client
from hpod._proto import trial_pb2, trial_service_pb2
from hpod.frozen import from_state, to_proto
from hpod.optuna._convert import NUMBER, to_trial

# Trials imported with one request.
_RANGE = 500
_PAGE = 1000


class Importer:
    """Adds whole trials of Optuna to the daemon's study `study_name`."""

    def __init__(self, client: Client, study_name: str) -> None:
        self._client = client
        self._study_name = study_name

    def import_missing(self, trials: Sequence[FrozenTrial]) -> None:
        """Adds those of `trials`, finished ones, that the daemon has not.

        Other processes may be at it. A range of numbers is added under a `request_id`
        of its own. Who comes second gets the first answer, or is refused because it
        knows other trials of the range: then what is left is added one by one.
        """
        there = self._mirrored()
        ranges: Dict[int, List[FrozenTrial]] = {}
        for trial in trials:
            if not _is_there(trial, there):
                ranges.setdefault(trial.number // _RANGE, []).append(trial)
        for index, part in sorted(ranges.items()):
            try:
                self.add(part, f"optuna:import:{index}")
            except hpod.InvalidArgumentError as error:
                if error.reason != "REQUEST_ID_REUSED":
                    raise
                there = self._mirrored()
                for trial in part:
                    if not _is_there(trial, there):
                        self.add([trial], f"optuna:import:{index}:{trial.number}")

    def add(self, trials: Sequence[FrozenTrial], request_id: str) -> None:
        """Adds finished trials."""
        request = trial_service_pb2.AddTrialsRequest(
            study=self._study_name,
            trials=[to_proto(to_trial(trial)) for trial in trials],
            request_id=request_id,
        )
        self._client.call(_rpc.ADD_TRIALS, request)

    def list(self, states: List[int]) -> Iterator[trial_pb2.Trial]:
        """The daemon's trials in `states` (empty: all), without what they reported."""
        request = trial_service_pb2.ListTrialsRequest(
            study=self._study_name,
            page_size=_PAGE,
            states=states,  # type: ignore[arg-type]
            omit_intermediate_values=True,
        )
        while True:
            reply = self._client.call(_rpc.LIST_TRIALS, request)
            yield from reply.trials
            if not reply.next_page_token:
                return
            request.page_token = reply.next_page_token

    def _mirrored(self) -> Dict[int, Set[TrialState]]:
        """Number in Optuna to the states of the daemon's trials with that number."""
        there: Dict[int, Set[TrialState]] = {}
        for message in self.list([]):
            number = message.user_attributes.get(NUMBER, "")
            if number.isdigit():
                state = TrialState[from_state(message.state).name]
                there.setdefault(int(number), set()).add(state)
        return there


def _is_there(trial: FrozenTrial, there: Dict[int, Set[TrialState]]) -> bool:
    """Whether the daemon has the trial as Optuna has it.

    One that failed there because its worker was cut off may be complete in Optuna.
    """
    states = there.get(trial.number, set())
    if trial.state is TrialState.FAIL:
        return bool(states)
    return trial.state in states
