"""Making, loading, listing and deleting studies."""

from __future__ import annotations

import datetime
import enum
import logging
import uuid
import warnings
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Union,
)

from hpod import _rpc
from hpod._arguments import by_name, listed, text, texts, truth, whole
from hpod._budget import Seconds, to_budget, to_timedelta
from hpod._client import Client, connect
from hpod._proto import study_pb2, study_service_pb2
from hpod._reader import StudyDirection
from hpod._server import ServerLike
from hpod.algorithms import Pruner, Sampler, to_algorithm
from hpod.distributions import SpaceEntry, same_space, to_parameter
from hpod.exceptions import StopReason
from hpod.frozen import (
    FrozenTrial,
    TrialState,
    from_json,
    from_proto,
    local_time,
    to_json,
)
from hpod.study import Study

_logger = logging.getLogger("hpod")

_PAGE = 1000
_SEEDS = range(1, 2**64)
_INT32 = range(-(2**31), 2**31)

DirectionLike = Union[str, StudyDirection]


@dataclass(frozen=True)
class StudySummary:
    """A study at a glance.

    Attributes:
        study_name: its name.
        directions: one per objective.
        best_trial: as `Study.best_trial`; None without one, or with several objectives.
        user_attrs: name to JSON value.
        counts: number of trials by state.
        datetime_start: start of the first trial (local, without a zone), or None.
        stop_reason: why `ask` would be refused now, or None.
    """

    study_name: str
    directions: List[StudyDirection]
    best_trial: Optional[FrozenTrial]
    user_attrs: Dict[str, Any]
    counts: Dict[TrialState, int]
    datetime_start: Optional[datetime.datetime]
    stop_reason: Optional[StopReason]

    @property
    def n_trials(self) -> int:
        """Trials in any state."""
        return sum(self.counts.values())


def create_study(
    study_name: Optional[str] = None,
    direction: Optional[DirectionLike] = None,
    directions: Optional[Sequence[DirectionLike]] = None,
    sampler: Optional[Union[str, Sampler]] = None,
    pruner: Optional[Union[str, Pruner]] = None,
    load_if_exists: bool = False,
    space: Optional[Mapping[str, SpaceEntry]] = None,
    seed: Optional[int] = None,
    max_trials: Optional[int] = None,
    max_running: Optional[int] = None,
    max_duration: Optional[Seconds] = None,
    lease: Optional[Seconds] = None,
    max_retries: Optional[int] = None,
    metric_names: Optional[Sequence[str]] = None,
    user_attrs: Optional[Mapping[str, Any]] = None,
    server: Optional[ServerLike] = None,
) -> Study:
    """Makes a study in the daemon.

    Args:
        study_name: unique in the daemon; None: "no-name-" and a random UUID.
        direction: "minimize" (the default) or "maximize".
        directions: instead of `direction`, one per objective value.
        sampler: a name or a `Sampler`; None: tpe.
        pruner: a name or a `Pruner`; None: median, or none with several objectives.
        load_if_exists: load the study of that name, unchanged, if there is one.
        space: the parameters, declared in advance, `When` for conditional ones: a trial
            then has them all at once. None: they are what `suggest_*` asks for.
        seed: > 0; equal seeds, spaces and histories give equal trials. None: drawn.
        max_trials: trials handed out in all, exact however many workers there are.
        max_running: trials running at one time.
        max_duration: seconds after the first start in which trials start.
        lease: seconds a worker may be silent before its trial is given up; None: 60.
        max_retries: how often a trial lost that way is run again; None: once.
        metric_names: names of the objective values.
        user_attrs: attributes, name to JSON value.
        server: "host:port", or a `Server` with TLS or a token; None: HPOD_SERVER, else
            127.0.0.1:13000.

    Raises:
        TypeError: a value is of a wrong type; the message names it.
        ValueError: a value is out of its range; the message names it.
        DuplicatedStudyError: the name is taken, and `load_if_exists` is not given.
        StudyMismatchError: it is given, and the study has other directions.
        UnavailableError: the daemon cannot be reached.
    """
    message = study_pb2.Study(
        name=text("study_name", study_name or f"no-name-{uuid.uuid4()}"),
        directions=_to_directions(direction, directions),
        sampler=to_algorithm(sampler, Sampler),
        pruner=to_algorithm(pruner, Pruner),
        seed=whole("seed", seed, _SEEDS) if seed else 0,
        space=[
            to_parameter(name, entry) for name, entry in by_name("space", space).items()
        ],
        budget=to_budget(max_trials, max_running, max_duration),
        metric_names=texts("metric_names", metric_names or ()),
        user_attributes=to_json(by_name("user_attrs", user_attrs)),
    )
    if max_retries is not None:
        message.max_retries = whole("max_retries", max_retries, _INT32)
    if lease is not None:
        message.lease.FromTimedelta(to_timedelta("lease", lease))
    client = connect(server)
    request = study_service_pb2.CreateStudyRequest(
        study=message, load_if_exists=truth("load_if_exists", load_if_exists)
    )
    reply = client.call(_rpc.CREATE_STUDY, request)
    if not reply.created:
        _warn_of_differences(message, reply.study)
        _logger.info("using the study '%s' that exists", reply.study.name)
    return Study(client, reply.study)


def load_study(study_name: str, server: Optional[ServerLike] = None) -> Study:
    """The study of that name.

    Raises:
        KeyError: there is none (`StudyNotFoundError`).
    """
    client = connect(server)
    request = study_service_pb2.GetStudyRequest(study=text("study_name", study_name))
    return Study(client, client.call(_rpc.GET_STUDY, request).study)


def delete_study(study_name: str, server: Optional[ServerLike] = None) -> None:
    """Deletes a study with its trials.

    Raises:
        KeyError: there is none (`StudyNotFoundError`).
    """
    request = study_service_pb2.DeleteStudyRequest(study=text("study_name", study_name))
    connect(server).call(_rpc.DELETE_STUDY, request)


def get_all_study_names(server: Optional[ServerLike] = None) -> List[str]:
    """Names of the daemon's studies in the order of their creation."""
    return [message.name for message in _all_studies(connect(server))]


def get_all_study_summaries(
    server: Optional[ServerLike] = None, include_best_trial: bool = True
) -> List[StudySummary]:
    """The daemon's studies in the order of their creation.

    `include_best_trial` takes a call more for each study with one objective.
    """
    client = connect(server)
    return [
        _summary(client, message, include_best_trial)
        for message in _all_studies(client)
    ]


def _all_studies(client: Client) -> Iterator[study_pb2.Study]:
    request = study_service_pb2.ListStudiesRequest(page_size=_PAGE)
    while True:
        reply = client.call(_rpc.LIST_STUDIES, request)
        yield from reply.studies
        if not reply.next_page_token:
            return
        request.page_token = reply.next_page_token


def _summary(
    client: Client, message: study_pb2.Study, include_best: bool
) -> StudySummary:
    counts = message.counts
    best = None
    if include_best and len(message.directions) == 1:
        request = study_service_pb2.ListBestTrialsRequest(study=message.name)
        trials = client.call(_rpc.LIST_BEST_TRIALS, request).trials
        best = from_proto(trials[0]) if trials else None
    started = message.HasField("first_trial_time")
    return StudySummary(
        study_name=message.name,
        directions=[StudyDirection(direction) for direction in message.directions],
        best_trial=best,
        user_attrs=from_json(message.user_attributes),
        counts={
            TrialState.RUNNING: counts.running,
            TrialState.COMPLETE: counts.complete,
            TrialState.PRUNED: counts.pruned,
            TrialState.FAIL: counts.failed,
            TrialState.WAITING: counts.waiting,
        },
        datetime_start=local_time(message.first_trial_time) if started else None,
        stop_reason=StopReason(message.stop_reason) if message.stop_reason else None,
    )


def _to_directions(
    direction: Optional[DirectionLike], directions: Optional[Sequence[DirectionLike]]
) -> List[study_pb2.Direction]:
    if direction is not None and directions is not None:
        raise ValueError("give direction or directions, not both")
    if directions is None:
        return [_to_direction(direction or StudyDirection.MINIMIZE)]
    given = listed("directions", directions, "a list with one per objective")
    if not given:
        raise ValueError("directions is empty")
    return [_to_direction(one) for one in given]


def _to_direction(direction: DirectionLike) -> study_pb2.Direction:
    # Optuna's StudyDirection has the same names.
    word = direction.name if isinstance(direction, enum.Enum) else str(direction)
    name = word.upper()
    if name not in StudyDirection.__members__:
        known = "minimize, maximize"
        raise ValueError(f"unknown direction '{direction}' (known: {known})")
    return study_pb2.Direction.Value(f"DIRECTION_{name}")  # type: ignore[return-value]


def _warn_of_differences(asked: study_pb2.Study, stored: study_pb2.Study) -> None:
    """Says which of the given settings the loaded study does not have."""
    pairs = {
        name: (read(asked), read(stored)) for name, read in _SETTINGS_COMPARED.items()
    }
    differing = [
        name for name, (given, kept) in pairs.items() if given and given != kept
    ]
    if asked.space and not same_space(asked.space, stored.space):
        differing.append("space")
    if differing:
        names = " and ".join(differing)
        warnings.warn(
            f"the study '{stored.name}' exists and keeps its own {names}", stacklevel=3
        )


# What a study says of its settings; 0 or empty where it was left to the daemon.
_SETTINGS_COMPARED: Dict[str, Callable[[study_pb2.Study], Union[str, int]]] = {
    "sampler": lambda study: study.sampler.name,
    "pruner": lambda study: study.pruner.name,
    "seed": lambda study: study.seed,
    "max_trials": lambda study: study.budget.max_trials,
    "max_running": lambda study: study.budget.max_running,
    "max_duration": lambda study: study.budget.max_duration.ToNanoseconds(),
    "lease": lambda study: study.lease.ToNanoseconds(),
}
