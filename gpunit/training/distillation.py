"""Stage I: teach the content encoder what layout is (section 3).

First version, from real pictures alone: the partner y of a picture x is x itself, recoloured, so that the
pair shares its layout and nothing else; and x_s is not an instance map but a class-activation map of
EfficientNet-Lite0.

    L = || x - F(c, E_s(x), l_x) ||² + perceptual + || F_s(c, l_x) - x_s ||_1 + || E_c(x) - E_c(y) ||_1
        + cross_entropy(C(R(E_c(x))), l_x) + λ_r || E_c(x) ||_2,      c = E_c(x) or E_c(y), plus noise of σ = 0.2

The decoder sees the noisy code; the other terms see it clean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from gpunit import images, losses
from gpunit.data import PictureSet, draw_mixed
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.distiller import AppearanceEncoder, Decoder, DomainClassifier, reverse_gradient
from gpunit.networks.features import EfficientNetLite0
from gpunit.networks.layers import add_spectral_norm
from gpunit.recipes import DistillationRecipe
from gpunit.training.augment import recolour
from gpunit.training.state import StatsLog, load_checkpoint, save_checkpoint, seed_step


@dataclass(frozen=True)
class DistillationLosses:
    """The sum to minimise and its named parts, and what the sample sheet shows."""

    total: Tensor
    parts: dict[str, Tensor]
    shown: tuple[Tensor, ...]


class Distiller(nn.Module):
    """The networks that stage I trains together."""

    def __init__(self, recipe: DistillationRecipe) -> None:
        super().__init__()
        self.content_encoder = ContentEncoder(recipe.content_encoder)
        self.appearance_encoder = AppearanceEncoder(recipe.distiller)
        self.decoder = Decoder(recipe.distiller)
        self.classifier = DomainClassifier(recipe.distiller)
        add_spectral_norm(self)


def compute_losses(
    networks: Distiller, eye: EfficientNetLite0, recipe: DistillationRecipe, picture: Tensor, label: Tensor
) -> DistillationLosses:
    """The losses of one batch: pictures (B, 3, S, S) in [-1, 1] with labels (B,)."""
    partner = recolour(picture)
    both = networks.content_encoder(torch.cat([picture, partner])).content.float()
    content, partner_content = both.chunk(2)
    # Mirrored half of the time, for the whole batch, so that the appearance cannot tell the layout.
    exemplar = picture.flip(3) if torch.rand(()) < 0.5 else picture
    either = torch.where(torch.rand(len(picture), 1, 1, 1) < 0.5, content, partner_content)
    noisy = either + recipe.noise * torch.randn_like(either)
    answer = networks.decoder(noisy, networks.appearance_encoder(exemplar), label)
    reconstructed = answer.picture.float()
    with torch.autocast(picture.device.type, enabled=False):
        wanted = eye(picture, last_stride=16)
        perceptual = losses.feature_distance(eye(reconstructed, last_stride=16), wanted)
        with torch.no_grad():
            shape = eye.class_activation(F.interpolate(picture, scale_factor=2, mode="bilinear"))
            shape = F.interpolate(shape, answer.shape.shape[-2:], mode="bilinear")
    parts = {
        "reconstruction": F.mse_loss(reconstructed, picture),
        "perceptual": perceptual,
        "shape": F.l1_loss(answer.shape.float(), shape.expand(-1, 3, -1, -1)),
        "content": losses.content_distance(content, partner_content)
        + losses.content_distance(partner_content, content),
        "classifier": F.cross_entropy(networks.classifier(reverse_gradient(content)).float(), label),
        "magnitude": losses.content_magnitude(content),
    }
    total = torch.stack([getattr(recipe, name) * value for name, value in parts.items()]).sum()
    return DistillationLosses(total, parts, (reconstructed.detach(), answer.shape.detach().float(), shape))


def distill(
    folders: Sequence[Path],
    recipe: DistillationRecipe,
    run: Path,
    steps: int,
    seed: int = 0,
    save_every: int = 200,
    report: Callable[[dict[str, float]], None] = lambda line: None,
) -> Path:
    """Train a content encoder on folders of real pictures, one domain each; resume if `run` holds a checkpoint.

    Args:
        folders: one folder of pictures per domain, in the order of the labels.
        recipe: shapes and weights.
        run: folder for checkpoint.pt, stats.jsonl and sheets.
        steps: stop after this many steps in all.
        seed: everything random follows from (seed, step).
        save_every: steps between checkpoints, log lines and sheets.
        report: called with every log line.

    Returns:
        The path of the checkpoint.
    """
    torch.manual_seed(seed)
    sets = [PictureSet(folder, recipe.content_encoder.resolution, label=i) for i, folder in enumerate(folders)]
    networks = Distiller(recipe).to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(networks.parameters(), lr=recipe.learning_rate)
    eye = EfficientNetLite0().to(memory_format=torch.channels_last)
    path = run / "checkpoint.pt"
    start = 0
    if path.exists():
        state = load_checkpoint(path)
        networks.load_state_dict(state["networks"])
        optimizer.load_state_dict(state["optimizer"])
        start = state["step"]
    log = StatsLog(run / "stats.jsonl")
    for step in range(start, steps):
        seed_step(seed, step)
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * _decay(step / steps)
        picture, label = draw_mixed(sets, recipe.batch, seed, step)
        picture = picture.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            answer = compute_losses(networks, eye, recipe, picture, label)
        optimizer.zero_grad(set_to_none=True)
        answer.total.backward()
        optimizer.step()
        log.add(answer.parts)
        if (step + 1) % save_every == 0 or step + 1 == steps:
            report(log.write(step + 1))
            save_checkpoint(
                path, {"networks": networks.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            )
            images.save_png(_sheet(networks, picture, label, answer.shown), run / "sheet.png")
    return path


def _decay(progress: float) -> float:
    """1 for two thirds of the run, then 1/2, then 1/4."""
    return 1.0 if progress < 2 / 3 else 0.5 if progress < 5 / 6 else 0.25


@torch.no_grad()
def _sheet(networks: Distiller, picture: Tensor, label: Tensor, shown: tuple[Tensor, ...]) -> Image.Image:
    """Rows: input, content map, reconstruction, shape, the shape asked for, the content in another picture's look."""
    networks.eval()
    content = networks.content_encoder(picture).content
    appearance = networks.appearance_encoder(picture.flip(0))
    crossed = networks.decoder(content, appearance, label.flip(0)).picture
    networks.train()
    maps = F.interpolate((content / 2.5).clamp(-1, 1), scale_factor=16).expand(-1, 3, -1, -1)
    side = picture.shape[-1]
    large = [F.interpolate(x.expand(-1, 3, -1, -1), (side, side)) for x in shown]
    rows = [images.to_pictures(batch) for batch in (picture, maps, *large, crossed)]
    return images.sheet(rows, side)
