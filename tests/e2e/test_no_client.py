"""docs/no-client.md: what it tells to do is done, and the examples find good parameters.

A fenced block ```` ```LANGUAGE FILE ```` is a file. In a block ```` ```console ````, `$ ` starts a
command; what follows is what it prints, where a line `...` stands for any lines. Other blocks are
to look at.
"""

from __future__ import annotations

import fnmatch
import os
import pathlib
import re
import subprocess

import pytest

import client as c
from daemon_process import REPOSITORY, Daemon
from hpoctl_process import Hpoctl, hpoctl_binary

PAGE = REPOSITORY / "docs/no-client.md"
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_command(text: str, folder: pathlib.Path, environment: dict[str, str]) -> str:
    """Runs a command followed by its output; what it wrote to standard error."""
    lines = text.splitlines(keepends=True)
    length = next(i for i, line in enumerate(lines, 1) if not line.endswith("\\\n"))
    line, output = "".join(lines[:length]), "".join(lines[length:])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, (line, done.stdout, done.stderr)
    shown = re.sub(r"^\.\.\.$", "*", output, flags=re.MULTILINE).replace("*\n", "*")
    assert not output or fnmatch.fnmatchcase(done.stdout, shown), (line, done.stdout)
    return done.stderr


@pytest.fixture(scope="module")
def messages(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Does all that the page says, in one folder; messages by command."""
    folder = tmp_path_factory.mktemp("page")
    path = f"{pathlib.Path(hpoctl_binary()).resolve().parent}:{os.environ['PATH']}"
    environment = {**Hpoctl(folder, daemon.address).environment, "PATH": path}
    environment["HPOD"] = str(REPOSITORY)
    said = {}
    for info, body in FENCE.findall(PAGE.read_text()):
        language, _, name = info.partition(" ")
        if name:
            (folder / name).write_text(body)
        elif language == "console":
            for command in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                said[command.partition("\n")[0]] = run_command(command, folder, environment)
    return said


def best(client: c.Client, study: str) -> tuple[float, dict[str, c.Plain]]:
    [trial] = client.ListBestTrials(study=study, page_size=1).trials
    return trial.values[0], c.params(trial)


def test_the_first_study_is_searched_to_its_end(
    messages: dict[str, str], client: c.Client
) -> None:
    [said] = [text for line, text in messages.items() if "run --study demo" in line]
    assert "20 trials handed out, as many as its budget has" in said
    counts = client.GetStudy(study="demo").study.counts
    assert counts.complete + counts.pruned == 20 and counts.complete > 0
    value, params = best(client, "demo")
    assert value < 1.0 and 2 <= params["layers"] <= 6


def test_programs_that_read_the_pipe_are_pruned(
    messages: dict[str, str], client: c.Client
) -> None:
    assert any("--prune-pipe" in line for line in messages)
    assert client.GetStudy(study="careful").study.counts.pruned > 0


def test_bash_finds_settings_that_compress_better_than_the_defaults(
    messages: dict[str, str], client: c.Client
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
    messages: dict[str, str], client: c.Client
) -> None:
    error, params = best(client, "loess")
    defaults = ["Rscript", REPOSITORY / "examples/no-client/loess.R", "0.75", "2", "gaussian"]
    lines = subprocess.run(defaults, capture_output=True, text=True, check=True).stdout
    assert error < float(lines.split()[-1]), params
    assert {trial.state for trial in client.trials("loess")} <= {c.COMPLETE, c.PRUNED}


def test_fortran_finds_the_relaxation_factor_of_the_theory(
    messages: dict[str, str], client: c.Client
) -> None:
    residual, params = best(client, "sor")
    assert params["omega"] == pytest.approx(1.8264, abs=0.03)
    assert residual < -7
