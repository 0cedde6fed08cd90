"""Raw gRPC to a daemon: stubs, builders of messages, errors with details, dumps.

Imported by tests only: the stubs exist once conftest.py has made them.
"""

from __future__ import annotations

import dataclasses
import struct
from typing import Any, Optional, Union

import grpc
from google.protobuf import duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from hpo.v1 import (
    catalog_service_pb2,
    catalog_service_pb2_grpc,
    space_pb2,
    study_pb2,
    study_service_pb2,
    study_service_pb2_grpc,
    trial_pb2,
    trial_service_pb2,
    trial_service_pb2_grpc,
)

SERVICES = {
    service.full_name: service
    for service in (
        study_service_pb2.DESCRIPTOR.services_by_name["StudyService"],
        trial_service_pb2.DESCRIPTOR.services_by_name["TrialService"],
        catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"],
    )
}
# Method name to its path and descriptor. Names are unique among the services.
METHODS = {
    method.name: (f"/{name}/{method.name}", method)
    for name, service in SERVICES.items()
    for method in service.methods
}

RUNNING = trial_pb2.TRIAL_STATE_RUNNING
COMPLETE = trial_pb2.TRIAL_STATE_COMPLETE
PRUNED = trial_pb2.TRIAL_STATE_PRUNED
FAIL = trial_pb2.TRIAL_STATE_FAIL
WAITING = trial_pb2.TRIAL_STATE_WAITING
MINIMIZE = study_pb2.DIRECTION_MINIMIZE
MAXIMIZE = study_pb2.DIRECTION_MAXIMIZE

Plain = Union[None, bool, int, float, str]


@dataclasses.dataclass(frozen=True)
class Refusal:
    """An error as the caller sees it. `reason` is empty if there is no ErrorInfo."""

    code: str
    message: str
    reason: str = ""
    domain: str = ""
    metadata: dict[str, str] = dataclasses.field(default_factory=dict)


def refusal(error: grpc.RpcError) -> Refusal:
    code, message = error.code().name, error.details() or ""
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        status = status_pb2.Status.FromString(value)
        assert status.code == error.code().value[0]
        assert status.message == message
        for detail in status.details:
            info = error_details_pb2.ErrorInfo()
            assert detail.Unpack(info), detail.type_url
            return Refusal(code, message, info.reason, info.domain, dict(info.metadata))
    return Refusal(code, message)


class Client:
    """A connection of its own. Methods by their name: `client.GetStudy(study="s")`."""

    def __init__(self, address: str, timeout: float = 20.0) -> None:
        options = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.max_send_message_length", -1),
            ("grpc.initial_reconnect_backoff_ms", 50),
            ("grpc.max_reconnect_backoff_ms", 200),
            ("grpc.min_reconnect_backoff_ms", 50),
        ]
        self.channel = grpc.insecure_channel(address, options)
        self.timeout = timeout
        self.stubs = (
            study_service_pb2_grpc.StudyServiceStub(self.channel),
            trial_service_pb2_grpc.TrialServiceStub(self.channel),
            catalog_service_pb2_grpc.CatalogServiceStub(self.channel),
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.channel.close()

    def __getattr__(self, method: str) -> Any:
        if method not in METHODS:
            raise AttributeError(method)
        request_class = request_type(method)

        def call(request: Optional[Message] = None, **fields: Any) -> Any:
            return self.call(method, request or request_class(**fields))

        return call

    def call(self, method: str, request: Message) -> Any:
        """The reply; of a stream, its iterator."""
        stub = next(stub for stub in self.stubs if hasattr(stub, method))
        if METHODS[method][1].server_streaming:
            return getattr(stub, method)(request)
        return getattr(stub, method)(request, timeout=self.timeout, wait_for_ready=True)

    def refused(self, method: str, request: Message) -> Refusal:
        """How the call is refused; it must be."""
        try:
            reply = self.call(method, request)
            if METHODS[method][1].server_streaming:
                reply = next(reply)
        except grpc.RpcError as error:
            return refusal(error)
        raise AssertionError(f"{method} was not refused: {str(reply)[:500]}")

    def create(self, name: str, **fields: Any) -> study_pb2.Study:
        fields.setdefault("seed", 1)
        request = study_service_pb2.CreateStudyRequest(
            study=study_pb2.Study(name=name, **fields)
        )
        return self.CreateStudy(request).study

    def suggest(self, study: str, **fields: Any) -> trial_pb2.Trial:
        """One trial; there must be one."""
        trials = self.SuggestTrials(study=study, **fields).trials
        assert len(trials) == 1
        return trials[0]

    def trials(self, study: str) -> list[trial_pb2.Trial]:
        """All trials, page by page."""
        trials: list[trial_pb2.Trial] = []
        token = ""
        while True:
            page = self.ListTrials(study=study, page_size=1000, page_token=token)
            trials += page.trials
            token = page.next_page_token
            if not token:
                return trials

    def dump(self) -> list[bytes]:
        """Everything the daemon has, but for when leases end."""
        parts: list[bytes] = []
        token = ""
        while True:
            page = self.ListStudies(page_size=1000, page_token=token)
            for study in page.studies:
                parts.append(study.SerializeToString(deterministic=True))
                for trial in self.trials(study.name):
                    trial.lease.ClearField("expire_time")
                    parts.append(trial.SerializeToString(deterministic=True))
            token = page.next_page_token
            if not token:
                return parts


def request_type(method: str) -> type[Message]:
    """The generated class of a method's request."""
    name = METHODS[method][1].input_type.name
    for module in (study_service_pb2, trial_service_pb2, catalog_service_pb2):
        if hasattr(module, name):
            return getattr(module, name)
    raise AssertionError(name)


def value(plain: Plain) -> space_pb2.Value:
    if plain is None:
        return space_pb2.Value(null_value=0)
    if isinstance(plain, bool):
        return space_pb2.Value(bool_value=plain)
    if isinstance(plain, int):
        return space_pb2.Value(int_value=plain)
    if isinstance(plain, float):
        return space_pb2.Value(double_value=plain)
    return space_pb2.Value(string_value=plain)


def plain(message: space_pb2.Value) -> Plain:
    kind = message.WhichOneof("kind")
    return None if kind == "null_value" else getattr(message, kind)


def params(trial: trial_pb2.Trial) -> dict[str, Plain]:
    return {param.name: plain(param.value) for param in trial.params}


def assignments(**values: Plain) -> list[space_pb2.Assignment]:
    return [space_pb2.Assignment(name=n, value=value(v)) for n, v in values.items()]


def floats(
    name: str, low: float, high: float, log: bool = False, step: float = 0.0
) -> space_pb2.Parameter:
    domain = space_pb2.FloatDomain(low=low, high=high, log=log, step=step)
    return space_pb2.Parameter(name=name, float_domain=domain)


def ints(
    name: str, low: int, high: int, log: bool = False, step: int = 0
) -> space_pb2.Parameter:
    domain = space_pb2.IntDomain(low=low, high=high, log=log, step=step)
    return space_pb2.Parameter(name=name, int_domain=domain)


def choices(name: str, *options: Plain) -> space_pb2.Parameter:
    domain = space_pb2.CategoricalDomain(choices=[value(o) for o in options])
    return space_pb2.Parameter(name=name, categorical_domain=domain)


def when(
    parameter: space_pb2.Parameter, parent: str, *values: Plain
) -> space_pb2.Parameter:
    """`parameter`, active only if `parent` has one of `values`."""
    parameter.conditions.add(parent=parent, values=[value(v) for v in values])
    return parameter


def seconds(length: float) -> duration_pb2.Duration:
    whole = int(length)
    nanos = round((length - whole) * 1e9)
    return duration_pb2.Duration(seconds=whole, nanos=nanos)


def bits(number: float) -> bytes:
    """Equal exactly for equal bit patterns: -0.0 is not 0.0, NaN is NaN."""
    return struct.pack("<d", number)
