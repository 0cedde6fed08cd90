"""A client's own tests, in its language, against a real daemon."""

from __future__ import annotations

import pathlib
import subprocess

from daemon_process import clean_environment
from languages import Language
from stage import running_daemon

_TEST_SECONDS = 300


def test_its_own_tests_pass(language: Language, tmp_path: pathlib.Path) -> None:
    assert language.test_command
    with running_daemon(tmp_path) as daemon:
        done = subprocess.run(
            language.command(language.test_command),
            cwd=language.folder,
            env=clean_environment(HPOD_SERVER=daemon.address),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TEST_SECONDS,
        )
    assert done.returncode == 0, done.stdout
