"""From training checkpoints to the files that the zoo loads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gpunit.files import digest
from gpunit.images import read_batches
from gpunit.networks.families import PUBLISHED, TranslatorParams
from gpunit.networks.normalisation import fold_spectral_norm
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.training.recipes import DistillationRecipe
from gpunit.training.sampler import SamplerRecipe, fit_sampler
from gpunit.training.stage1.trainer import Distiller
from gpunit.training.stage2.small import StyledGenerator
from gpunit.training.state import TrainingError, load_checkpoint, taking_from
from gpunit.zoo import weights

BANK_SIZE = 512


def _checkpoint(run: Path) -> dict[str, Any]:
    path = run / "checkpoint.pt"
    if not path.is_file():
        raise TrainingError(f"{run} holds no checkpoint.pt; give the folder of a training run.")
    return load_checkpoint(path)


def bundle_content_encoder(run: Path, recipe: DistillationRecipe, classes: Sequence[str], path: Path) -> Path:
    """Write what stage I leaves behind, spectral norm folded: the content encoder, and beside it the shape head.

    Args:
        run: folder of the run.
        recipe: its recipe.
        classes: in the order of the labels; the shape head's file keeps them.
        path: the content encoder's file.

    Returns:
        The path of the shape head: `<name>-shape.safetensors` beside the content encoder's.
    """
    state = _checkpoint(run)
    networks = Distiller(recipe)
    with taking_from(run):
        networks.load_state_dict(state["networks"])
    fold_spectral_norm(networks)
    header = {"kind": "content_encoder", "steps": state["step"]}
    # fp32: stage II builds on the exact weights
    weights.write_weights(path, networks.content_encoder.state_dict(), header, half=False)
    shape_path = weights.shape_head_path(path)
    header = {
        "kind": "shape_head",
        "classes": list(classes),
        "content_encoder": path.stem,
        "content_encoder_sha256": digest(path),
    }
    weights.write_weights(shape_path, networks.decoder.shape_head.state_dict(), header)
    return shape_path


@torch.no_grad()
def encode_styles(encoder: nn.Module, folder: Path, size: int, batch: int = 32, limit: int | None = None) -> Tensor:
    """Style codes (N, D) of the pictures of a folder, at most `limit` of them, in the order of their names."""
    return torch.cat([encoder(pictures) for pictures in read_batches(folder, size, limit, batch)])


def bundle_translator(
    run: Path,
    target: Path,
    params: TranslatorParams,
    content_encoder: Path,
    path: Path,
    recipe: SamplerRecipe,
    seed: int = 0,
    report: Callable[[int, int, float], None] = lambda epoch, epochs, loss: None,
    limit: int | None = None,
) -> None:
    """Fit the style sampler of a stage II run and write the finished translator.

    Args:
        run: folder of the run; its EMA weights are taken.
        target: folder of target pictures, whose style codes the sampler learns and the bank keeps.
        params: shapes of the networks.
        content_encoder: the safetensors file that the run was trained on.
        path: the file to write.
        recipe: hyper-parameters of the sampler's fit.
        seed: of the fit and of the choice of the bank.
        report: called with (epoch, epochs, loss).
        limit: use at most this many target pictures.
    """
    state = _checkpoint(run)
    model = StyledGenerator(params)
    with taking_from(run):
        model.load_state_dict(state["ema"])
    style_encoder: StyleEncoder = model.style_encoder.eval()
    codes = encode_styles(style_encoder, target, params.resolution, limit=limit)
    sampler = fit_sampler(codes, params.style_sampler, recipe, seed, report)
    chosen = torch.randperm(len(codes), generator=torch.Generator().manual_seed(seed))[:BANK_SIZE]
    tensors = {
        **model.state_dict(),
        **{f"style_sampler.{name}": tensor for name, tensor in sampler.state_dict().items()},
        "style_bank": codes[chosen],
    }
    header = {
        "kind": "translator",
        "target": target.resolve().name,
        "steps": state["step"],
        "content_encoder": content_encoder.stem,
        "content_encoder_sha256": digest(content_encoder),
    }
    if params == PUBLISHED:
        header["family"] = "published"
    weights.write_weights(path, tensors, header)
