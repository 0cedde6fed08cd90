"""Runner of the conformance scenarios; tests/conformance/README.md says what it does."""

from __future__ import annotations

import json
import struct
import sys
import time
from typing import Any, Callable, Dict, List, Mapping, Optional

import hpod
from hpod import TrialState

Step = Mapping[str, Any]
Result = Dict[str, Any]

_STATES = {state.name: state for state in TrialState}
_LOSS_MAX_S = 20.0


def to_double(digits: str) -> float:
    number: float = struct.unpack(">d", bytes.fromhex(digits))[0]
    return number


def from_double(number: float) -> str:
    return struct.pack(">d", number).hex()


def to_plain(value: Step) -> Any:
    ((kind, content),) = value.items()
    if kind == "float":
        return to_double(content)
    if kind == "int":
        return int(content)
    return None if kind == "null" else content


def from_plain(plain: Any) -> Result:
    if plain is None:
        return {"null": True}
    if isinstance(plain, bool):
        return {"bool": plain}
    if isinstance(plain, int):
        return {"int": str(plain)}
    if isinstance(plain, float):
        return {"float": from_double(plain)}
    return {"string": plain}


def to_params(params: Step) -> Dict[str, Any]:
    return {name: to_plain(value) for name, value in params.items()}


def from_params(params: Mapping[str, Any]) -> Result:
    return {name: from_plain(plain) for name, plain in params.items()}


def to_distribution(parameter: Step) -> Any:
    log = parameter.get("log", False)
    if parameter["type"] == "float":
        step = to_double(parameter["step"]) if "step" in parameter else None
        low, high = to_double(parameter["low"]), to_double(parameter["high"])
        return hpod.FloatDistribution(low, high, log, step)
    if parameter["type"] == "int":
        low, high = parameter["low"], parameter["high"]
        return hpod.IntDistribution(low, high, log, parameter.get("step", 1))
    return hpod.CategoricalDistribution([to_plain(c) for c in parameter["choices"]])


def to_entry(parameter: Step) -> Any:
    conditions = {
        condition["parent"]: [to_plain(value) for value in condition["values"]]
        for condition in parameter.get("conditions", ())
    }
    distribution = to_distribution(parameter)
    return hpod.When(conditions, distribution) if conditions else distribution


def from_trial(trial: hpod.FrozenTrial) -> Result:
    return {
        "number": trial.number,
        "state": trial.state.name,
        "params": from_params(trial.params),
        "values": [from_double(value) for value in trial.values or ()],
        "intermediate_values": {
            str(step): from_double(value)
            for step, value in trial.intermediate_values.items()
        },
        "user_attributes": trial.user_attrs,
        "constraints": {k: from_double(v) for k, v in trial.constraints.items()},
        "failure": trial.failure,
        "retry_of": trial.retry_of,
    }


class Runner:
    """The studies and trials of the steps so far, by name. A method per step."""

    def __init__(self) -> None:
        self.studies: Dict[str, hpod.Study] = {}
        self.trials: Dict[str, hpod.Trial] = {}

    def run(self, step: Step) -> Result:
        do: Callable[[Step], Optional[Result]] = getattr(self, step["do"])
        try:
            return {"ok": do(step) or {}}
        except hpod.HpodError as error:
            fields = {"code": error.code, "reason": error.reason}
            return {"error": {**fields, "metadata": error.metadata}}

    def create_study(self, step: Step) -> None:
        space = {entry["name"]: to_entry(entry) for entry in step.get("space", ())}
        sampler = step.get("sampler")
        pruner = step.get("pruner")
        self.studies[step["study"]] = hpod.create_study(
            step["study"],
            directions=step.get("directions"),
            sampler=sampler
            and hpod.Sampler(sampler["name"], **sampler.get("options", {})),
            pruner=pruner and hpod.Pruner(pruner["name"], **pruner.get("options", {})),
            load_if_exists=step.get("load_if_exists", False),
            space=space,
            seed=step.get("seed"),
            max_trials=step.get("max_trials"),
            max_running=step.get("max_running"),
            lease=step["lease_ms"] / 1000 if "lease_ms" in step else None,
            max_retries=step.get("max_retries"),
            metric_names=step.get("metric_names"),
            user_attrs=step.get("user_attributes"),
        )

    def load_study(self, step: Step) -> None:
        self.studies[step["study"]] = hpod.load_study(step["study"])

    def get_study(self, step: Step) -> Result:
        study = self.studies[step["study"]]
        (summary,) = [
            one
            for one in hpod.get_all_study_summaries(include_best_trial=False)
            if one.study_name == study.study_name
        ]
        names = {TrialState.FAIL: "failed"}
        reason = summary.stop_reason
        return {
            "name": summary.study_name,
            "directions": [one.name.lower() for one in summary.directions],
            "metric_names": study.metric_names or [],
            "user_attributes": summary.user_attrs,
            "counts": {
                names.get(state, state.name.lower()): count
                for state, count in summary.counts.items()
            },
            "stop_reason": reason.name if reason else None,
        }

    def set_study_attributes(self, step: Step) -> None:
        for key, value in step["user_attributes"].items():
            self.studies[step["study"]].set_user_attr(key, value)

    def stop_study(self, step: Step) -> None:
        self.studies[step["study"]].stop(everywhere=True)

    def resume_study(self, step: Step) -> None:
        self.studies[step["study"]].resume()

    def delete_study(self, step: Step) -> None:
        hpod.delete_study(step["study"])

    def enqueue(self, step: Step) -> Result:
        number = self.studies[step["study"]].enqueue_trial(
            to_params(step["params"]),
            step.get("user_attributes"),
            step.get("skip_if_exists", False),
        )
        return {"number": number}

    def suggest(self, step: Step) -> Result:
        try:
            trial = self.studies[step["study"]].ask()
        except hpod.NoTrialError as none:
            reason = none.reason.name
            return {"number": None, "stop_reason": reason, "final": none.final}
        self.trials[step["trial"]] = trial
        return {
            "number": trial.number,
            "params": from_params(trial.params),
            "retry_of": trial.retry_of,
        }

    def suggest_parameter(self, step: Step) -> Result:
        trial, parameter = self.trials[step["trial"]], step["parameter"]
        name, domain = parameter["name"], to_distribution(parameter)
        if isinstance(domain, hpod.CategoricalDistribution):
            return {
                "value": from_plain(trial.suggest_categorical(name, domain.choices))
            }
        suggest: Any = (
            trial.suggest_float
            if isinstance(domain, hpod.FloatDistribution)
            else trial.suggest_int
        )
        value = suggest(name, domain.low, domain.high, step=domain.step, log=domain.log)
        return {"value": from_plain(value)}

    def report(self, step: Step) -> Result:
        trial = self.trials[step["trial"]]
        trial.report(to_double(step["value"]), step["step"])
        return {"should_prune": trial.should_prune()}

    def complete(self, step: Step) -> None:
        values = [to_double(value) for value in step["values"]]
        self._tell(step, values, TrialState.COMPLETE)

    def prune(self, step: Step) -> None:
        self._tell(step, None, TrialState.PRUNED)

    def fail(self, step: Step) -> None:
        self._tell(step, None, TrialState.FAIL, failure=step["failure"])

    def _tell(
        self,
        step: Step,
        values: Optional[List[float]],
        state: TrialState,
        failure: str = "",
    ) -> None:
        trial = self.trials[step["trial"]]
        trial.study.tell(trial, values, state, failure=failure)

    def set_attributes(self, step: Step) -> None:
        trial = self.trials[step["trial"]]
        for key, value in step.get("user_attributes", {}).items():
            trial.set_user_attr(key, value)
        for key, value in step.get("constraints", {}).items():
            trial.set_constraint(key, to_double(value))

    def await_lease_loss(self, step: Step) -> None:
        trial = self.trials[step["trial"]]
        end = time.monotonic() + _LOSS_MAX_S
        while not trial.lease_lost:
            if time.monotonic() > end:
                raise TimeoutError("the lease is not lost")
            time.sleep(0.01)

    def get_trial(self, step: Step) -> Result:
        return from_trial(self.studies[step["study"]].get_trial(step["number"]))

    def list_trials(self, step: Step) -> Result:
        states = (
            [_STATES[name] for name in step["states"]] if "states" in step else None
        )
        trials = self.studies[step["study"]].get_trials(states)
        return {"trials": [from_trial(trial) for trial in trials]}

    def best_trial(self, step: Step) -> Result:
        best = self.studies[step["study"]].best_trials
        return {"number": best[0].number if best else None}


def main() -> None:
    runner = Runner()
    for line in sys.stdin:
        print(json.dumps(runner.run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
