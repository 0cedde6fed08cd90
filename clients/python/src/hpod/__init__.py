"""Client of hpod, the hyperparameter-optimization daemon, in the words of Optuna.

import hpod

def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    return (x - 2) ** 2

study = hpod.create_study("demo", load_if_exists=True)
study.optimize(objective, n_trials=50)
print(study.best_params)
"""

from hpod import _fork  # noqa: F401  # before gRPC starts
from hpod._reader import StudyDirection
from hpod._server import Server
from hpod.algorithms import Pruner, Sampler
from hpod.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    When,
)
from hpod.exceptions import (
    DuplicatedStudyError,
    HpodError,
    InvalidArgumentError,
    LeaseLostError,
    LimitExceededError,
    NoTrialError,
    ParameterChangedError,
    SeveralObjectivesError,
    StopReason,
    StorageFullError,
    StudyMismatchError,
    StudyNotFoundError,
    TrialNotFoundError,
    TrialPruned,
    TrialWaitingError,
    UnavailableError,
    UpdateFinishedTrialError,
)
from hpod.frozen import FrozenTrial, TrialState, create_trial
from hpod.studies import (
    StudySummary,
    create_study,
    delete_study,
    get_all_study_names,
    get_all_study_summaries,
    load_study,
)
from hpod.study import Study
from hpod.trial import Trial

__all__ = [
    "CategoricalDistribution",
    "DuplicatedStudyError",
    "FloatDistribution",
    "FrozenTrial",
    "HpodError",
    "IntDistribution",
    "InvalidArgumentError",
    "LeaseLostError",
    "LimitExceededError",
    "NoTrialError",
    "ParameterChangedError",
    "Pruner",
    "Sampler",
    "Server",
    "SeveralObjectivesError",
    "StopReason",
    "StorageFullError",
    "Study",
    "StudyDirection",
    "StudyMismatchError",
    "StudyNotFoundError",
    "StudySummary",
    "Trial",
    "TrialNotFoundError",
    "TrialPruned",
    "TrialState",
    "TrialWaitingError",
    "UnavailableError",
    "UpdateFinishedTrialError",
    "When",
    "create_study",
    "create_trial",
    "delete_study",
    "get_all_study_names",
    "get_all_study_summaries",
    "load_study",
]
