"""Stage I: distil what layout is from a generative prior into the content encoder (section 3).

x and y are drawn from one latent code in two classes, x_s is the instance map of x, l_x its label:

    L_arec = || x - F(E_c(x), E_s(x), l_x) ||² + perceptual
    L_srec = λ_s || F_s(E_c(x), l_x) - x_s ||_1
    L_dis  = || E_c(x) - E_c(y) ||_1 + λ_s || F_s(E_c(y), l_x) - x_s ||_1
    L_reg  = cross_entropy(C(R(E_c(x))), l_x) + λ_r || E_c(x) ||_2

L_arec, L_srec and L_reg are also computed on real pictures, of classes that have no pairs as well.  The shape term
of L_dis runs both ways between x and y; in its first term, y's content is the target and detached.  The decoder sees
the code with noise of σ = 0.2, the other terms see it clean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from gpunit import files, images
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.distiller import AppearanceEncoder, Decoder, DomainClassifier, reverse_gradient
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.networks.normalisation import add_spectral_norm, instance_norm
from gpunit.seeds import seed_step
from gpunit.training import losses
from gpunit.training.augment import recolour
from gpunit.training.data import Labelled, PairSet, PictureSet, draw_mixed_labelled, join, one_in
from gpunit.training.recipes import DistillationRecipe
from gpunit.training.state import StatsLog, TrainingError, mixed_precision, resume, save_checkpoint
from gpunit.zoo.weights import fill, read_weights, shape_head_path


class Distiller(nn.Module):
    """The networks that stage I trains together; without `spectral_norm`, for weights that have it folded."""

    def __init__(self, recipe: DistillationRecipe, spectral_norm: bool = True) -> None:
        super().__init__()
        self.content_encoder = ContentEncoder(recipe.content_encoder)
        self.appearance_encoder = AppearanceEncoder(recipe.distiller)
        self.decoder = Decoder(recipe.distiller)
        self.classifier = DomainClassifier(recipe.distiller)
        width = recipe.content_encoder.widths[-1]
        self.hint_head = nn.Conv2d(width, EfficientNetLite0.channels[_HINT_STRIDE] + 1, 1) if recipe.hint else None
        self.layout_heads = (
            nn.ModuleDict(
                {
                    str(s): nn.Conv2d(recipe.distiller.shape_width, EfficientNetLite0.channels[s], 1)
                    for s in _LAYOUT_STRIDES
                }
            )
            if recipe.layout or recipe.pair_layout
            else None
        )
        # Noughts at first, which are as far from every domain and so say nothing.
        places = recipe.content_encoder.content_size**2
        memory = torch.zeros(recipe.distiller.domains, recipe.remembered, places) if recipe.agnostic else None
        self.remembered: Tensor | None
        self.register_buffer("remembered", memory)
        if spectral_norm:
            add_spectral_norm(self)

    def remember(self, content: Tensor, label: Tensor) -> None:
        """Keep real pictures' contents (B, 1, H, W) of the domains (B,), in place of each domain's oldest."""
        if self.remembered is None:
            return
        for domain, known in enumerate(self.remembered):
            fresh = content[label == domain].flatten(1).to(known)
            self.remembered[domain] = torch.cat([fresh, known])[: len(known)]

    def layout_loss(self, shallow: Tensor, wanted: Mapping[int, Tensor]) -> Tensor:
        """How far content and label are from telling the layout of the frozen net's features: 0 if they do, 1 if not.

        The features are normalised over the places of each channel, which leaves of them where each of them is, and
        nothing of how strong it is in the picture.  Not in the paper, which has 1.4 million pictures to draw.

        Args:
            shallow: F's feature (B, C, 16, 16) of content and label.
            wanted: the frozen net's features by stride.
        """
        assert self.layout_heads is not None
        terms = []
        for stride, head in self.layout_heads.items():
            feature = wanted[int(stride)]
            answer = head(F.adaptive_avg_pool2d(shallow, (feature.shape[-2], feature.shape[-1])))
            terms.append(F.mse_loss(answer.float(), instance_norm(feature).float()))
        return torch.stack(terms).mean()


# The frozen net's stride whose features E_c's are shown, and those whose layout the content map is to tell.
_HINT_STRIDE = 16
_LAYOUT_STRIDES = (8, 16)


@dataclass(frozen=True)
class DistillationLosses:
    """The sum to minimise, its named parts, and the real pictures' contents, without gradient."""

    total: Tensor
    parts: dict[str, Tensor]
    real_content: Tensor


def compute_losses(
    networks: Distiller,
    eye: EfficientNetLite0,
    recipe: DistillationRecipe,
    first: Labelled,
    second: Labelled,
    real: Labelled,
    warm_up: bool = False,
) -> DistillationLosses:
    """The losses of one batch: pairs (first, second) of one latent code, and real pictures.

    With `warm_up`, no picture is drawn, which takes most of the time, and E_c sees each picture either as it is or
    recoloured.
    """
    pairs, batch = len(first), join([first, real, second])
    rendered = slice(pairs + len(real))
    twice = recipe.recolour > 0 and not warm_up
    shown = batch.picture
    if recipe.recolour:
        recoloured = recolour(batch.picture)
        shown = torch.cat([shown, recoloured]) if twice else _either(shown, recoloured)
    encoded = networks.content_encoder(shown)
    contents = encoded.content.float()
    content = contents[: len(batch)]
    content_first, content_second = content[:pairs], content[rendered.stop :]
    # The decoder cannot tell whose content it is given.
    seen = _either(content, contents[len(batch) :]) if twice else content
    noisy = seen + recipe.noise * torch.randn_like(seen)
    with torch.no_grad(), torch.autocast(shown.device.type, enabled=False):
        wanted = eye(batch.picture, last_stride=16)

    # Every picture's shape from its own content, then the pairs' from their partners'.
    swapped = torch.cat([noisy[rendered.stop :], noisy[:pairs]])
    partnered = torch.cat([torch.arange(pairs), torch.arange(rendered.stop, len(batch))])
    shallow = networks.decoder.shape_head.shallow(
        torch.cat([noisy, swapped]), torch.cat([batch.label, batch.label[partnered]])
    )
    shapes = networks.decoder.shape_head.to_shape(shallow).float()
    wanted_shape = F.interpolate(batch.shape, shapes.shape[-2:], mode="area").expand(-1, 3, -1, -1)
    parts = {
        "shape": losses.shape_distance(shapes[: len(batch)], wanted_shape, recipe.shape_cross_entropy),
        "content": losses.content_distance(content_first, content_second),
        "pair_shape": losses.shape_distance(shapes[len(batch) :], wanted_shape[partnered], recipe.shape_cross_entropy),
        "classifier": F.cross_entropy(networks.classifier(reverse_gradient(content)).float(), batch.label),
        "magnitude": losses.content_magnitude(content),
    }
    if not warm_up:  # x is drawn, and real pictures; y takes part through its content and its shape
        picture, label = batch.picture[rendered], batch.label[rendered]
        # Mirrored half of the time, for the whole batch, so that the appearance cannot tell the layout.
        exemplar = picture.flip(3) if torch.rand(()) < 0.5 else picture
        reconstructed = networks.decoder(noisy[rendered], networks.appearance_encoder(exemplar), label).float()
        with torch.autocast(picture.device.type, enabled=False):
            drawn = eye(reconstructed, last_stride=16)
        parts["reconstruction"] = F.mse_loss(reconstructed, picture)
        parts["perceptual"] = losses.feature_distance(drawn, {s: f[rendered] for s, f in wanted.items()})
    if twice:
        parts["recolour"] = losses.content_distance(contents[len(batch) :], content)
    if recipe.agreement:
        parts["agreement"] = losses.content_disagreement(content_first, content_second)
    if networks.remembered is not None:
        parts["agnostic"] = losses.domain_distance(content[pairs : rendered.stop], real.label, networks.remembered)
    if networks.layout_heads is not None:
        parts["layout"] = networks.layout_loss(shallow[: len(batch)], wanted)
        parts["pair_layout"] = networks.layout_loss(shallow[len(batch) :], {s: f[partnered] for s, f in wanted.items()})
    if networks.hint_head is not None:
        parts["hint"] = hint_loss(networks.hint_head(encoded.features[8][: len(batch)]).float(), batch, wanted)
    total = torch.stack([getattr(recipe, name) * value for name, value in parts.items()]).sum()
    return DistillationLosses(total, parts, content[pairs : rendered.stop].detach())


def _either(one: Tensor, other: Tensor) -> Tensor:
    """Row by row the one or the other, by chance."""
    return torch.where(torch.rand(len(one), 1, 1, 1) < 0.5, one, other)


def hint_loss(answer: Tensor, batch: Labelled, wanted: Mapping[int, Tensor]) -> Tensor:
    """How far what is read off E_c's 8x8 feature is from the frozen net's feature and from the instance map.

    After Romero et al., "FitNets: Hints for Thin Deep Nets", ICLR 2015.

    Args:
        answer: (B, C + 1, 8, 8), the last channel for the map.
        batch: pictures and maps.
        wanted: the frozen net's features of the first pictures of the batch.
    """
    feature = wanted[_HINT_STRIDE].float() / EfficientNetLite0.deviation[_HINT_STRIDE]
    size = (answer.shape[-2], answer.shape[-1])
    feature = F.adaptive_avg_pool2d(feature, size)
    shape = F.adaptive_avg_pool2d(batch.shape, size)
    return F.mse_loss(answer[: len(feature), :-1], feature) + F.binary_cross_entropy_with_logits(
        answer[:, -1:], (shape + 1) / 2
    )


class DistillationTrainer:
    """Everything a run of stage I holds: networks, optimiser, frozen net, and one `step`."""

    def __init__(
        self,
        recipe: DistillationRecipe,
        steps: int,
        seed: int = 0,
        start_from: Path | None = None,
    ) -> None:
        torch.manual_seed(seed)
        self.recipe = recipe
        self.steps = steps
        networks = Distiller(recipe, spectral_norm=False)
        if start_from is not None:
            shape_path = shape_head_path(start_from)
            fill(networks.content_encoder, read_weights(start_from)[0], start_from)
            fill(networks.decoder.shape_head, read_weights(shape_path)[0], shape_path)
        # Added last: its first estimates are made of the weights that are there.
        add_spectral_norm(networks)
        self.networks = networks.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.networks.parameters(), lr=recipe.learning_rate)
        self.eye = EfficientNetLite0().to(memory_format=torch.channels_last)
        self.warm_up = recipe.warm_up
        self.done = 0

    def state(self) -> dict[str, Any]:
        """All that resuming needs."""
        states = {"networks": self.networks.state_dict(), "optimizer": self.optimizer.state_dict()}
        return {**states, "step": self.done, "warm_up": self.warm_up}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self.networks.load_state_dict(state["networks"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.done = int(state["step"])
        self.warm_up = int(state.get("warm_up", self.warm_up))  # earlier versions did not note it

    def step(self, first: Labelled, second: Labelled, real: Labelled) -> dict[str, Tensor]:
        """One update on pairs and real pictures; returns the loss parts."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * _decay(self.done / self.steps, self.recipe.halvings)
        with mixed_precision(real.picture.device):
            answer = compute_losses(self.networks, self.eye, self.recipe, first, second, real, self.done < self.warm_up)
        self.optimizer.zero_grad(set_to_none=True)
        answer.total.backward()
        self.optimizer.step()
        self.networks.remember(answer.real_content, real.label)
        self.done += 1
        return {name: value.detach() for name, value in answer.parts.items()}

    @torch.no_grad()
    def sheet(self, first: Labelled, second: Labelled, real: Labelled) -> Image.Image:
        """Columns: x, its partner y, a real picture each ...; rows: picture, content map, instance map, its prediction
        from the picture's own content, from its partner's, and the content in the next picture's look."""
        networks = self.networks.eval()
        batch = join([Labelled(*_interleave(first, second)), real])
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


def _interleave(first: Labelled, second: Labelled) -> list[Tensor]:
    return [
        torch.stack([getattr(first, name), getattr(second, name)], 1).flatten(0, 1)
        for name in ("picture", "label", "shape")
    ]


def distill(
    pairs: Path,
    pair_maps: Path,
    real: Path,
    real_maps: Path,
    classes: Sequence[str],
    recipe: DistillationRecipe,
    run: Path,
    steps: int,
    seed: int = 0,
    save_every: int = 200,
    limit: int | None = None,
    start_from: Path | None = None,
    report: Callable[[dict[str, float]], None] = lambda line: None,
    progress: Callable[[int, int], None] = lambda done, steps: None,
) -> Path:
    """Train a content encoder; resume if `run` holds a checkpoint.

    Args:
        pairs: paired pictures from `synthesize`, one subfolder per class.
        pair_maps: their instance maps from `segment`, laid out alike.
        real: real pictures, one subfolder per class.
        real_maps: their instance maps.
        classes: the subfolders, in the order of the labels.
        recipe: shapes and weights.
        run: folder for checkpoint.pt, stats.jsonl and sheets.
        steps: stop after this many steps in all.
        seed: everything random follows from (seed, step).
        save_every: steps between checkpoints, log lines and sheets.
        limit: use at most this many real pictures per class.
        start_from: a content encoder's file, with its shape head beside it, to go on from in a fresh run.
        report: called with every log line.
        progress: called with (steps done, steps) before the first and after every step.

    Returns:
        The path of the checkpoint.

    Raises:
        PictureError: for a folder without pictures, maps or pairs.
        ModelError: if `start_from` cannot be used.
        TrainingError: for a run that would draw nothing, or one in `run` that is another.
    """
    size = recipe.content_encoder.resolution
    pair_set = PairSet(pairs, pair_maps, classes, size)
    real_sets = [PictureSet(real / name, size, limit, label, real_maps / name) for label, name in enumerate(classes)]
    path = run / "checkpoint.pt"
    trainer = DistillationTrainer(recipe, steps, seed, start_from)
    resume(trainer, path)
    if steps <= trainer.warm_up:
        raise TrainingError(f"--steps must be more than the {trainer.warm_up} of --warm-up, which draw nothing.")
    log = StatsLog(run / "stats.jsonl")
    shown = (*pair_set.draw_pairs(4, seed, 0, "sheet"), draw_mixed_labelled(real_sets, 4, seed, 0, "sheet"))
    progress(trainer.done, steps)
    while trainer.done < steps:
        step = trainer.done
        seed_step(seed, step)
        turned = one_in(recipe.turned_every, recipe.pairs, step)
        first, second = pair_set.draw_pairs(recipe.pairs, seed, step, turned=turned)
        photographs = draw_mixed_labelled(real_sets, recipe.real, seed, step, "", recipe.turned_every)
        log.add(trainer.step(first, second, photographs))
        progress(trainer.done, steps)
        if trainer.done % save_every == 0 or trainer.done == steps:
            report(log.write(trainer.done))
            save_checkpoint(path, trainer.state())
            files.save_png(trainer.sheet(*shown), run / f"sheet-{trainer.done:06d}.png")
    return path


def _decay(progress: float, halvings: int) -> float:
    """1 for two thirds of the run, then halved at equal intervals."""
    return 0.5 ** max(0, min(halvings, int((progress * 3 - 2) * halvings) + 1)) if progress >= 2 / 3 else 1.0
