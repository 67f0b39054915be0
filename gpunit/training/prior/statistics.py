"""BigGAN's batch norm: by the batch while it trains, by 51 standing statistics, one per truncation step, afterwards."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import torch
import torch.nn.functional as F
from pytorch_pretrained_biggan import BigGAN
from pytorch_pretrained_biggan.model import BigGANBatchNorm
from torch import Tensor, nn

from gpunit.networks.normalisation import scale_shift
from gpunit.prior.biggan import unit_latents
from gpunit.training.shares import ALONE, Shares


def _batch_norm(self: BigGANBatchNorm, x: Tensor, truncation: float, condition_vector: Tensor | None = None) -> Tensor:
    """What BigGANBatchNorm computes, with the batch's statistics in place of the standing ones."""
    if not self.conditional:
        return F.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)
    x = F.batch_norm(x, None, None, None, None, True, 0.0, self.eps)
    return scale_shift(x, 1 + self.scale(condition_vector), self.offset(condition_vector))


def _measuring_batch_norm(step: int) -> Callable[..., Tensor]:
    def forward(self: BigGANBatchNorm, x: Tensor, truncation: float, condition_vector: Tensor | None = None) -> Tensor:
        values = x.float()
        self.running_means[step] = values.mean(dim=(0, 2, 3))
        self.running_vars[step] = values.var(dim=(0, 2, 3), correction=0)
        return _batch_norm(self, x, truncation, condition_vector)

    return forward


@contextmanager
def replaced_norms(model: nn.Module, forward: Callable[..., Tensor]) -> Iterator[None]:
    """Inside, every BigGANBatchNorm of a model computes `forward(norm, x, truncation, condition_vector)`."""
    norms = [module for module in model.modules() if isinstance(module, BigGANBatchNorm)]
    for norm in norms:
        norm.forward = types.MethodType(forward, norm)
    try:
        yield
    finally:
        for norm in norms:
            del norm.forward


def batch_statistics(model: nn.Module, shares: Shares = ALONE) -> AbstractContextManager[None]:
    """Inside, the batch norms of a BigGAN normalise by their batch's own statistics.

    Args:
        model: the BigGAN.
        shares: which rows of the batch it is given.
    """
    return replaced_norms(model, _batch_norm if shares.count == 1 else _shared_batch_norm(shares))


def _shared_batch_norm(shares: Shares) -> Callable[..., Tensor]:
    def forward(self: BigGANBatchNorm, x: Tensor, truncation: float, condition_vector: Tensor | None = None) -> Tensor:
        values = x.float()
        mean = values.mean(dim=(0, 2, 3), keepdim=True)
        mean, variance = shares.moments(mean, (values - mean).square().mean(dim=(0, 2, 3), keepdim=True))
        x = ((values - mean) * torch.rsqrt(variance + self.eps)).to(x.dtype)
        if not self.conditional:
            return x * self.weight[:, None, None].to(x.dtype) + self.bias[:, None, None].to(x.dtype)
        return scale_shift(x, 1 + self.scale(condition_vector), self.offset(condition_vector))

    return forward


@torch.no_grad()
def measure_standing_statistics(
    model: BigGAN, codes: int = 128, seed: int = 0, report: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Measure the standing statistics of every truncation step on one batch of pictures each.

    Args:
        model: changed in place, and left in eval mode.
        codes: latent codes per batch, of all classes in turn.
        seed: of the codes; every truncation scales the same ones.
        report: called with (steps done, steps in all).
    """
    model.eval()  # training mode would move spectral norm's estimates with every batch
    config = model.config
    device = next(model.parameters()).device
    label = torch.eye(config.num_classes, device=device).repeat(-(-codes // config.num_classes), 1)[:codes]
    unit = unit_latents(codes, config.z_dim, seed).to(device)
    for step in range(config.n_stats):
        # Step 0 stands for a truncation of 0, at which all codes are equal; it takes the statistics of step 1.
        truncation = max(step, 1) / (config.n_stats - 1)
        with replaced_norms(model, _measuring_batch_norm(step)):
            model(unit * truncation, label, truncation)
        report(step + 1, config.n_stats)
