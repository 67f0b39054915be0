"""From training checkpoints to the files that the zoo loads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from gpunit.files import digest
from gpunit.images import read_squares, spread_pictures
from gpunit.networks.code_encoder import CodeEncoder
from gpunit.networks.families import PUBLISHED, SMALL, TranslatorParams
from gpunit.networks.normalisation import fold_spectral_norm
from gpunit.networks.params import plain
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.prior.loading import save_biggan
from gpunit.training.checkpoints import load_run, taking_from
from gpunit.training.prior.base import make_biggan
from gpunit.training.prior.layouts import LayoutRecipe
from gpunit.training.prior.statistics import measure_standing_statistics
from gpunit.training.processes import Processes
from gpunit.training.recipes import DistillationRecipe, PriorRecipe
from gpunit.training.sampler import SamplerRecipe, fit_sampler
from gpunit.training.stage1.distiller import Distiller
from gpunit.training.stage2.trainer import StyledGenerator
from gpunit.training.trainer import CPU
from gpunit.zoo import weights

BANK_SIZE = 512


def bundle_prior(
    run: Path,
    recipe: PriorRecipe | LayoutRecipe,
    class_names: Sequence[str],
    folder: Path,
    codes: int = 128,
    seed: int = 0,
    report: Callable[[int, int], None] = lambda done, total: None,
    device: torch.device = CPU,
) -> None:
    """Measure the standing statistics of a prior's averaged weights and write the folder that `load_prior` loads.

    Args:
        run: folder of the run.
        recipe: its recipe.
        class_names: in the order of the labels.
        folder: of the finished prior.
        codes: latent codes per standing statistic.
        seed: of these codes.
        report: called with (statistics measured, statistics in all).
        device: where to measure.

    Raises:
        TrainingError: if the run has no checkpoint, or one of another shape.
    """
    state = load_run(run)
    model = make_biggan(recipe)
    encoder = CodeEncoder(recipe.encoder)
    with taking_from(run):
        model.load_state_dict(state["ema_generator"])
        encoder.load_state_dict(state["ema_encoder"])
    measure_standing_statistics(model.to(device), codes, seed, report)
    save_biggan(model.to(CPU), class_names, folder, encoder)


def bundle_content_encoder(run: Path, recipe: DistillationRecipe, classes: Sequence[str], path: Path) -> Path:
    """Write the content encoder of stage I and, beside it, the shape head; spectral norm is folded into the weights.

    Args:
        run: folder of the run.
        recipe: its recipe.
        classes: in the order of the labels; the shape head's file keeps them.
        path: the content encoder's file.

    Returns:
        The path of the shape head: `<name>-shape.safetensors` beside the content encoder's.
    """
    state = load_run(run)
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
def encode_styles(
    encoder: nn.Module,
    folder: Path,
    size: int,
    batch: int = 32,
    limit: int | None = None,
    processes: Processes | None = None,
) -> Tensor:
    """Style codes (N, D) of the pictures of a folder, at most `limit` of them, in the order of their names.

    Args:
        encoder: E_s.
        folder: of the pictures.
        size: side to which they are brought.
        batch: pictures at a time.
        limit: how many are used.
        processes: each decodes and encodes its own pictures, and all have all codes, on their device; the encoder
            has to be there.
    """
    processes = processes or Processes(device=CPU)
    paths = spread_pictures(folder, limit)
    filled = len(paths) + -len(paths) % processes.count  # as many for every process
    mine = [paths[place % len(paths)] for place in processes.rows(filled)]
    codes = torch.cat([encoder(pictures.to(processes.device)) for pictures in read_squares(mine, size, batch)])
    return processes.gathered(codes)[: len(paths)]


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
    processes: Processes | None = None,
) -> None:
    """Fit the style sampler of a run of stage II and write the finished translator.

    Args:
        run: folder of the run; its averaged weights are taken.
        target: folder of target pictures, from whose style codes the sampler is fitted and the bank is chosen.
        params: shapes of the networks.
        content_encoder: the safetensors file that the run was trained on.
        path: the file to write.
        recipe: hyper-parameters of the sampler's fit.
        seed: of the fit and of the choice of the bank.
        report: called with (epoch, epochs, mean squared error).
        limit: use at most this many target pictures.
        processes: this process's place among those that share the work, and its device; the main one writes.

    Raises:
        TrainingError: if the run has no checkpoint, or one of another shape.
    """
    processes = processes or Processes(device=CPU)
    state = load_run(run)
    model = StyledGenerator(params)
    with taking_from(run):
        model.load_state_dict(state["ema"])
    style_encoder: StyleEncoder = model.style_encoder.eval().to(processes.device)
    codes = encode_styles(style_encoder, target, params.resolution, limit=limit, processes=processes)
    sampler = fit_sampler(codes, params.style_sampler, recipe, seed, report, processes)
    if not processes.is_main:
        return
    chosen = torch.randperm(len(codes), generator=torch.Generator().manual_seed(seed))[:BANK_SIZE]
    tensors = {
        **model.state_dict(),
        **{f"style_sampler.{name}": tensor for name, tensor in sampler.state_dict().items()},
        "style_bank": codes.to(CPU)[chosen],
    }
    header: dict[str, object] = {
        "kind": "translator",
        "target": target.resolve().name,
        "steps": state["step"],
        "content_encoder": content_encoder.stem,
        "content_encoder_sha256": digest(content_encoder),
    }
    if params == PUBLISHED:
        header["family"] = "published"
    elif params != SMALL:
        header |= {"family": "own", "params": plain(params)}
    weights.write_weights(path, tensors, header)
