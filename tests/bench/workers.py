"""Worker processes that tune one study over gRPC: `python -m bench.workers KIND HOST:PORT STUDY WORKERS SAMPLER TRIALS SECONDS`.

KIND is "optuna" (its GrpcStorageProxy, against its own server or hpod) or "hpod" (hpod's client). The workers start together; they end
after TRIALS trials of all together, or after SECONDS. Prints {"trials", "seconds"}, or {"unimplemented": true}.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
import warnings
from typing import Any, Callable

from bench.space import suggest
from bench.workload import SPACES, objective_of

SPACE = SPACES["floats10"]
READY_SECONDS = 60.0


def optuna_study(address: str, name: str, sampler: str, seed: int) -> Any:
    import optuna

    from bench.peers_optuna import make_sampler

    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    host, port = address.rsplit(":", 1)
    storage = optuna.storages.GrpcStorageProxy(host=host, port=int(port))
    storage.wait_server_ready(timeout=READY_SECONDS)
    return optuna.create_study(
        study_name=name, storage=storage, sampler=make_sampler(sampler, seed), load_if_exists=True
    )


def hpod_study(address: str, name: str, sampler: str, seed: int) -> Any:
    import hpod

    space = {p.name: hpod.FloatDistribution(p.low, p.high) for p in SPACE}
    return hpod.create_study(name, sampler=sampler, seed=1, space=space, load_if_exists=True, server=address)


STUDIES: dict[str, Callable[[str, str, str, int], Any]] = {"optuna": optuna_study, "hpod": hpod_study}


def work(make: Callable[[], Any], ready: Any, left: Any, deadline: Any) -> None:
    study = make()
    ready.wait(READY_SECONDS)
    while time.monotonic() < deadline.value:
        with left.get_lock():
            if left.value == 0:
                return
            left.value -= 1
        trial = study.ask()
        value = objective_of(list(suggest(trial, SPACE).values()))
        trial.report(value, 0)
        study.tell(trial, value)


def run(kind: str, address: str, name: str, workers: int, sampler: str, trials: int, seconds: float) -> dict[str, float]:
    """Forks before anything has used gRPC: it does not survive a fork."""
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(workers + 1)
    left = context.Value("q", trials)
    deadline = context.Value("d", float("inf"))

    def main(seed: int) -> None:
        work(lambda: STUDIES[kind](address, name, sampler, seed), ready, left, deadline)

    processes = [context.Process(target=main, args=(i + 1,), daemon=True) for i in range(workers)]
    for process in processes:
        process.start()
    deadline.value = time.monotonic() + READY_SECONDS + seconds
    ready.wait(READY_SECONDS)
    began = time.monotonic()
    deadline.value = began + seconds
    for process in processes:
        process.join(max(0.1, began + seconds + 60 - time.monotonic()))
    took = time.monotonic() - began
    if any(process.exitcode != 0 for process in processes):
        raise SystemExit(f"a worker failed: {[process.exitcode for process in processes]}")
    return {"trials": trials - left.value, "seconds": took}


def is_served(address: str) -> bool:
    """Whether the server has Optuna's storage service. In a process of its own: see `run`."""
    import grpc

    try:
        optuna_study(address, "probe", "random", 1)
    except grpc.RpcError as error:
        if error.code() == grpc.StatusCode.UNIMPLEMENTED:
            return False
        raise
    return True


def main() -> None:
    kind, address, name, workers, sampler, trials, seconds = sys.argv[1:]
    if kind == "probe":
        print(json.dumps({"unimplemented": not is_served(address)}))
        return
    if kind == "optuna":
        import optuna  # noqa: F401  # Once, before the workers are forked.
    print(json.dumps(run(kind, address, name, int(workers), sampler, int(trials), float(seconds))))


if __name__ == "__main__":
    main()
