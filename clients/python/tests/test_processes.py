"""Several processes, daemons that die, workers that fall silent."""

import multiprocessing
import pickle
import subprocess
import sys
import threading
import time

import pytest

import hpod
from hpod import TrialState, _client, _rpc, _server
from hpod._proto import trial_service_pb2


def square(trial):
    return trial.suggest_float("x", -10, 10) ** 2


def optimize_in_child(study, n_trials):
    study.optimize(square, n_trials=n_trials)


def finish_in_child(study, trial, queue):
    trial.report(1.0, 0)
    queue.put(study.tell(trial, trial.suggest_float("x", 0, 1)).number)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_share_a_study(make_study, method):
    study = make_study(max_trials=30)
    held = study.ask()  # the parent's channel and heartbeats are at work
    context = multiprocessing.get_context(method)
    children = [
        context.Process(target=optimize_in_child, args=(study, 6)) for _ in range(4)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0] * 4
    study.tell(held, 1.0)
    assert [trial.number for trial in study.trials] == list(range(25))
    assert len({trial.worker for trial in study.trials}) == 5


def test_a_process_may_fork_while_calls_are_under_way(make_study):
    study = make_study()
    enough = threading.Event()

    def call_on():
        while not enough.is_set():
            study.user_attrs

    callers = [threading.Thread(target=call_on) for _ in range(8)]
    for caller in callers:
        caller.start()
    try:
        context = multiprocessing.get_context("fork")
        children = [
            context.Process(target=optimize_in_child, args=(study, 3))
            for _ in range(20)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join(30)
            child.kill()
        assert [child.exitcode for child in children] == [0] * 20
    finally:
        enough.set()
        for caller in callers:
            caller.join()
    assert len(study.trials) == 60


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_trial_may_be_finished_by_another_process(make_study, method):
    study = make_study(lease=2)
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=finish_in_child, args=(study, trial, queue))
    child.start()
    assert queue.get(timeout=60) == trial.number
    child.join(60)
    assert study.trials[0].value == trial.params["x"]
    with pytest.raises(hpod.UpdateFinishedTrialError):
        trial.report(1.0, 1)


def test_joblib_runs_workers(make_study):
    joblib = pytest.importorskip("joblib")
    study = make_study()
    joblib.Parallel(n_jobs=2)(
        joblib.delayed(study.optimize)(square, n_trials=3) for _ in range(2)
    )
    assert len(study.trials) == 6


def test_study_trial_and_errors_survive_pickling(make_study):
    study = make_study()
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    same_study, same_trial = pickle.loads(pickle.dumps((study, trial)))
    assert same_study.study_name == study.study_name
    assert same_trial.params == trial.params
    same_trial.report(1.0, 0)
    assert same_study.tell(same_trial, 2.0).value == 2.0
    with pytest.raises(ValueError) as raised:
        study.tell(trial, 1.0)
    copied = pickle.loads(pickle.dumps(raised.value))
    assert (str(copied), copied.reason) == (str(raised.value), "TRIAL_FINISHED")


def kill_and_restart(daemon, deaths, stop):
    for _ in range(deaths):
        if stop.wait(0.4):
            return
        daemon.kill()
        if stop.wait(0.3):
            daemon.start()
            return
        daemon.start()


def test_no_trial_is_lost_or_doubled_while_the_daemon_is_killed(own_daemon):
    study = hpod.create_study("crash", server=own_daemon.address, max_trials=300)
    evaluated = []
    stop = threading.Event()
    killer = threading.Thread(target=kill_and_restart, args=(own_daemon, 5, stop))

    def objective(trial):
        value = square(trial)
        trial.report(value, 0)
        trial.set_user_attr("value", value)
        evaluated.append((trial.number, value))
        time.sleep(0.01)
        return value

    killer.start()
    try:
        study.optimize(objective, n_jobs=4)
    finally:
        stop.set()
        killer.join()
    trials = study.trials
    assert [trial.number for trial in trials] == list(range(300))
    assert sorted(evaluated) == [(trial.number, trial.value) for trial in trials]
    assert all(trial.state is TrialState.COMPLETE for trial in trials)
    assert all(trial.user_attrs["value"] == trial.value for trial in trials)
    assert all(trial.intermediate_values == {0: trial.value} for trial in trials)


def test_a_retried_request_keeps_its_id(make_study, monkeypatch):
    study = make_study()
    client = study._client
    ids = []
    attempt = client._attempt

    def answer_lost_twice(method, request, timeout_s):
        reply = attempt(method, request, timeout_s)
        if method is _rpc.SUGGEST_TRIALS:
            ids.append(request.request_id)
            if len(ids) < 3:
                raise hpod.UnavailableError("the answer was lost")
        return reply

    monkeypatch.setattr(client, "_attempt", answer_lost_twice)
    study.tell(study.ask(), 1.0)
    assert len(set(ids)) == 1 and len(ids) == 3
    study.tell(study.ask(), 1.0)
    assert ids[3] != ids[0]
    assert [trial.number for trial in study.trials] == [0, 1]


def silence(study):
    """Stops the heartbeats of this process for the trials it runs."""
    study._client.leases.release_all()


def wait_for(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_silent_worker_loses_its_trial_and_learns_of_it(make_study, monkeypatch):
    study = make_study(lease=1, max_retries=1)
    trial = study.ask()
    x = trial.suggest_float("x", 0, 1)
    silence(study)
    wait_for(lambda: study.get_trial(0).state is TrialState.FAIL)
    with pytest.raises(hpod.LeaseLostError):
        trial.report(1.0, 0)
    with pytest.raises(hpod.LeaseLostError):
        study.tell(trial, 1.0)
    assert study.get_trial(0).failure == "lease expired"
    retried = study.ask()
    assert retried.retry_of == 0
    assert retried.suggest_float("x", 0, 1) == x
    assert study.tell(retried, 2.0).retry_count == 1


def test_heartbeats_keep_a_long_step_alive(make_study):
    study = make_study(lease=1)
    trial = study.ask()
    time.sleep(2.5)
    assert study.tell(trial, 1.0).state is TrialState.COMPLETE
    assert study._client.leases.count(study.study_name) == 0


def test_a_heartbeat_learns_of_the_loss_before_the_next_call(make_study):
    study = make_study(lease=1)
    trial = study.ask()
    silence(study)
    wait_for(lambda: study.get_trial(0).state is TrialState.FAIL)
    study._client.leases._beat(trial._lease)
    with pytest.raises(hpod.LeaseLostError):
        trial.set_user_attr("k", 1)


def test_the_loop_drops_a_lost_trial_and_goes_on(make_study):
    study = make_study(lease=1, max_retries=0)

    def objective(trial):
        if trial.number == 0:
            silence(study)
            wait_for(lambda: study.get_trial(0).state is TrialState.FAIL)
            trial.report(1.0, 0)
        return 1.0

    with pytest.warns(UserWarning, match="trial 0 is dropped"):
        study.optimize(objective, n_trials=2)
    states = [trial.state for trial in study.trials]
    assert states == [TrialState.FAIL, TrialState.COMPLETE]


def test_a_worker_that_dies_has_its_trial_run_again(make_study):
    study = make_study(lease=1, max_trials=3)
    program = (
        "import hpod, os, sys; "
        "hpod.load_study(sys.argv[1], server=sys.argv[2]).ask({'x': "
        "hpod.FloatDistribution(0, 1)}); os._exit(1)"
    )
    subprocess.run(
        [sys.executable, "-c", program, study.study_name, study._client.server]
    )
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1))
    trials = study.trials
    assert [trial.state for trial in trials].count(TrialState.COMPLETE) == 3
    assert trials[0].state is TrialState.FAIL
    (again,) = [trial for trial in trials if trial.retry_of == 0]
    assert again.params == trials[0].params


def test_an_absent_daemon_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setenv("HPOD_RETRY_SECONDS", "0.3")
    client = _client.Client("127.0.0.1:9")
    with pytest.raises(ConnectionError) as raised:
        client.call(_rpc.GET_TRIAL, trial_service_pb2.GetTrialRequest(study="s"))
    hint = "(is hpod running? start it with: hpod)"
    assert str(raised.value) == f"cannot reach 127.0.0.1:9: connection refused {hint}"
    assert isinstance(raised.value, hpod.UnavailableError)


def test_the_address_comes_from_the_argument_the_environment_or_the_default(
    monkeypatch,
):
    monkeypatch.delenv("HPOD_SERVER", raising=False)
    assert _server.resolve_server(None) == hpod.Server("127.0.0.1:13000")
    monkeypatch.setenv("HPOD_SERVER", "there:1")
    assert _server.resolve_server(None).address == "there:1"
    assert _server.resolve_server("here:2").address == "here:2"
