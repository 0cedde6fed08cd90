"""What a search is a search of: by it, a later fit knows whether it may go on."""

from __future__ import annotations

import pickle
from typing import Any, Dict

import joblib

import hpod

# The attribute of a study that has its fingerprint.
FINGERPRINT = "sklearn:search"


def digest(thing: Any) -> str:
    """Equal for equal contents. Of what cannot be pickled, a lambda say, the type."""
    try:
        return str(joblib.hash(thing))
    except (pickle.PicklingError, AttributeError, TypeError):
        return f"{type(thing).__module__}.{type(thing).__qualname__}"


def check_same(study: hpod.Study, ours: Dict[str, str]) -> None:
    """Whether the study's search is the one that is asked for.

    Raises:
        ValueError: it is not; the message says what differs.
    """
    stored = study.user_attrs.get(FINGERPRINT, {})
    if not stored:
        raise ValueError(
            f"the study '{study.study_name}' exists and is no search of hpod.sklearn: "
            "give another study_name"
        )
    differing = [name for name in ours if stored.get(name) != ours[name]]
    if differing:
        raise ValueError(
            f"the study '{study.study_name}' is a search with other "
            f"{' and '.join(differing)}: give another study_name, or delete it with "
            "hpod.delete_study"
        )
