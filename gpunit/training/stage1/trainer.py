"""Stage I: distil what layout is from a generative prior into the content encoder (section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image

from gpunit import images
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.networks.normalisation import add_spectral_norm
from gpunit.training.checkpoints import TrainingError
from gpunit.training.data import Labelled, PairSet, PictureSet, join
from gpunit.training.mixing import one_in, sample_mixed_labelled
from gpunit.training.processes import Processes
from gpunit.training.recipes import DistillationRecipe
from gpunit.training.run import RunSettings, opened, run_steps
from gpunit.training.stage1.distiller import Distiller
from gpunit.training.stage1.losses import compute_losses
from gpunit.training.trainer import CPU, Parts, Trainer, adam, detached, set_rate
from gpunit.zoo.weights import fill, read_weights, shape_head_path

_LAYOUT = {"memory_format": torch.channels_last}


@dataclass(frozen=True)
class DistillationData:
    """The folders of stage I; all four have one subfolder per class.

    Attributes:
        pairs: pictures from `synthesize`, under equal names if they share a layout.
        pair_maps: their instance maps from `segment`, under the same relative names.
        real: real pictures.
        real_maps: their instance maps.
        classes: the subfolders, in the order of their labels.
        limit: use at most this many real pictures per class.
    """

    pairs: Path
    pair_maps: Path
    real: Path
    real_maps: Path
    classes: Sequence[str]
    limit: int | None = None


class DistillationTrainer(Trainer):
    """The networks of stage I, their optimiser and the frozen backbone.

    Args:
        recipe: shapes and hyper-parameters.
        steps: length of the run, over whose last third the learning rate falls.
        seed: of the initial weights.
        processes: this process's place among those that share the run, and its device.
    """

    stateful = ("networks", "optimizer")
    results = ("networks",)

    def __init__(
        self, recipe: DistillationRecipe, steps: int, seed: int = 0, processes: Processes | None = None
    ) -> None:
        super().__init__(processes)
        self.recipe = recipe
        self.steps = steps
        self.warm_up = recipe.warm_up
        self._seed = seed
        self._make_networks()
        self.backbone = EfficientNetLite0().to(self.device).to(**_LAYOUT)

    def _make_networks(self, start_from: Path | None = None) -> None:
        torch.manual_seed(self._seed)
        networks = Distiller(self.recipe, spectral_norm=False)
        if start_from is not None:
            shape_path = shape_head_path(start_from)
            fill(networks.content_encoder, read_weights(start_from)[0], start_from)
            fill(networks.decoder.shape_head, read_weights(shape_path)[0], shape_path)
        # Last, as its first estimates are made from the weights at hand.
        add_spectral_norm(networks)
        self.networks = networks.to(self.device).to(**_LAYOUT)
        self.optimizer = adam(self.networks.parameters(), self.device, lr=self.recipe.learning_rate)

    def start_from(self, path: Path) -> None:
        """Begin with a finished content encoder's file and the shape head beside it.

        Raises:
            ModelError: if they cannot be used.
        """
        self._make_networks(path)

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs."""
        return super().state() | {"warm_up": self.warm_up}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        super().load(state)
        self.warm_up = int(state.get("warm_up", self.warm_up))  # earlier versions did not save it

    def step(self, first: Labelled, second: Labelled, real: Labelled) -> Parts:
        """One update on pairs that share a layout and on real pictures; returns the loss parts.

        Args:
            first, second, real: this process's rows of the batches.
        """
        first, second, real = (batch.to(self.device) for batch in (first, second, real))
        set_rate(self.optimizer, self.recipe.learning_rate * _decay(self.done / self.steps, self.recipe.halvings))
        with self.autocast():
            warm_up, shares = self.done < self.warm_up, self.processes
            answer = compute_losses(self.networks, self.backbone, self.recipe, first, second, real, warm_up, shares)
        self.processes.minimise(answer.total, self.optimizer)
        self.networks.remember(shares.gathered(answer.real_content), shares.gathered(real.label))
        self.done += 1
        return detached(answer.parts)

    @torch.no_grad()
    def sheet(self, first: Labelled, second: Labelled, real: Labelled) -> Image.Image:
        """A column per picture: x, its partner y, the next x, ..., real pictures.

        Rows: picture, content map, instance map, instance map predicted from its own content, the same from its
        partner's content, and its content in the appearance of the picture to its left.
        """
        networks = self.networks.eval()
        batch = join([_interleaved(first, second), real]).to(self.device)
        content = networks.content_encoder(batch.picture).content
        partner = content.clone()
        pairs = 2 * len(first)
        partner[:pairs] = content[:pairs].unflatten(0, (-1, 2)).flip(1).flatten(0, 1)
        own, crossed = (networks.decoder.shape_head(code, batch.label) for code in (content, partner))
        look = networks.appearance_encoder(batch.picture.roll(1, 0))
        restyled = networks.decoder(content, look, batch.label.roll(1, 0))
        networks.train()
        side = batch.picture.shape[-1]
        large = [
            F.interpolate(x.expand(-1, 3, -1, -1), (side, side))
            for x in ((content / 2.5).clamp(-1, 1), batch.shape, own, crossed)
        ]
        return images.sheet([images.to_pictures(x) for x in (batch.picture, *large, restyled)], side)


def _interleaved(first: Labelled, second: Labelled) -> Labelled:
    """x, y, x, y, ... of pairs."""
    both = zip(first.tensors, second.tensors, strict=True)
    return Labelled(*(torch.stack([one, other], 1).flatten(0, 1) for one, other in both))


def distill(
    data: DistillationData, recipe: DistillationRecipe, settings: RunSettings, processes: Processes | None = None
) -> Path:
    """Train a content encoder.

    Args:
        data: the pictures.
        recipe: shapes and hyper-parameters.
        settings: of the run; `start_from` is a content encoder's file, with its shape head beside it.
        processes: this process's place among those that share the run, and its device.

    Returns:
        The path of the checkpoint.

    Raises:
        PictureError: for a folder without pictures, maps or pairs.
        ModelError: for a `start_from` that cannot be used.
        TrainingError: for a run that would reconstruct nothing, cannot be shared or resumed, or diverges.
    """
    processes = processes or Processes(device=CPU)
    processes.require_equal_shares(pairs=recipe.pairs, real_pictures=recipe.real)
    size, seed = recipe.content_encoder.resolution, settings.seed
    pair_set = PairSet(data.pairs, data.pair_maps, data.classes, size)
    real_sets = [
        PictureSet(data.real / name, size, data.limit, label, data.real_maps / name)
        for label, name in enumerate(data.classes)
    ]
    for each in real_sets:
        each.keep_on(processes.device)
    pair_set.deliver_to(processes.device)
    trainer = DistillationTrainer(recipe, settings.steps, seed, processes)
    if not settings.checkpoint.exists():
        _require_reconstruction(settings.steps, trainer.warm_up)
    with opened(trainer, settings, {"stage": "I", "classes": list(data.classes)}):
        _require_reconstruction(settings.steps, trainer.warm_up)

        def sample(step: int) -> tuple[Labelled, Labelled, Labelled]:
            turned = one_in(recipe.turned_every, recipe.pairs, step)
            rows = processes.rows(recipe.pairs)
            first, second = pair_set.sample_pairs(recipe.pairs, seed, step, turned=turned, rows=rows)
            rows = processes.rows(recipe.real)
            real = sample_mixed_labelled(real_sets, recipe.real, seed, step, "", recipe.turned_every, rows)
            return first, second, real

        shown = (*pair_set.sample_pairs(4, seed, 0, "sheet"), sample_mixed_labelled(real_sets, 4, seed, 0, "sheet"))
        run_steps(trainer, sample, lambda batch: trainer.step(*batch), settings, lambda: trainer.sheet(*shown))
    return settings.checkpoint


def _require_reconstruction(steps: int, warm_up: int) -> None:
    if steps <= warm_up:
        raise TrainingError(f"--steps must be more than the {warm_up} of --warm-up, which draw nothing.")


def _decay(progress: float, halvings: int) -> float:
    """1 for two thirds of the run, then halved at equal intervals."""
    return 0.5 ** max(0, min(halvings, int((progress * 3 - 2) * halvings) + 1)) if progress >= 2 / 3 else 1.0
