"""Trials per second of Optuna's workers through hpod and through Optuna's own gRPC proxy over SQLite.

    build/venv/bin/python tests/bench/optuna_storage.py [WORKERS] [SECONDS]

Each worker is a process that asks for trials of two parameters (RandomSampler) and tells their
values. What is counted is what the storage holds at the end.
"""

from __future__ import annotations

import multiprocessing
import pathlib
import socket
import sys
import tempfile
import time
import warnings
from typing import Callable

import optuna
from optuna.storages import GrpcStorageProxy

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from daemon_process import Daemon  # noqa: E402

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def work(port: int, begin: float, seconds: float) -> None:
    storage = GrpcStorageProxy(host="127.0.0.1", port=port)
    sampler = optuna.samplers.RandomSampler()
    study = optuna.load_study(study_name="bench", storage=storage, sampler=sampler)
    time.sleep(max(0.0, begin - time.time()))
    while time.time() < begin + seconds:
        trial = study.ask()
        study.tell(trial, trial.suggest_float("x", 0, 1) + trial.suggest_int("n", 0, 9))


def measure(port: int, workers: int, seconds: float) -> float:
    storage = GrpcStorageProxy(host="127.0.0.1", port=port)
    storage.wait_server_ready(30)
    optuna.create_study(study_name="bench", storage=storage)
    spawn = multiprocessing.get_context("spawn")
    begin = time.time() + 3 + workers * 1.5
    processes = [
        spawn.Process(target=work, args=(port, begin, seconds)) for _ in range(workers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    trials = optuna.load_study(study_name="bench", storage=storage).trials
    complete = [t for t in trials if t.state == optuna.trial.TrialState.COMPLETE]
    first = min(t.datetime_start for t in trials)
    last = max(t.datetime_complete for t in complete)
    return len(complete) / (last - first).total_seconds()


def serve_reference(url: str, port: int) -> None:
    optuna.storages.run_grpc_proxy_server(
        optuna.storages.RDBStorage(url), host="127.0.0.1", port=port
    )


def with_reference(folder: pathlib.Path, then: Callable[[int], float]) -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"sqlite:///{folder}/optuna.db"
    server = multiprocessing.get_context("spawn").Process(target=serve_reference, args=(url, port))
    server.start()
    try:
        return then(port)
    finally:
        server.terminate()
        server.join()


def with_hpod(folder: pathlib.Path, then: Callable[[int], float]) -> float:
    daemon = Daemon(folder)
    daemon.start()
    try:
        return then(daemon.port)
    finally:
        daemon.kill()


def main() -> None:
    workers = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20
    rates = {}
    for name, serve in (("hpod", with_hpod), ("Optuna's proxy, SQLite", with_reference)):
        with tempfile.TemporaryDirectory() as folder:
            rates[name] = serve(
                pathlib.Path(folder), lambda port: measure(port, workers, seconds)
            )
        print(f"{name}: {rates[name]:.1f} trials/s with {workers} workers", flush=True)


if __name__ == "__main__":
    main()
