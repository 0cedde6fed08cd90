"""A daemon that the tests of a module share, and daemons of a test's own."""

from __future__ import annotations

import pathlib
import sys
from typing import Iterator

import optuna
import pytest
from optuna.storages import GrpcStorageProxy

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from daemon_fixtures import daemon, start  # noqa: E402, F401
from daemon_process import Daemon  # noqa: E402

from wire import Wire  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)


def proxy(daemon: Daemon) -> GrpcStorageProxy:
    """A storage of Optuna's, as a user's script makes it."""
    return GrpcStorageProxy(host="127.0.0.1", port=daemon.port)


@pytest.fixture
def storage(daemon: Daemon) -> Iterator[GrpcStorageProxy]:
    connection = proxy(daemon)
    yield connection
    connection.close()


@pytest.fixture
def wire(daemon: Daemon) -> Iterator["Wire"]:
    connection = Wire(daemon.address)
    yield connection
    connection.close()
