"""The small family's prior: a class-conditional BigGAN of pytorch-pretrained-biggan's own architecture, from nothing.

A projected discriminator alone soon draws good pictures, all alike.  So every step also reconstructs real
pictures x of class l from the code that an encoder E infers, draws some of those codes as another class, and
asks E to find fresh codes again:

    L_G = L_adv + λ_rec (features(x, G(E(x), l)) + colours) + λ_kl KL(E(x), N(0, I))
        + λ_lat || E(G(z, l)) - z ||² + λ_str | S(G(z, l)) - S(G(z, l')) |

S is the self-similarity of frozen features: two classes drawn from one code shall share their layout.
BigGAN's batch norm normalises by the batch while training; its 51 standing statistics, one per step of the
truncation, are measured afterwards.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from pytorch_pretrained_biggan import BigGAN, BigGANConfig
from pytorch_pretrained_biggan.model import BigGANBatchNorm
from torch import Tensor, nn

from gpunit import files, images
from gpunit.networks.code_encoder import CodeEncoder, sample_code
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.networks.normalisation import add_spectral_norm, scale_shift
from gpunit.networks.projected_discriminator import ProjectedDiscriminator
from gpunit.prior.biggan import unit_latents
from gpunit.prior.loading import ENCODER_NAME, WEIGHTS_NAME, load_biggan, save_biggan
from gpunit.seeds import seed_step
from gpunit.training import losses
from gpunit.training.augment import ShiftAndTone
from gpunit.training.data import PictureSet, draw_mixed
from gpunit.training.recipes import PriorRecipe
from gpunit.training.state import (
    StatsLog,
    TrainingError,
    load_checkpoint,
    mixed_precision,
    resume,
    save_checkpoint,
    taking_from,
    update_ema,
)
from gpunit.zoo.weights import fill, read_weights

# (doubles, input width, output width) of every block, the widths in multiples of the channel width.
_BLOCKS = (
    (False, 16, 16),
    (True, 16, 16),
    (False, 16, 16),
    (True, 16, 8),
    (False, 8, 8),
    (True, 8, 4),
    (False, 4, 4),
    (True, 4, 2),
)
_LAST_BLOCKS = {64: ((False, 2, 1),), 128: ((False, 2, 2), (True, 2, 1))}


def make_biggan(recipe: PriorRecipe) -> BigGAN:
    """A fresh BigGAN of the recipe's shape, without attention.

    Raises:
        ValueError: if the resolution is neither 64 nor 128.
    """
    if recipe.resolution not in _LAST_BLOCKS:
        raise ValueError(f"a prior of {recipe.resolution} px cannot be made: choose 64 or 128.")
    config = BigGANConfig(
        output_dim=recipe.resolution,
        z_dim=recipe.latent_dim,
        class_embed_dim=recipe.latent_dim,
        channel_width=recipe.width,
        num_classes=recipe.classes,
        layers=[list(block) for block in (*_BLOCKS, *_LAST_BLOCKS[recipe.resolution])],
        attention_layer_position=-1,
    )
    model = BigGAN(config)
    # As long as a latent code: a shorter embedding, beside one, would hardly be heard.
    nn.init.normal_(model.embeddings.weight)
    # The library leaves the last norm's weight and bias to whatever is in memory.
    nn.init.ones_(model.generator.bn.weight)
    nn.init.zeros_(model.generator.bn.bias)
    return model


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


@torch.no_grad()
def measure_standing_statistics(
    model: BigGAN, codes: int = 128, seed: int = 0, report: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Fill the standing statistics of every step of the truncation from one batch of pictures each.

    Args:
        model: changed in place, and left in eval mode.
        codes: latent codes a batch, drawn as all classes in turn.
        seed: draws the codes; the same ones, scaled, at every truncation.
        report: called with (steps done, steps in all).
    """
    model.eval()  # training mode would move spectral norm's estimates with every batch
    config = model.config
    label = torch.eye(config.num_classes).repeat(-(-codes // config.num_classes), 1)[:codes]
    unit = unit_latents(codes, config.z_dim, seed)
    for step in range(config.n_stats):
        # Step 0 stands for a truncation of 0, which nothing can be drawn at; it takes those of step 1.
        truncation = max(step, 1) / (config.n_stats - 1)
        with replaced_norms(model, _measuring_batch_norm(step)):
            model(unit * truncation, label, truncation)
        report(step + 1, config.n_stats)


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


def batch_statistics(model: nn.Module) -> AbstractContextManager[None]:
    """Inside, the batch norms of a BigGAN normalise by their batch's own statistics."""
    return replaced_norms(model, _batch_norm)


class PriorTrainer:
    """Everything a run holds: BigGAN, encoder, discriminator, optimisers, the EMA copies, and one `step`."""

    _stateful = ("generator", "encoder", "ema_generator", "ema_encoder", "discriminator", "optimizer_g", "optimizer_d")

    def __init__(self, recipe: PriorRecipe, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.recipe = recipe
        layout = {"memory_format": torch.channels_last}
        self.generator, self.ema_generator = (make_biggan(recipe).to(**layout) for _ in range(2))
        self.encoder, self.ema_encoder = (CodeEncoder(recipe.encoder).to(**layout) for _ in range(2))
        self.ema_generator.load_state_dict(self.generator.state_dict())
        self.ema_encoder.load_state_dict(self.encoder.state_dict())
        self.ema_generator.requires_grad_(False).eval()
        self.ema_encoder.requires_grad_(False).eval()
        self.eye = EfficientNetLite0().to(**layout)
        self.discriminator = ProjectedDiscriminator(recipe.discriminator)
        add_spectral_norm(self.discriminator)
        self.discriminator.to(**layout)
        trained = [*self.generator.parameters(), *self.encoder.parameters()]
        self.optimizer_g = torch.optim.Adam(trained, lr=recipe.learning_rate, betas=(0.0, 0.99))
        self.optimizer_d = torch.optim.Adam(
            self.discriminator.parameters(), lr=recipe.discriminator_learning_rate, betas=(0.0, 0.99)
        )
        self.done = 0

    def start_from(self, folder: Path) -> None:
        """Take BigGAN and encoder from a finished prior's folder, before the first step.

        Raises:
            ModelError: if the folder cannot be used or its networks are of other shapes.
        """
        model, _, _ = load_biggan(folder)
        encoder = read_weights(folder / ENCODER_NAME)[0]
        for network in (self.generator, self.ema_generator):
            fill(network, model.state_dict(), folder / WEIGHTS_NAME)
        for network in (self.encoder, self.ema_encoder):
            fill(network, encoder, folder / ENCODER_NAME)

    def state(self) -> dict[str, Any]:
        """All that resuming needs."""
        return {name: getattr(self, name).state_dict() for name in self._stateful} | {"step": self.done}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        for name in self._stateful:
            getattr(self, name).load_state_dict(state[name])
        self.done = int(state["step"])

    def _draw(self, code: Tensor, label: Tensor) -> Tensor:
        with batch_statistics(self.generator):
            return self.generator(code, F.one_hot(label, self.recipe.classes).to(code.dtype), 1.0)

    def step(self, real: Tensor, label: Tensor) -> dict[str, Tensor]:
        """One update of D and one of G and E on pictures (B, 3, S, S) in [-1, 1] of classes (B,); returns the parts."""
        recipe = self.recipe
        count, crossed, sampled = len(real), recipe.crossed, recipe.sampled
        fresh = torch.randn(sampled, recipe.latent_dim)
        fresh_label = torch.randint(recipe.classes, (sampled,))
        others = torch.randint(1, recipe.classes, (crossed + sampled,))
        chosen = torch.randperm(count)[:crossed]
        autocast = mixed_precision(real.device)
        with autocast:
            mean, log_variance = self.encoder(real)
            code = sample_code(mean, log_variance)
            # Order: reconstructions, fresh codes, and the partners of some of the former and all of the latter.
            first_code, first_label = torch.cat([code, fresh]), torch.cat([label, fresh_label])
            paired = torch.cat([chosen, torch.arange(count, count + sampled)])
            all_codes = torch.cat([first_code, first_code[paired]])
            all_labels = torch.cat([first_label, (first_label[paired] + others) % recipe.classes])
            drawn = self._draw(all_codes, all_labels).float()
        # A real picture, its reconstruction and its partner in another class stay comparable place by place.
        augment = ShiftAndTone(count + sampled, real.shape[-1] // 10, real.device)
        slots = torch.cat([torch.arange(count + sampled), paired])
        with torch.no_grad():
            real_features = self.eye(augment(real, slots[:count]))
        features = self.eye(augment(drawn, slots))

        with autocast:
            detached = {stride: feature.detach() for stride, feature in features.items()}
            judged_real = self.discriminator(real_features, label)
            judged = self.discriminator(detached, all_labels)
            discriminator_loss = losses.hinge_discriminator_loss(judged_real.logits, judged.logits)
        self.optimizer_d.zero_grad(set_to_none=True)
        discriminator_loss.backward()
        self.optimizer_d.step()

        self.discriminator.requires_grad_(False)
        with autocast:
            judged = self.discriminator(features, all_labels)
            found, _ = self.encoder(drawn[count:])
        wanted_codes = all_codes[count:].detach()
        first = {stride: feature[paired] for stride, feature in features.items() if stride in (8, 16)}
        second = {stride: feature[count + sampled :] for stride, feature in features.items() if stride in (8, 16)}
        parts = {
            "adversarial": losses.hinge_generator_loss(judged.logits),
            "reconstruction": losses.feature_distance(
                {stride: feature[:count] for stride, feature in features.items()}, real_features
            )
            + recipe.colour * F.l1_loss(F.avg_pool2d(drawn[:count], 8), F.avg_pool2d(real, 8)),
            "divergence": 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean(),
            "latent": F.mse_loss(found, wanted_codes),
            "structure": (losses.structure_distance(first, second) + losses.structure_distance(second, first)) / 2,
        }
        generator_loss = torch.stack([getattr(recipe, name) * value for name, value in parts.items()]).sum()
        self.optimizer_g.zero_grad(set_to_none=True)
        generator_loss.backward()
        self.optimizer_g.step()
        self.discriminator.requires_grad_(True)
        self.done += 1
        decay = min(recipe.ema, (1 + self.done) / (10 + self.done))
        update_ema(self.ema_generator, self.generator, decay)
        update_ema(self.ema_encoder, self.encoder, decay)
        return {**{name: value.detach() for name, value in parts.items()}, "discriminator": discriminator_loss.detach()}

    @torch.no_grad()
    def sheet(self, real: Tensor, codes: Tensor) -> Image.Image:
        """Left, fresh codes in every class; right, real pictures and their inferred codes in every class."""
        mean, _ = self.ema_encoder(real)
        every = torch.cat([codes, mean])
        drawn = self.draw_all_classes(every)
        size = real.shape[-1]
        blank = Image.new("RGB", (size, size), "white")
        rows = [[blank if i < len(codes) else images.to_pictures(real)[i - len(codes)]] for i in range(len(every))]
        for row, pictures in zip(rows, drawn, strict=True):
            row += images.to_pictures(pictures)
        half = -(-len(rows) // 2)
        return images.sheet([[*a, *b] for a, b in zip(rows[:half], rows[half:], strict=True)], size)

    @torch.no_grad()
    def draw_all_classes(self, codes: Tensor) -> Tensor:
        """The EMA's pictures (B, classes, 3, S, S) of codes (B, latent_dim), normalised by this very batch."""
        classes = self.recipe.classes
        label = torch.eye(classes).repeat(len(codes), 1)
        with batch_statistics(self.ema_generator):
            drawn = self.ema_generator(codes.repeat_interleave(classes, 0), label, 1.0)
        return drawn.unflatten(0, (len(codes), classes))


def train_prior(
    folders: Sequence[Path],
    recipe: PriorRecipe,
    run: Path,
    steps: int,
    seed: int = 0,
    save_every: int = 200,
    start_from: Path | None = None,
    report: Callable[[dict[str, float]], None] = lambda line: None,
    progress: Callable[[int, int], None] = lambda done, steps: None,
) -> Path:
    """Train a BigGAN on folders of pictures, one class each; resume if `run` holds a checkpoint.

    Args:
        folders: one folder of pictures per class, in the order of the labels.
        recipe: shapes and weights.
        run: folder for checkpoint.pt, stats.jsonl and sheets.
        steps: stop after this many steps in all.
        seed: everything random follows from (seed, step).
        save_every: steps between checkpoints, log lines and sheets.
        start_from: a finished prior's folder to go on from in a fresh run.
        report: called with every log line.
        progress: called with (steps done, steps) before the first and after every step.

    Returns:
        The path of the checkpoint.
    """
    sets = [PictureSet(folder, recipe.resolution, label=i) for i, folder in enumerate(folders)]
    trainer = PriorTrainer(recipe, seed)
    path = run / "checkpoint.pt"
    if not resume(trainer, path) and start_from is not None:
        trainer.start_from(start_from)
    log = StatsLog(run / "stats.jsonl")
    shown, _ = draw_mixed(sets, 2 * len(sets), seed, 0, "sheet")
    generator = torch.Generator().manual_seed(seed)
    shown_codes = torch.randn(2 * len(sets), recipe.latent_dim, generator=generator)
    progress(trainer.done, steps)
    while trainer.done < steps:
        step = trainer.done
        seed_step(seed, step)
        real, label = draw_mixed(sets, recipe.batch, seed, step, turned_every=recipe.turned_every)
        log.add(trainer.step(real.contiguous(memory_format=torch.channels_last), label))
        progress(trainer.done, steps)
        if trainer.done % save_every == 0 or trainer.done == steps:
            report(log.write(trainer.done))
            save_checkpoint(path, trainer.state())
            files.save_png(trainer.sheet(shown, shown_codes), run / f"sheet-{trainer.done:06d}.png")
    return path


def bundle_prior(
    run: Path,
    recipe: PriorRecipe,
    class_names: Sequence[str],
    folder: Path,
    codes: int = 128,
    seed: int = 0,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Measure the standing statistics of a run's EMA weights and save them as a folder that the library loads.

    Raises:
        TrainingError: if the run has no checkpoint.
    """
    path = run / "checkpoint.pt"
    if not path.is_file():
        raise TrainingError(f"{run} holds no checkpoint.pt; give the folder of a training run.")
    state = load_checkpoint(path)
    model = make_biggan(recipe)
    encoder = CodeEncoder(recipe.encoder)
    with taking_from(run):
        model.load_state_dict(state["ema_generator"])
        encoder.load_state_dict(state["ema_encoder"])
    measure_standing_statistics(model, codes, seed, report)
    save_biggan(model, class_names, folder, encoder)
