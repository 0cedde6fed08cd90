"""Makes the client usable in processes that are made by fork.

gRPC survives a fork only with its fork support on and no call under way
(grpc/grpc, doc/fork_support.md). So calls pass a gate that a fork closes first, and
what belongs to one process (channels, threads, locks) is made anew in the child.
"""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import contextmanager
from typing import ContextManager, Iterator, Protocol

# Read by gRPC when it starts; a user's own setting stays.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "1")

# A call to a silent host may last; the fork then goes on without the gate.
_MAX_WAIT_S = 10.0


class Resettable(Protocol):
    def reset_after_fork(self) -> None:
        """Called in the child, whose only thread is the one that forked."""


class _Gate:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._condition = threading.Condition()
        self._calls = 0
        self._forks = 0

    @contextmanager
    def call(self) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: self._forks == 0)
            self._calls += 1
        try:
            yield
        finally:
            with self._condition:
                self._calls -= 1
                self._condition.notify_all()

    def close(self) -> None:
        with self._condition:
            self._forks += 1
            self._condition.wait_for(lambda: self._calls == 0, _MAX_WAIT_S)

    def open(self) -> None:
        with self._condition:
            self._forks -= 1
            self._condition.notify_all()


_gate = _Gate()
_members: weakref.WeakSet[Resettable] = weakref.WeakSet()


def calling() -> ContextManager[None]:
    """Context of one call: no fork happens inside."""
    return _gate.call()


def register(member: Resettable) -> None:
    """Has `member` reset in every child that is forked from now on. Held weakly."""
    _members.add(member)


def _after_in_child() -> None:
    _gate.reset()
    for member in list(_members):
        member.reset_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_gate.close, after_in_parent=_gate.open, after_in_child=_after_in_child
    )
