from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

import pytest

# The daemon of the Python client's tests serves here too.
sys.path.append(str(Path(__file__).resolve().parents[2] / "clients/python/tests"))

import daemon as daemons  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--worker", required=True, help="command that runs the example worker of the client under test")


@pytest.fixture(scope="session")
def worker_command(request: pytest.FixtureRequest) -> list[str]:
    return str(request.config.getoption("--worker")).split()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[daemons.Daemon]:
    """A daemon that the test may kill."""
    own = daemons.Daemon(tmp_path)
    own.start()
    yield own
    own.kill()
