"""ImageNet's 1000 classes: their names, those of the paper's pairs, and those of this project's domains.

The names are those that torchvision ships with its weights (BSD-3-Clause).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

CLASS_NAMES: tuple[str, ...] = tuple(
    files("gpunit").joinpath("imagenet_classes.txt").read_text(encoding="utf-8").splitlines()
)


def _span(*parts: int | tuple[int, int]) -> tuple[int, ...]:
    return tuple(n for part in parts for n in (range(part[0], part[1] + 1) if isinstance(part, tuple) else (part,)))


# The groups of synImageNet291, the 291 classes of the paper's pairs.
PAPER_GROUPS: Mapping[str, tuple[int, ...]] = {
    "dog": _span((151, 268)),
    "animal": _span(101, 102, (104, 106), (269, 299), (330, 378), 380, (382, 388)),
    "bird": _span((7, 20), 22, 23, (80, 100), (127, 129), (131, 145)),
    "vehicle": _span(
        407, 436, 468, 511, 555, 586, 609, 627, 654, 656, 675, 717, 734, 751, 757, 779, 803, 817, 829, 847, 856, 864,
        866, 867, 874,
    ),
}  # fmt: skip
PAPER_CLASSES: tuple[int, ...] = tuple(sorted(n for group in PAPER_GROUPS.values() for n in group))


@dataclass(frozen=True)
class Domain:
    """The classes that a classifier of ImageNet gives the pictures of a domain.

    Attributes:
        own: those of the domain itself.
        lookalikes: those that pass for it in a photo: foxes and wolves make fair dogs, lions and tigers fair cats.
    """

    own: tuple[int, ...]
    lookalikes: tuple[int, ...] = ()


DOMAINS: Mapping[str, Domain] = {
    "cat": Domain(_span((281, 287)), lookalikes=_span((288, 293))),
    "dog": Domain(PAPER_GROUPS["dog"], lookalikes=_span((269, 280))),
    "wild": Domain(_span((269, 280), (286, 293))),
    "bird": Domain(PAPER_GROUPS["bird"]),
    # With wheel, grille and coach, which close-ups of cars are taken for.
    "car": Domain((*PAPER_GROUPS["vehicle"], 479, 581, 705)),
}


def paper_group(label: int) -> str:
    """The group of a class of the paper, or "other".

    Examples:
        >>> paper_group(CLASS_NAMES.index("lion")), paper_group(CLASS_NAMES.index("acoustic guitar"))
        ('animal', 'other')
    """
    return next((name for name, labels in PAPER_GROUPS.items() if label in labels), "other")


def search(query: str, limit: int = 20) -> list[int]:
    """Classes whose name contains every word of the query; names that begin with it come first.

    Examples:
        >>> [CLASS_NAMES[label] for label in search("fox", limit=2)]
        ['fox squirrel', 'English foxhound']
    """
    words = query.lower().split()
    hits = [i for i, name in enumerate(CLASS_NAMES) if all(word in name.lower() for word in words)]
    return sorted(hits, key=lambda i: (not CLASS_NAMES[i].lower().startswith(query.lower().strip()), i))[:limit]
