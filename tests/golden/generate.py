"""Writes the golden files of the TPE and pruner tests. See README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import models
import numpy as np
import optuna
import pruning

VERSIONS = {"optuna": "5.0.0", "numpy": "2.4.6"}
FILE_BYTES_MAX = 1 << 20
FOLDER = Path(__file__).parent


def write(name: str, content: Any) -> None:
    """Writes compact JSON, one element of the outer list per line."""
    lines = [json.dumps(e, separators=(",", ":"), allow_nan=False) for e in content]
    text = "[\n" + ",\n".join(lines) + "\n]\n"
    assert len(text) < FILE_BYTES_MAX, (name, len(text))
    (FOLDER / f"{name}.json").write_text(text, encoding="ascii")
    print(f"{name}.json: {len(lines)} entries, {len(text) // 1024} KiB")


def main() -> None:
    """Generates every file. Equal versions give equal bytes."""
    assert (optuna.__version__, np.__version__) == tuple(VERSIONS.values()), VERSIONS
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    small = [1, 2, 3, 9, 10, 11, 24, 25, 26, 100]
    groups = {
        "tpe_small": models.sizes(small, models.kinds_for),
        "tpe_255": models.sizes([255], models.kinds_for),
        "tpe_1000": models.sizes([1000], models.kinds_for),
        "tpe_2000": models.sizes([2000], models.kinds_for),
        "tpe_ties": models.ties(),
        "tpe_domains": models.domains(),
        "tpe_states": models.states(),
        "tpe_constraints": models.constraints(),
        "tpe_running": models.running(),
        "tpe_conditional": models.conditional(),
        "tpe_groups": models.groups(),
        "tpe_out_of_range": models.out_of_range(),
        "tpe_objectives": models.objectives(),
        "tpe_hard_objectives": models.hard_objectives(),
    }
    for name, histories in groups.items():
        write(name, [{"name": key, **value} for key, value in histories])
    write("pruners", list(pruning.pruner_cases()))


if __name__ == "__main__":
    main()
