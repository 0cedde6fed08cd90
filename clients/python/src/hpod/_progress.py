"""The progress bar of `optimize`."""

from __future__ import annotations

import sys
import threading
from typing import Any, Optional


class Progress:
    """Counts finished trials on standard error: by tqdm if installed, else on one line.

    The line is drawn only on a terminal. Safe to use from several threads.
    """

    def __init__(self, n_trials: Optional[int]) -> None:
        self._n_trials = n_trials
        self._done = 0
        self._lock = threading.Lock()
        self._bar = _tqdm(n_trials)

    def update(self, best_value: Optional[float]) -> None:
        """One more trial is done; `best_value` of the study, if it has one."""
        with self._lock:
            self._done += 1
            best = "" if best_value is None else f"best {best_value:g}"
            if self._bar is not None:
                self._bar.set_postfix_str(best, refresh=False)
                self._bar.update(1)
            elif sys.stderr.isatty():
                total = "" if self._n_trials is None else f"/{self._n_trials}"
                print(
                    f"\r{self._done}{total} trials  {best}\x1b[K",
                    end="",
                    file=sys.stderr,
                )
                sys.stderr.flush()

    def close(self) -> None:
        with self._lock:
            if self._bar is not None:
                self._bar.close()
            elif self._done and sys.stderr.isatty():
                print(file=sys.stderr)


def _tqdm(total: Optional[int]) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(total=total, unit="trial")
