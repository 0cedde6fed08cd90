"""Which study of the daemon mirrors a study of Optuna."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Union

from optuna.storages import BaseStorage

import hpod
from hpod._client import Client
from hpod._server import ServerLike

# The attribute of a study that has the start of Optuna's first trial, in seconds.
_FIRST_START = "optuna:first_trial_start"
_NAMES_MAX = 10_000


@dataclass(frozen=True)
class Settings:
    """What `Sampler` was made with."""

    sampler: Optional[Union[str, hpod.Sampler]]
    seed: Optional[int]
    study_name: Optional[str]
    server: Optional[ServerLike]


def open_study(
    client: Client, storage: BaseStorage, study_id: int, settings: Settings
) -> hpod.Study:
    """The study of the daemon that mirrors this one: found, or made.

    Names are tried in turn, `demo`, `demo (2)`, ..., past those of other studies.
    """
    base = settings.study_name or storage.get_study_name_from_id(study_id)
    start_s = _first_start_s(storage, study_id)
    for index in range(1, _NAMES_MAX):
        name = base if index == 1 else f"{base} ({index})"
        study = _load_or_make(client, storage, study_id, settings, name, start_s)
        if _is_same_start(study.user_attrs.get(_FIRST_START), start_s):
            return study
    raise ValueError(f"{_NAMES_MAX} studies in the daemon are named like '{base}'")


def _load_or_make(
    client: Client,
    storage: BaseStorage,
    study_id: int,
    settings: Settings,
    name: str,
    start_s: float,
) -> hpod.Study:
    try:
        return hpod.load_study(name, server=client.target)
    except hpod.StudyNotFoundError:
        pass
    attributes = storage.get_study_system_attrs(study_id)
    try:
        return hpod.create_study(
            name,
            directions=[one.name for one in storage.get_study_directions(study_id)],
            sampler=settings.sampler,
            pruner="none",
            load_if_exists=True,
            seed=settings.seed,
            # Optuna repeats lost trials itself, if it is told to.
            max_retries=0,
            metric_names=attributes.get("study:metric_names"),
            user_attrs={_FIRST_START: start_s},
            server=client.target,
        )
    except hpod.StudyMismatchError:
        # Made by another program since it was looked for.
        return hpod.load_study(name, server=client.target)


def _first_start_s(storage: BaseStorage, study_id: int) -> float:
    """When Optuna's first trial began: by it a study is known from its namesakes."""
    trials = storage.get_all_trials(study_id, deepcopy=False)
    start = trials[0].datetime_start if trials else None
    return start.timestamp() if start is not None else 0.0


def _is_same_start(stored_s: Optional[float], ours_s: float) -> bool:
    """Whether two times are one; some databases keep them to the second only."""
    if stored_s is None:
        return False
    to_the_second = stored_s.is_integer() or ours_s.is_integer()
    return abs(stored_s - ours_s) <= (1.0 if to_the_second else 0.0)
