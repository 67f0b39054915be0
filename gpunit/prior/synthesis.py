"""A data set of pairs that share a layout, rendered by a prior: equal file names share a latent code.

    <output>/<class>/<code>.png        the pictures; <class> is e.g. "cat", or "281_animal" for ImageNet's classes
    <output>/settings.json             the settings, which a run that goes on must share
    <output>/codes.jsonl               one line per finished code: its name, truncation and the classes kept

The paper's data set, synImageNet291, is of this kind: about 600 codes per class at truncations 0.5 and 1.0.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from gpunit import files, images
from gpunit.engine.batch import ALL, Share
from gpunit.engine.parts import PartedTable
from gpunit.imagenet import CLASS_NAMES, DOMAINS, PAPER_GROUPS, paper_group
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import PriorError

SETTINGS_NAME = "settings.json"
CODES_NAME = "codes.jsonl"

# Memory stays the same for any number of classes: so many pictures are rendered at a time, and of so many, or of one
# code, the bytes are kept until it is known in which classes a code is good.
_RENDERED, _KEPT = 64, 512


@dataclass(frozen=True)
class SynthesisSettings:
    """Which codes and classes are rendered, and which pictures are kept.

    Attributes:
        classes: class names or numbers of the prior, two at least.
        codes: number of latent codes.
        truncations: taken in turn, one per code.
        seed: code i follows from (seed, i).
        minimum_score: leave out a picture if a classifier (EfficientNet-Lite0) gives the group of its class less
            probability than this; 0 keeps all of them and needs no classifier.
        origin: sha256 of the prior's weights and of the photos, in their order; a folder is not continued with others.
    """

    classes: tuple[str, ...]
    codes: int = 600
    truncations: tuple[float, ...] = (0.5, 1.0)
    seed: int = 0
    minimum_score: float = 0.0
    origin: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.classes)) < 2:
            raise PriorError("pairs need at least two different classes; name two or more.")
        if not self.truncations or not all(0 < t <= 1 for t in self.truncations):
            raise PriorError("every truncation must be above 0 and at most 1; give such as 0.5,1.0.")


def synthesize(
    prior: Prior,
    settings: SynthesisSettings,
    output: Path,
    photos: Sequence[Path] = (),
    batch: int = 8,
    share: Share = ALL,
) -> Iterator[int]:
    """Render the data set, or the rest of it; yields the number of this process's finished codes after every batch.

    Args:
        prior: renders the pictures.
        settings: which.
        output: folder of the data set.
        photos: real pictures; from each the prior's encoder infers one more code.
        batch: codes rendered at a time, fewer where classes are many.
        share: which of the batches are this process's; the folder is the same whatever the number of processes.

    Raises:
        PriorError: for a class that the prior lacks or the classifier cannot score, or a folder with other settings;
            with photos, if the prior has no encoder.
        PictureError: for a photo that cannot be read.
    """
    labels = prior.labels(settings.classes)
    folders = [output / _folder_name(prior, label) for label in labels]
    scores_of = _GroupScores(prior, labels) if settings.minimum_score > 0 else None
    _check_settings(settings, output)
    table = PartedTable(output / CODES_NAME, "code", share.index if share.count > 1 else None)
    finished = table.read()
    planned = list(_batches(prior, settings, photos, max(1, min(batch, _KEPT // len(labels)))))
    with table.writing() as note:
        done = 0
        for names, codes_of in planned[share.index :: share.count]:
            missing = [name for name in names if name not in finished]
            if missing:
                latents = codes_of()
                rendered, scores = _render(prior, latents, labels, scores_of)
                for name, row, row_scores in zip(names, rendered, scores, strict=True):
                    if name in missing:
                        kept = _save_row(name, row, row_scores, folders, settings.minimum_score)
                        note({"code": name, "truncation": latents.truncation, "classes": kept})
            done += len(names)
            yield done
    order = dict.fromkeys(name for names, _ in planned for name in names)
    table.finish([*order, *(name for name in table.read() if name not in order)])


def _render(
    prior: Prior, latents: LatentCodes, labels: Sequence[int], scores_of: _GroupScores | None
) -> tuple[Tensor, Tensor]:
    """Every code in every class, (codes, classes, 3, S, S) uint8, and the pictures' scores (codes, classes)."""
    pictures, scores = [], []
    for columns in torch.arange(len(labels)).split(max(1, _RENDERED // len(latents))):
        rendered = prior.grid(latents, [labels[column] for column in columns.tolist()])
        scores.append(scores_of(rendered, columns.tolist()) if scores_of else torch.ones(rendered.shape[:2]))
        pictures.append(images.to_uint8(rendered))
    return torch.cat(pictures, 1), torch.cat(scores, 1)


def _batches(
    prior: Prior, settings: SynthesisSettings, photos: Sequence[Path], batch: int
) -> Iterator[tuple[list[str], Callable[[], LatentCodes]]]:
    """Names of codes, and what gives them, a batch at a time; a batch shares its truncation, and so the statistics."""
    cycle = len(settings.truncations)
    for turn, truncation in enumerate(settings.truncations):
        mine = range(turn, settings.codes, cycle)
        for start in range(0, len(mine), batch):
            indices = mine[start : start + batch]
            codes = [(settings.seed, index) for index in indices]
            yield [f"{i:06d}" for i in indices], functools.partial(prior.named_latents, codes, truncation)
    for start in range(0, len(photos), batch):
        paths = photos[start : start + batch]
        yield [f"photo-{start + i:06d}" for i in range(len(paths))], functools.partial(_invert, prior, paths)


def _invert(prior: Prior, paths: Sequence[Path]) -> LatentCodes:
    size = max(128, prior.resolution)
    return prior.invert(torch.cat([images.to_tensor(images.cut(images.open_picture(path), size)) for path in paths]))


def _save_row(name: str, row: Tensor, scores: Tensor, folders: Sequence[Path], minimum_score: float) -> list[str]:
    """Save the pictures of a code; returns the names of the folders of those that are good enough."""
    kept = [i for i, score in enumerate(scores.tolist()) if score >= minimum_score]
    # A code that is good in one class only makes no pair.
    if len(kept) < 2:
        kept = []
    for i in kept:
        (picture,) = images.to_pictures(images.from_uint8(row[i : i + 1]))
        files.save_png(picture, folders[i] / f"{name}.png")
    return [folders[i].name for i in kept]


def _folder_name(prior: Prior, label: int) -> str:
    if _knows_imagenet(prior):
        return f"{label:03d}_{paper_group(label)}"
    return prior.class_names[label]


def _check_settings(settings: SynthesisSettings, output: Path) -> None:
    """A folder is continued only with what it was begun with; the number of codes may grow."""
    path = output / SETTINGS_NAME
    mine = json.loads(json.dumps({k: v for k, v in asdict(settings).items() if k != "codes"}))
    files.write_json_once(path, mine)  # of several processes, the first one writes
    # Earlier versions did not note where the pictures are from.
    theirs = {"origin": mine["origin"], **json.loads(path.read_text(encoding="utf-8"))}
    if theirs != mine:
        different = next(name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name))
        what = "prior or other photos" if different == "origin" else different.replace("_", " ")
        raise PriorError(f"{output} was begun with another {what}; choose another folder.")


class _GroupScores:
    """How probable a classifier of ImageNet (EfficientNet-Lite0) finds the group of each picture's class."""

    def __init__(self, prior: Prior, labels: Sequence[int]) -> None:
        self._groups = [torch.tensor(_group(prior, label)) for label in labels]
        self._classifier = EfficientNetLite0()

    @torch.inference_mode()
    def __call__(self, rendered: Tensor, columns: Sequence[int]) -> Tensor:
        """Probabilities (rows, columns) of pictures (rows, columns, 3, S, S) in [-1, 1] of some of the classes."""
        probability = self._classifier.probabilities(rendered.flatten(0, 1)).unflatten(0, rendered.shape[:2])
        groups = [self._groups[column] for column in columns]
        return torch.stack([probability[:, i, group].sum(-1) for i, group in enumerate(groups)], dim=1)


def _group(prior: Prior, label: int) -> tuple[int, ...]:
    """ImageNet's classes that stand for a class of the prior."""
    name = prior.class_names[label]
    if _knows_imagenet(prior):
        group = PAPER_GROUPS.get(paper_group(label))
    else:
        group = DOMAINS[name].own if name in DOMAINS else None
    if group is None:
        raise PriorError(f"samples of {name!r} cannot be judged: no ImageNet group is known; use score 0.")
    return group


def _knows_imagenet(prior: Prior) -> bool:
    return len(prior.class_names) == len(CLASS_NAMES)
