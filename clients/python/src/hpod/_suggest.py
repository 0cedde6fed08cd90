"""The suggest methods, in the words of Optuna."""

from __future__ import annotations

from typing import Any, Optional, Sequence

from hpod.distributions import (
    CategoricalDistribution,
    Distribution,
    FloatDistribution,
    IntDistribution,
)


class Suggest:
    """What has parameters by name: a running trial, or a finished one read again."""

    def _suggest(self, name: str, distribution: Distribution) -> Any:
        raise NotImplementedError

    def suggest_float(
        self,
        name: str,
        low: float,
        high: float,
        *,
        step: Optional[float] = None,
        log: bool = False,
    ) -> float:
        """A real number in [low, high]; see `FloatDistribution` for `step` and `log`.

        Raises:
            ValueError: no range, or the study has `name` with another kind or `log`.
        """
        return float(self._suggest(name, FloatDistribution(low, high, log, step)))

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """A whole number in [low, high]; see `IntDistribution` for `step` and `log`.

        Raises:
            ValueError: no range, or the study has `name` with another kind or `log`.
        """
        return int(self._suggest(name, IntDistribution(low, high, log, step)))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of `choices` (None, bool, int, float or str).

        Raises:
            ValueError: a choice of another type, or other choices than the study has.
        """
        return self._suggest(name, CategoricalDistribution(choices))
