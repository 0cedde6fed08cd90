"""hpoctl bench against a real daemon: figures that fit together, and nothing left behind."""

from __future__ import annotations

import json
import pathlib
import subprocess
import time

import pytest

import client as c
from daemon_process import Daemon, until
from hpoctl_process import Hpoctl, interrupt

PARTS = ["read", "suggest random", "report", "complete", "suggest tpe"]


@pytest.fixture
def hpoctl(tmp_path: pathlib.Path, daemon: Daemon) -> Hpoctl:
    return Hpoctl(tmp_path, daemon.address)


def studies(client: c.Client) -> list[str]:
    return [study.name for study in client.ListStudies(page_size=1000).studies]


def test_it_measures_each_call_and_deletes_its_studies(
    hpoctl: Hpoctl, client: c.Client, daemon: Daemon
) -> None:
    before = studies(client)
    began = time.monotonic()
    document = json.loads(hpoctl("bench", "--seconds", "0.2", "-o", "json").stdout)
    elapsed = time.monotonic() - began
    assert document["server"] == daemon.address
    parts = document["parts"]
    assert [(p["call"], p["in_flight"]) for p in parts] == [
        (name, in_flight) for in_flight in (1, 16) for name in PARTS
    ]
    for part in parts:
        assert 0 < part["median_ms"] <= part["p95_ms"], part
        # What is in flight is in flight: rate times latency is at most so many.
        seconds = part["calls"] / part["per_second"]
        assert part["calls"] * part["median_ms"] / 1e3 <= 2.1 * seconds * part["in_flight"], part
        assert seconds < elapsed
    assert studies(client) == before


def test_the_table_comes_with_sentences(hpoctl: Hpoctl, client: c.Client) -> None:
    done = hpoctl("bench", "--seconds", "0.1", "--in-flight", "4")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[:2] for row in rows] == [[name, "4"] for name in PARTS]
    assert "lose less than 1 % to it" in done.stderr and "With 4 in flight" in done.stderr
    csv = hpoctl("bench", "--seconds", "0.1", "--in-flight", "1", "-o", "csv").stdout
    assert csv.startswith("call,in_flight,calls,per_second,median_ms,p95_ms\nread,1,")


def test_an_interruption_deletes_the_studies_too(hpoctl: Hpoctl, client: c.Client) -> None:
    before = studies(client)
    process = hpoctl.start("bench", "--seconds", "60")
    try:
        until(lambda: len(studies(client)) == len(before) + 2, 20, "it has its studies")
        interrupt(process)
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, "")
    assert studies(client) == before


def test_a_daemon_that_is_away_is_named(hpoctl: Hpoctl) -> None:
    done: "subprocess.CompletedProcess[str]" = hpoctl("bench", "--server", "127.0.0.1:1", code=3)
    assert done.stderr.startswith("cannot reach 127.0.0.1:1: connection refused")
