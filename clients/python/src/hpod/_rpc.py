"""The calls of the daemon, and what its errors become in Python."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, Generic, Optional, Tuple, Type, TypeVar

import grpc
from google.protobuf.message import Message

from hpod import exceptions
from hpod._proto import error_pb2
from hpod._proto import study_service_pb2 as study_service
from hpod._proto import trial_service_pb2 as trial_service

Request = TypeVar("Request", bound=Message)
Reply = TypeVar("Reply", bound=Message)


@dataclass(frozen=True)
class Method(Generic[Request, Reply]):
    """A unary call: its path on the wire and the types of its messages."""

    path: str
    request_type: Type[Request]
    reply_type: Type[Reply]


def _study(
    name: str, request: Type[Request], reply: Type[Reply]
) -> Method[Request, Reply]:
    return Method(f"/hpo.v1.StudyService/{name}", request, reply)


def _trial(
    name: str, request: Type[Request], reply: Type[Reply]
) -> Method[Request, Reply]:
    return Method(f"/hpo.v1.TrialService/{name}", request, reply)


CREATE_STUDY = _study(
    "CreateStudy", study_service.CreateStudyRequest, study_service.CreateStudyResponse
)
GET_STUDY = _study(
    "GetStudy", study_service.GetStudyRequest, study_service.GetStudyResponse
)
LIST_STUDIES = _study(
    "ListStudies", study_service.ListStudiesRequest, study_service.ListStudiesResponse
)
UPDATE_STUDY = _study(
    "UpdateStudy", study_service.UpdateStudyRequest, study_service.UpdateStudyResponse
)
STOP_STUDY = _study(
    "StopStudy", study_service.StopStudyRequest, study_service.StopStudyResponse
)
DELETE_STUDY = _study(
    "DeleteStudy", study_service.DeleteStudyRequest, study_service.DeleteStudyResponse
)
LIST_BEST_TRIALS = _study(
    "ListBestTrials",
    study_service.ListBestTrialsRequest,
    study_service.ListBestTrialsResponse,
)

SUGGEST_TRIALS = _trial(
    "SuggestTrials",
    trial_service.SuggestTrialsRequest,
    trial_service.SuggestTrialsResponse,
)
SUGGEST_PARAMETER = _trial(
    "SuggestParameter",
    trial_service.SuggestParameterRequest,
    trial_service.SuggestParameterResponse,
)
REPORT_VALUE = _trial(
    "ReportValue", trial_service.ReportValueRequest, trial_service.ReportValueResponse
)
COMPLETE_TRIAL = _trial(
    "CompleteTrial",
    trial_service.CompleteTrialRequest,
    trial_service.CompleteTrialResponse,
)
HEARTBEAT_TRIAL = _trial(
    "HeartbeatTrial",
    trial_service.HeartbeatTrialRequest,
    trial_service.HeartbeatTrialResponse,
)
ENQUEUE_TRIAL = _trial(
    "EnqueueTrial",
    trial_service.EnqueueTrialRequest,
    trial_service.EnqueueTrialResponse,
)
ADD_TRIALS = _trial(
    "AddTrials", trial_service.AddTrialsRequest, trial_service.AddTrialsResponse
)
GET_TRIAL = _trial(
    "GetTrial", trial_service.GetTrialRequest, trial_service.GetTrialResponse
)
LIST_TRIALS = _trial(
    "ListTrials", trial_service.ListTrialsRequest, trial_service.ListTrialsResponse
)
SET_TRIAL_ATTRIBUTES = _trial(
    "SetTrialAttributes",
    trial_service.SetTrialAttributesRequest,
    trial_service.SetTrialAttributesResponse,
)

_BY_REASON: Dict[str, Type[exceptions.HpodError]] = {
    "STUDY_NOT_FOUND": exceptions.StudyNotFoundError,
    "TRIAL_NOT_FOUND": exceptions.TrialNotFoundError,
    "STUDY_EXISTS": exceptions.DuplicatedStudyError,
    "STUDY_MISMATCH": exceptions.StudyMismatchError,
    "INVALID_FIELD": exceptions.InvalidArgumentError,
    "PARAMETER_CHANGED": exceptions.ParameterChangedError,
    "REQUEST_ID_REUSED": exceptions.InvalidArgumentError,
    "LEASE_LOST": exceptions.LeaseLostError,
    "TRIAL_FINISHED": exceptions.UpdateFinishedTrialError,
    "TRIAL_WAITING": exceptions.TrialWaitingError,
    "SEVERAL_OBJECTIVES": exceptions.SeveralObjectivesError,
    "LIMIT_EXCEEDED": exceptions.LimitExceededError,
    "STORAGE_FULL": exceptions.StorageFullError,
    "STORAGE_FAILED": exceptions.UnavailableError,
    "SHUTTING_DOWN": exceptions.UnavailableError,
}
# A google.rpc.Status, in which the details are found by their type.
_STATUS_DETAILS_KEY = "grpc-status-details-bin"
_ERROR_INFO_TYPE = "google.rpc.ErrorInfo"


def error_info(trailers: Any) -> Tuple[str, Dict[str, str]]:
    """Reason and metadata of the ErrorInfo in a call's trailers; ("", {}) if none."""
    for key, value in trailers or ():
        if key != _STATUS_DETAILS_KEY:
            continue
        for detail in error_pb2.RpcStatus.FromString(value).details:
            if detail.type_url.endswith("/" + _ERROR_INFO_TYPE):
                info = error_pb2.ErrorInfo.FromString(detail.value)
                return info.reason, dict(info.metadata)
    return "", {}


def to_exception(
    error: grpc.RpcError, server: str, timeout_s: float
) -> exceptions.HpodError:
    """What a failed call of `server` becomes; the daemon's own message is kept."""
    code: grpc.StatusCode = error.code()
    details: Optional[str] = error.details()
    reason, metadata = error_info(error.trailing_metadata())
    kind = _BY_REASON.get(reason)
    message = details or code.name.lower()
    if kind is None:
        kind, message = _without_reason(code, message, server, timeout_s)
    return kind(message, code.name, reason, metadata)


def _without_reason(
    code: grpc.StatusCode, message: str, server: str, timeout_s: float
) -> Tuple[Type[exceptions.HpodError], str]:
    if code is grpc.StatusCode.UNAVAILABLE:
        hint = "is hpod running? start it with: hpod"
        cause = _cause(message)
        return exceptions.UnavailableError, f"cannot reach {server}: {cause} ({hint})"
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return (
            exceptions.UnavailableError,
            f"no answer from {server} in {timeout_s:g} s",
        )
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        return exceptions.InvalidArgumentError, message
    return exceptions.HpodError, message


def _cause(message: str) -> str:
    """What gRPC says about a failed connection, cut to its end: connection refused.

    Its versions differ in what they put around that, also in the number after it.
    """
    cause = re.sub(r" \(\d+\)$", "", message.rpartition(": ")[2].rstrip("]"))
    return cause[:1].lower() + cause[1:]
