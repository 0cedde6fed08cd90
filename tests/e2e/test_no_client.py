"""docs/no-client.md: what it tells to do is done, and the examples find good parameters."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest

import client as c
import pages
from daemon_process import REPOSITORY, Daemon
from hpoctl_process import Hpoctl, hpoctl_binary

PAGE = REPOSITORY / "docs/no-client.md"


@pytest.fixture(scope="module", autouse=True)
def done(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Does all that the page says, in one folder."""
    folder = tmp_path_factory.mktemp("page")
    path = f"{pathlib.Path(hpoctl_binary()).resolve().parent}:{os.environ['PATH']}"
    environment = Hpoctl(folder, daemon.address).environment
    pages.run(PAGE, folder, {**environment, "PATH": path, "HPOD": str(REPOSITORY)})


def best(client: c.Client, study: str) -> tuple[float, dict[str, c.Plain]]:
    [trial] = client.ListBestTrials(study=study, page_size=1).trials
    return trial.values[0], c.params(trial)


def test_the_first_study_is_searched_to_its_end(client: c.Client) -> None:
    counts = client.GetStudy(study="demo").study.counts
    assert counts.complete + counts.pruned == 20 and counts.complete > 0
    value, params = best(client, "demo")
    assert value < 1.0 and 2 <= params["layers"] <= 6


def test_programs_that_read_the_pipe_are_pruned(client: c.Client) -> None:
    assert client.GetStudy(study="careful").study.counts.pruned > 0


def test_bash_finds_settings_that_compress_better_than_the_defaults(client: c.Client) -> None:
    size, params = best(client, "xz")
    text = pathlib.Path("/usr/share/common-licenses/GPL-3").read_bytes()
    default = subprocess.run(
        ["xz", "--format=raw", "--stdout"], input=text, capture_output=True, check=True
    )
    assert size < len(default.stdout), params
    failures = {t.failure for t in client.trials("xz") if t.state == c.FAIL}
    assert all("lc and lp must not exceed 4" in failure for failure in failures)


def test_r_finds_a_regression_that_is_better_than_its_defaults(client: c.Client) -> None:
    error, params = best(client, "loess")
    defaults = ["Rscript", REPOSITORY / "examples/no-client/loess.R", "0.75", "2", "gaussian"]
    lines = subprocess.run(defaults, capture_output=True, text=True, check=True).stdout
    assert error < float(lines.split()[-1]), params
    assert {trial.state for trial in client.trials("loess")} <= {c.COMPLETE, c.PRUNED}


def test_fortran_finds_the_relaxation_factor_of_the_theory(client: c.Client) -> None:
    residual, params = best(client, "sor")
    assert params["omega"] == pytest.approx(1.8264, abs=0.03)
    assert residual < -7
