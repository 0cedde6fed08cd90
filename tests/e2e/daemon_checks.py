"""What tests of the daemon as a process share."""

from __future__ import annotations

import threading

import grpc

import client as c
from daemon_process import Daemon, until

EXIT_USAGE, EXIT_REFUSED, EXIT_STORAGE_FAILED = 2, 69, 75


DRAIN_SECONDS = 10.0


def refused_start(daemon: Daemon, code: int) -> str:
    """Starts a daemon that must end with `code`; its log."""
    daemon.launch()
    try:
        assert daemon.wait(20.0) == code, daemon.log()
    finally:
        daemon.kill()
    return daemon.log()


def works(client: c.Client, study: str) -> None:
    """The daemon takes writes and answers reads."""
    client.CreateStudy(study={"name": study}, load_if_exists=True)
    number = client.suggest(study).number
    client.CompleteTrial(study=study, number=number, values=[1.0])
    assert client.GetTrial(study=study, number=number).trial.state == c.COMPLETE


class Callers:
    """Threads that enqueue until the daemon is gone."""

    def __init__(self, address: str, study: str, count: int) -> None:
        self.acknowledged: set[int] = set()
        self.ends: list[c.Refusal] = []
        self.address, self.study = address, study
        self.threads = [threading.Thread(target=self.call) for _ in range(count)]

    def call(self) -> None:
        with c.Client(self.address) as client:
            stub = client.stubs[1]
            while True:
                request = c.request_type("EnqueueTrial")(study=self.study)
                try:
                    self.acknowledged.add(stub.EnqueueTrial(request, timeout=20).number)
                except grpc.RpcError as error:
                    self.ends.append(c.refusal(error))
                    return

    def __enter__(self) -> "Callers":
        for thread in self.threads:
            thread.start()
        until(lambda: len(self.acknowledged) > 50, 20.0, "calls are answered")
        return self

    def __exit__(self, *exc: object) -> None:
        for thread in self.threads:
            thread.join()
