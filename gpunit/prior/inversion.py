"""Any picture in any prior: the code and class mixture whose picture is nearest, found by optimisation.

    min over z, w of  Σ_stride |φ(G(z, Σ w_l y_l)) - φ(x)|² + λ |G(z, Σ w_l y_l) - x|²,   |z| kept near its prior

φ are the features of the frozen EfficientNet-Lite0, which see 128 px.  The class embedding is a mixture of a few
classes, so that it can be written, and shown as a column.  Where the prior has an encoder, the search starts from the
code whose picture the encoder reads as it reads the photo; else from the best of many sampled ones.  Adam leads a few
starts into their valleys, and L-BFGS the best of them to the ground.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.imagenet import CLASS_NAMES, DOMAINS
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import Column, Mixture, Part

SIDE = 128  # what the metric net sees
MOST_CLASSES = 5
_STRIDES = (4, 8, 16, 32)
# Sampled starts, where pictures have at most 128 px; fewer of larger ones.
_SAMPLED, _FEWEST = 96, 16
_READINGS = 6  # of the encoder
_STARTS, _WARM_STEPS, _WARM_RATE = 3, 10, 0.05
_PIXELS, _BEYOND = 0.5, 0.1  # weights beside the features'
_CERTAIN = 5.0  # logit of a start's class; those of the others are 0


@dataclass(frozen=True)
class Inverted:
    """How far an inversion has come.

    Attributes:
        step: how many times picture and gradient were computed.
        code: (D,), the best one so far.
        column: the class or mixture that goes with it.
        distance: of its picture from the one that was given: mean distance of unit-length features, as in LPIPS.
        picture: (3, S, S) in [-1, 1].
    """

    step: int
    code: Tensor
    column: Column
    distance: float
    picture: Tensor


class PerceptualDistance:
    """Distance of pictures by EfficientNet-Lite0's features, each of unit length in every place (as in LPIPS).

    Zhang, Isola, Efros, Shechtman and Wang, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
    CVPR 2018, without learned weights.

    Args:
        device: where pictures are compared.
    """

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self.net = EfficientNetLite0().to(device)

    def seen(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, S, S) at the size that the net sees."""
        if pictures.shape[-1] == SIDE:
            return pictures
        return F.interpolate(pictures, (SIDE, SIDE), mode="bilinear", antialias=True)

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Features of pictures (N, 3, S, S) in [-1, 1], of unit length in every place."""
        found = self.net(self.seen(pictures))
        return [F.normalize(found[stride], dim=1) for stride in _STRIDES]

    def __call__(self, ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> Tensor:
        """Distances (N,) of features: half the squared distance, which is one minus the cosine, over all places."""
        parts = [1 - (a * b).sum(1).mean((1, 2)) for a, b in zip(ours, theirs, strict=True)]
        return torch.stack(parts).mean(0)


def likely_classes(prior: Prior, picture: Tensor, net: EfficientNetLite0) -> list[int]:
    """The prior's classes that a classifier of ImageNet finds in a picture (1, 3, 128, 128), the likeliest first."""
    probability = net.probabilities(picture)[0].cpu()
    if len(prior.class_names) == len(CLASS_NAMES):
        return [int(label) for label in probability.topk(MOST_CLASSES).indices]
    known = [DOMAINS[name].own if name in DOMAINS else () for name in prior.class_names]
    scores = torch.stack([probability[list(own)].sum() if own else probability.new_zeros(()) for own in known])
    return [int(label) for label in scores.argsort(descending=True)[:MOST_CLASSES]]


class _Search:
    """What one picture's search compares, and the best that it has seen."""

    def __init__(self, prior: Prior, picture: Tensor, truncation: float) -> None:
        self.prior, self.truncation = prior, truncation
        self._distance = PerceptualDistance(prior.device)
        self._wanted = self._distance.seen(picture.to(prior.device))
        with torch.no_grad():
            self._features = self._distance.features(self._wanted)
            self.labels = likely_classes(prior, self._wanted, self._distance.net)
        self._embeddings = prior.embeddings_of(self.labels)
        self.step = 0
        self.best: Inverted | None = None

    def candidates(self, codes: Tensor, label: int) -> Tensor:
        """Distances (N,) of codes (N, D) as pictures of a class."""
        rendered = self.prior.render(LatentCodes(codes, self.truncation), [label] * len(codes)).clone()
        with torch.no_grad():
            parts = [self._far(some.to(self.prior.device)).cpu() for some in rendered.split(16)]
        far = torch.cat(parts)
        nearest = int(far.argmin())
        self._keep(codes[nearest], Mixture((Part(label),)), float(far[nearest]), rendered[nearest])
        return far

    def losses(self, codes: Tensor, logits: Tensor) -> Tensor:
        """What is minimised, (B,), of codes (B, D) and logits (B, K) of the classes' weights; counts as a step."""
        rendered = self.prior.generate(codes, logits.softmax(1) @ self._embeddings, self.truncation)
        far = self._far(rendered)
        pixels = (self._distance.seen(rendered) - self._wanted).square().mean((1, 2, 3))
        size = codes / self.truncation
        beyond = F.relu(size.abs() - 2).square().mean(1) + F.relu(size.square().mean(1) - 1)
        self.step += 1
        nearest = int(far.argmin())
        reached = float(far[nearest].detach())
        self._keep(codes[nearest], _column(self.labels, logits[nearest]), reached, rendered[nearest])
        return far + _PIXELS * pixels + _BEYOND * beyond

    def state(self, most: int) -> Inverted:
        """The best so far, after at most so many steps."""
        assert self.best is not None
        return replace(self.best, step=min(self.step, most))

    def _far(self, pictures: Tensor) -> Tensor:
        wanted = [feature.expand(len(pictures), -1, -1, -1) for feature in self._features]
        return self._distance(self._distance.features(pictures), wanted)

    def _keep(self, code: Tensor, column: Column, far: float, picture: Tensor) -> None:
        if self.best is None or far < self.best.distance:
            kept = code.detach().float().cpu().clone(), picture.detach().float().cpu().clone()
            self.best = Inverted(self.step, kept[0], column, far, kept[1])


def invert(
    prior: Prior,
    picture: Tensor,
    steps: int = 150,
    every: int = 10,
    start: Tensor | None = None,
    truncation: float = 1.0,
    seed: int = 0,
    use_encoder: bool = True,
) -> Iterator[Inverted]:
    """Search for a picture's code and class, and tell how far it is every few steps; whoever has enough may stop.

    Args:
        prior: in which to find it.
        picture: (1, 3, H, W) in [-1, 1].
        steps: how many times picture and gradient are computed; 0 takes the best start.
        every: steps between what is yielded, about.
        start: (D,), the code to start from, whatever the encoder says.
        truncation: whose standing statistics are used, and which the code is kept within.
        seed: of the sampled codes.
        use_encoder: start from the encoder's code, where the prior has one; else from sampled ones.

    Yields:
        The best code so far: before the first step, every few steps, and after the last one.

    References:
        Nocedal and Wright, "Numerical Optimization", 2006, chapter 7 (L-BFGS).
    """
    search = _Search(prior, picture, truncation)
    if start is not None:
        starts = _in_best_class(search, start[None])
    elif use_encoder and prior.can_invert:
        starts = _read_starts(search, picture)
    else:
        starts = _sampled_starts(search, seed)
    yield search.state(steps)
    codes = torch.stack([code for code, _ in starts]).to(prior.device)
    logits = torch.zeros(len(starts), len(search.labels), device=prior.device)
    for row, (_, label) in zip(logits, starts, strict=True):
        row[search.labels.index(label)] = _CERTAIN
    for _ in _descend(search, codes, logits, steps, every):
        yield search.state(steps)


def _descend(search: _Search, codes: Tensor, logits: Tensor, steps: int, every: int) -> Iterator[None]:
    """Minimise the losses: those of all starts with Adam, then the best one's with L-BFGS."""
    found = [codes.requires_grad_(), logits.requires_grad_()]
    adam = torch.optim.Adam(found, lr=_WARM_RATE, betas=(0.9, 0.99))
    losses = codes.new_zeros(len(codes))
    for step in range(1, min(_WARM_STEPS, steps) + 1):
        with torch.enable_grad():
            losses = search.losses(*found)
            adam.zero_grad()
            losses.sum().backward()
        adam.step()
        if step % every == 0 or step == steps:
            yield
    nearest = int(losses.detach().argmin())
    found = [each.detach()[nearest : nearest + 1].clone().requires_grad_() for each in found]
    newton = torch.optim.LBFGS(found, 1, every, every, history_size=40, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        newton.zero_grad()
        with torch.enable_grad():
            (loss,) = search.losses(*found)
            loss.backward()
        return loss

    while search.step < steps:
        before = search.step
        newton.step(closure)
        yield
        if search.step - before <= 1:  # nothing is left to gain
            return


def _in_best_class(search: _Search, codes: Tensor) -> list[tuple[Tensor, int]]:
    """The code and class of the nearest picture, of codes (N, D) in every likely class."""
    tried = [(float(far), code, label) for label in search.labels for far, code in _ranked(search, codes, label)]
    _, code, label = min(tried, key=lambda each: each[0])
    return [(code, label)]


def _read_starts(search: _Search, picture: Tensor) -> list[tuple[Tensor, int]]:
    """Starts from the encoder: E reads the photo, and then its own picture as often, and what it missed is added.

    z <- z + E(x) - E(G(z)) ends where the encoder sees no difference between the two pictures.
    """
    prior = search.prior
    wanted = prior.invert(picture).codes.clone()
    ((code, label),) = _in_best_class(search, wanted)
    tried = []
    for _ in range(_READINGS):
        rendered = prior.render(LatentCodes(code[None], search.truncation), [label]).clone()
        tried += [(far, code) for far, code in _ranked(search, code[None], label)]
        limit = 2 * search.truncation
        code = (code + (wanted - prior.invert(rendered).codes)[0]).clamp(-limit, limit)
    tried.sort(key=lambda each: each[0])
    return [(code, label) for _, code in tried[: _starts(prior)]]


def _sampled_starts(search: _Search, seed: int) -> list[tuple[Tensor, int]]:
    """The best of many sampled codes, in the class that suits the best of them."""
    prior = search.prior
    count = max(_FEWEST, min(_SAMPLED, _SAMPLED * 128**2 // prior.resolution**2))
    codes = prior.latents(count, seed, search.truncation).codes
    label = search.labels[0]
    ranked = _ranked(search, codes, label)
    best = torch.stack([code for _, code in ranked[: _starts(prior)]])
    ((_, suited),) = _in_best_class(search, best)
    if suited != label:
        ranked = _ranked(search, codes, suited)
    return [(code, suited) for _, code in ranked[: _starts(prior)]]


def _starts(prior: Prior) -> int:
    """How many starts are led on together: one above 128 px, whose gradients fit a small card."""
    return max(1, min(_STARTS, _STARTS * 128**2 // prior.resolution**2))


def _ranked(search: _Search, codes: Tensor, label: int) -> list[tuple[float, Tensor]]:
    """Distances and codes, the nearest first."""
    far = search.candidates(codes, label)
    return [(float(far[index]), codes[index]) for index in far.argsort().tolist()]


def _column(labels: Sequence[int], logits: Tensor) -> Column:
    """The mixture of classes with the weights' shares, the largest first, without those below a hundredth."""
    shares = [round(share, 3) for share in logits.detach().softmax(0).tolist()]
    parts = [Part(label, share) for label, share in zip(labels, shares, strict=True) if share >= 0.01]
    return Mixture(tuple(sorted(parts, key=lambda part: -part.weight)))
