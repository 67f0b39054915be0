"""The tasks of the paper: domains, data, and which recipe each was trained by.

Four tasks have published switches; those of the other thirteen are inferred from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gpunit.networks.discriminator import DiscriminatorParams
from gpunit.training.recipes import PaperRecipe, weighted


@dataclass(frozen=True)
class PaperTask:
    """A task of the paper.

    Attributes:
        source, target: its domains.
        recipe: its hyper-parameters.
        data: what the published model was trained on.
        inferred: whether its switches are inferred, not published.
        limits: the largest number of pictures used of a folder, by the folder's name.
    """

    source: str
    target: str
    recipe: PaperRecipe
    data: str
    inferred: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the user types."""
        return f"{self.source}2{self.target}"


_LAYER_4, _LAYER_5 = DiscriminatorParams(style_layer=4), DiscriminatorParams(style_layer=5)
_AFHQ = {"cat": 4000, "dog": 4000, "wild": 4000}
# 600 pictures of each of four ImageNet classes; a folder's limit is shared equally among its subfolders.
_CLASSES_OF_600 = {"bird": 2400, "car": 2400}
_GENDER = PaperTask(
    "male",
    "female",
    PaperRecipe(discriminator=_LAYER_5, oversample_rare=True, reconstruct_with_skips=True, mirror_style=False),
    "CelebA-HQ",
)
_ANIMAL = PaperTask(
    "cat", "dog", PaperRecipe(discriminator=_LAYER_4, oversample_rare=True), "AFHQ, 4000 each", limits=_AFHQ
)
_TO_FACE = PaperTask(
    "cat",
    "face",
    weighted(PaperRecipe(discriminator=_LAYER_5, oversample_rare=True, mirror_style=False), identity=1.0),
    "AFHQ cats, 4000; CelebA-HQ",
    limits=_AFHQ,
)
_FAR = PaperTask(
    "bird",
    "car",
    PaperRecipe(discriminator=_LAYER_4),
    "ImageNet birds 10-13, cars 436, 511, 627 and 656, 600 of each class",
    limits=_CLASSES_OF_600,
)


def _inferred(like: PaperTask, source: str, target: str, data: str, **changes: Any) -> PaperTask:
    return replace(like, source=source, target=target, data=data, inferred=True, **changes)


_TASKS = (
    _GENDER,
    _ANIMAL,
    _TO_FACE,
    _FAR,
    _inferred(_GENDER, "female", "male", "CelebA-HQ"),
    *(
        _inferred(_ANIMAL, source, target, "AFHQ, 4000 each")
        for source, target in (("dog", "cat"), ("dog", "wild"), ("wild", "dog"), ("cat", "wild"), ("wild", "cat"))
    ),
    _inferred(_ANIMAL, "face", "cat", "CelebA-HQ; AFHQ cats, 4000 each"),
    _inferred(_ANIMAL, "face", "dog", "CelebA-HQ; AFHQ dogs, 4000 each"),
    _inferred(_TO_FACE, "dog", "face", "AFHQ dogs, 4000; CelebA-HQ"),
    _inferred(_FAR, "bird", "dog", "ImageNet birds 10-13, and dogs; 600 of each class"),
    _inferred(_FAR, "dog", "bird", "ImageNet dogs, and birds 10-13; 600 of each class"),
    _inferred(_FAR, "car", "bird", "ImageNet cars 436, 511, 627 and 656, birds 10-13; 600 of each class"),
    _inferred(
        _TO_FACE,
        "face",
        "metface",
        "CelebA-HQ; MetFaces",
        recipe=replace(_TO_FACE.recipe, reconstruct_with_skips=True),
    ),
)
# The seventeen tasks of the published models, by name.
PAPER_TASKS: Mapping[str, PaperTask] = {task.name: task for task in _TASKS}
