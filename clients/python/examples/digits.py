"""What is tuned: a small neural network of scikit-learn that reads handwritten digits.

As a program, one worker: it takes trials of the study "digits" from the daemon at
HPOD_SERVER until the study hands out no more. Start as many as you like.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any, Dict, Iterator, Tuple

# Several workers share the cores, so each computes with one thread.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import hpod

STUDY = "digits"
EPOCHS = 20

SPACE = {
    "learning_rate_init": hpod.FloatDistribution(1e-4, 1e-1, log=True),
    "alpha": hpod.FloatDistribution(1e-5, 1e-2, log=True),
    "batch_size": hpod.IntDistribution(16, 256, log=True),
    "units": hpod.IntDistribution(32, 128, log=True),
    "layers": hpod.IntDistribution(1, 2),
}

Split = Tuple[np.ndarray, np.ndarray]


@lru_cache(maxsize=1)
def splits() -> Dict[str, Split]:
    """The 1,797 digits: 40 % to train, 40 % to validate, 20 % held out for the test."""
    images, labels = load_digits(return_X_y=True)
    rest, test, rest_labels, test_labels = train_test_split(
        images / 16, labels, test_size=0.2, stratify=labels, random_state=0
    )
    train, valid, train_labels, valid_labels = train_test_split(
        rest, rest_labels, test_size=0.5, stratify=rest_labels, random_state=0
    )
    return {
        "train": (train, train_labels),
        "valid": (valid, valid_labels),
        "test": (test, test_labels),
    }


def model(params: Dict[str, Any]) -> MLPClassifier:
    """The network for a point of SPACE; for {}, scikit-learn's own default."""
    options = dict(params)
    if options:
        options["hidden_layer_sizes"] = (options.pop("units"),) * options.pop("layers")
    return MLPClassifier(random_state=0, **options)


def epochs(network: MLPClassifier) -> Iterator[float]:
    """Trains epoch by epoch and gives the validation accuracy after each."""
    images, labels = splits()["train"]
    for _ in range(EPOCHS):
        network.partial_fit(images, labels, classes=np.arange(10))
        yield float(network.score(*splits()["valid"]))


def objective(trial: hpod.Trial) -> float:
    """Validation accuracy after the last epoch."""
    accuracy = 0.0
    for epoch, accuracy in enumerate(epochs(model(trial.params))):
        trial.report(accuracy, epoch)
        if trial.should_prune():
            raise hpod.TrialPruned
    return accuracy


if __name__ == "__main__":
    hpod.load_study(STUDY).optimize(objective)
