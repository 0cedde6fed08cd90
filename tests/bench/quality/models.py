"""Real models of scikit-learn on the data that it ships. The value is an error on held-out data."""

from __future__ import annotations

import functools
import warnings
from typing import Any, Mapping

from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR

from bench.quality.problem import Problem, exact
from bench.space import Parameter

Params = Mapping[str, Any]


@functools.cache
def halves(name: str, rows: int) -> Any:
    """Training and held-out data, the same in every run."""
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return train_test_split(x[:rows], y[:rows], test_size=0.5, random_state=0)


DIGITS = [
    Parameter("kernel", "categorical", choices=("rbf", "poly", "linear")),
    Parameter("cost", "float", 1e-3, 1e3, log=True),
    Parameter("gamma", "float", 1e-6, 1e0, log=True, parent="kernel", parent_values=("rbf", "poly")),
    Parameter("degree", "int", 2, 5, parent="kernel", parent_values=("poly",)),
]


def digits_machine(params: Params) -> float:
    """A support vector machine: share of wrong digits, and a little for its size."""
    train_x, test_x, train_y, test_y = halves("digits", 800)
    model = SVC(
        kernel=params["kernel"], C=params["cost"], gamma=params.get("gamma", 1.0),
        degree=params.get("degree", 3), max_iter=2000,
    ).fit(train_x, train_y)
    return 1 - float(model.score(test_x, test_y)) + 0.05 * model.n_support_.sum() / len(train_x)


CANCER = [
    Parameter("trees", "int", 5, 40, log=True),
    Parameter("depth", "int", 1, 12),
    Parameter("leaf", "int", 1, 20, log=True),
    Parameter("features", "float", 0.05, 1.0),
    Parameter("criterion", "categorical", choices=("gini", "entropy")),
    Parameter("weights", "categorical", choices=("none", "balanced")),
]


def cancer_forest(params: Params) -> float:
    """Extremely randomised trees: log loss."""
    train_x, test_x, train_y, test_y = halves("breast_cancer", 569)
    model = ExtraTreesClassifier(
        n_estimators=params["trees"], max_depth=params["depth"], min_samples_leaf=params["leaf"],
        max_features=params["features"], criterion=params["criterion"],
        class_weight=None if params["weights"] == "none" else "balanced", random_state=0,
    ).fit(train_x, train_y)
    return float(log_loss(test_y, model.predict_proba(test_x)))


WINE = [
    Parameter("scaler", "categorical", choices=("none", "standard", "range")),
    Parameter("components", "int", 1, 13),
    Parameter("whiten", "categorical", choices=("yes", "no")),
    Parameter("cost", "float", 1e-4, 1e3, log=True),
]


def wine_logistic(params: Params) -> float:
    """Principal components and logistic regression: log loss."""
    train_x, test_x, train_y, test_y = halves("wine", 178)
    scalers = {"none": [], "standard": [StandardScaler()], "range": [MinMaxScaler()]}
    model = make_pipeline(
        *scalers[params["scaler"]],
        PCA(params["components"], whiten=params["whiten"] == "yes", svd_solver="full"),
        LogisticRegression(C=params["cost"], max_iter=100),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(train_x, train_y)
    return float(log_loss(test_y, model.predict_proba(test_x)))


DIABETES = [
    Parameter("model", "categorical", choices=("machine", "neighbours")),
    Parameter("cost", "float", 1e-2, 1e4, log=True, parent="model", parent_values=("machine",)),
    Parameter("gamma", "float", 1e-4, 1e2, log=True, parent="model", parent_values=("machine",)),
    Parameter("epsilon", "float", 1e-2, 1e2, log=True, parent="model", parent_values=("machine",)),
    Parameter("neighbours", "int", 1, 100, log=True, parent="model", parent_values=("neighbours",)),
    Parameter("power", "float", 1, 3, parent="model", parent_values=("neighbours",)),
]


def diabetes_regression(params: Params) -> float:
    """Support vectors or nearest neighbours: root of the mean squared error."""
    train_x, test_x, train_y, test_y = halves("diabetes", 442)
    if params["model"] == "machine":
        model = SVR(C=params["cost"], gamma=params["gamma"], epsilon=params["epsilon"], max_iter=5000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(train_x, train_y)
    else:
        model = KNeighborsRegressor(
            n_neighbors=params["neighbours"], p=params["power"], weights="distance", algorithm="brute"
        ).fit(train_x, train_y)
    return float(mean_squared_error(test_y, model.predict(test_x)) ** 0.5)



MODELS = [
    Problem("digits: support vectors", "model", DIGITS, 60, exact(digits_machine)),
    Problem("breast cancer: trees", "model", CANCER, 60, exact(cancer_forest)),
    Problem("wine: logistic", "model", WINE, 60, exact(wine_logistic)),
    Problem("diabetes: regression", "model", DIABETES, 60, exact(diabetes_regression)),
]
