"""A guide for the content encoder, learned in minutes on features of a frozen net; not in the paper.

What makes a map domain-agnostic is a matter of many pictures at a time: two domains can only be told apart, or not, as
distributions.  The paper's batches meet that over 1.4 million pictures.  The guide meets it by seeing every
picture's frozen features, computed once, in batches that hold dozens of pictures of every domain; E_c is then asked to
give the map that the guide gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.data import PairSet, PictureSet, random_turns, step_generator, to_unit, turn
from gpunit.networks.distiller import DomainClassifier, reverse_gradient
from gpunit.networks.features import STRIDE_CHANNELS, STRIDE_DEVIATION, EfficientNetLite0
from gpunit.networks.layers import LEAK, conv3x3, instance_norm, restyle
from gpunit.recipes import DistillationRecipe
from gpunit.training.state import StatsLog, seed_step
from gpunit.weights import fill, read_weights, write_weights

_BATCH = 32


def frozen_features(features: Mapping[int, Tensor], stride: int) -> Tensor:
    """What the guide sees: the frozen net's features at `stride` and, four places to one, at half of it."""
    finer = F.pixel_unshuffle(features[stride // 2], 2)
    return torch.cat([features[stride] / STRIDE_DEVIATION[stride], finer / STRIDE_DEVIATION[stride // 2]], dim=1)


class Guide(nn.Module):
    """Content maps (B, 1, S / stride, S / stride) from the frozen net's features of pictures of side S.

    Args:
        stride: pixels to a place of the content map.
        width: channels between.
    """

    def __init__(self, stride: int = 16, width: int = 128) -> None:
        super().__init__()
        self.stride = stride
        seen = STRIDE_CHANNELS[stride] + 4 * STRIDE_CHANNELS[stride // 2]

        def block(convolution: nn.Module) -> nn.Sequential:
            return nn.Sequential(convolution, nn.GroupNorm(8, width), nn.LeakyReLU(LEAK))

        self.first = block(nn.Conv2d(seen, width, 1))
        self.second = nn.Sequential(block(conv3x3(width, width)), block(conv3x3(width, width)))
        self.to_content = conv3x3(width, 1)

    def forward(self, features: Mapping[int, Tensor]) -> Tensor:
        """Content of features by stride, as `EfficientNetLite0` gives them."""
        return self.encode(frozen_features(features, self.stride).float())

    def encode(self, seen: Tensor) -> Tensor:
        """Content of `frozen_features`; normalised and activated as E_c's is."""
        hidden = self.first(seen)
        return restyle(self.to_content(hidden + self.second(hidden)))


def _fresh_guide(recipe: DistillationRecipe) -> Guide:
    """A guide of the shape that a recipe of stage I asks for."""
    params = recipe.content_encoder
    return Guide(params.resolution // params.content_size, recipe.guide_recipe.width)


@dataclass(frozen=True)
class _Seen:
    """Frozen features, and the layout to be told, of the pictures of one label: each as it is, and turned.

    Attributes:
        features: two tensors (N, C, 8, 8) in half precision.
        layout: two tensors (N, D).
        turns: (N, 2, 3), what the second is turned by.
    """

    features: tuple[Tensor, Tensor]
    layout: tuple[Tensor, Tensor]
    turns: Tensor


class LayoutAxes:
    """Principal axes of where the frozen net's features are, over the pictures of one label.

    The features are normalised over the places of each channel, which leaves of them where each is, and nothing of
    how strong it is in the picture.

    Args:
        layouts: (N, D) flattened.
        count: number of axes.
    """

    def __init__(self, layouts: Tensor, count: int) -> None:
        self.mean = layouts.float().mean(0)
        count = min(count, *layouts.shape)
        _, deviations, self.axes = torch.pca_lowrank(layouts.float() - self.mean, q=count, center=False)
        self._unit = deviations[0].clamp_min(1e-6) / len(layouts) ** 0.5

    def __call__(self, layouts: Tensor) -> Tensor:
        """Coordinates (N, count) in units of the deviation along the first axis."""
        return (layouts.float() - self.mean) @ self.axes / self._unit


def _mirrored_turns(count: int, generator: torch.Generator) -> Tensor:
    """Affine maps (count, 2, 3) as of `data.random_turns`, half of them mirrored."""
    sign = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    turns = random_turns(count, generator)
    turns[:, :, 0] *= sign[:, None]
    return turns


class _Pictures:
    """Computes frozen features and layouts of a set's whole pictures, each once."""

    def __init__(self, eye: EfficientNetLite0, size: int, stride: int) -> None:
        self._eye, self._size, self._stride = eye, size, stride

    @torch.inference_mode()
    def __call__(self, pictures: PictureSet, turns: Tensor | None, count: int) -> tuple[Tensor, Tensor]:
        """Features and layouts, in half precision, of the first `count` pictures, turned if `turns` are given."""
        features, layouts = [], []
        for start in range(0, count, _BATCH):
            rows = slice(start, min(start + _BATCH, count))
            stacks = torch.stack([pictures.stack(i)[:3] for i in range(rows.start, rows.stop)])
            batch = F.interpolate(to_unit(stacks), (self._size, self._size), mode="bilinear", antialias=True)
            batch = batch if turns is None else turn(batch, turns[rows])
            seen = self._eye(batch, last_stride=self._stride)
            features.append(frozen_features(seen, self._stride).half())
            layouts.append(instance_norm(seen[self._stride]).flatten(1).half())
        return torch.cat(features), torch.cat(layouts)


def domain_distance(content: Tensor) -> Tensor:
    """How much further pictures of different domains are apart than of one: the energy distance, 0 where they match.

    After Székely and Rizzo, "Energy statistics", 2013; averaged over all pairs of domains.

    Args:
        content: (L, N, 1, H, W), N pictures of each of L domains.
    """
    domains, count = content.shape[:2]
    flat = content.flatten(2).flatten(0, 1)
    distance = torch.cdist(flat, flat).unflatten(0, (domains, count)).unflatten(2, (domains, count))
    between = distance.mean((1, 3))
    own = between.diagonal() * count / (count - 1)  # a picture's distance to itself does not count
    across = (between.sum() - between.diagonal().sum()) / (domains * (domains - 1))
    return 2 * (across - own.mean())


def _unlike(one: Tensor, other: Tensor) -> Tensor:
    """1 - correlation of content maps, as a mean."""
    first, second = ((x - x.mean((2, 3), keepdim=True)).flatten(1) for x in (one, other))
    return 1 - F.cosine_similarity(first, second).mean()


class GuideTrainer:
    """The guide, what it is trained with, and one `step`.

    Args:
        recipe: of stage I, with its guide's.
        real: sets of real pictures, one per label.
        pairs: pairs of synthetic pictures.
        seed: everything random follows from it.
    """

    def __init__(self, recipe: DistillationRecipe, real: Sequence[PictureSet], pairs: PairSet, seed: int) -> None:
        torch.manual_seed(seed)
        self.recipe, self._pairs = recipe.guide_recipe, pairs
        self.guide = _fresh_guide(recipe)
        self.classifier = DomainClassifier(recipe.distiller)
        look = _Pictures(
            EfficientNetLite0().to(memory_format=torch.channels_last),
            recipe.content_encoder.resolution,
            self.guide.stride,
        )
        self._real, axes = [], []
        for pictures in real:
            count = min(len(pictures), self.recipe.pictures)
            turns = _mirrored_turns(count, step_generator(seed, 0, f"guide/{pictures.name}"))
            (plain, layout), (turned, turned_layout) = look(pictures, None, count), look(pictures, turns, count)
            axes.append(LayoutAxes(torch.cat([layout, turned_layout]), self.recipe.axes))
            self._real.append(_Seen((plain, turned), (axes[-1](layout), axes[-1](turned_layout)), turns))
        drawn = [look(pictures, None, len(pictures)) for pictures in pairs.sets]
        self._drawn = [features for features, _ in drawn]
        self._drawn_layout = [axis(layout) for axis, (_, layout) in zip(axes, drawn, strict=True)]
        side = recipe.content_encoder.content_size
        self.tellers = nn.ModuleList(nn.Linear(side * side, axis.axes.shape[1]) for axis in axes)
        networks = nn.ModuleList([self.guide, self.classifier, self.tellers])
        self.optimizer = torch.optim.Adam(networks.parameters(), lr=self.recipe.learning_rate)
        self.done = 0

    def step(self) -> dict[str, Tensor]:
        """One update; returns the loss parts."""
        recipe, labels = self.recipe, len(self._real)
        rate = min(1.0, 3 * (1 - self.done / recipe.steps) + 0.03)
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.learning_rate * rate
        rows = [torch.randint(len(seen.turns), (recipe.per_domain,)) for seen in self._real]
        real = torch.cat([view[row] for seen, row in zip(self._real, rows, strict=True) for view in seen.features])
        picked = [self._pairs.pair(i) for i in torch.randint(len(self._pairs), (recipe.pairs,)).tolist()]
        ends = [end for pair in picked for end in pair]
        drawn = torch.stack([self._drawn[label][index] for label, index in ends])
        contents = self.guide.encode(torch.cat([real, drawn]).float())
        # (label, as it is or turned, picture, ...), and (pair, which of the two, ...)
        content = contents[: len(real)].unflatten(0, (labels, 2, recipe.per_domain))
        pair = contents[len(real) :].unflatten(0, (-1, 2))

        wanted = torch.stack(
            [torch.cat([view[row] for view in seen.layout]) for seen, row in zip(self._real, rows, strict=True)]
        )
        told = torch.stack(
            [teller(self._noisy(own)) for teller, own in zip(self.tellers, content.flatten(1, 2), strict=True)]
        )
        wanted_pair = torch.stack([self._drawn_layout[label][index] for label, index in ends])
        pair_terms = []
        for shown in (pair.flatten(0, 1), pair.flip(1).flatten(0, 1)):  # its own content, and its partner's
            answers = self._noisy(shown)
            told_pair = torch.stack([self.tellers[label](a) for (label, _), a in zip(ends, answers, strict=True)])
            pair_terms.append(F.mse_loss(told_pair, wanted_pair))
        turns = torch.cat([seen.turns[row] for seen, row in zip(self._real, rows, strict=True)])
        plain, turned = content[:, 0].flatten(0, 1), content[:, 1].flatten(0, 1)
        grid = F.affine_grid(turns, list(plain.shape), align_corners=False)
        label = torch.arange(labels).repeat_interleave(2 * recipe.per_domain)
        parts = {
            "layout": F.mse_loss(told, wanted),
            "pair_layout": torch.stack(pair_terms).sum(),
            "content": F.l1_loss(pair[:, 0], pair[:, 1]),
            "agnostic": domain_distance(content.flatten(1, 2)),
            "equivariance": _unlike(F.grid_sample(plain, grid, align_corners=False), turned),
            "classifier": F.cross_entropy(self.classifier(reverse_gradient(content.flatten(0, 2))), label),
        }
        self.optimizer.zero_grad(set_to_none=True)
        torch.stack([getattr(recipe, name) * value for name, value in parts.items()]).sum().backward()
        self.optimizer.step()
        self.done += 1
        return {name: value.detach() for name, value in parts.items()}

    def _noisy(self, content: Tensor) -> Tensor:
        """Flat contents that tell nothing by differences too small to be drawn from."""
        return (content + self.recipe.noise * torch.randn_like(content)).flatten(1)


def train_guide(
    recipe: DistillationRecipe,
    real: Sequence[PictureSet],
    pairs: PairSet,
    path: Path,
    seed: int = 0,
    report: Callable[[dict[str, float]], None] = lambda line: None,
    progress: Callable[[int, int], None] = lambda done, steps: None,
) -> Guide:
    """The guide of a run of stage I, from its file if it was trained before.

    Stopped half-way, it begins anew, and comes to the same weights: it takes minutes.

    Args:
        recipe: of stage I.
        real: sets of real pictures, one per label.
        pairs: pairs of synthetic pictures.
        path: the guide's file, written when it is done, with guide.jsonl beside it.
        seed: everything random follows from (seed, step).
        report: called with every log line.
        progress: called with (steps done, steps) before the first and after every step.

    Raises:
        ModelError: if the file is there and cannot be used.
    """
    if path.exists():
        guide = fill(_fresh_guide(recipe), read_weights(path)[0], path)
    else:
        trainer = GuideTrainer(recipe, real, pairs, seed)
        log_path = path.with_suffix(".jsonl")
        log_path.unlink(missing_ok=True)
        log = StatsLog(log_path)
        progress(0, recipe.guide_recipe.steps)
        for step in range(recipe.guide_recipe.steps):
            seed_step(seed, step)
            log.add(trainer.step())
            progress(trainer.done, recipe.guide_recipe.steps)
            if trainer.done % 100 == 0 or trainer.done == recipe.guide_recipe.steps:
                line = log.write(trainer.done)
                report({"guide": line.pop("step"), **line})
        guide = trainer.guide
        write_weights(path, guide.state_dict(), {}, half=False)
    return guide.eval().requires_grad_(False)
