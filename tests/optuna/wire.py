"""Optuna's storage protocol call by call, below its client: what is sent and comes back as it is."""

from __future__ import annotations

from typing import Any, Iterator

import grpc
from google.protobuf import message_factory
from optuna.storages._grpc.auto_generated import api_pb2

_SERVICE = api_pb2.DESCRIPTOR.services_by_name["StorageService"]


class Wire:
    """One connection. A method of the protocol is a method here, fields are keyword arguments."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.insecure_channel(
            address, options=[("grpc.max_receive_message_length", -1)]
        )

    def __getattr__(self, method: str) -> Any:
        descriptor = _SERVICE.methods_by_name[method]
        request_type = message_factory.GetMessageClass(descriptor.input_type)
        reply_type = message_factory.GetMessageClass(descriptor.output_type)
        call = self.channel.unary_unary(
            f"/{_SERVICE.full_name}/{method}",
            request_serializer=request_type.SerializeToString,
            response_deserializer=reply_type.FromString,
        )
        return lambda **fields: call(request_type(**fields), timeout=60)

    def study(self, name: str, *directions: int) -> int:
        return self.CreateNewStudy(directions=directions or [0], study_name=name).study_id

    def trial(self, study_id: int) -> int:
        return self.CreateNewTrial(study_id=study_id, template_trial_is_none=True).trial_id

    def copy(self, study_id: int, **fields: Any) -> int:
        template = api_pb2.Trial(**fields)
        return self.CreateNewTrial(study_id=study_id, template_trial=template).trial_id

    def get(self, trial_id: int) -> Any:
        return self.GetTrial(trial_id=trial_id).trial

    def trials(self, study_id: int, after: int = -1, included: Any = ()) -> list[Any]:
        return list(
            self.GetTrials(
                study_id=study_id, trial_id_greater_than=after, included_trial_ids=included
            ).trials
        )

    def everything(self) -> Iterator[Any]:
        """All studies and all their trials: what must be the same after a restart."""
        for study in self.GetAllStudies().studies:
            yield study
            yield from self.trials(study.study_id)

    def close(self) -> None:
        self.channel.close()


def refusal(call: Any, **fields: Any) -> grpc.StatusCode:
    """The code with which a call is refused."""
    try:
        reply = call(**fields)
    except grpc.RpcError as error:
        return error.code()
    raise AssertionError(f"not refused: {reply}")
