"""Test functions of the literature: continuous, mixed, conditional, noisy. All are minimised."""

from __future__ import annotations

import math
import random
from typing import Any, Callable, Mapping

from bench.quality.problem import Problem, exact
from bench.space import Parameter, floats

Params = Mapping[str, Any]


def vector(params: Params) -> list[float]:
    return [params[f"x{i}"] for i in range(len(params))]


def sphere(params: Params) -> float:
    return sum(x * x for x in vector(params))


def rosenbrock(params: Params) -> float:
    x = vector(params)
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def branin(params: Params) -> float:
    x, y = 15 * params["x0"] - 5, 15 * params["x1"]
    valley = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


# Dixon and Szegoe, Towards global optimisation 2, 1978.
HARTMANN_A = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
HARTMANN_P = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


def hartmann6(params: Params) -> float:
    x = vector(params)
    total = 0.0
    for weight, a, p in zip((1, 1.2, 3, 3.2), HARTMANN_A, HARTMANN_P):
        total -= weight * math.exp(-sum(ai * (xi - pi) ** 2 for ai, xi, pi in zip(a, x, p)))
    return total


def ackley(params: Params) -> float:
    x = vector(params)
    root = math.sqrt(sum(v * v for v in x) / len(x))
    waves = sum(math.cos(2 * math.pi * v) for v in x) / len(x)
    return -20 * math.exp(-0.2 * root) - math.exp(waves) + 20 + math.e


def rastrigin(params: Params) -> float:
    return sum(10 + v * v - 10 * math.cos(2 * math.pi * v) for v in vector(params))


def griewank(params: Params) -> float:
    x = vector(params)
    waves = math.prod(math.cos(v / math.sqrt(i + 1)) for i, v in enumerate(x))
    return 1 + sum(v * v for v in x) / 4000 - waves


def levy(params: Params) -> float:
    w = [1 + (v - 1) / 4 for v in vector(params)]
    total = math.sin(math.pi * w[0]) ** 2
    total += sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    return total + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)


def styblinski_tang(params: Params) -> float:
    return sum(v**4 - 16 * v * v + 5 * v for v in vector(params)) / 2


# A made-up training run: what the loss of a network does to its settings, roughly.
TRAINING = [
    Parameter("lr", "float", 1e-5, 1e-1, log=True),
    Parameter("decay", "float", 1e-6, 1e-2, log=True),
    Parameter("dropout", "float", 0, 0.5),
    Parameter("momentum", "float", 0.5, 0.99),
    Parameter("layers", "int", 1, 12),
    Parameter("units", "int", 16, 1024, log=True),
    Parameter("optimizer", "categorical", choices=("sgd", "adam", "rmsprop", "lion")),
    Parameter("activation", "categorical", choices=("relu", "gelu", "tanh", "sigmoid")),
]
BEST_LR = {"sgd": -1.5, "adam": -3.0, "rmsprop": -3.3, "lion": -4.0}
ACTIVATION_COST = {"relu": 0.05, "gelu": 0.0, "tanh": 0.2, "sigmoid": 0.6}


def training(params: Params) -> float:
    loss = 0.4 * (math.log10(params["lr"]) - BEST_LR[params["optimizer"]]) ** 2
    loss += 0.1 * (math.log10(params["decay"]) + 4) ** 2
    loss += 3 * (params["dropout"] - 0.15) ** 2 + 2 * (params["momentum"] - 0.9) ** 2
    loss += 0.02 * (params["layers"] - 5) ** 2
    loss += 0.15 * (math.log2(params["units"]) - 8) ** 2
    return loss + ACTIVATION_COST[params["activation"]]


LATTICE = [Parameter(f"x{i}", "int", -20, 20) for i in range(6)]


def lattice(params: Params) -> float:
    """Rastrigin's waves on whole numbers: period 4, lowest at 3 in each direction."""
    return sum((v - 3) ** 2 / 10 + 4 * (1 - math.cos(math.pi * (v - 3) / 2)) for v in vector(params))


CHOICES = [Parameter(f"x{i}", "categorical", choices=tuple("abcdef")) for i in range(6)]


def choices(params: Params) -> float:
    """Six letters of which each has a cost, and neighbours another: 46,656 points."""
    letters = ["abcdef".index(letter) for letter in vector(params)]
    alone = sum((letter * (2 * i + 3)) % 7 for i, letter in enumerate(letters))
    return alone + sum(1.5 * ((a * 5 + b * 3) % 6) for a, b in zip(letters, letters[1:])) / 2


# A choice of model, with settings of its own each.
BRANCHES = [
    Parameter("model", "categorical", choices=("forest", "machine", "net")),
    Parameter("trees", "int", 10, 500, log=True, parent="model", parent_values=("forest",)),
    Parameter("depth", "int", 2, 20, parent="model", parent_values=("forest",)),
    Parameter("cost", "float", 1e-3, 1e3, log=True, parent="model", parent_values=("machine",)),
    Parameter("gamma", "float", 1e-5, 1e1, log=True, parent="model", parent_values=("machine",)),
    Parameter("lr", "float", 1e-5, 1e-1, log=True, parent="model", parent_values=("net",)),
    Parameter("units", "int", 8, 512, log=True, parent="model", parent_values=("net",)),
    Parameter("dropout", "float", 0, 0.8, parent="model", parent_values=("net",)),
]


def branches(params: Params) -> float:
    if params["model"] == "forest":
        return 0.4 + 0.2 / math.log10(params["trees"]) + 0.01 * (params["depth"] - 11) ** 2
    if params["model"] == "machine":
        ridge = math.log10(params["cost"]) + math.log10(params["gamma"]) + 1
        return 0.3 + 0.2 * ridge**2 + 0.05 * (math.log10(params["gamma"]) + 2) ** 2
    loss = 0.2 + 0.3 * (math.log10(params["lr"]) + 2.7) ** 2
    return loss + 0.1 * (math.log2(params["units"]) - 7) ** 2 + 2 * (params["dropout"] - 0.3) ** 2


def noisy(
    function: Callable[[Params], float], deviation: float
) -> Callable[[Params, random.Random], tuple[float, float]]:
    """Adds normal noise to what the sampler is told; the true value is what counts."""

    def evaluate(params: Params, noise: random.Random) -> tuple[float, float]:
        value = function(params)
        return value + noise.gauss(0, deviation), value

    return evaluate


FUNCTIONS = [
    Problem("sphere 5", "continuous", floats(5, -5, 5), 100, exact(sphere)),
    Problem("Rosenbrock 4", "continuous", floats(4, -2, 2), 150, exact(rosenbrock)),
    Problem("Branin 2", "continuous", floats(2), 100, exact(branin)),
    Problem("Hartmann 6", "continuous", floats(6), 150, exact(hartmann6)),
    Problem("Ackley 10", "continuous", floats(10, -32.768, 32.768), 200, exact(ackley)),
    Problem("Rastrigin 5", "continuous", floats(5, -5.12, 5.12), 150, exact(rastrigin)),
    Problem("Griewank 8", "continuous", floats(8, -600, 600), 150, exact(griewank)),
    Problem("Levy 4", "continuous", floats(4, -10, 10), 100, exact(levy)),
    Problem("Styblinski-Tang 6", "continuous", floats(6, -5, 5), 150, exact(styblinski_tang)),
    Problem("training 8", "mixed", TRAINING, 150, exact(training)),
    Problem("lattice 6", "mixed", LATTICE, 150, exact(lattice)),
    Problem("choices 6", "mixed", CHOICES, 150, exact(choices)),
    Problem("branches 8", "conditional", BRANCHES, 150, exact(branches)),
    Problem("Hartmann 6, noise 0.2", "noisy", floats(6), 150, noisy(hartmann6, 0.2)),
    Problem("Branin 2, noise 5", "noisy", floats(2), 100, noisy(branin, 5.0)),
]
