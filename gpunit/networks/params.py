"""Parameters as plain values and back: what a recipe's file and a weights file's header hold."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping
from typing import Any, TypeVar

Params = TypeVar("Params")


class ParamsError(ValueError):
    """Values that parameters cannot take; the message says which and what to do, in one sentence."""


def plain(params: Any) -> dict[str, Any]:
    """A dataclass as dictionaries, lists, strings, numbers and booleans."""
    return {each.name: _plain(getattr(params, each.name)) for each in dataclasses.fields(params)}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return plain(value)
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


def filled(params: Params, values: Mapping[str, Any], where: str = "") -> Params:
    """A dataclass with some fields changed; the way back from `plain`.

    Args:
        params: whose values are kept where `values` has none, and of whose types new ones must be.
        values: by field; those of a field that is a dataclass itself are a mapping.
        where: the path of `params` in messages, such as "weights.".

    Raises:
        ParamsError: for an unknown field, naming the nearest, or a value of another type, NaN or below 0.
    """
    names = [each.name for each in dataclasses.fields(params)]  # type: ignore[arg-type]
    changes = {}
    for name, value in values.items():
        if name not in names:
            nearest = difflib.get_close_matches(name, names, 1, 0.0)[0]
            raise ParamsError(f"there is no {where + name!r}; did you mean {where + nearest!r}?")
        changes[name] = _of_type(getattr(params, name), value, where + name)
    return dataclasses.replace(params, **changes)  # type: ignore[type-var]


def _of_type(current: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(current):
        if not isinstance(value, Mapping):
            raise ParamsError(f"{where!r} is a table of values, not {value!r}.")
        return filled(current, value, f"{where}.")
    if isinstance(current, tuple):
        if not isinstance(value, list | tuple) or not value:
            raise ParamsError(f"{where!r} is a list, such as {_plain(current)!r}, not {value!r}.")
        return tuple(_of_type(current[0], each, where) for each in value)
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}
    kind = type(current)
    fits = type(value) is kind or (kind is float and type(value) is int)
    if not fits:
        raise ParamsError(f"{where!r} is {kinds[kind]}, such as {current!r}, not {value!r}.")
    if kind in (int, float) and not (math.isfinite(value) and value >= 0):
        raise ParamsError(f"{where!r} must be a finite number and not below 0, not {value!r}.")
    return kind(value)
