"""SearchCV beside scikit-learn's searches, on real data over a real daemon."""

import pickle
import subprocess
import sys
import uuid
import warnings

import daemon as daemons
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, ShuffleSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import hpod
from hpod import CategoricalDistribution, FloatDistribution, IntDistribution
from hpod.sklearn import SearchCV
from hpod.sklearn._space import SearchSpace

X, Y = load_breast_cancer(return_X_y=True)
DEPTHS = {"max_depth": [1, 2, 3, 4], "criterion": ["gini", "entropy"]}


@pytest.fixture(autouse=True)
def server(daemon, monkeypatch):
    monkeypatch.setenv("HPOD_SERVER", daemon.address)


@pytest.fixture
def study_name():
    return f"search-{uuid.uuid4()}"


def tree_search(**settings):
    settings = {"n_iter": 6, "random_state": 1, "cv": 3, **settings}
    space = {"max_depth": IntDistribution(1, 10), "min_samples_leaf": [1, 2, 5, 10]}
    return SearchCV(DecisionTreeClassifier(random_state=0), space, **settings)


@pytest.mark.parametrize(
    ("scoring", "refit"),
    [
        (None, True),
        ("roc_auc", True),
        (["accuracy", "f1"], "f1"),
        ({"acc": "accuracy", "auc": "roc_auc"}, False),
    ],
)
def test_a_grid_has_the_results_of_scikit_learns(scoring, refit):
    settings = dict(scoring=scoring, refit=refit, cv=3, return_train_score=True)
    tree = DecisionTreeClassifier(random_state=0)
    ours = SearchCV(
        tree, DEPTHS, n_iter=None, sampler="grid", random_state=1, **settings
    ).fit(X, Y)
    theirs = GridSearchCV(tree, DEPTHS, **settings).fit(X, Y)
    assert set(ours.cv_results_) == set(theirs.cv_results_)
    order = [ours.cv_results_["params"].index(p) for p in theirs.cv_results_["params"]]
    for key, column in theirs.cv_results_.items():
        mine = ours.cv_results_[key]
        assert len(mine) == len(column)
        assert getattr(mine, "dtype", None) == getattr(column, "dtype", None)
        if key != "params" and "time" not in key:
            assert list(np.ma.getdata(mine)[order]) == list(np.ma.getdata(column)), key
    assert ours.multimetric_ == theirs.multimetric_
    assert ours.n_splits_ == theirs.n_splits_ == 3
    assert type(ours.scorer_) is type(theirs.scorer_)
    if refit:
        assert ours.best_score_ == theirs.best_score_
        assert ours.score(X, Y) > 0.9
        assert list(ours.classes_) == [0, 1]


def test_a_random_search_takes_frozen_distributions():
    space = {
        "alpha": scipy.stats.loguniform(1e-3, 1e3),
        "tol": scipy.stats.uniform(1e-4, 1e-2),
        "max_iter": scipy.stats.randint(100, 200),
    }
    search = SearchCV(Ridge(), space, n_trials=5, random_state=2, sampler="random")
    search.fit(*load_diabetes(return_X_y=True))
    assert len(search.cv_results_["params"]) == 5
    assert search.cv_results_["mean_test_score"].shape == (5,)
    study = hpod.load_study(search.study_name_)
    assert study.trials[0].distributions == {
        "alpha": FloatDistribution(1e-3, 1e3, log=True),
        "tol": FloatDistribution(1e-4, 1e-4 + 1e-2),
        "max_iter": IntDistribution(100, 199),
    }
    assert search.best_params_ == search.cv_results_["params"][search.best_index_]


def test_a_distribution_without_a_like_is_refused_by_name():
    with pytest.raises(TypeError, match="'alpha'.*'norm'.*known: uniform"):
        SearchSpace({"alpha": scipy.stats.norm()})
    with pytest.raises(ValueError, match="loguniform with loc=1"):
        SearchSpace({"alpha": scipy.stats.loguniform(1, 10, loc=1)})
    with pytest.raises(TypeError, match="'alpha' is 3"):
        SearchSpace({"alpha": 3})


def test_lists_may_hold_anything():
    scalers = [StandardScaler(), MinMaxScaler(), None, "passthrough"]
    pipeline = make_pipeline(StandardScaler(), KNeighborsClassifier())
    space = {
        "standardscaler": scalers,
        "kneighborsclassifier__n_neighbors": np.arange(1, 4),
    }
    search = SearchCV(pipeline, space, n_iter=8, random_state=0, cv=2).fit(X, Y)
    for params in search.cv_results_["params"]:
        assert any(params["standardscaler"] is scaler for scaler in scalers)
    assert search.predict(X).shape == Y.shape


def test_each_trial_takes_one_of_several_dictionaries():
    space = [
        {"kernel": ["linear"], "C": FloatDistribution(0.1, 1)},
        {"kernel": ["rbf"], "C": FloatDistribution(1, 10), "gamma": [0.1, 1.0]},
    ]
    search_space = SearchSpace(space)
    assert search_space.decode({"space": 0, "0/kernel": "linear", "0/C": 0.5}) == {
        "C": 0.5,
        "kernel": "linear",
    }
    from sklearn.svm import SVC

    search = SearchCV(SVC(), space, n_iter=8, cv=2, random_state=3)
    results = search.fit(X[:100], Y[:100]).cv_results_
    for params in results["params"]:
        linear = params["kernel"] == "linear"
        assert params["C"] <= 1 if linear else params["C"] >= 1
        assert ("gamma" in params) is not linear
    kernels = [params["kernel"] for params in results["params"]]
    assert list(results["param_gamma"].mask) == [
        kernel == "linear" for kernel in kernels
    ]
    assert set(kernels) == {"linear", "rbf"}


def test_an_equal_seed_gives_equal_candidates():
    first, second = (tree_search(random_state=5).fit(X, Y) for _ in range(2))
    other = tree_search(random_state=6).fit(X, Y)
    assert first.cv_results_["params"] == second.cv_results_["params"]
    assert first.cv_results_["params"] != other.cv_results_["params"]
    assert first.study_name_ != second.study_name_


def test_several_processes_share_the_trials():
    search = tree_search(n_iter=9, n_jobs=2).fit(X, Y)
    assert len(search.cv_results_["params"]) == 9
    workers = {trial.worker for trial in hpod.load_study(search.study_name_).trials}
    assert 1 <= len(workers) <= 2
    assert search.best_score_ > 0.9


def test_pruned_trials_have_nan_for_the_folds_they_were_spared():
    rng = np.random.default_rng(0)
    # Depth 1 is much worse on these labels, from the first fold on.
    x = rng.normal(size=(400, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    space = {"max_depth": [1, 6, 7, 8, 9, 10]}
    search = SearchCV(
        DecisionTreeClassifier(random_state=0),
        space,
        n_iter=20,
        cv=4,
        pruner=hpod.Pruner("median", n_startup_trials=3),
        random_state=1,
        sampler="random",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.fit(x, y)
    states = [trial.state for trial in hpod.load_study(search.study_name_).trials]
    pruned = [state is hpod.TrialState.PRUNED for state in states]
    assert any(pruned)
    results = search.cv_results_
    assert list(np.isnan(results["mean_test_score"])) == pruned
    assert list(np.isnan(results["split3_test_score"])) == pruned
    assert not np.isnan(results["split0_test_score"]).any()
    worst = results["rank_test_score"].max()
    assert all(results["rank_test_score"][pruned] == worst)
    assert not pruned[search.best_index_]


def test_a_second_fit_goes_on_where_the_first_stopped(study_name):
    first = tree_search(n_iter=4, study_name=study_name).fit(X, Y)
    longer = tree_search(n_iter=7, study_name=study_name).fit(X, Y)
    assert longer.cv_results_["params"][:4] == first.cv_results_["params"]
    for key in ("mean_fit_time", "split1_test_score"):
        assert list(longer.cv_results_[key][:4]) == list(first.cv_results_[key])
    assert len(longer.cv_results_["params"]) == 7
    again = tree_search(n_iter=7, study_name=study_name).fit(X, Y)
    assert list(again.cv_results_["mean_fit_time"]) == list(
        longer.cv_results_["mean_fit_time"]
    )
    assert len(hpod.load_study(study_name).trials) == 7


def test_a_study_with_other_data_or_settings_is_refused(study_name):
    tree_search(n_iter=1, study_name=study_name).fit(X, Y)
    with pytest.raises(ValueError, match="other data and folds"):
        tree_search(n_iter=1, study_name=study_name).fit(X[:300], Y[:300])
    with pytest.raises(ValueError, match="other scoring: give another"):
        tree_search(n_iter=1, study_name=study_name, scoring="f1").fit(X, Y)
    with pytest.raises(ValueError, match="other folds .has cv a random_state"):
        tree_search(n_iter=1, study_name=study_name, cv=ShuffleSplit(3)).fit(X, Y)
    native = f"native-{uuid.uuid4()}"
    hpod.create_study(native, direction="maximize")
    with pytest.raises(ValueError, match="is no search of hpod.sklearn"):
        tree_search(n_iter=1, study_name=native).fit(X, Y)


def test_another_space_is_said_once(study_name):
    tree_search(n_iter=1, study_name=study_name).fit(X, Y)
    tree = DecisionTreeClassifier(random_state=0)
    other = SearchCV(tree, {"max_depth": [1, 2]}, cv=3, study_name=study_name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="is a search with other space: give"):
            other.fit(X, Y)


def test_a_setting_that_a_search_goes_on_without_is_warned_of(study_name):
    tree_search(n_iter=1, study_name=study_name).fit(X, Y)
    with pytest.warns(UserWarning, match="exists and keeps its own sampler"):
        tree_search(n_iter=1, study_name=study_name, sampler="random").fit(X, Y)


INTERRUPTED = """
import os, signal, sys
from sklearn.datasets import load_breast_cancer
from sklearn.tree import DecisionTreeClassifier
from hpod.sklearn import SearchCV
from hpod import IntDistribution

study_name, interrupted_fit = sys.argv[1], int(sys.argv[2])
fits = 0

class Interrupted(DecisionTreeClassifier):
    def fit(self, X, y, sample_weight=None, check_input=True):
        global fits
        fits += 1
        if fits == interrupted_fit:
            os.kill(os.getpid(), signal.SIGINT)
        return super().fit(X, y)

search = SearchCV(
    Interrupted(random_state=0), {"max_depth": IntDistribution(1, 10)}, n_iter=12,
    cv=4, study_name=study_name, random_state=1,
)
search.fit(*load_breast_cancer(return_X_y=True))
print(len(search.cv_results_["params"]), fits)
"""


def test_an_interrupted_search_is_finished_by_the_next(study_name):
    def run(interrupted_fit):
        return subprocess.run(
            [sys.executable, "-c", INTERRUPTED, study_name, str(interrupted_fit)],
            capture_output=True,
            text=True,
            timeout=100,
        )

    # In the third fold of the sixth trial, as by Ctrl-C.
    assert "KeyboardInterrupt" in run(5 * 4 + 3).stderr
    complete = [hpod.TrialState.COMPLETE]
    before = hpod.load_study(study_name).get_trials(complete)
    assert len(before) == 5
    # Seven trials of four folds, and the refit.
    done = run(0)
    assert done.stdout == "12 29\n", done.stderr
    after = hpod.load_study(study_name).get_trials(complete)
    assert after[:5] == before
    assert len(after) == 12


class Fragile(DecisionTreeClassifier):
    def fit(self, X, y, sample_weight=None, check_input=True):
        if self.max_depth == 1:
            raise RuntimeError("too shallow")
        return super().fit(X, y)


def test_failed_fits_have_the_error_score():
    space = {"max_depth": [1, 2]}
    search = SearchCV(Fragile(), space, n_iter=2, sampler="grid", cv=2)
    with pytest.warns(sklearn.exceptions.FitFailedWarning, match="too shallow"):
        search.fit(X, Y)
    failed = [params["max_depth"] == 1 for params in search.cv_results_["params"]]
    assert list(np.isnan(search.cv_results_["mean_test_score"])) == failed
    with pytest.warns(sklearn.exceptions.FitFailedWarning):
        zero = clone(search).set_params(error_score=0).fit(X, Y)
    assert min(zero.cv_results_["mean_test_score"]) == 0
    with pytest.raises(RuntimeError, match="too shallow"):
        clone(search).set_params(error_score="raise").fit(X, Y)
    with pytest.raises(ValueError, match="All the 2 fits failed"):
        clone(search).set_params(param_distributions={"max_depth": [1]}).fit(X, Y)


def test_fit_parameters_and_groups_are_routed():
    weights = np.linspace(0, 1, len(Y))
    groups = np.arange(len(Y)) % 5
    ours = tree_search(cv=GroupKFold(5), n_iter=3).fit(
        X, Y, sample_weight=weights, groups=groups
    )
    theirs = GridSearchCV(
        ours.estimator,
        [
            {key: [value] for key, value in p.items()}
            for p in ours.cv_results_["params"]
        ],
        cv=GroupKFold(5),
    ).fit(X, Y, sample_weight=weights, groups=groups)
    assert list(ours.cv_results_["mean_test_score"]) == list(
        theirs.cv_results_["mean_test_score"]
    )


def test_metadata_routing_is_followed():
    with sklearn.config_context(enable_metadata_routing=True):
        model = LogisticRegression(max_iter=20).set_fit_request(sample_weight=True)
        search = SearchCV(
            make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model),
            {"logisticregression__C": [0.1, 1.0]},
            n_iter=2,
            scoring=sklearn.metrics.get_scorer("accuracy").set_score_request(
                sample_weight=True
            ),
            cv=GroupKFold(3),
            random_state=1,
        )
        groups = np.arange(len(Y)) % 3
        search.fit(X, Y, sample_weight=np.ones(len(Y)), groups=groups)
        assert search.best_score_ > 0.9


def test_a_callable_may_choose_the_best():
    search = tree_search(refit=lambda results: 2, scoring=["accuracy", "f1"])
    search.fit(X, Y)
    assert search.best_index_ == 2
    assert search.best_params_ == search.cv_results_["params"][2]
    assert len(hpod.load_study(search.study_name_).directions) == 2


def test_tables_keep_their_names():
    frame = pd.DataFrame(X, columns=[f"column {i}" for i in range(X.shape[1])])
    search = tree_search(n_iter=2).fit(frame, Y)
    assert list(search.feature_names_in_) == list(frame.columns)
    assert search.n_features_in_ == 30


def test_a_fitted_search_can_be_pickled_and_a_clone_is_unfitted():
    search = tree_search(n_iter=2).fit(X, Y)
    copy = pickle.loads(pickle.dumps(search))
    assert list(copy.predict(X)) == list(search.predict(X))
    assert copy.cv_results_["params"] == search.cv_results_["params"]
    unfitted = clone(search).set_params(n_iter=3, estimator__max_depth=2)
    assert not hasattr(unfitted, "cv_results_")
    assert unfitted.get_params()["n_iter"] == 3


def test_progress_is_told_by_trial(capfd):
    tree_search(n_iter=2, verbose=1).fit(X, Y)
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].startswith(
        "Running 2 trials of 3 folds each in the study 'Decision"
    )
    assert [line[:10] for line in lines[1:]] == ["[trial 0] ", "[trial 1] "]


def test_without_a_daemon_the_error_says_how_to_start_one():
    address = f"127.0.0.1:{daemons.free_port()}"
    with pytest.raises(hpod.UnavailableError, match=f"hpod --listen {address}"):
        tree_search(server=address).fit(X, Y)


def test_all_points_are_for_grids_only():
    with pytest.raises(ValueError, match="n_iter=None"):
        tree_search(n_iter=None).fit(X, Y)


def test_choices_keep_their_kinds():
    space = SearchSpace({"p": [1, 1.0, True, "1", None]})
    assert space.declared == {"p": CategoricalDistribution([1, 1.0, True, "1", None])}
    for value in (1, 1.0, True, "1", None):
        decoded = space.decode({"p": value})["p"]
        assert type(decoded) is type(value)
