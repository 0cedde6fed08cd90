"""Who gets a trial, what a reply holds, which ids there are."""

from __future__ import annotations

import collections
import concurrent.futures
from typing import Callable

import grpc
import pytest
from optuna.storages._grpc.auto_generated import api_pb2

from daemon_process import Daemon
from wire import Wire, refusal


def test_a_waiting_trial_goes_to_one_of_many_clients(daemon: Daemon, wire: Wire) -> None:
    study = wire.study("claims")
    waiting = [wire.copy(study, state="WAITING") for _ in range(40)]

    def claim_all(_: int) -> list[int]:
        own = Wire(daemon.address)
        claims = [
            trial_id
            for trial_id in waiting
            if own.SetTrialStateValues(trial_id=trial_id, state="RUNNING").trial_updated
        ]
        own.close()
        return claims

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        claims = collections.Counter(sum(pool.map(claim_all, range(16)), []))
    assert claims == dict.fromkeys(waiting, 1)
    assert {trial.state for trial in wire.trials(study)} == {api_pb2.RUNNING}


def test_one_of_many_finishers_wins(daemon: Daemon, wire: Wire) -> None:
    trial = wire.trial(wire.study("finishers"))

    def finish(value: float) -> bool:
        own = Wire(daemon.address)
        try:
            own.SetTrialStateValues(trial_id=trial, state="COMPLETE", values=[value])
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.FAILED_PRECONDITION
            return False
        finally:
            own.close()
        return True

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        won = list(pool.map(finish, range(16)))
    assert won.count(True) == 1
    assert list(wire.get(trial).values) == [float(won.index(True))]


def test_a_reply_holds_the_newer_and_the_included_trials_in_order(wire: Wire) -> None:
    study, other = wire.study("reply"), wire.study("reply, other")
    ids = []
    for _ in range(5):
        ids.append(wire.trial(study))
        stranger = wire.trial(other)

    def asked(after: int, *included: int) -> list[int]:
        return [trial.trial_id for trial in wire.trials(study, after, included)]

    assert asked(-1) == ids
    assert asked(ids[-1]) == []
    assert asked(ids[2], ids[3], ids[1], ids[1], ids[0]) == [ids[0], ids[1], *ids[3:]]
    assert asked(ids[-1], stranger, 10**15, -5, 0) == []
    assert [trial.number for trial in wire.trials(study)] == [0, 1, 2, 3, 4]
    many = list(range(200_000))
    assert asked(ids[2], *many) == ids
    assert refusal(wire.GetTrials, study_id=10**15) == grpc.StatusCode.NOT_FOUND


def test_a_client_that_reads_while_others_write_misses_no_trial(
    daemon: Daemon, wire: Wire
) -> None:
    study = wire.study("holes")

    def write(_: int) -> None:
        own = Wire(daemon.address)
        for _ in range(50):
            trial = own.trial(study)
            own.SetTrialStateValues(trial_id=trial, state="COMPLETE", values=[1.0])
        own.close()

    seen: dict[int, int] = {}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, i) for i in range(4)]
        is_last = False
        while not is_last:
            is_last = all(writer.done() for writer in writers)
            finished = [i for i, state in seen.items() if state == api_pb2.COMPLETE]
            unfinished = [i for i, state in seen.items() if state == api_pb2.RUNNING]
            for trial in wire.trials(study, max(finished, default=-1), unfinished):
                seen[trial.trial_id] = trial.state
    assert len(seen) == 200
    assert set(seen.values()) == {api_pb2.COMPLETE}


def test_ids_grow_and_are_never_given_again(start: Callable[..., Daemon]) -> None:
    daemon = start()
    wire = Wire(daemon.address)
    first, second = wire.study("first"), wire.study("second")
    trials = [wire.trial(study) for study in (first, second, first)]
    assert (first, second, trials) == (1, 2, [1, 2, 3])
    wire.DeleteStudy(study_id=second)
    wire.DeleteStudy(study_id=first)
    for trial in trials:
        assert refusal(wire.GetTrial, trial_id=trial) == grpc.StatusCode.NOT_FOUND
    assert wire.study("first") == 3
    daemon.restart()
    assert wire.study("second") == 4
    assert wire.trial(4) == 4
    assert wire.GetTrialIdFromStudyIdTrialNumber(study_id=4, trial_number=0).trial_id == 4


@pytest.mark.parametrize("number", [-1, 1, 10**12])
def test_a_number_that_no_trial_has_is_not_found(wire: Wire, number: int) -> None:
    study = wire.study(f"number {number}")
    wire.trial(study)
    code = refusal(wire.GetTrialIdFromStudyIdTrialNumber, study_id=study, trial_number=number)
    assert code == grpc.StatusCode.NOT_FOUND


def test_what_cannot_be_is_refused_and_changes_nothing(wire: Wire) -> None:
    study = wire.study("refused")
    trial = wire.trial(study)
    before = wire.get(trial)
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    nan = float("nan")
    assert refusal(wire.CreateNewStudy, study_name="without directions") == invalid
    assert refusal(wire.CreateNewStudy, study_name="many", directions=[0] * 65) == invalid
    assert refusal(wire.SetTrialStateValues, trial_id=trial, state=9) == invalid
    assert (
        refusal(wire.SetTrialStateValues, trial_id=trial, state="COMPLETE", values=[nan])
        == invalid
    )
    for template in ({"state": 7}, {"values": [nan]}, {"params": {"x": 1.0}}):
        code = refusal(
            wire.CreateNewTrial, study_id=study, template_trial=api_pb2.Trial(**template)
        )
        assert code == invalid
    assert refusal(wire.CreateNewStudy, study_name="refused", directions=[0]) == (
        grpc.StatusCode.ALREADY_EXISTS
    )
    assert wire.trials(study) == [before]


def test_a_template_is_copied_and_an_absent_one_is_a_running_trial(wire: Wire) -> None:
    study = wire.study("templates")
    bare = wire.get(wire.CreateNewTrial(study_id=study).trial_id)
    assert (bare.state, bare.datetime_start) == (api_pb2.RUNNING, "")
    ignored = wire.CreateNewTrial(
        study_id=study,
        template_trial=api_pb2.Trial(state="COMPLETE"),
        template_trial_is_none=True,
    )
    started = wire.get(ignored.trial_id)
    assert started.state == api_pb2.RUNNING
    assert started.datetime_start != ""
