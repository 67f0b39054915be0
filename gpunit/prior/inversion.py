"""Any picture in any prior: the code and class mixture whose picture is nearest, found by optimisation.

    min over z, w of  Σ_stride |φ(G(z, Σ w_l y_l)) - φ(x)| + λ |G(z, Σ w_l y_l) - x|,   |z| kept near its prior

φ are the features of the frozen EfficientNet-Lite0, which see 128 px.  The class embedding is a mixture of a few
classes, so that it can be written, and shown as a column.  Where the prior has an encoder, the search starts from its
code; else from the best of many sampled ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
_SAMPLED = 24


@dataclass(frozen=True)
class Inverted:
    """How far an inversion has come.

    Attributes:
        step: of how many steps this is the state.
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


def invert(
    prior: Prior,
    picture: Tensor,
    steps: int = 200,
    every: int = 10,
    start: Tensor | None = None,
    rate: float = 0.06,
    truncation: float = 1.0,
    seed: int = 0,
) -> Iterator[Inverted]:
    """Search for a picture's code and class, and tell how far it is every few steps; whoever has enough may stop.

    Args:
        prior: in which to find it.
        picture: (1, 3, H, W) in [-1, 1].
        steps: of Adam.
        every: steps between what is yielded.
        start: (D,), the code to start from; by default the encoder's, or the best of sampled ones.
        rate: of Adam.
        truncation: whose standing statistics are used.
        seed: of the sampled codes.

    Yields:
        The best code so far: before the first step, every few steps, and after the last one.
    """
    distance = PerceptualDistance(prior.device)
    wanted = distance.seen(picture.to(prior.device))
    with torch.no_grad():
        features = distance.features(wanted)
        labels = likely_classes(prior, wanted, distance.net)
        begun, weights = _begin(prior, picture, labels, features, distance, start, seed, truncation)
    code = begun.to(prior.device).requires_grad_()
    logits = weights.to(prior.device).requires_grad_()
    embeddings = prior.embeddings_of(labels)
    optimiser = torch.optim.Adam([code, logits], lr=rate, betas=(0.9, 0.99))
    best: Inverted | None = None
    for step in range(steps + 1):
        with torch.enable_grad():
            mixed = (logits.softmax(0) @ embeddings)[None]
            rendered = prior.generate(code[None], mixed, truncation)
            far = distance(distance.features(rendered), features)[0]
            pixels = (distance.seen(rendered) - wanted).abs().mean()
            loss = far + 0.5 * pixels + 0.01 * F.relu(code.square().mean() - 1)
        reached = float(far.detach())
        if best is None or reached < best.distance:
            now, shown = code.detach().cpu().clone(), rendered[0].detach().cpu()
            best = Inverted(step, now, _column(labels, logits), reached, shown)
        if step % every == 0 or step == steps:
            yield Inverted(step, best.code, best.column, best.distance, best.picture)
        if step < steps:
            for group in optimiser.param_groups:
                group["lr"] = rate * (1 - step / steps) ** 0.5
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def _begin(
    prior: Prior,
    picture: Tensor,
    labels: Sequence[int],
    features: Sequence[Tensor],
    distance: PerceptualDistance,
    start: Tensor | None,
    seed: int,
    truncation: float,
) -> tuple[Tensor, Tensor]:
    """A code (D,) and the logits of the classes' weights (K,): of the best candidate."""
    if start is not None:
        codes = start[None]
    elif prior.can_invert:
        codes = torch.cat([prior.invert(picture).codes.clone(), prior.latents(2, seed, 0.5).codes])
    else:
        codes = prior.latents(_SAMPLED, seed, 0.7).codes
    pairs = [(code, label) for code in codes for label in labels]
    latents = LatentCodes(torch.stack([code for code, _ in pairs]), truncation)
    rendered = prior.render(latents, [label for _, label in pairs]).clone().to(prior.device)
    far = torch.cat(
        [
            distance(distance.features(some), [feature.expand(len(some), -1, -1, -1) for feature in features])
            for some in rendered.split(16)
        ]
    )
    nearest = int(far.argmin())
    code, label = pairs[nearest]
    logits = torch.zeros(len(labels))
    logits[labels.index(label)] = 3.0
    return code.clone(), logits


def _column(labels: Sequence[int], logits: Tensor) -> Column:
    """The mixture of classes with the weights' shares, without those below a hundredth."""
    shares = [round(share, 3) for share in logits.detach().softmax(0).tolist()]
    parts = tuple(Part(label, share) for label, share in zip(labels, shares, strict=True) if share >= 0.01)
    return Mixture(parts)
