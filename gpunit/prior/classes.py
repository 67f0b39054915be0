"""Classes of a prior by name, and mixtures of them.

A mixture is written as its parts with a plus between them, each with a weight and a range of layers if need be:

    cat+dog                 the mean of two class embeddings
    cat:0.7+dog:0.3         weighted
    cat@0-3+car@4-9         the first layers (layout) are told one class, the later ones (texture) another

In each layer the weights of the parts that reach it are divided by their sum.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gpunit.zoo.weights import ModelError

_PART = re.compile(r"(?P<name>.+?)(?::(?P<weight>-?[0-9.]+))?(?:@(?P<first>\d+)(?:-(?P<last>\d+))?)?")


class PriorError(ModelError):
    """A prior that cannot be loaded or asked for; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class Part:
    """One class of a mixture.

    Attributes:
        label: the class's number.
        weight: its share, not yet divided by the sum.
        first: the first layer that is told it.
        last: the last one; None for the generator's last.
    """

    label: int
    weight: float = 1.0
    first: int = 0
    last: int | None = None


@dataclass(frozen=True)
class Mixture:
    """A class embedding mixed of several classes', which may differ from layer to layer."""

    parts: tuple[Part, ...]

    def weights(self, classes: int, layers: int) -> Tensor:
        """The share of every class in every layer: (layers, classes), rows that sum to 1.

        Raises:
            PriorError: if a part reaches beyond the layers, or a layer's weights have no positive sum.
        """
        weights = torch.zeros(layers, classes)
        for part in self.parts:
            last = layers - 1 if part.last is None else part.last
            if not part.first <= last < layers:
                raise PriorError(f"a mixture's layers go from 0 to {layers - 1}, not {part.first} to {last}.")
            weights[part.first : last + 1, part.label] += part.weight
        total = weights.sum(1, keepdim=True)
        if bool((total <= 1e-6).any()):
            layer = int((total <= 1e-6).flatten().nonzero()[0])
            raise PriorError(f"no class is left for layer {layer}: give every layer a part with a weight above 0.")
        return weights / total


# What a column shows.
Column = int | Mixture


def class_numbers(names: Sequence[str], class_names: Sequence[str]) -> list[int]:
    """Numbers of classes, which are their places in a prior's list, by exact name or number.

    Raises:
        PriorError: for a name that is not in the list.
    """
    return [_number(name, class_names) for name in names]


def columns_of(names: Sequence[str], class_names: Sequence[str]) -> list[Column]:
    """Classes by name or number, and mixtures as they are written (see above).

    >>> columns_of(["dog", "cat:3+dog@4"], ["cat", "dog"])
    [1, Mixture(parts=(Part(label=0, weight=3.0, first=0, last=None), Part(label=1, weight=1.0, first=4, last=4)))]

    Raises:
        PriorError: for a class that is not in the list, or a weight that is no number.
    """
    return [_column(name, class_names) for name in names]


def main_class(column: Column, classes: int, layers: int) -> int:
    """The class itself, or the one with the largest share in a mixture's last layer, which tells the texture."""
    return column if isinstance(column, int) else int(column.weights(classes, layers)[-1].argmax())


def shown_name(column: Column, class_names: Sequence[str], most: int = 18) -> str:
    """A short name for a column's heading: a class's first name, or the shares of a mixture's classes.

    >>> shown_name(Mixture((Part(0, 3.0), Part(1, 1.0))), ["cat", "dog, puppy"])
    'cat 75 dog 25'
    """
    if isinstance(column, int):
        return class_names[column].split(",")[0][:most]
    total = sum(part.weight for part in column.parts if part.first == 0) or 1.0
    shares = []
    for part in column.parts:
        name = class_names[part.label].split(",")[0]
        whole = part.first == 0 and part.last is None
        reach = f"{part.first}-{'' if part.last is None else part.last}"
        shares.append(f"{name} {100 * part.weight / total:.0f}" if whole else f"{name} {reach}")
    return " ".join(shares)[:most]


def written_class(label: int, class_names: Sequence[str]) -> str:
    """A class's name, or its number where the name has signs that lists and mixtures are written with."""
    name = class_names[label]
    return str(label) if set(name) & set("+:@,") else name


def written_column(column: Column, class_names: Sequence[str], layers: int) -> str:
    """A class or mixture as `columns_of` reads it.

    >>> written_column(Mixture((Part(0, 0.75), Part(1, 0.25, 4))), ["cat", "dog"], 10)
    'cat:0.75+dog:0.25@4-9'

    Args:
        column: of a prior.
        class_names: the prior's.
        layers: how many the prior has.
    """
    if isinstance(column, int):
        return written_class(column, class_names)
    written = []
    for part in column.parts:
        last = layers - 1 if part.last is None else part.last
        reach = "" if (part.first, last) == (0, layers - 1) else f"@{part.first}-{last}"
        weight = "" if len(column.parts) == 1 else f":{part.weight:g}"
        written.append(f"{written_class(part.label, class_names)}{weight}{reach}")
    return "+".join(written)


def is_mixture(name: str) -> bool:
    """Whether a name is written as a mixture; that its classes exist is not asked.

    >>> is_mixture("cat:0.7+dog:0.3"), is_mixture("cat")
    (True, False)
    """
    return bool(set(name) & set("+:@"))


def _column(name: str, class_names: Sequence[str]) -> Column:
    if name in class_names or not is_mixture(name):
        return _number(name, class_names)
    return Mixture(tuple(_part(text.strip(), class_names) for text in name.split("+")))


def _part(text: str, class_names: Sequence[str]) -> Part:
    found = _PART.fullmatch(text)
    try:
        weight = float(found["weight"] or 1) if found else math.nan
    except ValueError:
        weight = math.nan
    if found is None or not math.isfinite(weight):
        raise PriorError(f"{text!r} is no part of a mixture; give one such as cat:0.7 or cat:0.7@0-3.")
    first = int(found["first"] or 0)
    last = found["last"] if found["last"] is not None else found["first"]
    return Part(_number(found["name"].strip(), class_names), weight, first, None if last is None else int(last))


def _number(name: str, class_names: Sequence[str]) -> int:
    if name in class_names:
        return list(class_names).index(name)
    if name.isdigit() and int(name) < len(class_names):
        return int(name)
    known = ", ".join(class_names[:8]) + (", …" if len(class_names) > 8 else "")
    raise PriorError(f"the prior has no class {name!r}; give exact names or numbers: it has {known}.")
