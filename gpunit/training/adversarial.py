"""Stage II: translate, adversarially, on top of a frozen content encoder (section 4).

    min_G max_D  L_adv + λ1 L_con + λ2 L_sty + λ3 L_msk + λ4 L_rec

with ŷ = G(E_c(x), E_s(y)) and ȳ = G(E_c(y), E_s(y)).  The discriminator is the projected one, so L_adv is
the hinge loss on features of a frozen net, and the same net serves as the perceptual term of L_rec.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from gpunit import images, losses
from gpunit.data import PictureSet, draw_mixed, random_turns, turn
from gpunit.networks.content_encoder import ContentEncoder, ContentFeatures
from gpunit.networks.features import EfficientNetLite0
from gpunit.networks.generator import Generator
from gpunit.networks.layers import add_spectral_norm
from gpunit.networks.projected_discriminator import ProjectedDiscriminator
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.recipes import AdversarialRecipe, TranslatorParams
from gpunit.training.augment import ShiftAndTone
from gpunit.training.state import (
    StatsLog,
    load_checkpoint,
    mixed_precision,
    save_checkpoint,
    seed_step,
    update_ema,
)
from gpunit.weights import fill, read_weights


class StyledGenerator(nn.Module):
    """G and the style encoder that is trained with it."""

    def __init__(self, params: TranslatorParams) -> None:
        super().__init__()
        self.generator = Generator(params.generator)
        self.style_encoder = StyleEncoder(params.style_encoder)


def first(content: ContentFeatures, count: int) -> ContentFeatures:
    """The content of the first `count` pictures of a batch."""
    return ContentFeatures(content.content[:count], {size: f[:count] for size, f in content.features.items()})


class AdversarialTrainer:
    """Everything a run of stage II holds: networks, optimisers, the EMA copy, and one `step`.

    Args:
        recipe: shapes and weights.
        content_encoder: the frozen E_c of stage I.
        seed: initial weights follow from it.
    """

    def __init__(self, recipe: AdversarialRecipe, content_encoder: ContentEncoder, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.recipe = recipe
        layout = {"memory_format": torch.channels_last}
        self.content_encoder = content_encoder.to(**layout).eval().requires_grad_(False)
        self.model = StyledGenerator(recipe.translator).to(**layout)
        self.ema = copy.deepcopy(self.model).requires_grad_(False)
        self.eye = EfficientNetLite0().to(**layout)
        self.discriminator = ProjectedDiscriminator(recipe.discriminator)
        add_spectral_norm(self.discriminator)
        self.discriminator.to(**layout)
        self.optimizer_g = torch.optim.Adam(self.model.parameters(), lr=recipe.learning_rate, betas=(0.0, 0.99))
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), lr=recipe.learning_rate, betas=(0.0, 0.99))
        self.done = 0
        self.warm_up = recipe.warm_up

    def start_from(self, path: Path) -> None:
        """Take generator and style encoder from a translator's file, before the first step; they need no warm-up.

        Raises:
            ModelError: if the file is missing, damaged, or of another shape.
        """
        tensors, _ = read_weights(path)
        parts = ("generator.", "style_encoder.")
        fill(self.model, {name: t for name, t in tensors.items() if name.startswith(parts)}, path)
        self.warm_up = 0
        self.ema.load_state_dict(self.model.state_dict())

    def prepare(self, target: Tensor) -> None:
        """Standardise the fresh style encoder on target pictures; once, before the first step."""
        self.model.style_encoder.standardise(target)
        self.ema.load_state_dict(self.model.state_dict())

    def state(self) -> dict[str, Any]:
        """All that resuming needs."""
        return {name: getattr(self, name).state_dict() for name in self._stateful} | {
            "step": self.done,
            "warm_up": self.warm_up,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        for name in self._stateful:
            getattr(self, name).load_state_dict(state[name])
        self.done, self.warm_up = int(state["step"]), int(state["warm_up"])

    _stateful = ("model", "ema", "discriminator", "optimizer_g", "optimizer_d")

    def step(self, source: Tensor, target: Tensor) -> dict[str, Tensor]:
        """One update of D and one of G on batches (B, 3, S, S) in [-1, 1]; returns the loss parts.

        The last `recipe.twins` sources are replaced by turned copies of the first, which share their styles.
        """
        if self.done < self.warm_up:
            return self._warm_up(target)
        recipe, count = self.recipe, self.recipe.reconstructed
        turns = random_turns(recipe.twins)
        source = torch.cat([source[: len(source) - recipe.twins], turn(source[: recipe.twins], turns)])
        shown = torch.cat([torch.arange(len(source) - recipe.twins), torch.arange(recipe.twins)])
        autocast = mixed_precision(source.device)
        with autocast:
            with torch.no_grad():
                both = self.content_encoder(torch.cat([source, target[:count]]))
            batch = source.shape[0]
            content = first(both, batch)
            own_content = ContentFeatures(both.content[batch:], {s: f[batch:] for s, f in both.features.items()})
            mirrored = recipe.mirror_style and bool(torch.rand(()) < 0.5)
            style = self.model.style_encoder(target.flip(3) if mirrored else target)
            translated, gates = self.model.generator(content, style[shown])
            reconstructed, _ = self.model.generator(own_content, style[:count], use_skips=recipe.reconstruct_with_skips)
            translated, reconstructed = translated.float(), reconstructed.float()

        augment = ShiftAndTone(batch, source.shape[-1] // 10, source.device)
        real_seen, fake_seen, source_seen = (augment(pictures) for pictures in (target, translated, source))
        with torch.no_grad():
            real_features = self.eye(real_seen)
            source_features = self.eye(source_seen, last_stride=16)
        fake_features = self.eye(fake_seen)

        with autocast:
            detached = {stride: feature.detach() for stride, feature in fake_features.items()}
            real, fake = self.discriminator(real_features), self.discriminator(detached)
            discriminator_loss = losses.hinge_discriminator_loss(real.logits, fake.logits)
        self.optimizer_d.zero_grad(set_to_none=True)
        discriminator_loss.backward()
        self.optimizer_d.step()

        self.discriminator.requires_grad_(False)
        with autocast:
            fake = self.discriminator(fake_features)
            with torch.no_grad():
                real = self.discriminator(real_features)
            translated_content = self.content_encoder(translated).content.float()
            real_styles = [style[shown] for style in real.styles]
        with torch.no_grad():
            wanted = torch.cat([target[:count], turn(translated[: recipe.twins], turns)])
            wanted_features = self.eye(wanted, last_stride=16)
        answered = torch.cat([reconstructed, translated[len(translated) - recipe.twins :]])
        answered_features = self.eye(answered, last_stride=16)

        def distance(rows: slice) -> Tensor:
            """Of the pictures given and wanted in some rows: L1 and, at every stride, the features'."""
            features = [{s: f[rows] for s, f in each.items()} for each in (answered_features, wanted_features)]
            return F.l1_loss(answered[rows], wanted[rows]) + losses.feature_distance(*features)

        parts = {
            "adversarial": losses.hinge_generator_loss(fake.logits),
            "content": losses.content_distance(translated_content, content.content.float()),
            "style": losses.style_distance(fake.styles, real_styles),
            "colour": losses.colour_distance(translated, target[shown]),
            "structure": losses.structure_distance(fake_features, source_features),
            "mask": losses.mask_sparsity([gate.mask for gate in gates.values()]),
            "reconstruction": distance(slice(count)),
            **({"equivariance": distance(slice(count, None))} if recipe.twins else {}),
        }
        generator_loss = torch.stack([getattr(recipe, name) * value for name, value in parts.items()]).sum()
        self.optimizer_g.zero_grad(set_to_none=True)
        generator_loss.backward()
        self.optimizer_g.step()
        self.discriminator.requires_grad_(True)
        self._finish()
        return {**{name: value.detach() for name, value in parts.items()}, "discriminator": discriminator_loss.detach()}

    def _warm_up(self, target: Tensor) -> dict[str, Tensor]:
        """One update of G by L_rec alone."""
        with mixed_precision(target.device):
            with torch.no_grad():
                content = self.content_encoder(target)
            style = self.model.style_encoder(target)
            reconstructed, _ = self.model.generator(content, style, use_skips=self.recipe.reconstruct_with_skips)
        reconstructed = reconstructed.float()
        with torch.no_grad():
            wanted = self.eye(target, last_stride=16)
        features = self.eye(reconstructed, last_stride=16)
        loss = F.l1_loss(reconstructed, target) + losses.feature_distance(features, wanted)
        self.optimizer_g.zero_grad(set_to_none=True)
        (self.recipe.reconstruction * loss).backward()
        self.optimizer_g.step()
        self._finish()
        return {"reconstruction": loss.detach()}

    def _finish(self) -> None:
        """Count the step and move the average along."""
        self.done += 1
        update_ema(self.ema, self.model, min(self.recipe.ema, (1 + self.done) / (10 + self.done)))

    @torch.no_grad()
    def sheet(self, source: Tensor, target: Tensor) -> Image.Image:
        """Sources down the side, exemplars along the top, the EMA's translations between; last column without skips."""
        content = self.content_encoder(source)
        gates = self.ema.generator.plan_skips(content)
        styles = self.ema.style_encoder(target)
        columns = [images.to_pictures(source)]
        for style in styles:
            repeated = style.expand(len(source), -1)
            columns.append(images.to_pictures(self.ema.generator.render(content.content, gates, repeated)))
        bare = self.ema.generator.render(content.content, {}, styles[-1].expand(len(source), -1))
        columns.append(images.to_pictures(bare))
        blank = Image.new("RGB", (source.shape[-1],) * 2, "white")
        rows = [[blank, *images.to_pictures(target), blank]]
        rows += [list(row) for row in zip(*columns, strict=True)]
        return images.sheet(rows, source.shape[-1])


def train(
    sources: Sequence[Path],
    target: Path,
    content_encoder: ContentEncoder,
    recipe: AdversarialRecipe,
    run: Path,
    steps: int,
    seed: int = 0,
    save_every: int = 200,
    start_from: Path | None = None,
    report: Callable[[dict[str, float]], None] = lambda line: None,
) -> Path:
    """Train a translator; resume if `run` holds a checkpoint.

    Args:
        sources: one folder of pictures per source domain; each is drawn equally often.
        target: folder of target pictures.
        content_encoder: the frozen E_c, its spectral norm folded.
        recipe: shapes and weights.
        run: folder for checkpoint.pt, stats.jsonl and sheets.
        steps: stop after this many steps in all.
        seed: everything random follows from (seed, step).
        save_every: steps between checkpoints, log lines and sheets.
        start_from: a translator's file to go on from in a fresh run.
        report: called with every log line.

    Returns:
        The path of the checkpoint.
    """
    size = recipe.translator.resolution
    source_sets = [PictureSet(folder, size, label=i) for i, folder in enumerate(sources)]
    target_set = PictureSet(target, size)
    trainer = AdversarialTrainer(recipe, content_encoder, seed)
    path = run / "checkpoint.pt"
    if path.exists():
        trainer.load(load_checkpoint(path))
    elif start_from is not None:
        trainer.start_from(start_from)
    else:
        trainer.prepare(target_set.draw(min(64, 4 * len(target_set)), seed, 0, "prepare"))
    log = StatsLog(run / "stats.jsonl")
    shown_source, _ = draw_mixed(source_sets, 9, seed, 0, "sheet")
    shown_target = target_set.draw(6, seed, 0, "sheet")
    while trainer.done < steps:
        step = trainer.done
        seed_step(seed, step)
        source, _ = draw_mixed(source_sets, recipe.batch, seed, step, "source")
        parts = trainer.step(
            source.contiguous(memory_format=torch.channels_last),
            target_set.draw(recipe.batch, seed, step, "target", recipe.turned).contiguous(
                memory_format=torch.channels_last
            ),
        )
        log.add(parts)
        if trainer.done % save_every == 0 or trainer.done == steps:
            report(log.write(trainer.done))
            save_checkpoint(path, trainer.state())
            images.save_png(trainer.sheet(shown_source, shown_target), run / f"sheet-{trainer.done:06d}.png")
    return path
