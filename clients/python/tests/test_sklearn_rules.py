"""scikit-learn's own checks of estimators, on SearchCV over a real daemon."""

import os

import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

import hpod
from hpod.sklearn import SearchCV


@pytest.fixture(autouse=True)
def server(daemon, monkeypatch):
    monkeypatch.setenv("HPOD_SERVER", daemon.address)


SEARCHES = [
    SearchCV(
        LogisticRegression(max_iter=50),
        {"C": hpod.FloatDistribution(0.01, 10, log=True)},
        n_iter=2,
        cv=2,
        random_state=1,
        error_score="raise",
    ),
    SearchCV(
        Ridge(), {"alpha": [0.1, 1.0]}, n_iter=2, cv=2, random_state=0, sampler="grid"
    ),
]


@parametrize_with_checks(SEARCHES)
def test_follows_the_rules_of_estimators(estimator, check):
    check(estimator)
