"""The fixed histories, and the models that TPE is asked to build of them."""

from __future__ import annotations

import math
from typing import Any
from typing import Callable
from typing import Iterator

from histories import Direction
from histories import History
from histories import Named
from histories import Rng
from histories import Trial
from histories import all_kinds
from histories import draw
from histories import draw_params
from optuna.distributions import CategoricalDistribution
from optuna.distributions import FloatDistribution
from optuna.distributions import IntDistribution
from record import Model
from record import record

Recorded = tuple[str, Any]  # name of the history, what is recorded for it
# Objective values: coarse ones, one of eight points, infinite ones, one large front, a
# front with losses of +inf, a front with losses of -inf.
HARD_KINDS = ("ties", "repeats", "infinite", "front", "worst", "best")


def joint(name: str, history: History, kernels: bool = True, **options: Any) -> Model:
    """The joint model of all parameters, for a trial that does not exist yet."""
    number = options.pop("number", len(history.trials))
    return Model(name, list(history.parameters), number, kernels=kernels, **options)


def alone(history: History, kernels: bool) -> list[Model]:
    """One model per parameter."""
    number = len(history.trials)
    return [
        Model(f"only {p.name}", [p], number, kernels=kernels)
        for p in history.parameters
    ]


def loss(params: dict[int, float], rng: Rng) -> float:
    """An objective value with many ties: a noisy bowl, rounded to tenths."""
    total = sum(math.tanh(abs(value)) for value in params.values())
    return round(total + rng.normal(scale=0.3), 1)


def sizes(counts: list[int], pick: Callable[[int], list[Named]]) -> Iterator[Recorded]:
    """COMPLETE trials only, of every kind of parameter."""
    for count in counts:
        rng = Rng(1000 + count)
        history = History(["minimize"], pick(count))
        for _ in range(count):
            # Up to 100 trials every digit is kept; later files stay small.
            digits = None if count <= 100 else 5
            params = draw_params(history.parameters, rng, digits)
            history.trials.append(Trial(params=params, values=[loss(params, rng)]))
        models = [joint("joint", history), *alone(history, kernels=False)]
        yield f"{count} trials", record(history, models, seed=count)


def kinds_for(count: int) -> list[Named]:
    """All kinds; of very long histories only the costly ones."""
    wanted = {1000: ("batch", "lr", "opt", "x"), 2000: ("drop", "lr")}.get(count)
    return [p for p in all_kinds() if wanted is None or p.name in wanted]


def ties() -> Iterator[Recorded]:
    """Equal objective values, equal parameter values, extreme domains."""
    kinds = all_kinds()
    for direction in ("minimize", "maximize"):
        rng = Rng(7)
        history = History([direction], kinds)
        distinct = [draw_params(kinds, rng) for _ in range(6)]
        for number in range(80):
            value = float(number % 3)
            history.trials.append(Trial(params=distinct[number % 6], values=[value]))
        models = [joint("joint", history), *alone(history, kernels=False)]
        yield f"six points repeated, {direction}", record(history, models, seed=7)

    history = History(["maximize"], kinds)
    params = draw_params(kinds, Rng(8))
    history.trials = [Trial(params=params, values=[0.5]) for _ in range(31)]
    yield "one point repeated", record(history, [joint("joint", history)], seed=8)

    rng = Rng(9)
    history = History(["minimize"], kinds)
    for number in range(40):
        params = draw_params(kinds, rng)
        value = [math.inf, -math.inf, float(number), 0.0][number % 4]
        history.trials.append(Trial(params=params, values=[value]))
    yield "infinite values", record(history, [joint("joint", history)], seed=9)


def domains() -> Iterator[Recorded]:
    """Domains that try the numerics, with edges among the observations.

    Ints stay below 2^18: the mass of one cell of a wider range is lost in the
    rounding of the difference of two distribution functions, as Optuna takes it.
    """
    parameters = [
        Named("bool", CategoricalDistribution([False, True])),
        Named("fine", FloatDistribution(0.0, 1.0, step=1e-4)),
        Named("many", CategoricalDistribution(list(range(40)))),
        Named("pair", IntDistribution(0, 1)),
        Named("tenths", FloatDistribution(-0.3, 0.6, step=0.1)),
        Named("tiny", FloatDistribution(1e-12, 1e-9)),
        Named("vast", IntDistribution(-(2**17), 2**17)),
        Named("vast_log", IntDistribution(1, 2**17, log=True)),
        Named("wide", FloatDistribution(-1e8, 3e8)),
        Named("wide_log", FloatDistribution(1e-300, 1e300, log=True)),
    ]
    rng = Rng(11)
    history = History(["minimize"], parameters)
    for number in range(60):
        params = draw_params(parameters, rng, digits=None)
        for i, parameter in enumerate(parameters):
            domain = parameter.distribution
            if number % 11 == i and isinstance(
                domain, (FloatDistribution, IntDistribution)
            ):
                params[i] = float([domain.low, domain.high][number % 2])
        history.trials.append(Trial(params=params, values=[rng.normal()]))
    models = [joint("joint", history), *alone(history, kernels=True)]
    yield "extreme domains", record(history, models, seed=11)

    history = History(["minimize"], all_kinds())
    yield "no trials", record(history, [joint("joint", history)], seed=12)


def reports(rng: Rng, number: int) -> list[tuple[int, float]]:
    """None, or reports up to some step; the last may be NaN or infinite."""
    if number % 5 == 0:
        return []
    last = int(rng.randint(0, 6)) * 3
    result = [(step, round(rng.normal(), 1)) for step in range(0, last + 1, 3)]
    ending = {1: math.nan, 2: math.inf, 3: -math.inf}.get(number % 13)
    return result if ending is None else [*result[:-1], (last, ending)]


def mixed_trial(
    parameters: list[Named], states: list[str], rng: Rng, number: int
) -> Trial:
    """A trial in one of the states, with what that state has."""
    state = states[rng.randint(len(states))]
    trial = Trial(state, draw_params(parameters, rng))
    if state == "WAITING":
        return Trial(state)
    if state == "COMPLETE":
        trial.values = [loss(trial.params, rng)]
    if state in ("COMPLETE", "PRUNED"):
        trial.reports = reports(rng, number)
    return trial


def states() -> Iterator[Recorded]:
    """COMPLETE, PRUNED and FAIL trials: reports that end anywhere, none, NaN."""
    mixes = {
        "half pruned": ["COMPLETE", "PRUNED", "COMPLETE", "PRUNED", "FAIL"],
        "nearly all pruned": ["PRUNED"] * 19 + ["COMPLETE"],
        "all pruned": ["PRUNED"],
    }
    kinds = all_kinds()[3:]
    for seed, (name, mix) in enumerate(mixes.items()):
        for direction in ("minimize", "maximize"):
            rng = Rng(20 + seed)
            history = History([direction], kinds)
            for number in range(120):
                history.trials.append(mixed_trial(kinds, mix, rng, number))
            models = [joint("joint", history), *alone(history, kernels=False)]
            yield f"{name}, {direction}", record(history, models, seed=20 + seed)


def constraints() -> Iterator[Recorded]:
    """Infeasible trials: few, most, all; COMPLETE and PRUNED; ties; zeros."""
    kinds = all_kinds()[2:5]
    for seed, (name, share) in enumerate(
        {"some infeasible": 0.4, "most infeasible": 0.96, "all infeasible": 1.0}.items()
    ):
        for direction in ("minimize", "maximize"):
            rng = Rng(30 + seed)
            history = History([direction], kinds)
            for number in range(110):
                mix = ["COMPLETE", "COMPLETE", "PRUNED"]
                trial = mixed_trial(kinds, mix, rng, number)
                violated = rng.uniform() < share
                amount = round(rng.uniform(0.1, 2.0), 1)
                trial.constraints = [-1.0, amount if violated else 0.0, -amount]
                if violated and number % 4 == 0:
                    trial.constraints.append(0.3)
                if not violated and number % 2 == 0:
                    trial.constraints = []
                history.trials.append(trial)
            model = joint("joint", history)
            yield f"{name}, {direction}", record(history, [model], seed=30 + seed)


def running() -> Iterator[Recorded]:
    """Running trials: all, some or no parameters yet, and foreseen ones."""
    kinds = all_kinds()
    for count in (12, 40):
        rng = Rng(40 + count)
        history = History(["minimize"], kinds)
        for number in range(count):
            mix = ["COMPLETE", "COMPLETE", "RUNNING", "PRUNED", "FAIL", "WAITING"]
            trial = mixed_trial(kinds, mix, rng, number)
            if trial.state == "RUNNING":
                give_part(trial, draw_params(kinds, rng), number)
            history.trials.append(trial)
        asking = [n for n, t in enumerate(history.trials) if t.state == "RUNNING"][1]
        models = [
            joint("joint", history),
            joint("joint, for a running trial", history, number=asking),
            joint("joint, without liar", history, constant_liar=False),
            *alone(history, kernels=False),
        ]
        yield f"running among {count}", record(history, models, seed=40 + count)


def give_part(trial: Trial, foreseen: dict[int, float], number: int) -> None:
    """Leaves a running trial with all, half or none of its parameters.

    Two of three foresee the rest (and other values for what they have).
    """
    keep = [len(trial.params), len(trial.params) // 2, 0][number % 3]
    trial.params = dict(list(trial.params.items())[:keep])
    if number % 3 != 2 or number % 2 == 0:
        trial.foreseen = foreseen


def conditional() -> Iterator[Recorded]:
    """Trials that lack names, and names whose domain changed."""
    parameters = [
        Named("booster", CategoricalDistribution(["tree", "linear"])),
        Named("depth", IntDistribution(1, 12)),
        Named("l2", FloatDistribution(1e-8, 1.0, log=True)),
        Named("lr", FloatDistribution(1e-4, 1.0, log=True)),
        Named("rare", FloatDistribution(0.0, 1.0)),
        Named("single", IntDistribution(4, 4)),
        Named("lr", FloatDistribution(1e-3, 0.1, log=True)),
    ]
    for name, changing in (("conditional", False), ("conditional, moving", True)):
        rng = Rng(50)
        history = History(["minimize"], parameters)
        for number in range(70):
            drawn = draw_params(parameters, rng)
            wanted = [0, 5, 1 if drawn[0] == 0 else 2]
            wanted.append(6 if changing and number % 10 == 9 else 3)
            if number == 33:
                wanted.append(4)
            state = ["COMPLETE", "COMPLETE", "PRUNED", "FAIL"][number % 4]
            trial = Trial(state, {i: drawn[i] for i in wanted})
            if state == "COMPLETE":
                trial.values = [loss(drawn, rng)]
            history.trials.append(trial)
        numbers = {"shared": [0, 3], "tree": [0, 1, 3], "linear": [2], "rare": [4]}
        models = [
            Model(key, [parameters[i] for i in indices], len(history.trials))
            for key, indices in numbers.items()
        ]
        yield name, record(history, models, seed=50)


def groups() -> Iterator[Recorded]:
    """Random subsets of names."""
    names = [Named(f"p{i}", FloatDistribution(0.0, 1.0 + i)) for i in range(7)]
    changed = [Named(f"p{i}", FloatDistribution(0.0, 9.0)) for i in range(2)]
    for seed, share in enumerate((0.5, 0.8, 0.95)):
        rng = Rng(60 + seed)
        history = History(["minimize"], names + changed)
        for number in range(4 + seed):
            state = ["COMPLETE", "PRUNED", "COMPLETE", "RUNNING", "FAIL"][number % 5]
            trial = Trial(state, values=[0.0] if state == "COMPLETE" else [])
            for i, parameter in enumerate(names):
                if rng.uniform() < share:
                    moved = i < 2 and number == 2
                    index = len(names) + i if moved else i
                    trial.params[index] = draw(parameter.distribution, rng)
            history.trials.append(trial)
        model = Model("only p2", names[2:3], len(history.trials))
        yield f"subsets {seed}", record(history, [model], seed=60 + seed)


def out_of_range() -> Iterator[Recorded]:
    """Observations of earlier, wider domains: centres outside the bounds."""
    wide = [
        Named("batch", IntDistribution(1, 4096, log=True)),
        Named("depth", IntDistribution(-500, 500)),
        Named("drop", FloatDistribution(-3.0, 3.0, step=0.25)),
        Named("lr", FloatDistribution(1e-9, 1e3, log=True)),
        Named("x", FloatDistribution(-1000.0, 1000.0)),
    ]
    narrow = [
        Named("batch", IntDistribution(8, 64, log=True)),
        Named("depth", IntDistribution(1, 12, step=1)),
        Named("drop", FloatDistribution(0.1, 0.7, step=0.2)),
        Named("lr", FloatDistribution(1e-4, 1e-2, log=True)),
        Named("x", FloatDistribution(-1.0, 1.0)),
    ]
    for count in (1, 2, 30):
        rng = Rng(70 + count)
        history = History(["minimize"], wide + narrow)
        for number in range(count):
            source = narrow if number % 3 == 2 else wide
            params = draw_params(source, rng)
            shift = len(wide) if source is narrow else 0
            params = {i + shift: value for i, value in params.items()}
            history.trials.append(Trial(params=params, values=[rng.normal()]))
        models = [Model("joint", narrow, count)]
        models += [Model(f"only {p.name}", [p], count) for p in narrow]
        yield f"narrowed after {count}", record(history, models, seed=70 + count)


def objectives() -> Iterator[Recorded]:
    """Two and three objectives, in both directions."""
    mixes: list[list[Direction]] = [
        ["minimize", "maximize"],
        ["minimize", "minimize", "maximize"],
    ]
    kinds = all_kinds()[3:]
    for directions in mixes:
        for count in (1, 2, 3, 10, 11, 30, 100, 300):
            rng = Rng(80 + count)
            history = History(directions, kinds)
            for _ in range(count):
                values = [rng.normal() for _ in directions]
                params = draw_params(kinds, rng)
                history.trials.append(Trial(params=params, values=values))
            models = [Model("joint", kinds, count)]
            models += alone(history, kernels=False)[:2]
            name = f"{len(directions)} objectives, {count} trials"
            yield name, record(history, models, seed=80 + count)


def hard_objectives() -> Iterator[Recorded]:
    """Several objectives with ties, infeasible, running and infinite ones."""
    kinds = all_kinds()[3:5]
    mixes: list[list[Direction]] = [
        ["minimize", "maximize"],
        ["maximize", "minimize", "minimize"],
    ]
    for directions in mixes:
        for level, name in enumerate(HARD_KINDS):
            rng = Rng(90 + level)
            history = History(directions, kinds)
            for number in range(90):
                trial = Trial(params=draw_params(kinds, rng))
                trial.values = hard_values(name, directions, rng)
                trial.constraints = [round(rng.uniform(-1, 0.5), 1)]
                if number % 9 == 8:
                    trial.state, trial.values, trial.constraints = "RUNNING", [], []
                history.trials.append(trial)
            models = [Model("joint", kinds, len(history.trials))]
            name = f"{len(directions)} objectives, {name}"
            yield name, record(history, models, seed=90 + level)


def hard_values(kind: str, directions: list[Direction], rng: Rng) -> list[float]:
    """Objective values of one trial; `kind` is one of HARD_KINDS."""
    size = len(directions)
    if kind == "ties":
        return [round(rng.normal(), 1) for _ in range(size)]
    if kind == "repeats":
        point = Rng(rng.randint(8))
        return [round(point.normal(), 3) for _ in range(size)]
    if kind == "infinite":
        ends = [math.inf, -math.inf]
        return [
            ends[rng.randint(2)] if rng.uniform() < 0.2 else rng.normal()
            for _ in range(size)
        ]
    # Losses on a sphere do not dominate each other. Nor does one that is infinite but
    # for the others being better than all.
    angles = rng.uniform(0.1, 1.0, size=size)
    losses = [float(-a / math.sqrt(sum(b * b for b in angles))) for a in angles]
    if kind != "front" and rng.uniform() < 0.1:
        first = rng.randint(size) if kind == "worst" else 0
        losses[first] = math.inf if kind == "worst" else -math.inf
        others = [i for i in range(size) if i != first]
        for i in others:
            losses[i] += -9.0 if kind == "worst" else 2.0
    return [-x if d == "maximize" else x for x, d in zip(losses, directions)]
