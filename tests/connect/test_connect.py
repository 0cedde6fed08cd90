"""Connect's own client, in Node, understands the daemon: connect.test.ts."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
from typing import Callable

import google.rpc.error_details_pb2 as error_details
import pytest

from daemon_process import Daemon, clean_environment

FOLDER = pathlib.Path(__file__).resolve().parent
NEEDS = ("node", "npm", "protoc")
BUILD_SECONDS = 600
TESTS_SECONDS = 120
EACH_TEST_MS = 30_000


def run(*command: str, seconds: float, **settings: str) -> None:
    done = subprocess.run(
        command,
        cwd=FOLDER,
        env=clean_environment(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stdout


def test_connects_own_client(start: Callable[..., Daemon]) -> None:
    missing = [program for program in NEEDS if shutil.which(program) is None]
    if missing:
        pytest.skip(f"toolchain missing for client connect: {', '.join(missing)}")
    googleapis = pathlib.Path(error_details.__file__).parents[2]
    run("./build", str(googleapis), seconds=BUILD_SECONDS)
    daemon = start("--http=127.0.0.1:0")
    run(
        "node",
        "--test",
        f"--test-timeout={EACH_TEST_MS}",
        "dist/connect.test.js",
        seconds=TESTS_SECONDS,
        HPOD_HTTP_URL=f"http://{daemon.http_address}",
    )
