"""When a call is tried again."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from typing import Callable, TypeVar

from hpod.exceptions import HpodError

T = TypeVar("T")

_TOTAL_VARIABLE = "HPOD_RETRY_SECONDS"
_TOTAL_DEFAULT_S = 120.0


def backoff_s(attempt: int, first_s: float, max_s: float, rng: random.Random) -> float:
    """Pause before attempt number `attempt` + 2: doubles each time, up to `max_s`.

    The upper half is random, so that workers which failed together come back apart.
    """
    ceiling = min(max_s, first_s * 2.0 ** min(attempt, 60))
    return ceiling * rng.uniform(0.5, 1.0)


@dataclass(frozen=True)
class RetryPolicy:
    """Repeats a call while its error is transient and `total_s` has not passed."""

    total_s: float = _TOTAL_DEFAULT_S
    first_s: float = 0.1
    max_s: float = 3.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    rng: random.Random = random.Random()

    @staticmethod
    def from_environment() -> RetryPolicy:
        """The default policy with the total of HPOD_RETRY_SECONDS (0: no retries).

        Raises:
            ValueError: the variable is not a number >= 0.
        """
        text = os.environ.get(_TOTAL_VARIABLE, "").strip()
        if not text:
            return RetryPolicy()
        try:
            total_s = float(text)
        except ValueError:
            total_s = -1.0
        if not total_s >= 0:
            raise ValueError(
                f"{_TOTAL_VARIABLE} is '{text}', but must be a number >= 0"
            )
        return RetryPolicy(total_s=total_s)

    def run(self, attempt: Callable[[], T], on_retry: Callable[[HpodError], None]) -> T:
        """The first result of `attempt`; its error once that is final or time is up.

        `on_retry` is told of each error before the pause that follows it.
        """
        end = self.clock() + self.total_s
        failures = 0
        while True:
            try:
                return attempt()
            except HpodError as error:
                pause_s = backoff_s(failures, self.first_s, self.max_s, self.rng)
                if not error.is_transient or self.clock() + pause_s > end:
                    raise
                on_retry(error)
            failures += 1
            self.sleep(pause_s)
