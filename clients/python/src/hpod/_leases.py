"""Keeps the leases of this process's running trials.

One thread renews them all, each after a third of its length without a call; it starts
with the first trial and ends by itself when none is held.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Callable, Dict, Optional, Tuple

from hpod.exceptions import HpodError, LeaseLostError

Key = Tuple[str, int]

# After a heartbeat that did not get through.
_RETRY_S = 1.0


@dataclass
class Lease:
    """The right of this process to work on one trial. `token` 0: not fenced."""

    study: str
    number: int
    token: int
    duration_s: float
    # Set once the daemon has given the trial up.
    lost: Optional[LeaseLostError] = None
    # Set once the trial is finished: nothing is left to renew.
    released: bool = False

    @property
    def key(self) -> Key:
        return self.study, self.number

    def check(self) -> None:
        """Raises `LeaseLostError` if the lease is known to be lost."""
        if self.lost is not None:
            raise LeaseLostError(*self.lost.__reduce__()[1])  # type: ignore[misc]


class LeaseKeeper:
    """Renews leases in the background. Safe to use from several threads.

    `renew` sends one heartbeat and returns the lease's new length in seconds.
    """

    def __init__(
        self,
        renew: Callable[[Lease], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._renew = renew
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Forgets all leases without a word to the daemon."""
        self._condition = threading.Condition()
        self._held: Dict[Key, Lease] = {}
        self._due: Dict[Key, float] = {}
        self._thread: Optional[threading.Thread] = None

    def hold(self, lease: Lease) -> None:
        """Renews `lease` from now on, unless that is done already or it has ended."""
        with self._condition:
            if lease.released or lease.lost or self._held.get(lease.key) is lease:
                return
            self._held[lease.key] = lease
            self._renewed(lease)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="hpod-heartbeat", daemon=True
                )
                self._thread.start()
            self._condition.notify_all()

    def renewed(self, lease: Lease) -> None:
        """Some call for the trial has just renewed the lease."""
        with self._condition:
            if self._held.get(lease.key) is lease:
                self._renewed(lease)

    def release(self, lease: Lease) -> None:
        """Renews `lease` no more."""
        with self._condition:
            lease.released = True
            self._drop(lease)

    def release_all(self) -> None:
        with self._condition:
            for lease in list(self._held.values()):
                self._drop(lease)

    def find(self, study: str, number: int) -> Optional[Lease]:
        """The lease held for a trial, if any."""
        with self._condition:
            return self._held.get((study, number))

    def count(self, study: str) -> int:
        """How many trials of `study` this process holds."""
        with self._condition:
            return sum(1 for name, _ in self._held if name == study)

    def renew_due(self) -> Optional[float]:
        """Renews what is due; the seconds until the next is, None if none is held."""
        while True:
            with self._condition:
                pause_s = self._pause_s()
                if pause_s is None or pause_s > 0:
                    return pause_s
                lease = self._held[min(self._due, key=lambda key: self._due[key])]
            self._beat(lease)

    def _run(self) -> None:
        while True:
            self.renew_due()
            with self._condition:
                pause_s = self._pause_s()
                if pause_s is None:
                    self._thread = None
                    return
                if pause_s > 0:
                    self._condition.wait(pause_s)

    def _pause_s(self) -> Optional[float]:
        return min(self._due.values()) - self._clock() if self._due else None

    def _beat(self, lease: Lease) -> None:
        try:
            lease.duration_s = self._renew(lease)
        except LeaseLostError as error:
            with self._condition:
                lease.lost = error
                self._drop(lease)
        except HpodError as error:
            with self._condition:
                self._after_failure(lease, error)
        else:
            self.renewed(lease)

    def _after_failure(self, lease: Lease, error: HpodError) -> None:
        if not error.is_transient:
            # Finished or deleted elsewhere; the next call of the trial says which.
            self._drop(lease)
        elif self._held.get(lease.key) is lease:
            self._due[lease.key] = self._clock() + min(_RETRY_S, lease.duration_s / 6)

    def _renewed(self, lease: Lease) -> None:
        self._due[lease.key] = self._clock() + lease.duration_s / 3

    def _drop(self, lease: Lease) -> None:
        if self._held.get(lease.key) is lease:
            del self._held[lease.key]
            del self._due[lease.key]
            self._condition.notify_all()
