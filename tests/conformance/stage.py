"""Plays a scenario: a daemon, a runner, and what happens between them."""

from __future__ import annotations

import contextlib
import pathlib
from typing import Any, Iterator, Optional

from daemon_process import Daemon, until
from languages import Language
from observer import Observer, observe
from proxy import Proxy, proxy
from runner import Runner
from scenario import Scenario, check, without

_WAIT_SECONDS = 20.0


class Stage:
    """One runner and one daemon. `bound`: what the scenario's `$names` stand for."""

    def __init__(
        self,
        daemon: Daemon,
        runner: Runner,
        observer: Observer,
        between: Optional[Proxy] = None,
    ) -> None:
        self.bound: dict[str, Any] = {}
        self._daemon = daemon
        self._runner = runner
        self._observer = observer
        self._proxy = between
        self._trials: dict[str, tuple[str, int]] = {}

    def play(self, scenario: Scenario) -> None:
        for index, step in enumerate(scenario.steps):
            where = f"{self._runner.language.name}: {scenario.name}, step {index}"
            if "harness" in step:
                getattr(self, f"_{step['harness']}")(*self._trials[step["trial"]])
            else:
                self._step(step, f"{where} ({step['do']})")

    def _step(self, step: dict[str, Any], where: str) -> None:
        sent = without(step, ("expect", "during"))
        during = step.get("during")
        answer = (
            getattr(self, f"_{during}")(sent) if during else self._runner.do(**sent)
        )
        check(step["expect"], answer, self.bound, where)
        if step["do"] == "suggest" and answer.get("ok", {}).get("number") is not None:
            self._trials[step["trial"]] = step["study"], answer["ok"]["number"]

    def _daemon_restart(self, step: dict[str, Any]) -> dict[str, Any]:
        self._daemon.kill()
        self._runner.send(step)
        self._daemon.start()
        return self._runner.answer()

    def _reply_lost(self, step: dict[str, Any]) -> dict[str, Any]:
        assert self._proxy is not None, "the scenario lacks through_proxy"
        before = self._observer.revisions()
        self._proxy.lose_replies()
        self._runner.send(step)
        until(
            lambda: self._observer.revisions() != before,
            _WAIT_SECONDS,
            f"the daemon has done {step}",
        )
        self._proxy.break_connections()
        return self._runner.answer()

    def _await_renewal(self, study: str, number: int) -> None:
        trial = self._observer.trial(study, number)
        first_s = trial.lease.expire_time.ToNanoseconds() / 1e9
        length_s = trial.lease.duration.ToNanoseconds() / 1e9
        until(
            lambda: self._observer.lease_end_s(study, number) > first_s + length_s,
            _WAIT_SECONDS,
            "the lease was renewed",
        )

    def _freeze_until_lost(self, study: str, number: int) -> None:
        self._runner.freeze()
        try:
            until(
                lambda: self._observer.was_given_up(study, number),
                _WAIT_SECONDS,
                "the trial was given up",
            )
        finally:
            self._runner.thaw()


@contextlib.contextmanager
def running_daemon(folder: pathlib.Path) -> Iterator[Daemon]:
    daemon = Daemon(folder)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.kill()


def play(
    language: Language, scenario: Scenario, folder: pathlib.Path
) -> dict[str, Any]:
    """Plays a scenario with a daemon of its own; what its `$names` stand for."""
    with contextlib.ExitStack() as stack:
        daemon = stack.enter_context(running_daemon(folder))
        observer = stack.enter_context(observe(daemon.address))
        between = (
            stack.enter_context(proxy(daemon.address))
            if scenario.through_proxy
            else None
        )
        address = between.address if between else daemon.address
        runner = stack.enter_context(Runner(language, address, folder))
        stage = Stage(daemon, runner, observer, between)
        stage.play(scenario)
        return stage.bound
