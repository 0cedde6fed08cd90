"""hpod and its peers must be measured on the same histories."""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest

from bench.child import REPOSITORY
from bench.workload import SPACES, historic_positions, history, position_of, value_at

TRIALS = 500


def suggest_bench() -> str:
    hpod = os.environ.get("HPOD_BINARY") or REPOSITORY / "build/release/bin/hpod"
    return str(pathlib.Path(hpod).with_name("suggest_bench"))


@pytest.mark.parametrize("space", sorted(SPACES))
@pytest.mark.parametrize("kind", ["uniform", "concentrated"])
def test_the_history_is_the_same_in_cpp_and_python(space, kind):
    request = f"history {space} {kind} {TRIALS}\n"
    reply = subprocess.run([suggest_bench()], input=request, capture_output=True, text=True, check=True, timeout=60)
    expected = [[*point, value] for point, value in history(SPACES[space], kind, TRIALS)]
    assert json.loads(reply.stdout) == expected


def test_a_concentrated_history_is_normal_around_the_best_point_with_a_tenth_uniform():
    positions = historic_positions("concentrated", 20_000, 2)
    near = np.all(np.abs(positions - 0.4) < 6 / 27, axis=1)
    # A tenth is uniform; of those (12/27)^2 fall near as well.
    assert 1 - near.mean() == pytest.approx(0.1 * (1 - (12 / 27) ** 2), abs=0.01)
    core = positions[np.all(np.abs(positions - 0.4) < 3 / 27, axis=1)]
    assert core.std() == pytest.approx(1 / 27, rel=0.05)


def test_a_uniform_history_is_uniform():
    positions = historic_positions("uniform", 20_000, 3)
    assert positions.min() >= 0 and positions.max() < 1
    assert positions.mean(axis=0) == pytest.approx([0.5] * 3, abs=0.01)
    assert positions.var(axis=0) == pytest.approx([1 / 12] * 3, abs=0.005)


@pytest.mark.parametrize("parameter", [p for p in SPACES["mixed8"] if p.kind != "categorical"], ids=lambda p: p.name)
def test_positions_cover_the_domain_and_its_ends(parameter):
    assert value_at(parameter, 0.0) == parameter.low
    assert value_at(parameter, 1 - 2.0**-53) == pytest.approx(parameter.high)
    assert 0 <= position_of(parameter, value_at(parameter, 0.3)) <= 1
