"""Checks of arguments by name: the wire's own complaints name neither field nor value."""

from __future__ import annotations

import operator
from typing import Any, List, Mapping

_INT64 = range(-(2**63), 2**63)


def whole(name: str, value: Any, allowed: range = _INT64) -> int:
    """`value` as a whole number, NumPy's too.

    Raises:
        TypeError: it is none.
        ValueError: it is not `allowed`.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise wrong(name, value, "a whole number") from None
    if number < allowed[0]:
        raise ValueError(f"{name} is {number}, but must be at least {allowed[0]}")
    if number > allowed[-1]:
        raise ValueError(f"{name} is {number}, but must be at most {allowed[-1]}")
    return number


def real(name: str, value: Any) -> float:
    """`value` as a number; a text is none.

    Raises:
        TypeError: it is none.
    """
    try:
        return float("text" if isinstance(value, (str, bytes)) else value)
    except (TypeError, ValueError):
        raise wrong(name, value, "a number") from None


def truth(name: str, value: Any) -> bool:
    """`value` as True or False.

    Raises:
        TypeError: it is neither, nor 0 or 1.
    """
    if isinstance(value, (str, bytes)) or value not in (False, True):
        raise wrong(name, value, "True or False")
    return bool(value)


def text(name: str, value: Any) -> str:
    """`value` as a text.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, str):
        raise wrong(name, value, "a text")
    return value


def listed(name: str, value: Any, right: str = "a list") -> List[Any]:
    """The elements of `value`; the letters of a text are none.

    Raises:
        TypeError: it has none; `right` says what it must be.
    """
    if isinstance(value, str):
        raise wrong(name, value, right)
    try:
        return list(value)
    except TypeError:
        raise wrong(name, value, right) from None


def texts(name: str, value: Any) -> List[str]:
    """`value` as a list of texts.

    Raises:
        TypeError: it is none, or one text.
    """
    given = listed(name, value, "a list of texts")
    if not all(isinstance(one, str) for one in given):
        raise wrong(name, value, "a list of texts")
    return given


def by_name(name: str, value: Any) -> Mapping[str, Any]:
    """`value` as a dictionary with texts as keys; None is an empty one.

    Raises:
        TypeError: it is none.
    """
    given = {} if value is None else value
    if not isinstance(given, Mapping):
        raise wrong(name, value, "a dictionary")
    for key in given:
        text(f"a key of {name}", key)
    return given


def wrong(name: str, value: Any, right: str) -> TypeError:
    """The error of an argument of a wrong type."""
    return TypeError(f"{name} is {value!r}, but must be {right}")
