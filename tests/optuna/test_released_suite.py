"""The storage tests that Optuna releases for makers of storages, against a real daemon."""

from __future__ import annotations

import pathlib
from typing import Iterator

import grpc
import pytest
from optuna.distributions import FloatDistribution
from optuna.storages import GrpcStorageProxy
from optuna.storages._grpc.auto_generated import api_pb2
from optuna.study import StudyDirection
from optuna.testing.pytest_storages import StorageTestCase

from conftest import proxy
from daemon_process import Daemon


class TestReleasedSuite(StorageTestCase):
    """Each test expects a storage without studies: it gets a daemon of its own."""

    @pytest.fixture
    def storage(self, tmp_path: pathlib.Path) -> Iterator[GrpcStorageProxy]:
        daemon = Daemon(tmp_path)
        daemon.start()
        connection = proxy(daemon)
        yield connection
        connection.close()
        daemon.kill()

    @pytest.mark.parametrize("param_names", [["a", "b"], ["b", "a"]])
    def test_get_all_trials_params_order(
        self, storage: GrpcStorageProxy, param_names: list[str]
    ) -> None:
        """In the reply. The client reads it into a protobuf map, which has an order of its own:
        against Optuna's own proxy the released test fails at random.
        """
        study_id = storage.create_new_study([StudyDirection.MINIMIZE])
        trial_id = storage.create_new_trial(study_id)
        for name in param_names:
            storage.set_trial_param(trial_id, name, 1.0, FloatDistribution(0.0, 2.0))

        with grpc.insecure_channel(f"{storage._host}:{storage._port}") as channel:
            get_trials = channel.unary_unary("/optuna.StorageService/GetTrials")
            request = api_pb2.GetTrialsRequest(study_id=study_id, trial_id_greater_than=-1)
            reply = get_trials(request.SerializeToString())
        first, second = (reply.index(b"\n\x01" + name.encode()) for name in param_names)
        assert first < second
