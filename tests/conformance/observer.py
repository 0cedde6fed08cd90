"""The harness's own look at the daemon, past the client under test."""

from __future__ import annotations

import contextlib
from typing import Iterator

import grpc
from hpod._proto import study_service_pb2, trial_pb2, trial_service_pb2

_CALL_SECONDS = 10.0


class Observer:
    """A connection to the daemon at `address`."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._get_trial = channel.unary_unary(
            "/hpo.v1.TrialService/GetTrial",
            trial_service_pb2.GetTrialRequest.SerializeToString,
            trial_service_pb2.GetTrialResponse.FromString,
        )
        self._list_studies = channel.unary_unary(
            "/hpo.v1.StudyService/ListStudies",
            study_service_pb2.ListStudiesRequest.SerializeToString,
            study_service_pb2.ListStudiesResponse.FromString,
        )

    def trial(self, study: str, number: int) -> trial_pb2.Trial:
        request = trial_service_pb2.GetTrialRequest(study=study, number=number)
        reply = self._get_trial(request, timeout=_CALL_SECONDS, wait_for_ready=True)
        trial: trial_pb2.Trial = reply.trial
        return trial

    def lease_end_s(self, study: str, number: int) -> float:
        """When the lease of a running trial ends, in seconds since the epoch."""
        trial = self.trial(study, number)
        assert trial.state == trial_pb2.TRIAL_STATE_RUNNING, trial
        return trial.lease.expire_time.ToNanoseconds() / 1e9

    def was_given_up(self, study: str, number: int) -> bool:
        return self.trial(study, number).lease_expired

    def revisions(self) -> dict[str, int]:
        """Study to the revision that it has reached: changes with every change."""
        request = study_service_pb2.ListStudiesRequest(page_size=1000)
        reply = self._list_studies(request, timeout=_CALL_SECONDS, wait_for_ready=True)
        return {study.name: study.revision for study in reply.studies}


@contextlib.contextmanager
def observe(address: str) -> Iterator[Observer]:
    options = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(address, options) as channel:
        yield Observer(channel)
