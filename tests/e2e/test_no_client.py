"""docs/no-client.md: its shell blocks run as they stand, and the examples find good parameters."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
from typing import Iterator

import pytest

import client as c
from daemon_process import REPOSITORY, Daemon
from hpoctl_process import Hpoctl, hpoctl_binary

PAGE = REPOSITORY / "docs/no-client.md"


def shell_blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def outputs(
    daemon: Daemon, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What each block printed, by the block: all run in order, in one folder of the checkout's kind."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "examples").symlink_to(REPOSITORY / "examples")
    path = f"{pathlib.Path(hpoctl_binary()).resolve().parent}:{os.environ['PATH']}"
    environment = {**Hpoctl(folder, daemon.address).environment, "PATH": path}
    printed = {}
    for block in shell_blocks():
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, (block, done.stdout, done.stderr)
        printed[block] = done.stdout + done.stderr
    yield printed


def block_with(outputs: dict[str, str], words: str) -> str:
    [printed] = [out for block, out in outputs.items() if words in block]
    return printed


def best(client: c.Client, study: str) -> tuple[float, dict[str, c.Plain]]:
    [trial] = client.ListBestTrials(study=study, page_size=1).trials
    return trial.values[0], c.params(trial)


def test_the_first_study_is_searched_to_its_end(
    outputs: dict[str, str], client: c.Client
) -> None:
    printed = block_with(outputs, "--study demo --parallel 2")
    assert "20 trials handed out, as many as its budget has" in printed
    counts = client.GetStudy(study="demo").study.counts
    assert counts.complete + counts.pruned == 20 and counts.complete > 0
    value, params = best(client, "demo")
    assert value < 1.0 and 2 <= params["layers"] <= 6


def test_a_program_stops_itself_when_the_pipe_says_so(
    outputs: dict[str, str], client: c.Client
) -> None:
    assert "stopped after epoch " in block_with(outputs, "--prune-pipe")
    assert client.GetStudy(study="careful").study.counts.pruned > 0


def test_bash_finds_settings_that_compress_better_than_the_defaults(
    outputs: dict[str, str], client: c.Client
) -> None:
    size, params = best(client, "xz")
    text = pathlib.Path("/usr/share/common-licenses/GPL-3").read_bytes()
    default = subprocess.run(
        ["xz", "--format=raw", "--stdout"], input=text, capture_output=True, check=True
    )
    assert size < len(default.stdout), params
    failures = {t.failure for t in client.trials("xz") if t.state == c.FAIL}
    assert all("lc and lp must not exceed 4" in failure for failure in failures)


def test_r_finds_a_regression_that_is_better_than_its_defaults(
    outputs: dict[str, str], client: c.Client
) -> None:
    error, params = best(client, "loess")
    defaults = ["Rscript", REPOSITORY / "examples/no-client/loess.R", "0.75", "2", "gaussian"]
    lines = subprocess.run(defaults, capture_output=True, text=True, check=True).stdout
    assert error < float(lines.split()[-1]), params
    states = {trial.state for trial in client.trials("loess")}
    assert states == {c.COMPLETE, c.PRUNED}


def test_fortran_finds_the_relaxation_factor_of_the_theory(
    outputs: dict[str, str], client: c.Client
) -> None:
    residual, params = best(client, "sor")
    assert params["omega"] == pytest.approx(1.8264, abs=0.03)
    assert residual < -7
