"""scikit-learn's own checks of estimators, on SearchCV over a real daemon."""

import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.estimator_checks import estimator_checks_generator

import hpod
from hpod.sklearn import SearchCV


@pytest.fixture(autouse=True)
def server(daemon, monkeypatch):
    monkeypatch.setenv("HPOD_SERVER", daemon.address)


SEARCHES = {
    "classifier": SearchCV(
        LogisticRegression(max_iter=50),
        {"C": hpod.FloatDistribution(0.01, 10, log=True)},
        n_iter=2,
        cv=2,
        random_state=1,
        error_score="raise",
    ),
    "regressor on a grid": SearchCV(
        Ridge(), {"alpha": [0.1, 1.0]}, n_iter=2, cv=2, random_state=0, sampler="grid"
    ),
}

# It needs array libraries that are not installed, and the tag says that they are not
# supported.
NOT_APPLICABLE = "check_array_api_input"


def checks():
    for name, search in SEARCHES.items():
        for estimator, check in estimator_checks_generator(search):
            if check.func.__name__ != NOT_APPLICABLE:
                yield pytest.param(
                    estimator, check, id=f"{name}: {check.func.__name__}"
                )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:.*(Scoring failed|non-finite).*:UserWarning")
@pytest.mark.parametrize(("estimator", "check"), checks())
def test_follows_the_rules_of_estimators(estimator, check):
    check(estimator)
