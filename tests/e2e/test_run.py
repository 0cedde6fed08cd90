"""hpoctl run: parameters in, metrics out, and how exit codes become states."""

from __future__ import annotations

import json
import pathlib
import uuid
from typing import Any

import pytest

import client as c
from daemon_process import Daemon, until
from hpoctl_process import Hpoctl, is_alive

SPACE = [
    c.floats("lr", 1e-5, 0.1, log=True),
    c.ints("layers", 1, 8),
    c.choices("opt", "adam", "sgd"),
    c.when(c.floats("momentum", 0.0, 0.99), "opt", "sgd"),
]
X = [c.floats("x", -1.0, 1.0)]


@pytest.fixture
def hpoctl(tmp_path: pathlib.Path, daemon: Daemon) -> Hpoctl:
    return Hpoctl(tmp_path, daemon.address)


@pytest.fixture
def study() -> str:
    return f"run-{uuid.uuid4().hex[:8]}"


def one(hpoctl: Hpoctl, study: str, *flags: str, command: list[str]) -> dict[str, Any]:
    """What one trial came to."""
    trial, end = hpoctl.run_json(study, "--max-trials", "1", *flags, command=command)
    assert end["study"] == study
    return trial


def say(*lines: str) -> list[str]:
    """A command that prints these lines."""
    return ["printf", "%s\\n", *lines]


def test_parameters_come_by_template_environment_and_file(
    hpoctl: Hpoctl, client: c.Client, daemon: Daemon, study: str
) -> None:
    client.create(study, space=SPACE, sampler={"name": "random"}, budget={"max_trials": 12})
    look = hpoctl.script(
        "look.sh",
        """
        printf '%s\\n' "$@" > "$HPOD_TRIAL_DIR/arguments"
        env > "$HPOD_TRIAL_DIR/environment"
        cmp "$HPOD_PARAMS_FILE" "$HPOD_TRIAL_DIR/params.json" && echo "hpod: value 1"
        """,
    )
    command = [look, "--lr", "{lr}", "-m", "{momentum}", "--layers={layers}", "{{{opt}}}"]
    trials = hpoctl.run_json(study, "--parallel", "2", command=command)[:-1]

    stored = {trial.number: c.params(trial) for trial in client.trials(study)}
    assert {trial["params"]["opt"] for trial in trials} == {"adam", "sgd"}
    for trial in trials:
        params, folder = trial["params"], pathlib.Path(trial["folder"])
        assert params == stored[trial["number"]]
        assert folder == hpoctl.folder / "hpod-runs" / study / str(trial["number"])
        assert json.loads((folder / "params.json").read_text()) == params
        is_sgd = params["opt"] == "sgd"
        arguments = (folder / "arguments").read_text().splitlines()
        assert arguments[0] == "--lr" and float(arguments[1]) == params["lr"]
        assert ("-m" in arguments) == is_sgd
        assert arguments[-2:] == [f"--layers={params['layers']}", "{" + params["opt"] + "}"]
        environment = dict(
            line.split("=", 1)
            for line in (folder / "environment").read_text().splitlines()
            if "=" in line
        )
        assert float(environment["HPOD_PARAM_lr"]) == params["lr"]
        assert ("HPOD_PARAM_momentum" in environment) == is_sgd
        assert environment["HPOD_STUDY"] == study
        assert environment["HPOD_TRIAL"] == str(trial["number"])
        assert environment["HPOD_SERVER"] == daemon.address
        assert environment["HPOD_FD"] == "3" and "HPOD_PRUNE_FD" not in environment


def test_reports_reach_the_daemon_and_the_last_one_is_the_result(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    client.create(study, space=X)
    command = say("epoch 1 done", "hpod: report 1 0.5", "hpod: report 2 nan", "hpod: report 3 -2e-1")
    trial = one(hpoctl, study, command=command)
    assert (trial["state"], trial["values"], trial["exit_code"]) == ("COMPLETE", [-0.2], 0)
    values = client.GetTrial(study=study, number=0).trial.intermediate_values
    assert [value.step for value in values] == [1, 2, 3]
    assert (values[0].value, values[2].value) == (0.5, -0.2)
    output = (pathlib.Path(trial["folder"]) / "stdout").read_text()
    assert output == "".join(f"{line}\n" for line in command[2:])


def test_json_lines_on_the_descriptor_carry_everything(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    client.create(study, space=X)
    train = hpoctl.script(
        "train.sh",
        """
        exec >&$HPOD_FD
        echo '{"step": 1, "value": 0.75}'
        echo '{"attribute": {"model": {"size": 12}, "note": "warm"}}'
        echo '{"constraint": {"memory": -3.5}}'
        echo '{"value": 0.25}'
        """,
    )
    assert one(hpoctl, study, command=[train])["values"] == [0.25]
    trial = client.GetTrial(study=study, number=0).trial
    assert [(v.step, v.value) for v in trial.intermediate_values] == [(1, 0.75)]
    assert dict(trial.user_attributes) == {"model": '{"size":12}', "note": '"warm"'}
    assert dict(trial.constraints) == {"memory": -3.5}


def test_several_objectives_take_several_values(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    client.create(study, space=X, directions=[c.MINIMIZE, c.MAXIMIZE])
    good = one(hpoctl, study, command=say("hpod: report 1 5", "hpod: value 1 2.5"))
    assert (good["state"], good["values"]) == ("COMPLETE", [1, 2.5])
    bad = one(hpoctl, study, command=say("hpod: report 1 5", "hpod: value 1"))
    assert bad["state"] == "FAIL"
    assert bad["failure"].startswith("the command gave 1 value, but the study has 2 objectives")


ENDS = {
    "exit code": ("echo oops >&2; echo twice >&2; exit 3", "FAIL", "exit code 3:\noops\ntwice"),
    "signal": ("kill -SEGV $$", "FAIL", "killed by SIGSEGV"),
    "no value": ("true", "FAIL", "exit code 0, but no value: print a line 'hpod: value V'"),
    "bad line": ("echo 'hpod: valeu 3'", "FAIL", "exit code 0, but no value; not understood: "),
    "nan": ("echo hpod: value nan", "FAIL", "the value is NaN"),
    "failed after a value": ("echo hpod: value 1; exit 1", "FAIL", "exit code 1"),
    "pruned by itself": ("echo hpod: report 1 4; exit 77", "PRUNED", ""),
    "no newline at the end": ("printf 'hpod: value 3'", "COMPLETE", ""),
}


@pytest.mark.parametrize("script, state, failure", ENDS.values(), ids=ENDS.keys())
def test_the_end_of_the_command_is_the_state_of_the_trial(
    hpoctl: Hpoctl, client: c.Client, study: str, script: str, state: str, failure: str
) -> None:
    client.create(study, space=X)
    trial = one(hpoctl, study, command=["bash", "-c", script])
    assert (trial["state"], trial["failure"][: len(failure) or None]) == (state, failure)
    stored = client.GetTrial(study=study, number=0).trial
    assert stored.failure == trial["failure"]


def test_a_refused_outcome_fails_its_trial_with_the_reason(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    client.create(study, space=X)
    key = "k" * 600  # longer than the daemon takes
    line = json.dumps({"attribute": {key: 1}})
    train = hpoctl.script("train.sh", f"echo '{line}' >&3; echo hpod: value 1")
    trial = one(hpoctl, study, command=[train])
    assert trial["state"] == "FAIL"
    assert trial["failure"].startswith("a user attribute's key has 600 bytes, at most 512 are")


def test_a_pruned_command_gets_sigterm_for_its_whole_group(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    pruner = {"name": "median", "options": {"n_startup_trials": "1", "n_warmup_steps": "0"}}
    client.create(study, space=X, pruner=pruner, budget={"max_trials": 2})
    train = hpoctl.script(
        "train.sh",
        """
        trap 'echo stopped > "$HPOD_TRIAL_DIR/trap"; exit 5' TERM
        sleep 600 & echo $! > "$HPOD_TRIAL_DIR/pid"
        echo "hpod: report 1 $HPOD_TRIAL"
        [ "$HPOD_TRIAL" = 0 ] && exit
        wait
        """,
    )
    first, second, end = hpoctl.run_json(study, command=[train])
    assert (first["state"], second["state"]) == ("COMPLETE", "PRUNED")
    assert (end["stop_reason"], end["final"], end["pruned"]) == ("MAX_TRIALS", True, 1)
    folder = pathlib.Path(second["folder"])
    assert (folder / "trap").read_text() == "stopped\n"
    pid = int((folder / "pid").read_text())
    until(lambda: not is_alive(pid), 10, "the child of the command is gone")


def test_a_pruned_command_that_asks_reads_it_from_the_pipe(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    pruner = {"name": "median", "options": {"n_startup_trials": "1", "n_warmup_steps": "0"}}
    client.create(study, space=X, pruner=pruner, budget={"max_trials": 2})
    train = hpoctl.script(
        "train.sh",
        """
        trap 'echo terminated > "$HPOD_TRIAL_DIR/trap"' TERM
        echo "hpod: report 1 $HPOD_TRIAL"
        [ "$HPOD_TRIAL" = 0 ] && exit
        read -r line <&$HPOD_PRUNE_FD && echo "$line" > "$HPOD_TRIAL_DIR/line"
        """,
    )
    _, second, _ = hpoctl.run_json(study, "--prune-pipe", command=[train])
    assert (second["state"], second["exit_code"]) == ("PRUNED", 0)
    folder = pathlib.Path(second["folder"])
    assert (folder / "line").read_text() == "prune\n"
    assert not (folder / "trap").exists()


def test_a_trial_that_takes_too_long_is_terminated_then_killed(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    client.create(study, space=X)
    stubborn = hpoctl.script("train.sh", "trap '' TERM; while true; do sleep 0.05; done")
    trial = one(hpoctl, study, "--timeout", "0.3", "--grace", "0.3", command=[stubborn])
    assert (trial["state"], trial["signal"]) == ("FAIL", 9)
    assert trial["failure"] == "ran longer than 0.3 s (--timeout)"
    assert trial["duration_ms"] >= 600


def test_failures_in_a_row_end_the_run(hpoctl: Hpoctl, client: c.Client, study: str) -> None:
    client.create(study, space=X)
    done = hpoctl("run", "--study", study, "--max-failures", "3", "--", "false", code=1)
    assert len(done.stdout.splitlines()) == 3
    assert "3 trials in a row failed (--max-failures)" in done.stderr


def test_a_program_that_cannot_be_run_costs_no_trial(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    client.create(study, space=X)
    for command, problem in (
        (["./missing", "{x}"], "cannot run './missing': No such file or directory"),
        (["echo", "{y}"], "'{y}': no parameter {y} (known: x, hpod.study, "),
        (["echo", "{x"], "'{x': a single { (write {name} for a parameter"),
    ):
        done = hpoctl("run", "--study", study, "--", *command, code=2)
        assert (done.stdout, done.stderr[: len(problem)]) == ("", problem)
    flags = ["--output-dir", "/proc/runs"]
    done = hpoctl("run", "--study", study, *flags, "--", "true", code=2)
    assert done.stderr.startswith(f"cannot make the folder '/proc/runs/{study}': ")
    assert client.trials(study) == []


def test_a_program_that_turns_out_to_be_missing_ends_the_run(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    client.create(study, space=X)
    done = hpoctl("run", "--study", study, "--", "{hpod.dir}/train", code=2)
    folder = hpoctl.folder / "hpod-runs" / study / "0"
    failure = f"cannot run '{folder}/train': No such file or directory"
    assert failure in done.stderr
    assert [trial.failure for trial in client.trials(study)] == [failure]


def test_a_closed_output_ends_the_run(hpoctl: Hpoctl, client: c.Client, study: str) -> None:
    client.create(study, space=X)
    process = hpoctl.start("run", "--study", study, "--", *say("hpod: value 1"))
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) == 130


def test_a_study_that_is_missing_or_has_no_space_is_explained(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    done = hpoctl("run", "--study", study, "--", "true", code=1)
    create = f"hpoctl study create {study} --space space.json"
    assert done.stderr == f"there is no study '{study}'; create it with: {create}\n"
    client.create(study)
    done = hpoctl("run", "--study", study, "--", "true", code=1)
    assert done.stderr.startswith(f"studies/{study} declares no space")


def test_a_line_for_each_trial_in_a_pipe(hpoctl: Hpoctl, client: c.Client, study: str) -> None:
    client.create(study, space=X, budget={"max_trials": 2})
    done = hpoctl("run", "--study", study, "--", *say("hpod: value 0.5"))
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("0", "complete", "0.5"),
        ("1", "complete", "0.5"),
    ]
    summary = done.stderr.splitlines()
    assert summary[0].endswith("hands out no further trial: 2 trials handed out, as many as its budget has")
    assert summary[1].startswith("2 complete, 0 pruned, 0 failed in 0:0")
    assert summary[2].startswith("best 0.5 in trial 0: x=")


def test_parallel_workers_share_the_budget_exactly(
    hpoctl: Hpoctl, client: c.Client, study: str
) -> None:
    client.create(study, space=X, budget={"max_trials": 20, "max_running": 3})
    *trials, end = hpoctl.run_json(study, "--parallel", "5", command=say("hpod: value {x}"))
    assert [trial["number"] for trial in trials] == list(range(20))
    assert all(trial["values"] == [trial["params"]["x"]] for trial in trials)
    assert (end["complete"], end["stop_reason"], end["final"]) == (20, "MAX_TRIALS", True)
    assert end["best"]["values"] == [min(trial["params"]["x"] for trial in trials)]
