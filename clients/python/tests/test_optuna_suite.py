"""The suite that Optuna ships for samplers, on hpod.optuna.Sampler over a real daemon.

`SingleOnlySamplerTestCase` is for samplers that refuse several objectives; this one
takes them, so it does not apply.
"""

import warnings

import optuna
import pytest
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
)

import hpod.optuna

warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)


class TestSampler(
    BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase
):
    @pytest.fixture
    def sampler(self, daemon):
        return lambda: hpod.optuna.Sampler(server=daemon.address, seed=1)
