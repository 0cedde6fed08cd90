"""Domains of parameters."""

from __future__ import annotations

import math
import numbers
import warnings
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Mapping, Optional, Sequence, Set, Tuple, Union

from hpod._arguments import by_name, listed, real, text, truth, whole
from hpod._proto import space_pb2

Choice = Union[None, bool, int, float, str]
"""A choice of a categorical parameter; `True`, `1` and `1.0` are three choices."""


@dataclass(frozen=True)
class FloatDistribution:
    """Real numbers in [low, high].

    Attributes:
        low: smallest value; finite.
        high: largest value; finite, >= low. The daemon lowers it to a value of `step`.
        log: search in the logarithm; needs low > 0 and no step.
        step: only low, low + step, ...; none for no grid.
    """

    low: float
    high: float
    log: bool = False
    step: Optional[float] = None

    def single(self) -> bool:
        """Whether there is but one value."""
        return _reachable(self) == self.low


@dataclass(frozen=True)
class IntDistribution:
    """Whole numbers low, low + step, ... up to high, |bounds| <= 2^53.

    Attributes:
        low: smallest value.
        high: largest value, >= low.
        log: search in the logarithm; needs low >= 1 and step 1.
        step: >= 1.
    """

    low: int
    high: int
    log: bool = False
    step: int = 1

    def single(self) -> bool:
        """Whether there is but one value."""
        return _reachable(self) == self.low


@dataclass(frozen=True)
class CategoricalDistribution:
    """One of `choices`, 1 to 10,000 distinct ones without order."""

    choices: Tuple[Choice, ...]

    def __init__(self, choices: Sequence[Choice]) -> None:
        # The letters of a text are choices, as they are to Optuna.
        given = choices if isinstance(choices, str) else listed("choices", choices)
        object.__setattr__(self, "choices", tuple(given))

    def single(self) -> bool:
        """Whether there is but one value."""
        return len(self.choices) == 1


Distribution = Union[FloatDistribution, IntDistribution, CategoricalDistribution]


@dataclass(frozen=True)
class When:
    """A parameter of a declared space that is active under conditions only.

    `When({"opt": ["sgd"]}, FloatDistribution(0, 0.99))` is part of a trial if its
    parameter "opt" is active and "sgd"; several names must all match.
    """

    conditions: Mapping[str, Sequence[Choice]]
    distribution: Distribution


SpaceEntry = Union[Distribution, When]


def plain(value: Any) -> Any:
    """NumPy scalars as Python numbers, anything else as it is."""
    is_scalar = getattr(value, "shape", None) == () and hasattr(value, "item")
    return value.item() if is_scalar else value


def to_value(name: str, value: Any) -> space_pb2.Value:
    """The wire form of a value of the parameter `name`.

    Raises:
        ValueError: it is not None, bool, int, float or str, or an int beyond 64 bits.
    """
    value = plain(value)
    if value is None:
        return space_pb2.Value(null_value=0)  # type: ignore[arg-type]
    if isinstance(value, bool):
        return space_pb2.Value(bool_value=value)
    if isinstance(value, numbers.Integral):
        return space_pb2.Value(int_value=whole(_of(name, "a value"), value))
    if isinstance(value, numbers.Real):
        return space_pb2.Value(double_value=float(value))
    if isinstance(value, str):
        return space_pb2.Value(string_value=value)
    known = "None, bool, int, float or str"
    raise ValueError(f"{_of(name, 'a value')} is {value!r}, but must be {known}")


def from_value(value: space_pb2.Value) -> Choice:
    """The Python form of a value on the wire."""
    kind = value.WhichOneof("kind")
    if kind is None or kind == "null_value":
        return None
    result: Choice = getattr(value, kind)
    return result


def to_parameter(name: str, entry: SpaceEntry) -> space_pb2.Parameter:
    """The wire form of one parameter.

    Raises:
        ValueError: a value of a kind that parameters cannot have.
        TypeError: `entry` is no distribution, or has a bound that is no number.
    """
    if isinstance(entry, When):
        parameter = to_parameter(name, entry.distribution)
        conditions = by_name(_of(name, "conditions"), entry.conditions)
        for parent, values in conditions.items():
            given = listed(_of(name, f"condition '{parent}'"), values)
            parameter.conditions.add(
                parent=parent, values=[to_value(parent, value) for value in given]
            )
        return parameter
    parameter = space_pb2.Parameter(name=text("a parameter's name", name))
    if isinstance(entry, FloatDistribution):
        parameter.float_domain.CopyFrom(
            space_pb2.FloatDomain(
                low=real(_of(name, "low"), entry.low),
                high=real(_of(name, "high"), entry.high),
                log=truth(_of(name, "log"), entry.log),
                step=real(_of(name, "step"), entry.step or 0.0),
            )
        )
    elif isinstance(entry, IntDistribution):
        parameter.int_domain.CopyFrom(
            space_pb2.IntDomain(
                low=whole(_of(name, "low"), entry.low),
                high=whole(_of(name, "high"), entry.high),
                log=truth(_of(name, "log"), entry.log),
                step=whole(_of(name, "step"), entry.step or 0),
            )
        )
    elif isinstance(entry, CategoricalDistribution):
        choices = [to_value(name, choice) for choice in entry.choices]
        parameter.categorical_domain.CopyFrom(
            space_pb2.CategoricalDomain(choices=choices)
        )
    else:
        raise TypeError(
            f"parameter '{name}' is {entry!r}, but must be a distribution of hpod"
        )
    return parameter


def _of(name: str, what: str) -> str:
    return f"parameter '{name}': {what}"


def from_parameter(parameter: space_pb2.Parameter) -> Distribution:
    """The distribution of a parameter on the wire, without its conditions."""
    kind = parameter.WhichOneof("domain")
    if kind == "float_domain":
        real = parameter.float_domain
        return FloatDistribution(real.low, real.high, real.log, real.step or None)
    if kind == "int_domain":
        whole = parameter.int_domain
        return IntDistribution(whole.low, whole.high, whole.log, whole.step or 1)
    choices = parameter.categorical_domain.choices
    return CategoricalDistribution([from_value(choice) for choice in choices])


def same_space(
    one: Iterable[space_pb2.Parameter], other: Iterable[space_pb2.Parameter]
) -> bool:
    """Whether two spaces on the wire have equal parameters, in whatever order."""
    ours = {parameter.name: parameter for parameter in one}
    theirs = {parameter.name: parameter for parameter in other}
    return ours.keys() == theirs.keys() and all(
        _same_parameter(ours[name], theirs[name]) for name in ours
    )


def _same_parameter(one: space_pb2.Parameter, other: space_pb2.Parameter) -> bool:
    first, second = from_parameter(one), from_parameter(other)
    return (
        type(first) is type(second)
        and _identity(first) == _identity(second)
        and _same_range(first, second)
        and _conditions(one) == _conditions(other)
    )


def _conditions(parameter: space_pb2.Parameter) -> Dict[str, Set[Choice]]:
    """Parent to values, which the daemon sorts, and of which it makes 1 of 1.0."""
    return {
        condition.parent: {_comparable(from_value(value)) for value in condition.values}
        for condition in parameter.conditions
    }


def check_asked(name: str, known: Distribution, asked: Distribution) -> None:
    """Whether a parameter that has its value already may be asked for as `asked`.

    Warns when only the range differs: the value stays.

    Raises:
        ValueError: another kind, `log` flag or list of choices.
    """
    if type(known) is not type(asked) or _identity(known) != _identity(asked):
        raise ValueError(f"parameter '{name}' is {known}, but is asked for as {asked}")
    if not _same_range(known, asked):
        warnings.warn(
            f"parameter '{name}' keeps its value: it is {known}, asked for as {asked}",
            stacklevel=5,
        )


def warn_if_outside(name: str, value: Choice, asked: Distribution) -> None:
    """Warns of a number outside its range, as an enqueued trial may fix it."""
    if isinstance(asked, CategoricalDistribution) or not isinstance(
        value, (int, float)
    ):
        return
    if not asked.low <= value <= asked.high:
        warnings.warn(
            f"the fixed value {value} of parameter '{name}' is outside of {asked}",
            stacklevel=5,
        )


def _identity(distribution: Distribution) -> object:
    if isinstance(distribution, CategoricalDistribution):
        choices = map(plain, distribution.choices)
        return [(type(choice), _comparable(choice)) for choice in choices]
    return distribution.log


def _comparable(value: Choice) -> Choice:
    """The value, or a text for NaN, which is like NaN in the daemon."""
    is_nan = isinstance(value, float) and math.isnan(value)
    return "NaN" if is_nan else value


def _reachable(distribution: Union[FloatDistribution, IntDistribution]) -> float:
    """The largest value the step reaches."""
    low, high, step = distribution.low, distribution.high, distribution.step
    return low + math.floor((high - low) / step + 1e-8) * step if step else high


def _same_range(known: Distribution, asked: Distribution) -> bool:
    if isinstance(known, CategoricalDistribution):
        return True
    assert not isinstance(asked, CategoricalDistribution)
    return (
        known.low == asked.low
        and known.step == asked.step
        and math.isclose(_reachable(known), _reachable(asked), rel_tol=1e-12)
    )
