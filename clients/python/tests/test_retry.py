"""Retries and heartbeats on a clock of the test's own."""

import random

import pytest

from hpod._leases import Lease, LeaseKeeper
from hpod._retry import RetryPolicy, backoff_s
from hpod.exceptions import (
    HpodError,
    LeaseLostError,
    StorageFullError,
    UnavailableError,
    UpdateFinishedTrialError,
)


class Clock:
    def __init__(self):
        self.now = 1000.0
        self.pauses = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


def policy(clock, total_s=120.0):
    return RetryPolicy(total_s, clock=clock, sleep=clock.sleep, rng=random.Random(1))


class Flaky:
    """Fails with each of `errors`, then answers."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.mark.parametrize("kind", [UnavailableError, StorageFullError])
def test_a_transient_error_is_retried(kind):
    clock, call, seen = Clock(), Flaky(kind("a"), kind("b")), []
    assert policy(clock).run(call, seen.append) == "answer"
    assert call.calls == 3
    assert [str(error) for error in seen] == ["a", "b"]


def test_another_error_is_not_retried():
    clock, call = Clock(), Flaky(HpodError("no"))
    with pytest.raises(HpodError, match="no"):
        policy(clock).run(call, lambda error: None)
    assert call.calls == 1
    assert clock.pauses == []


def test_pauses_double_up_to_a_limit_and_jitter_in_their_upper_half():
    rng = random.Random(1)
    for attempt, ceiling in enumerate([0.1, 0.2, 0.4, 0.8, 1.6, 3.0, 3.0]):
        drawn = [backoff_s(attempt, 0.1, 3.0, rng) for _ in range(200)]
        assert ceiling / 2 <= min(drawn) < 0.55 * ceiling
        assert 0.95 * ceiling < max(drawn) <= ceiling


def test_retries_end_within_the_total_time():
    clock = Clock()
    with pytest.raises(UnavailableError):
        policy(clock, 10.0).run(
            Flaky(*[UnavailableError("away")] * 1000), lambda error: None
        )
    assert 7.0 < clock.now - 1000.0 <= 10.0


def test_a_total_of_zero_never_retries(monkeypatch):
    monkeypatch.setenv("HPOD_RETRY_SECONDS", "0")
    call = Flaky(UnavailableError("away"))
    with pytest.raises(UnavailableError):
        RetryPolicy.from_environment().run(call, lambda error: None)
    assert call.calls == 1


@pytest.mark.parametrize("text", ["soon", "-1", "nan"])
def test_a_bad_total_in_the_environment_is_refused(monkeypatch, text):
    monkeypatch.setenv("HPOD_RETRY_SECONDS", text)
    with pytest.raises(ValueError, match="HPOD_RETRY_SECONDS"):
        RetryPolicy.from_environment()


class Keeper(LeaseKeeper):
    """Without the thread: the test calls `renew_due` when it has moved the clock."""

    def __init__(self, clock):
        super().__init__(self.renew, clock)
        self.renewals = []
        self.error = None

    def renew(self, lease):
        self.renewals.append((lease.number, self._clock()))
        if self.error is not None:
            raise self.error
        return lease.duration_s

    def hold(self, lease):
        with self._condition:
            self._held[lease.key] = lease
            self._renewed(lease)


def test_a_lease_is_renewed_every_third_of_its_length():
    clock = Clock()
    keeper = Keeper(clock)
    keeper.hold(Lease("s", 0, 1, 30.0))
    keeper.hold(Lease("s", 1, 2, 90.0))
    for _ in range(4):
        pause_s = keeper.renew_due()
        assert pause_s == pytest.approx(10.0)
        clock.now += pause_s
    assert sorted(keeper.renewals) == [(0, 1010), (0, 1020), (0, 1030), (1, 1030)]


def test_a_call_for_the_trial_takes_the_place_of_a_heartbeat():
    clock = Clock()
    keeper = Keeper(clock)
    lease = Lease("s", 0, 1, 30.0)
    keeper.hold(lease)
    clock.now += 9.0
    keeper.renewed(lease)
    clock.now += 9.0
    assert keeper.renew_due() == pytest.approx(1.0)
    assert keeper.renewals == []


def test_a_lost_lease_is_marked_and_dropped():
    clock = Clock()
    keeper = Keeper(clock)
    lease = Lease("s", 0, 1, 30.0)
    keeper.hold(lease)
    keeper.error = LeaseLostError("lost", "ABORTED", "LEASE_LOST")
    clock.now += 10.0
    assert keeper.renew_due() is None
    with pytest.raises(LeaseLostError, match="lost") as raised:
        lease.check()
    assert raised.value.reason == "LEASE_LOST"


def test_an_unreachable_daemon_is_asked_again_soon():
    clock = Clock()
    keeper = Keeper(clock)
    lease = Lease("s", 0, 1, 30.0)
    keeper.hold(lease)
    keeper.error = UnavailableError("away")
    clock.now += 10.0
    assert keeper.renew_due() == pytest.approx(1.0)
    lease.check()


def test_a_trial_finished_elsewhere_is_dropped_without_a_word():
    clock = Clock()
    keeper = Keeper(clock)
    lease = Lease("s", 0, 1, 30.0)
    keeper.hold(lease)
    keeper.error = UpdateFinishedTrialError("finished")
    clock.now += 10.0
    assert keeper.renew_due() is None
    lease.check()


def test_the_thread_ends_when_no_lease_is_held_and_starts_again():
    keeper = LeaseKeeper(lambda lease: lease.duration_s)
    for token in (1, 2):
        lease = Lease("s", 0, token, 60.0)
        keeper.hold(lease)
        thread = keeper._thread
        assert thread is not None and thread.is_alive()
        keeper.release(lease)
        thread.join(10)
        assert not thread.is_alive()
        assert keeper._thread is None
