"""Stage II: translate, adversarially, on top of a frozen content encoder (section 4).

    min_G max_D  L_adv + λ1 L_con + λ2 L_sty + λ3 L_msk + λ4 L_rec

with ŷ = G(E_c(x), E_s(y)) and ȳ = G(E_c(y), E_s(y)).  Here is what all runs of stage II share: the networks of the
translator, their average, the pictures and the loop.  `stage2.small` and `stage2.paper` add their discriminators and
losses.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image
from torch import Tensor, nn

from gpunit import images
from gpunit.networks.content_encoder import ContentEncoder, ContentFeatures
from gpunit.networks.dynamic_skip import DynamicSkip, SkipGate
from gpunit.networks.families import TranslatorParams
from gpunit.networks.generator import Generator
from gpunit.networks.skip_health import skip_health
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.seeds import step_generator
from gpunit.training.checkpoints import TrainingError, load_run
from gpunit.training.data import PictureSet
from gpunit.training.folder import fingerprint
from gpunit.training.mixing import mixed_labels, sample_mixed
from gpunit.training.processes import Processes
from gpunit.training.recipes import PaperRecipe, SmallRecipe
from gpunit.training.run import RunSettings, opened, run_steps
from gpunit.training.shares import ALONE, Shares
from gpunit.training.stage2.sheet import mask_columns
from gpunit.training.stage2.validation import MOST_PICTURES, Validation
from gpunit.training.trainer import Parts, Trainer, update_ema, young_decay
from gpunit.zoo.weights import fill, read_weights

LAYOUT = {"memory_format": torch.channels_last}


class StyledGenerator(nn.Module):
    """G and the style encoder that is trained with it."""

    def __init__(self, params: TranslatorParams) -> None:
        super().__init__()
        self.generator = Generator(params.generator)
        self.style_encoder = StyleEncoder(params.style_encoder)


def split(content: ContentFeatures, count: int) -> tuple[ContentFeatures, ContentFeatures]:
    """The content of the first `count` pictures of a batch, and that of the others."""
    first = ContentFeatures(content.content[:count], {size: f[:count] for size, f in content.features.items()})
    others = ContentFeatures(content.content[count:], {size: f[count:] for size, f in content.features.items()})
    return first, others


class StageTwoTrainer(Trainer, ABC):
    """The networks of a run of stage II whatever its discriminator: E_c, G, E_s and their average.

    Subclasses set `discriminator`, `optimizer_g` and `optimizer_d`.

    Args:
        recipe: shapes and hyper-parameters.
        content_encoder: the frozen E_c of stage I.
        seed: of the initial weights.
        processes: this process's place among those that share the run, and its device.
    """

    stateful = ("model", "ema", "discriminator", "optimizer_g", "optimizer_d")
    results = ("ema",)
    discriminator: nn.Module
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer

    def __init__(
        self,
        recipe: SmallRecipe | PaperRecipe,
        content_encoder: ContentEncoder,
        seed: int,
        processes: Processes | None = None,
    ) -> None:
        super().__init__(processes)
        torch.manual_seed(seed)
        device = self.device
        self.content_encoder = content_encoder.to(device).to(**LAYOUT).eval().requires_grad_(False)
        self.model = StyledGenerator(recipe.translator).to(device).to(**LAYOUT)
        self._use_skips, self._ema_decay = recipe.use_skips, recipe.ema
        self._resolution = recipe.translator.resolution
        self._close_unused_skips(self.model)
        self.ema = copy.deepcopy(self.model).requires_grad_(False)
        # Whether the average is of trained weights from the first step on; if not, random ones have to fade quickly.
        self._is_averaged = False

    @property
    def resolution(self) -> int:
        """Side of the finished pictures in pixels."""
        return self._resolution

    @property
    def judges(self) -> tuple[str, ...]:
        """Names of the frozen networks that the losses look through."""
        return ()

    @torch.no_grad()
    def translate(self, source: Tensor, target: Tensor) -> Tensor:
        """The average's translations (B, 3, S, S) of sources in the styles of exemplars (B, 3, S, S) in [-1, 1]."""
        content = self.content_encoder(source.to(self.device))
        style = self.ema.style_encoder(target.to(self.device))
        return self.ema.generator.render(content.content, self.plan_skips(content), style).float()

    def plan_skips(self, content: ContentFeatures) -> dict[int, SkipGate]:
        """What the average's skips decide; empty for a run without skips."""
        return self.ema.generator.plan_skips(content) if self._use_skips else {}

    def scale_at(self, step: int) -> int:
        """The factor by which pictures are smaller, and a batch larger, at a step."""
        return 1

    @property
    def sheet_size(self) -> int:
        """The resolution of sheets at this step."""
        return self._resolution

    @abstractmethod
    def step(self, source: Tensor, target: Tensor, label: Tensor) -> Parts:
        """One update of D and one of G on a whole batch; returns the loss parts."""

    def task(self) -> dict[str, Any]:
        """What a run keeps to, as far as it is in the networks."""
        return {"stage": "II", "content encoder": fingerprint(self.content_encoder), "skips": self._use_skips}

    def start_from(self, path: Path) -> None:
        """Begin with weights that were trained elsewhere, before the first step.

        Args:
            path: the folder of another run, of which everything but the number of steps is taken, or the file of a
                finished translator, which has generator and style encoder only.

        Raises:
            ModelError: if the file is missing, damaged, or of another shape.
            TrainingError: if the folder is not that of a run of this recipe's shape.
        """
        self._is_averaged = True
        if path.is_dir():
            try:
                self._load_networks(self._adapted(load_run(path)))
            except (OSError, KeyError, RuntimeError, ValueError):
                raise TrainingError(f"{path} is not the folder of a run that this one can go on from.") from None
        else:
            tensors, _ = read_weights(path)
            parts = ("generator.", "style_encoder.")
            fill(self.model, {name: t for name, t in tensors.items() if name.startswith(parts)}, path)
            self.ema.load_state_dict(self.model.state_dict())
        for model in (self.model, self.ema):
            self._close_unused_skips(model)

    def prepare(self, target: Tensor) -> None:
        """Standardise the untrained style encoder on target pictures, before the first step.  Not in the paper."""
        self.model.style_encoder.standardise(target.to(self.device))
        self.ema.load_state_dict(self.model.state_dict())

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs."""
        return super().state() | {"is_averaged": self._is_averaged}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        super().load(state)
        self._is_averaged = bool(state.get("is_averaged", False))

    def _adapted(self, state: dict[str, Any]) -> dict[str, Any]:
        """Another run's state, completed by what that run did not have."""
        return state

    def _load_networks(self, state: dict[str, Any]) -> None:
        for name in self.stateful:
            getattr(self, name).load_state_dict(state[name])

    def _close_unused_skips(self, model: StyledGenerator) -> None:
        """For a run without skips, make all masks zero, so that every later user of the weights has no skips either."""
        if not self._use_skips:
            for skip in model.generator.skips.values():
                for parameter in cast(DynamicSkip, skip).to_mask.parameters():
                    nn.init.zeros_(parameter)

    def _finish(self) -> None:
        """Count the step and update the average."""
        self.done += 1
        decay = self._ema_decay if self._is_averaged else young_decay(self._ema_decay, self.done)
        update_ema(self.ema, self.model, decay)

    @torch.no_grad()
    def skip_figures(self, source: Tensor, target: Tensor) -> dict[str, float]:
        """The health of the average's skips on some sources in the style of the first exemplar; empty without skips."""
        if not self._use_skips:
            return {}
        content = self.content_encoder(source.to(self.device))
        style = self.ema.style_encoder(target[:1].to(self.device))
        return skip_health(self.ema.generator, content, style, self.sheet_size).as_dict()

    @torch.no_grad()
    def sheet(self, source: Tensor, target: Tensor) -> Image.Image:
        """The average's translations: a row per source, a column per exemplar, then one without skips.

        Beside them, for each layer of skips, where the strongest channels of its mask are open.
        """
        source, target = source.to(self.device), target.to(self.device)
        content = self.content_encoder(source)
        gates = self.plan_skips(content)
        styles = self.ema.style_encoder(target)
        size = self.sheet_size
        columns = [images.to_pictures(source)]
        for style in styles:
            repeated = style.expand(len(source), -1)
            columns.append(images.to_pictures(self.ema.generator.render(content.content, gates, repeated, size=size)))
        bare = self.ema.generator.render(content.content, {}, styles[-1].expand(len(source), -1), size=size)
        columns.append(images.to_pictures(bare))
        side = source.shape[-1]
        drawn = mask_columns(gates, side)
        blank = Image.new("RGB", (side, side), "white")
        rows = [[blank, *images.to_pictures(target), blank, *[blank] * len(drawn)]]
        rows += [list(row) for row in zip(*columns, *(column.cells for column in drawn), strict=True)]
        headings = ["source", *[""] * len(target), "no skips", *(column.heading for column in drawn)]
        return images.sheet(rows, side, headings if drawn else ())


def pairing(
    sources: Sequence[str], targets: Sequence[str], tries: int = 16, generator: torch.Generator | None = None
) -> Tensor:
    """A random order (B,) of the source pictures in which few of them meet a target of their own domain.

    Args:
        sources, targets: the domain of every picture of a batch.
        tries: the best of so many orders is taken.
        generator: by which they are drawn; torch's own by default.
    """
    orders = [torch.randperm(len(sources), generator=generator) for _ in range(tries)]
    return min(orders, key=lambda order: sum(sources[i] == name for i, name in zip(order, targets, strict=True)))


@dataclass(frozen=True)
class StageTwoBatch:
    """A batch, or this process's rows of it.

    Attributes:
        source, target: (B, 3, S, S) in [-1, 1].
        label: (B,) of the targets.
        source_domains, target_domains: the domain of each picture of the whole batch.
        is_paired: whether the sources lie in the order of `pairing` already.
    """

    source: Tensor
    source_domains: list[str]
    target: Tensor
    target_domains: list[str]
    label: Tensor
    is_paired: bool = False

    def paired(self) -> tuple[Tensor, Tensor, Tensor]:
        """Sources, targets and labels, such that source i is translated in the style of target i."""
        # Drawn in any case: what a step draws afterwards does not depend on the number of processes.
        order = pairing(self.source_domains, self.target_domains)
        source = self.source if self.is_paired else self.source[order]
        return source.contiguous(**LAYOUT), self.target, self.label


@dataclass(frozen=True)
class StageTwoData:
    """The pictures of stage II.

    Attributes:
        sources, targets: the domains, told apart by their labels; each is sampled equally often.
        batch: source pictures per step, and as many target pictures.
        turned_every: one in so many target pictures is turned and zoomed into; 0 for none.
        seed: a batch depends on (seed, step) alone.
    """

    sources: Sequence[PictureSet]
    targets: Sequence[PictureSet]
    batch: int
    turned_every: int
    seed: int

    def sample(self, step: int, scale: int = 1, shares: Shares = ALONE) -> StageTwoBatch:
        """The batch of a step, `scale` times as large as usual; of several processes, this one's rows of it."""
        count = self.batch * scale
        source_domains = self._domains(self.sources, count, step, "source")
        target_domains = self._domains(self.targets, count, step, "target")
        mixed = torch.arange(count)
        if len(self.targets) > 1:  # some losses use a batch's first pictures: every target gets its turn there
            mixed = torch.randperm(count, generator=step_generator(self.seed, step, "targets"))
            target_domains = [target_domains[i] for i in mixed.tolist()]
        sources, targets = list(range(count)), mixed.tolist()
        if shares.count > 1:
            # As the step itself will pair them: which sources are decoded here follows from it.
            order = pairing(source_domains, target_domains, generator=step_generator(self.seed, step, "step")).tolist()
            sources, targets = ([all_of[i] for i in shares.rows(count)] for all_of in (order, targets))
        source, _ = sample_mixed(self.sources, count, self.seed, step, "source", rows=sources)
        target, label = sample_mixed(self.targets, count, self.seed, step, "target", self.turned_every, targets)
        return StageTwoBatch(
            source, source_domains, target.contiguous(**LAYOUT), target_domains, label, is_paired=shares.count > 1
        )

    def _domains(self, sets: Sequence[PictureSet], count: int, step: int, purpose: str) -> list[str]:
        names = {each.label: each.name for each in sets}
        return [names[label] for label in mixed_labels(sets, count, self.seed, step, purpose).tolist()]

    def task(self) -> dict[str, Any]:
        """What a run keeps to, as far as it is in the pictures."""
        return {
            "targets": sorted(each.name for each in self.targets),
            "sources": sorted(each.name for each in self.sources),
        }

    def to_prepare(self) -> Tensor:
        """Target pictures on which an untrained style encoder is standardised."""
        enough = min(64, 4 * sum(len(pictures) for pictures in self.targets))
        return sample_mixed(self.targets, enough, self.seed, 0, "prepare")[0]

    def to_validate(self, most: int) -> tuple[Tensor, Tensor]:
        """Sources and exemplars by which a run is measured, at most so many."""
        count = min(most, max(2, sum(len(pictures) for pictures in self.sources)))
        source, _ = sample_mixed(self.sources, count, self.seed, 0, "validation")
        target, _ = sample_mixed(self.targets, count, self.seed, 0, "validation")
        return source, target

    def shown(self) -> tuple[Tensor, Tensor]:
        """The sources and exemplars of the run's sheets."""
        source, _ = sample_mixed(self.sources, 9, self.seed, 0, "sheet")
        target, _ = sample_mixed(self.targets, 6, self.seed, 0, "sheet")
        return source, target


def train_stage_two(trainer: StageTwoTrainer, data: StageTwoData, settings: RunSettings) -> Path:
    """Resume or begin a run of stage II and take its steps; returns the path of the checkpoint."""
    validate = None
    if settings.held_out is not None:
        with torch.random.fork_rng(devices=[]):  # a run that is measured is the same run
            pictures = data.to_validate(MOST_PICTURES)
            used = trainer.judges
            validate = Validation(trainer.translate, *pictures, settings.held_out, used, trainer.device)
    with opened(trainer, settings, trainer.task() | data.task()) as is_new:
        if is_new:
            trainer.prepare(data.to_prepare())
        shown = data.shown()
        run_steps(
            trainer,
            lambda step: data.sample(step, trainer.scale_at(step), trainer.processes),
            lambda batch: trainer.step(*batch.paired()),
            settings,
            lambda: trainer.sheet(*shown),
            validate,
            lambda: trainer.skip_figures(*shown),
        )
    return settings.checkpoint
