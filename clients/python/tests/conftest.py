from __future__ import annotations

import uuid
from typing import Any, Callable, Iterator

import daemon as daemons
import pytest

import hpod


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Daemon]:
    """A daemon that all tests share; each makes studies of its own."""
    shared = daemons.Daemon(tmp_path_factory.mktemp("hpod"))
    shared.start()
    yield shared
    shared.stop()


@pytest.fixture
def own_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Daemon]:
    """A daemon that the test may kill."""
    own = daemons.Daemon(tmp_path_factory.mktemp("hpod"))
    own.start()
    yield own
    own.stop()


@pytest.fixture
def make_study(daemon: daemons.Daemon) -> Callable[..., hpod.Study]:
    """`hpod.create_study` on the shared daemon, with a name of its own."""

    def make(**settings: Any) -> hpod.Study:
        settings.setdefault("study_name", f"study-{uuid.uuid4()}")
        settings.setdefault("seed", 1)
        return hpod.create_study(server=daemon.address, **settings)

    return make
