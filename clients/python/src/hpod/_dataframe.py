"""Trials as a pandas table with Optuna's column names."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from hpod.frozen import FrozenTrial

if TYPE_CHECKING:
    import pandas

DEFAULT_ATTRS = (
    "number",
    "value",
    "datetime_start",
    "datetime_complete",
    "duration",
    "params",
    "user_attrs",
    "state",
)

Column = Tuple[str, str]


def make(
    trials: Sequence[FrozenTrial],
    attrs: Sequence[str],
    multi_index: bool,
    objectives: int,
    metric_names: Optional[Sequence[str]],
) -> pandas.DataFrame:
    """One row per trial, the columns in the order of `attrs`, parameters by name.

    Raises:
        ImportError: pandas is not installed.
        AttributeError: an unknown name in `attrs`.
    """
    import pandas

    rows: List[Dict[Column, Any]] = [{} for _ in trials]
    columns: List[Column] = []
    names = metric_names or [str(i) for i in range(objectives)]
    for attr in attrs:
        attr = "values" if attr == "value" and objectives > 1 else attr
        cells = [_cells(trial, attr, names, metric_names) for trial in trials]
        for row, more in zip(rows, cells):
            row.update(more)
        found = dict.fromkeys(column for more in cells for column in more)
        columns += list(found) if attr in ("value", "values") else sorted(found)
    if not trials:
        return pandas.DataFrame()
    frame = pandas.DataFrame(
        [[row.get(column) for column in columns] for row in rows],
        columns=pandas.MultiIndex.from_tuples(columns),
    )
    if not multi_index:
        frame.columns = pandas.Index(
            ["_".join(filter(None, column)) for column in columns]
        )
    return frame


def _cells(
    trial: FrozenTrial,
    attr: str,
    names: Sequence[str],
    metric_names: Optional[Sequence[str]],
) -> Dict[Column, Any]:
    value = getattr(trial, attr)
    if attr == "value":
        return {(attr, metric_names[0] if metric_names else ""): value}
    if attr == "values":
        return dict(zip(((attr, name) for name in names), value or [None] * len(names)))
    if isinstance(value, dict):
        return {(attr, str(key)): nested for key, nested in value.items()}
    return {(attr, ""): value.name if isinstance(value, enum.Enum) else value}
