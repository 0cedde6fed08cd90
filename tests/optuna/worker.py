"""A worker as Optuna's users write it: python worker.py PORT STUDY TRIALS LOG.

It writes a line to LOG for each trial whose result was acknowledged. A daemon that is away makes it
wait; the client does not retry by itself.
"""

from __future__ import annotations

import sys
import time
import warnings

import grpc
import optuna

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def run(study: optuna.Study, log: str) -> None:
    trial = study.ask()
    x = trial.suggest_float("x", -10, 10)
    y = trial.suggest_int("y", 0, 5)
    trial.report(x * x + y, step=0)
    value = x * x + y
    study.tell(trial, value)
    with open(log, "a") as lines:
        lines.write(f"{trial.number} {value!r}\n")


def main() -> None:
    port, name, count, log = sys.argv[1:]
    storage = optuna.storages.GrpcStorageProxy(host="127.0.0.1", port=int(port))
    sampler = optuna.samplers.RandomSampler()
    done = 0
    while done < int(count):
        try:
            study = optuna.load_study(study_name=name, storage=storage, sampler=sampler)
            while done < int(count):
                run(study, log)
                done += 1
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    main()
