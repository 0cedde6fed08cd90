"""What a study says of itself and of its trials."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Optional, Tuple

from hpod import _dataframe, _rpc
from hpod._arguments import listed, whole
from hpod._client import Client
from hpod._proto import study_pb2, study_service_pb2, trial_service_pb2
from hpod.distributions import Distribution
from hpod.frozen import FrozenTrial, TrialState, from_json, from_proto, to_state

if TYPE_CHECKING:
    import pandas

_PAGE = 1000


class StudyDirection(enum.IntEnum):
    """Whether smaller or larger values of an objective are better."""

    MINIMIZE = 1
    MAXIMIZE = 2


class StudyReader:
    """The part of `Study` that changes nothing: each answer is read anew."""

    def __init__(
        self,
        client: Client,
        name: str,
        directions: List[StudyDirection],
        space: Dict[str, Distribution],
    ) -> None:
        self._client = client
        self._name = name
        self._directions = directions
        # The declared parameters, without their conditions.
        self._space = space

    @property
    def study_name(self) -> str:
        return self._name

    @property
    def directions(self) -> List[StudyDirection]:
        """One per objective value."""
        return list(self._directions)

    @property
    def direction(self) -> StudyDirection:
        """The direction of the only objective.

        Raises:
            RuntimeError: there are several.
        """
        if len(self._directions) != 1:
            raise RuntimeError("the study has several objectives; use directions")
        return self._directions[0]

    @property
    def user_attrs(self) -> Dict[str, Any]:
        return from_json(self._get().user_attributes)

    @property
    def metric_names(self) -> Optional[List[str]]:
        """Names of the objective values, or None."""
        return list(self._get().metric_names) or None

    @property
    def trials(self) -> List[FrozenTrial]:
        """All trials by number; see `get_trials`."""
        return self.get_trials()

    def get_trials(
        self, states: Optional[Iterable[TrialState]] = None
    ) -> List[FrozenTrial]:
        """Trials in one of `states` (None: all) by number, read from the daemon."""
        request = trial_service_pb2.ListTrialsRequest(
            study=self._name,
            page_size=_PAGE,
            states=[to_state(state) for state in listed("states", states or ())],
        )
        if states is not None and not request.states:
            return []
        trials = []
        while True:
            reply = self._client.call(_rpc.LIST_TRIALS, request)
            trials += [from_proto(trial) for trial in reply.trials]
            if not reply.next_page_token:
                return trials
            request.page_token = reply.next_page_token

    def get_trial(self, number: int) -> FrozenTrial:
        """One trial.

        Raises:
            KeyError: no trial of that number.
        """
        request = trial_service_pb2.GetTrialRequest(
            study=self._name, number=whole("number", number)
        )
        return from_proto(self._client.call(_rpc.GET_TRIAL, request).trial)

    @property
    def best_trial(self) -> FrozenTrial:
        """The COMPLETE feasible trial with the best value; of equals, the first.

        Raises:
            RuntimeError: the study has several objectives.
            ValueError: there is none.
        """
        if len(self._directions) != 1:
            raise RuntimeError("the study has several objectives; use best_trials")
        for trial in self._best(1):
            return trial
        raise ValueError("no feasible trial is complete yet")

    @property
    def best_trials(self) -> List[FrozenTrial]:
        """The feasible Pareto front by number; for one objective, the equal best."""
        if len(self._directions) > 1:
            return list(self._best(_PAGE))
        best: List[FrozenTrial] = []
        for trial in self._best(10):
            if best and trial.values != best[0].values:
                break
            best.append(trial)
        return best

    @property
    def best_value(self) -> float:
        """The value of `best_trial`."""
        value = self.best_trial.value
        assert value is not None
        return value

    @property
    def best_params(self) -> Dict[str, Any]:
        """The parameters of `best_trial`."""
        return self.best_trial.params

    def trials_dataframe(
        self,
        attrs: Tuple[str, ...] = _dataframe.DEFAULT_ATTRS,
        multi_index: bool = False,
    ) -> pandas.DataFrame:
        """All trials as a table, columns as Optuna names them. Needs pandas.

        Args:
            attrs: attributes of `FrozenTrial`; dictionaries become a column per name
                (`params_lr`), `value` a column per objective if there are several.
            multi_index: column names as pairs instead of joined by "_".
        """
        metric_names = self.metric_names
        return _dataframe.make(
            self.trials, attrs, multi_index, len(self._directions), metric_names
        )

    def _best(self, page_size: int) -> Iterator[FrozenTrial]:
        request = study_service_pb2.ListBestTrialsRequest(
            study=self._name, page_size=page_size
        )
        while True:
            reply = self._client.call(_rpc.LIST_BEST_TRIALS, request)
            yield from map(from_proto, reply.trials)
            if not reply.next_page_token:
                return
            request.page_token = reply.next_page_token

    def _get(self) -> study_pb2.Study:
        request = study_service_pb2.GetStudyRequest(study=self._name)
        return self._client.call(_rpc.GET_STUDY, request).study
