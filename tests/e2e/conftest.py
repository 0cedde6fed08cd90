"""Stubs, made from /proto into a temporary directory, and daemons to talk to."""

from __future__ import annotations

import pathlib
import sys
import tempfile
from typing import TYPE_CHECKING, Iterator

import grpc_tools
import pytest
from grpc_tools import protoc

from daemon_fixtures import daemon, start  # noqa: F401
from daemon_process import Daemon

if TYPE_CHECKING:
    from client import Client

PROTOS = pathlib.Path(__file__).resolve().parents[2] / "proto"


def pytest_configure(config: pytest.Config) -> None:
    stubs = tempfile.TemporaryDirectory(prefix="hpod-stubs-")
    config.add_cleanup(stubs.cleanup)
    files = [str(path) for path in sorted(PROTOS.rglob("*.proto"))]
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    arguments = [
        "protoc",
        f"--proto_path={PROTOS}",
        f"--proto_path={well_known}",
        f"--python_out={stubs.name}",
        f"--grpc_python_out={stubs.name}",
        *files,
    ]
    if protoc.main(arguments) != 0:
        raise pytest.UsageError(f"protoc failed: {' '.join(arguments)}")
    sys.path.insert(0, stubs.name)


@pytest.fixture
def client(daemon: Daemon) -> Iterator["Client"]:
    """A connection to the module's daemon."""
    from client import Client  # its stubs exist now

    with Client(daemon.address) as client:
        yield client
