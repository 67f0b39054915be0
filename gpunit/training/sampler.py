"""Fit the style sampler T by implicit maximum likelihood.

Every epoch, 2N latents are sampled and mapped; each of the N real style codes takes its nearest sample, and that
sample's latent is trained to map to the code (Hoshen, Li and Malik, "Non-adversarial image synthesis with generative
latent nearest neighbors", CVPR 2019).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.style_sampler import StyleSampler, StyleSamplerParams
from gpunit.training.processes import Processes
from gpunit.training.run import RunSettings, run_steps
from gpunit.training.shares import ALONE, Shares
from gpunit.training.trainer import Trainer, adam


@dataclass(frozen=True)
class SamplerRecipe:
    """Hyper-parameters of the fit; the defaults are the published ones.

    Attributes:
        codes_seen: epochs times real codes; the number of epochs follows from it.
        batch: codes per update.
        learning_rate: Adam's, with betas (0.5, 0.999); the optimiser starts anew every epoch.
        halve_every: epochs after which the learning rate is halved.
        weight_decay: Adam's.
        oversample_rare: repeat rare codes (see `with_rare`).
    """

    codes_seen: int = 2_000_000
    batch: int = 128
    learning_rate: float = 1e-3
    halve_every: int = 50
    weight_decay: float = 1e-5
    oversample_rare: bool = False


def filling_a_batch(codes: Tensor, batch: int) -> Tensor:
    """Style codes (N, D), repeated until they fill a batch if they are fewer.

    Batch norm takes no code alone, and its running statistics would not be those of a few.
    """
    return codes.repeat(-(-batch // len(codes)), 1) if len(codes) < batch else codes


def with_rare(codes: Tensor) -> Tensor:
    """Style codes (N, D), and after them the rare ones again: the farthest N/2 from the mean, the farthest N/4, ...

    Distances are L1; there is a round for every thousand codes.
    """
    order = (codes - codes.mean(dim=0)).abs().sum(dim=1).argsort(descending=True)
    rounds = range(1, len(codes) // 1000 + 1)
    return torch.cat([codes, *(codes[order[: len(codes) >> halvings]] for halvings in rounds)])


def nearest(queries: Tensor, candidates: Tensor, chunk: int = 1024, shares: Shares = ALONE) -> Tensor:
    """Index (Q,) of the candidate (C, D) nearest to every query (Q, D), computed for `chunk` queries at a time.

    Args:
        queries, candidates: the same in all processes.
        chunk: how many queries at a time.
        shares: each of several processes searches for its own queries.
    """
    missing = -len(queries) % shares.count
    mine = shares.share(torch.cat([queries, queries[:missing]]))
    found = torch.cat([torch.cdist(part, candidates).argmin(dim=1) for part in mine.split(chunk)])
    return shares.gathered(found)[: len(queries)]


class SamplerTrainer(Trainer):
    """T while it is fitted; a step is an epoch.

    Args:
        codes: style codes (N, D) of real target pictures.
        params: shape of T.
        recipe: hyper-parameters.
        seed: of the initial weights.
        processes: this process's place among those that share the fit, and its device.  They share the search for the
            nearest samples, which grows with N²; the updates of this small network are the same in all.
    """

    stateful = ("sampler",)
    results = ("sampler",)

    def __init__(
        self,
        codes: Tensor,
        params: StyleSamplerParams,
        recipe: SamplerRecipe,
        seed: int = 0,
        processes: Processes | None = None,
    ) -> None:
        super().__init__(processes)
        torch.manual_seed(seed)
        self.codes, self.recipe = codes.to(self.device), recipe
        self.latent_dim = params.latent_dim
        self.sampler = StyleSampler(params).to(self.device)

    def autocast(self) -> torch.autocast:
        """The format that was asked for, else fp32: the network is small, and its fit is what it is for."""
        return self.processes.autocast()

    def step(self) -> dict[str, float]:
        """One epoch: match every code with a latent, then go through the pairs in random order."""
        recipe, codes = self.recipe, self.codes
        latents = torch.randn(2 * len(codes), self.latent_dim, device=self.device)
        # Batch statistics, as in the updates below: the samples that are compared are those that are trained.
        with torch.no_grad(), self.autocast():
            samples = torch.cat([self.sampler(part).float() for part in latents.split(1024)])
        latents = latents[nearest(codes, samples, shares=self.processes)]
        rate = recipe.learning_rate * 0.5 ** (self.done // recipe.halve_every)
        options = {"lr": rate, "betas": (0.5, 0.999), "weight_decay": recipe.weight_decay}
        optimizer = adam(self.sampler.parameters(), self.device, **options)
        losses: list[Tensor] = []
        sizes: list[int] = []
        for part in torch.randperm(len(codes), device=self.device).split(recipe.batch):
            if len(part) < 2:
                continue  # batch norm cannot take one code alone
            with self.autocast():
                loss = F.mse_loss(self.sampler(latents[part]).float(), codes[part])
            self.processes.minimise(loss, optimizer)
            losses.append(loss.detach())
            sizes.append(len(part))
        self.done += 1
        # Read together: a look at every loss would wait for the device every time.
        total = sum(
            value * size for value, size in zip(torch.stack(losses).tolist() if losses else [], sizes, strict=True)
        )
        return {"error": total / len(codes)}


def fit_sampler(
    codes: Tensor,
    params: StyleSamplerParams,
    recipe: SamplerRecipe,
    seed: int = 0,
    report: Callable[[int, int, float], None] = lambda epoch, epochs, loss: None,
    processes: Processes | None = None,
) -> StyleSampler:
    """Fit T to style codes (N, D); returns it in eval mode.

    Args:
        codes: style codes of real target pictures.
        params: shape of T.
        recipe: hyper-parameters.
        seed: everything random follows from (seed, epoch).
        report: called with (epoch, epochs, mean squared error) after every epoch.
        processes: this process's place among those that share the fit, and its device; the codes' by default.

    Raises:
        TrainingError: if the error becomes NaN or infinite.
    """
    processes = processes or Processes(device=codes.device)
    codes = filling_a_batch(codes, recipe.batch)
    epochs = max(1, round(recipe.codes_seen / len(codes)))
    trainer = SamplerTrainer(with_rare(codes) if recipe.oversample_rare else codes, params, recipe, seed, processes)
    settings = RunSettings(
        None, epochs, seed, save_every=1, report=lambda line: report(int(line["step"]), epochs, line["error"])
    )
    run_steps(trainer, lambda epoch: None, lambda nothing: trainer.step(), settings)
    return trainer.sampler.eval()
