"""`param_distributions` as a search space of the daemon, and its trials' values back."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple, Union

from hpod.distributions import (
    CategoricalDistribution,
    Choice,
    Distribution,
    FloatDistribution,
    IntDistribution,
    SpaceEntry,
    When,
    plain,
)

ParamDistributions = Union[Mapping[str, Any], Sequence[Mapping[str, Any]]]

# Which of several dictionaries a trial takes its parameters from.
_WHICH = "space"


class SearchSpace:
    """The space of one search.

    Of several dictionaries each is a branch: a categorical parameter `space` says which
    one a trial has, and the parameters of branch i are named `i/name`.

    Attributes:
        declared: name to distribution, as `hpod.create_study` takes it.
    """

    def __init__(self, param_distributions: ParamDistributions) -> None:
        self.declared: Dict[str, SpaceEntry] = {}
        # Name in the daemon to name in the estimator, and to the objects that choices
        # stand for.
        self._names: Dict[str, str] = {}
        self._objects: Dict[str, Dict[Tuple[type, Choice], Any]] = {}
        if isinstance(param_distributions, Mapping):
            self._add_branch(param_distributions)
        else:
            self._add_branches(list(param_distributions))

    def decode(self, params: Mapping[str, Any]) -> Dict[str, Any]:
        """The estimator's parameters, sorted by name, of a trial's `params`."""
        decoded = {
            self._names[name]: self._decode_one(name, value)
            for name, value in params.items()
            if name in self._names
        }
        return dict(sorted(decoded.items()))

    def _add_branches(self, branches: List[Mapping[str, Any]]) -> None:
        if not branches:
            raise ValueError("param_distributions is an empty list")
        self.declared[_WHICH] = CategoricalDistribution(range(len(branches)))
        for index, branch in enumerate(branches):
            names = set(self.declared)
            self._add_branch(branch, f"{index}/")
            for name in set(self.declared) - names:
                distribution = self.declared[name]
                self.declared[name] = When({_WHICH: [index]}, distribution)  # type: ignore[arg-type]

    def _add_branch(self, branch: Mapping[str, Any], prefix: str = "") -> None:
        for name, given in branch.items():
            self._names[prefix + name] = name
            self.declared[prefix + name] = self._to_distribution(prefix + name, given)

    def _to_distribution(self, name: str, given: Any) -> Distribution:
        if isinstance(
            given, (FloatDistribution, IntDistribution, CategoricalDistribution)
        ):
            return given
        if hasattr(given, "rvs"):
            return from_scipy(name, given)
        if isinstance(given, str) or not hasattr(given, "__iter__"):
            raise TypeError(
                f"parameter '{name}' is {given!r}, but must be a distribution of hpod, "
                "uniform, loguniform or randint of scipy.stats, or a list of values"
            )
        return self._to_choices(name, list(given))

    def _to_choices(self, name: str, values: List[Any]) -> CategoricalDistribution:
        if not values:
            raise ValueError(f"parameter '{name}' has an empty list of values")
        choices = [plain(value) for value in values]
        if not _can_be_stored(choices):
            choices = [f"{index}: {value!r}" for index, value in enumerate(values)]
        objects = zip(choices, values)
        self._objects[name] = {(type(key), key): value for key, value in objects}
        return CategoricalDistribution(choices)

    def _decode_one(self, name: str, value: Choice) -> Any:
        objects = self._objects.get(name)
        return value if objects is None else objects[type(value), value]


def from_scipy(name: str, frozen: Any) -> Distribution:
    """The distribution that a frozen one of `scipy.stats` describes.

    Raises:
        TypeError: it is none of uniform, loguniform (reciprocal) and randint.
        ValueError: a loguniform with `loc`, which is uniform in no logarithm.
    """
    kind = getattr(getattr(frozen, "dist", None), "name", type(frozen).__name__)
    if kind not in ("uniform", "loguniform", "reciprocal", "randint"):
        raise TypeError(
            f"parameter '{name}': the distribution '{kind}' of scipy has no like here "
            "(known: uniform, loguniform, randint)"
        )
    shapes, loc, scale = frozen.dist._parse_args(*frozen.args, **frozen.kwds)
    if kind == "uniform":
        return FloatDistribution(float(loc), float(loc + scale))
    low, high = shapes
    if kind == "randint":
        # scipy's upper end is excluded.
        return IntDistribution(int(low + loc), int(high + loc) - 1)
    if loc != 0:
        raise ValueError(f"parameter '{name}': loguniform with loc={loc}, not 0")
    return FloatDistribution(float(low * scale), float(high * scale), log=True)


def _can_be_stored(choices: Sequence[Any]) -> bool:
    """Whether the daemon can have these very choices: plain and distinct."""
    if not all(
        choice is None or type(choice) in (bool, int, float, str) for choice in choices
    ):
        return False
    return len({(type(choice), choice) for choice in choices}) == len(choices)
