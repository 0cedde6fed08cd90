"""Fixtures of a daemon, for the conftest of each folder whose tests talk to one."""

from __future__ import annotations

import pathlib
from typing import Callable, Iterator

import pytest

from daemon_process import Daemon


@pytest.fixture
def start(tmp_path: pathlib.Path) -> Iterator[Callable[..., Daemon]]:
    """Starts daemons of the test's own; all are gone after it."""
    daemons: list[Daemon] = []

    def start_one(*flags: str, **settings: object) -> Daemon:
        daemon = Daemon(tmp_path, *flags, **settings)
        daemons.append(daemon)
        daemon.start()
        return daemon

    yield start_one
    for daemon in daemons:
        daemon.kill()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that the tests of a module share; each makes studies of its own."""
    shared = Daemon(tmp_path_factory.mktemp("hpod"))
    shared.start()
    yield shared
    shared.kill()
