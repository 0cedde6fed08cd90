"""hpoctl run over time: leases, a daemon that is killed, interruptions, and the live view."""

from __future__ import annotations

import fcntl
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import uuid
from typing import Iterator

import pytest

import client as c
from daemon_process import Daemon, until
from hpoctl_process import Hpoctl, hpoctl_binary, interrupt, is_alive

X = [c.floats("x", -1.0, 1.0)]
# Waits until the test lets it go on, and is quiet meanwhile.
GATED = """
    echo $$ > "$HPOD_TRIAL_DIR/pid"
    until [ -e gate ]; do sleep 0.02; done
    echo "hpod: value $HPOD_PARAM_x"
"""


@pytest.fixture
def hpoctl(tmp_path: pathlib.Path, daemon: Daemon) -> Hpoctl:
    return Hpoctl(tmp_path, daemon.address)


@pytest.fixture
def study() -> str:
    return f"run-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    """Those started by a test; all are gone after it."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def pids(folder: pathlib.Path, count: int) -> list[int]:
    """The process ids of `count` gated commands, once they all run."""

    def look() -> list[int]:
        files = folder.glob("hpod-runs/*/*/pid")
        found = [int(text) for text in (file.read_text() for file in files) if text]
        return found if len(found) == count else []

    return until(look, 20, f"{count} commands run")


def test_a_silent_command_keeps_its_lease(
    hpoctl: Hpoctl, client: c.Client, study: str, processes: list[subprocess.Popen[str]]
) -> None:
    client.create(study, space=X, lease=c.seconds(1), budget={"max_trials": 1})
    gated = hpoctl.script("train.sh", GATED)
    process = hpoctl.start("run", "--study", study, "--", gated)
    processes.append(process)
    pids(hpoctl.folder, 1)
    expiry = client.GetTrial(study=study, number=0).trial.lease.expire_time.ToNanoseconds()

    def renewed() -> bool:
        trial = client.GetTrial(study=study, number=0).trial
        assert trial.state == c.RUNNING, trial.failure
        return trial.lease.expire_time.ToNanoseconds() > expiry + 2_000_000_000

    until(renewed, 20, "the lease was renewed for two lengths")
    (hpoctl.folder / "gate").touch()
    assert process.wait(20) == 0
    assert [trial.state for trial in client.trials(study)] == [c.COMPLETE]


def test_a_lost_lease_stops_the_command_and_drops_its_work(
    hpoctl: Hpoctl, client: c.Client, study: str, processes: list[subprocess.Popen[str]]
) -> None:
    client.create(study, space=X, lease=c.seconds(1), budget={"max_trials": 1})
    gated = hpoctl.script("train.sh", GATED)
    process = hpoctl.start("run", "--study", study, "--", gated)
    processes.append(process)
    [pid] = pids(hpoctl.folder, 1)
    process.send_signal(signal.SIGSTOP)
    until(
        lambda: client.GetTrial(study=study, number=0).trial.state == c.FAIL,
        20,
        "the lease ended",
    )
    process.send_signal(signal.SIGCONT)
    until(lambda: not is_alive(pid), 20, "the command is stopped")
    (hpoctl.folder / "gate").touch()
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert [line.split("\t")[:2] for line in out.splitlines()] == [
        ["0", "lost"],
        ["1", "complete"],
    ]
    assert "trial 0 is dropped: " in err
    first, second = client.trials(study)
    assert (first.failure, second.retry_of, second.state) == ("lease expired", 0, c.COMPLETE)
    assert c.params(first) == c.params(second)


def test_a_daemon_killed_in_the_middle_loses_nothing(
    start: type[Daemon], tmp_path: pathlib.Path, processes: list[subprocess.Popen[str]]
) -> None:
    daemon = start()
    hpoctl = Hpoctl(tmp_path, daemon.address)
    with c.Client(daemon.address) as client:
        client.create("s", space=X, pruner={"name": "none"}, budget={"max_trials": 30})
    train = hpoctl.script(
        "train.sh",
        'for step in 1 2 3 4; do echo "hpod: report $step $step"; sleep 0.01; done; '
        'echo "hpod: value $HPOD_PARAM_x"',
    )
    process = hpoctl.start("run", "--study", "s", "--parallel", "3", "--", train)
    processes.append(process)
    rows: list[str] = []
    reader = threading.Thread(target=lambda: rows.extend(process.stdout))
    reader.start()
    for count in (4, 12, 20):
        until(lambda: len(rows) >= count, 30, f"{count} trials are over")
        daemon.restart()
    assert process.wait(60) == 0
    reader.join()
    assert sorted(int(row.split("\t")[0]) for row in rows) == list(range(30))
    with c.Client(daemon.address) as client:
        for trial in client.trials("s"):
            assert trial.state == c.COMPLETE and trial.retry_count == 0
            assert list(trial.values) == [c.params(trial)["x"]]
            assert [v.value for v in trial.intermediate_values] == [1, 2, 3, 4]
    assert "trying again" in process.stderr.read()


def test_an_interruption_stops_the_commands_and_leaves_trials_to_their_leases(
    hpoctl: Hpoctl, client: c.Client, study: str, processes: list[subprocess.Popen[str]]
) -> None:
    client.create(study, space=X, lease=c.seconds(1), budget={"max_trials": 2})
    gated = hpoctl.script("train.sh", GATED)
    process = hpoctl.start("run", "--study", study, "--parallel", "2", "--", gated)
    processes.append(process)
    running = pids(hpoctl.folder, 2)
    interrupt(process)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert not any(is_alive(pid) for pid in running)
    assert sorted(line.split("\t")[1] for line in out.splitlines()) == ["interrupted"] * 2
    assert "stopping 2 commands" in err and "2 interrupted" in err

    (hpoctl.folder / "gate").touch()
    *trials, end = hpoctl.run_json(study, command=[gated])  # the same parameters, once more
    assert [trial["state"] for trial in trials] == ["COMPLETE"] * 2
    stored = client.trials(study)
    assert [c.params(trial) for trial in stored[:2]] == [t["params"] for t in trials]
    assert (end["stop_reason"], end["final"]) == ("MAX_TRIALS", True)


def test_a_second_interruption_kills_at_once(
    hpoctl: Hpoctl, client: c.Client, study: str, processes: list[subprocess.Popen[str]]
) -> None:
    client.create(study, space=X)
    stubborn = hpoctl.script(
        "train.sh", "trap '' TERM; echo $$ > \"$HPOD_TRIAL_DIR/pid\"; while :; do sleep 0.02; done"
    )
    process = hpoctl.start("run", "--study", study, "--grace", "600", "--", stubborn)
    processes.append(process)
    [pid] = pids(hpoctl.folder, 1)
    interrupt(process)
    until(lambda: "stopping" in process.stderr.readline(), 20, "it was heard")
    interrupt(process)
    assert process.wait(20) == 130
    assert not is_alive(pid)


def test_a_result_that_waits_for_the_daemon_survives_an_interruption(
    start: type[Daemon], tmp_path: pathlib.Path, processes: list[subprocess.Popen[str]]
) -> None:
    daemon = start()
    hpoctl = Hpoctl(tmp_path, daemon.address)
    with c.Client(daemon.address) as client:
        client.create("s", space=X)
    process = hpoctl.start("run", "--study", "s", "--", hpoctl.script("train.sh", GATED))
    processes.append(process)
    [pid] = pids(hpoctl.folder, 1)
    daemon.kill()
    (hpoctl.folder / "gate").touch()
    until(lambda: "trying again" in process.stderr.readline(), 20, "it misses the daemon")
    assert not is_alive(pid)
    interrupt(process)
    daemon.start()
    assert process.wait(20) == 130
    with c.Client(daemon.address) as client:
        assert [trial.state for trial in client.trials("s")] == [c.COMPLETE]


def test_hpoctl_killed_outright_takes_its_command_along(
    hpoctl: Hpoctl, client: c.Client, study: str, processes: list[subprocess.Popen[str]]
) -> None:
    client.create(study, space=X, lease=c.seconds(1), budget={"max_trials": 1})
    gated = hpoctl.script("train.sh", GATED)
    process = hpoctl.start("run", "--study", study, "--", gated)
    processes.append(process)
    [pid] = pids(hpoctl.folder, 1)
    process.kill()
    until(lambda: not is_alive(pid), 20, "the command is gone")
    (hpoctl.folder / "gate").touch()
    trial, _ = hpoctl.run_json(study, command=[gated])  # waits for the lease to end
    assert (trial["number"], trial["state"]) == (1, "COMPLETE")
    assert client.GetTrial(study=study, number=1).trial.retry_of == 0


def test_a_study_deleted_in_the_middle_ends_the_run(
    hpoctl: Hpoctl, client: c.Client, study: str, processes: list[subprocess.Popen[str]]
) -> None:
    client.create(study, space=X, lease=c.seconds(1))
    process = hpoctl.start("run", "--study", study, "--", hpoctl.script("train.sh", GATED))
    processes.append(process)
    [pid] = pids(hpoctl.folder, 1)
    client.DeleteStudy(study=study)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert not is_alive(pid)
    assert "trial 0 is dropped: " in err and "hpoctl study list" in err


def test_what_a_command_leaves_behind_is_killed(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    client.create(study, space=X)
    train = hpoctl.script(
        "train.sh", 'sleep 600 & echo $! > "$HPOD_TRIAL_DIR/left"; echo "hpod: value 1"'
    )
    began = time.monotonic()
    trial, _ = hpoctl.run_json(study, "--max-trials", "1", command=[train])
    assert trial["state"] == "COMPLETE" and time.monotonic() - began < 20
    pid = int((pathlib.Path(trial["folder"]) / "left").read_text())
    until(lambda: not is_alive(pid), 10, "it is gone")


def test_a_lot_of_output_is_kept_and_read(hpoctl: Hpoctl, client: c.Client, study: str) -> None:
    client.create(study, space=X, pruner={"name": "none"})
    train = hpoctl.script(
        "train.sh",
        """
        for i in {1..2000}; do echo "hpod: report $i $i"; printf '%2000s\\n' "$i"; done
        for i in {1..500}; do printf '%2000s\\n' "$i" >&2; done
        exit 9
        """,
    )
    trial, _ = hpoctl.run_json(study, "--max-trials", "1", command=[train])
    assert trial["failure"].startswith("exit code 9:\n") and trial["failure"].endswith("  500")
    assert len(trial["failure"]) < 4096
    folder = pathlib.Path(trial["folder"])
    assert (folder / "stderr").stat().st_size == 500 * 2001
    assert (folder / "stdout").read_text().count("\n") == 4000
    reports = client.GetTrial(study=study, number=0).trial.intermediate_values
    assert len(reports) == 2000


def on_terminal(hpoctl: Hpoctl, *arguments: str) -> tuple[str, int]:
    """What is written to a terminal of 80 columns, and the exit code."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [hpoctl_binary(), *arguments],
        cwd=hpoctl.folder,
        env={**hpoctl.environment, "NO_COLOR": "1", "TERM": "xterm"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    shown = b""
    while select.select([main], [], [], 30)[0]:
        try:
            shown += os.read(main, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
    os.close(main)
    return shown.decode().replace("\r\n", "\n"), process.wait(20)


def test_a_terminal_shows_a_live_view(hpoctl: Hpoctl, client: c.Client, study: str) -> None:
    client.create(study, space=X, budget={"max_trials": 3})
    train = hpoctl.script("train.sh", 'echo "hpod: report 7 0.25"; sleep 0.6; echo hpod: value 0.5')
    shown, code = on_terminal(hpoctl, "run", "--study", study, "--parallel", "2", "--", train)
    assert code == 0
    assert "worker 1  running   trial " in shown and "worker 2  " in shown
    assert "step 7" in shown and "best none yet" in shown
    assert "best 0.5 in trial " in shown and " trials/min  0:0" in shown
    last = shown.rsplit("\x1b[J", 1)[1].splitlines()  # what stays on the screen
    assert last[0].startswith(f"studies/{study}: hands out no further trial: ")
    assert last[1].startswith("3 complete, 0 pruned, 0 failed in 0:0")
    assert last[2].startswith("best 0.5 in trial ") and len(last) == 3
    assert len([line for line in shown.splitlines() if "complete     " in line]) == 3
