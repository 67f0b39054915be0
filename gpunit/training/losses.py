"""The losses of both stages, each a function of tensors with its equation (sections 3 and 4).

Two of them differ from the published form: `content_magnitude` is a mean per picture, and the small family's
discriminator uses the hinge loss.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.blocks import spatial_mean
from gpunit.networks.frozen.self_similarity import self_similarity
from gpunit.training.shares import ALONE, Shares


def content_distance(content: Tensor, target: Tensor) -> Tensor:
    """L_con, and the first term of L_dis: || E_c(x) - E_c(y) ||_1 as a mean; the target is detached."""
    return F.l1_loss(content, target.detach())


def content_disagreement(content: Tensor, partner: Tensor, shares: Shares = ALONE) -> Tensor:
    """|| E_c(x) - E_c(y) ||_1 of pairs, relative to that of different codes: 0 if pairs agree, 1 if they do not.

    Not in the paper: the distance alone is smallest for a map that is nearly the same for all pictures.

    Args:
        content, partner: (B, 1, H, W), row i of both of one latent code.
        shares: which rows of a batch these are.
    """
    content, partner = shares.gathered(content), shares.gathered(partner)
    return F.l1_loss(content, partner) / F.l1_loss(content, partner.roll(1, 0)).clamp_min(1e-6)


def domain_distance(content: Tensor, label: Tensor, remembered: Tensor) -> Tensor:
    """How much closer contents are to those of their own domain than to the others': 0 where the domains match.

    Half the energy distance (Székely and Rizzo, "Energy statistics", 2013) between a batch's domains, averaged over
    their pairs.  Not in the paper: the reversed classifier alone is soon deceived, and matching distributions needs
    more contents than a batch has.

    Args:
        content: (B, 1, H, W).
        label: (B,) the domains.
        remembered: (L, N, H·W), contents of every domain.
    """
    domains = len(remembered)
    distance = torch.cdist(content.flatten(1)[None], remembered).mean(2).T
    own = F.one_hot(label, domains).to(distance)
    return (distance * ((1 - own) / max(1, domains - 1) - own)).sum(1).mean()


def content_magnitude(content: Tensor) -> Tensor:
    """|| E_c(x) ||_2 of L_reg, averaged over the batch; the published norm of the whole batch grows with its size."""
    return content.flatten(1).norm(dim=1).mean()


def feature_distance(features: Mapping[int, Tensor], target: Mapping[int, Tensor], shares: Shares = ALONE) -> Tensor:
    """Perceptual distance of two feature pyramids: L1 at every stride, relative to the target's mean magnitude.

    Args:
        features, target: (B, C, H, W) by stride; the target is detached.
        shares: which rows of a batch these are.
    """
    wanted = {stride: feature.detach().float() for stride, feature in target.items()}
    magnitudes = shares.averaged(torch.stack([feature.abs().mean() for feature in wanted.values()]))
    total = torch.zeros_like(magnitudes[0])
    for (stride, feature), magnitude in zip(wanted.items(), magnitudes, strict=True):
        total = total + F.l1_loss(features[stride].float(), feature) / magnitude
    return total / len(target)


def hinge_discriminator_loss(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """E[max(0, 1 - D(y))] + E[max(0, 1 + D(ŷ))], averaged over the discriminator's heads."""
    terms = [F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(terms).mean()


def hinge_fake_loss(logits: list[Tensor]) -> Tensor:
    """E[max(0, 1 + D(·))] of pictures that count as fake, averaged over the discriminator's heads."""
    return torch.stack([F.relu(1 + logit).mean() for logit in logits]).mean()


def hinge_generator_loss(fake: list[Tensor]) -> Tensor:
    """-E[D(ŷ)], averaged over the discriminator's heads."""
    return -torch.stack([f.mean() for f in fake]).mean()


def logistic_discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """-E[log D(y)] - E[log(1 - D(ŷ))] of logits (B,), D being their sigmoid."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def logistic_generator_loss(fake: Tensor) -> Tensor:
    """-E[log D(ŷ)] of logits (B,): the non-saturating form of L_adv (Goodfellow et al., NeurIPS 2014)."""
    return F.softplus(-fake).mean()


def gradient_penalty(logit: Tensor, picture: Tensor) -> Tensor:
    """R1 = 0.5·E[|∇D(y)|²] of logits (B,) and the real pictures (B, 3, H, W) they were computed from.

    Mescheder, Geiger and Nowozin, "Which Training Methods for GANs do actually Converge?", ICML 2018.
    """
    (gradient,) = torch.autograd.grad(logit.sum(), picture, create_graph=True)
    return 0.5 * gradient.square().sum(dim=(1, 2, 3)).mean()


def perceptual_distance(features: list[Tensor], target: list[Tensor]) -> Tensor:
    """Σ_l || φ_l(ȳ) - φ_l(y) ||_1 over the layers of a frozen net, each as a mean; the target is detached."""
    pairs = zip(features, target, strict=True)
    return torch.stack([F.l1_loss(mine.float(), wanted.detach().float()) for mine, wanted in pairs]).sum()


def identity_distance(face: Tensor, target: Tensor) -> Tensor:
    """1 - cos(f(ŷ), f(y)) of unit identity codes (B, D), as a mean; the target is detached."""
    return 1 - (face * target.detach()).sum(dim=1).mean()


def style_distance(styles: list[Tensor], target: list[Tensor]) -> Tensor:
    """L_sty = || f_D(ŷ) - f_D(y) ||_1, each layer relative to the target's mean magnitude; the target is detached."""
    terms = []
    for mine, wanted in zip(styles, target, strict=True):
        wanted = wanted.detach()
        terms.append(F.l1_loss(mine, wanted) / wanted.abs().mean())
    return torch.stack(terms).mean()


def colour_distance(picture: Tensor, target: Tensor) -> Tensor:
    """Difference between the colour channels' means and deviations of two batches (B, 3, H, W); the target is detached.

    Not in the paper: a backbone trained on objects hardly sees overall colour, so L_sty on its features needs this
    beside it.
    """
    wanted = target.detach()
    means = F.l1_loss(picture.mean(dim=(2, 3)), wanted.mean(dim=(2, 3)))
    return means + F.l1_loss(picture.std(dim=(2, 3)), wanted.std(dim=(2, 3)))


def band_energies(picture: Tensor, bands: int = 5) -> Tensor:
    """Contrast of a picture at every scale: log energies of the bands of its Laplacian pyramid, fine to coarse.

    Args:
        picture: (B, 3, H, W), H and W multiples of 2 to the power of `bands`.
        bands: octaves.

    Returns:
        (B, 2·bands): for every band, the log of its root mean square and that of its mean absolute value.  Fur and
        a flat ground with one sharp edge may agree in the first, but not in both.
    """
    energies = []
    for _ in range(bands):
        below = F.avg_pool2d(picture, 2)
        band = picture - F.interpolate(below, scale_factor=2, mode="bilinear", align_corners=False)
        energies += [band.square().mean(dim=(1, 2, 3)), band.abs().mean(dim=(1, 2, 3)).square()]
        picture = below
    return torch.stack(energies, dim=1).add(1e-5).log() / 2


def band_distance(picture: Tensor, target: Tensor) -> Tensor:
    """Difference between the `band_energies` of two batches (B, 3, H, W), as a mean; the target is detached.

    Not in the paper: a backbone trained on objects tolerates pictures that are sharper than photographs, and all
    equally sharp.
    """
    return F.l1_loss(band_energies(picture), band_energies(target.detach()))


def structure_distance(
    features: Mapping[int, Tensor], target: Mapping[int, Tensor], strides: tuple[int, ...] = (8, 16)
) -> Tensor:
    """Difference between two pictures' self-similarities: which places look alike, not how they look.

    After Zheng, Cham and Cai, "The Spatially-Correlative Loss for Various Image Translation Tasks", CVPR 2021.  Not in
    the paper: it adds what a small content encoder misses.

    Args:
        features, target: a backbone's features (B, C, H, W) by stride; the target is detached.
        strides: of the features that are compared.
    """
    terms = []
    for stride in strides:
        wanted = self_similarity(target[stride].detach().float())
        terms.append(F.l1_loss(self_similarity(features[stride].float()), wanted))
    return torch.stack(terms).mean()


def shape_distance(before_tanh: Tensor, target: Tensor, cross_entropy: bool = False) -> Tensor:
    """|| tanh(a) - x_s ||_1 as a mean, of an unbounded a and maps x_s in [-1, 1], both (B, 3, H, W).

    With `cross_entropy`, the cross-entropy of the pixels' probabilities (1 + tanh(a)) / 2 = sigmoid(2a) instead.  Its
    gradient does not vanish for confident wrong predictions, which are common at first where most objects are.
    """
    if cross_entropy:
        return F.binary_cross_entropy_with_logits(2 * before_tanh, (target + 1) / 2)
    return F.l1_loss(torch.tanh(before_tanh), target)


def mask_sparsity(masks: list[Tensor]) -> Tensor:
    """L_msk = Σ_l mean(m^l), of at least one mask."""
    return torch.stack([spatial_mean(mask).float().mean() for mask in masks]).sum()
