"""The losses of stage I (section 3).

x and y are rendered from one latent code in two classes, x_s is the instance map of x, l_x its label:

    L_arec = || x - F(E_c(x), E_s(x), l_x) ||² + perceptual
    L_srec = λ_s || F_s(E_c(x), l_x) - x_s ||_1
    L_dis  = || E_c(x) - E_c(y) ||_1 + λ_s || F_s(E_c(y), l_x) - x_s ||_1
    L_reg  = cross_entropy(C(R(E_c(x))), l_x) + λ_r || E_c(x) ||_2

L_arec, L_srec and L_reg are also computed on real pictures, of classes without pairs as well.  The shape term of L_dis
runs both ways between x and y; in its first term, y's content is the target and detached.  The decoder sees the content
with noise of σ = 0.2, the other terms see it without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gpunit.networks.distiller import reverse_gradient
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.training import losses
from gpunit.training.augment import recolour
from gpunit.training.data import Labelled, join
from gpunit.training.recipes import DistillationRecipe
from gpunit.training.shares import ALONE, Shares
from gpunit.training.stage1.distiller import HINT_STRIDE, Distiller
from gpunit.training.trainer import Parts, weighted_sum


@dataclass(frozen=True)
class DistillationLosses:
    """The sum to minimise, its named parts, and the real pictures' contents without their graph."""

    total: Tensor
    parts: Parts
    real_content: Tensor


@dataclass(frozen=True)
class _Encoded:
    """A batch in the order x, real pictures, y; and its contents.

    Attributes:
        batch: the pictures.
        pairs: number of pairs: x are the first so many pictures, y the last.
        contents: (B, 1, H, W) of the pictures; where `twice`, (2B, 1, H, W), those of the recoloured ones after them.
        twice: whether both were encoded.
        content, first, second: the contents of the pictures, of x, and of y.
        seen: for every picture its content or that of its recoloured version, with noise: what the decoder is given.
        features: E_c's features by size, in the order of `contents`.
        wanted: the backbone's features of the pictures, by stride.
    """

    batch: Labelled
    pairs: int
    contents: Tensor
    twice: bool
    content: Tensor
    first: Tensor
    second: Tensor
    seen: Tensor
    features: dict[int, Tensor]
    wanted: dict[int, Tensor]

    @property
    def recoloured(self) -> Tensor:
        """The contents of the recoloured pictures."""
        return self.contents[len(self.batch) :]

    @property
    def reconstructed(self) -> slice:
        """x and the real pictures; y takes part through its content and its shape alone."""
        return slice(len(self.batch) - self.pairs)

    @property
    def partners(self) -> Tensor:
        """Places of x and y, in the order in which y's content and x's, swapped, predict their shapes."""
        device, count = self.content.device, len(self.batch)
        first = torch.arange(self.pairs, device=device)
        return torch.cat([first, torch.arange(count - self.pairs, count, device=device)])


def compute_losses(
    networks: Distiller,
    backbone: EfficientNetLite0,
    recipe: DistillationRecipe,
    first: Labelled,
    second: Labelled,
    real: Labelled,
    warm_up: bool = False,
    shares: Shares = ALONE,
) -> DistillationLosses:
    """The losses of one batch.

    Args:
        networks: that are trained.
        backbone: the frozen net of the perceptual term, of hint and of layout.
        recipe: hyper-parameters.
        first, second: pairs that share a layout.
        real: real pictures.
        warm_up: leave out the reconstruction, which takes most of the time; E_c then sees each picture either as it is
            or recoloured.
        shares: which rows of the batches these are.
    """
    weights = recipe.weights
    encoded = _encode(networks, backbone, recipe, first, second, real, warm_up, shares)
    content, pairs, batch = encoded.content, encoded.pairs, encoded.batch
    shallow, shape_parts = _shape_losses(networks, recipe, encoded)
    real_places = slice(pairs, len(batch) - pairs)
    parts = {
        "shape": shape_parts["shape"],
        "content": losses.content_distance(encoded.first, encoded.second),
        "pair_shape": shape_parts["pair_shape"],
        "classifier": F.cross_entropy(networks.classifier(reverse_gradient(content)).float(), batch.label),
        "magnitude": losses.content_magnitude(content),
    }
    if not warm_up:
        parts |= _reconstruction_losses(networks, backbone, encoded, shares)
    if encoded.twice:
        parts["recolour"] = losses.content_distance(encoded.recoloured, content)
    if weights.agreement:
        parts["agreement"] = losses.content_disagreement(encoded.first, encoded.second, shares)
    if networks.remembered is not None:
        parts["agnostic"] = losses.domain_distance(content[real_places], real.label, networks.remembered)
    if networks.layout_heads is not None:
        partners = {stride: feature[encoded.partners] for stride, feature in encoded.wanted.items()}
        parts["layout"] = networks.layout_loss(shallow[: len(batch)], encoded.wanted)
        parts["pair_layout"] = networks.layout_loss(shallow[len(batch) :], partners)
    if networks.hint_head is not None:
        answer = networks.hint_head(encoded.features[8][: len(batch)]).float()
        parts["hint"] = hint_loss(answer, batch, encoded.wanted)
    return DistillationLosses(weighted_sum(parts, weights), parts, content[real_places].detach())


def _encode(
    networks: Distiller,
    backbone: EfficientNetLite0,
    recipe: DistillationRecipe,
    first: Labelled,
    second: Labelled,
    real: Labelled,
    warm_up: bool,
    shares: Shares,
) -> _Encoded:
    batch = join([first, real, second])
    twice = recipe.weights.recolour > 0 and not warm_up
    shown = batch.picture
    if recipe.weights.recolour:
        changed = recolour(batch.picture, shares)
        shown = torch.cat([shown, changed]) if twice else _either(shown, changed, shares)
    encoded = networks.content_encoder(shown)
    contents = encoded.content.float()
    content = contents[: len(batch)]
    content_first, content_second = content[: len(first)], content[len(batch) - len(first) :]
    # The decoder cannot tell which of the two contents it is given.
    seen = _either(content, contents[len(batch) :], shares) if twice else content
    seen = seen + recipe.noise * shares.noise_like(seen)
    with torch.no_grad(), torch.autocast(shown.device.type, enabled=False):
        wanted = backbone(batch.picture, last_stride=16)
    return _Encoded(
        batch,
        len(first),
        contents,
        twice,
        content,
        content_first,
        content_second,
        seen,
        encoded.features,
        wanted,
    )


def _shape_losses(networks: Distiller, recipe: DistillationRecipe, encoded: _Encoded) -> tuple[Tensor, Parts]:
    """Every picture's shape from its own content, then the pairs' from their partners'; and F's shallow feature."""
    batch, pairs, seen, partners = encoded.batch, encoded.pairs, encoded.seen, encoded.partners
    swapped = torch.cat([seen[len(batch) - pairs :], seen[:pairs]])
    shape_head = networks.decoder.shape_head
    shallow = shape_head.shallow(torch.cat([seen, swapped]), torch.cat([batch.label, batch.label[partners]]))
    shapes = shape_head.to_shape(shallow).float()
    wanted = F.interpolate(batch.shape, shapes.shape[-2:], mode="area").expand(-1, 3, -1, -1)
    own, crossed = shapes[: len(batch)], shapes[len(batch) :]
    return shallow, {
        "shape": losses.shape_distance(own, wanted, recipe.shape_cross_entropy),
        "pair_shape": losses.shape_distance(crossed, wanted[partners], recipe.shape_cross_entropy),
    }


def _reconstruction_losses(
    networks: Distiller, backbone: EfficientNetLite0, encoded: _Encoded, shares: Shares
) -> Parts:
    """The two terms of L_arec."""
    rows = encoded.reconstructed
    picture, label = encoded.batch.picture[rows], encoded.batch.label[rows]
    # Mirrored with probability 1/2, the whole batch at once, so that the appearance cannot give the layout away.
    exemplar = picture.flip(3) if torch.rand(()) < 0.5 else picture
    appearance = networks.appearance_encoder(exemplar)
    reconstructed = networks.decoder(encoded.seen[rows], appearance, label).float()
    with torch.autocast(picture.device.type, enabled=False):
        features = backbone(reconstructed, last_stride=16)
    return {
        "reconstruction": F.mse_loss(reconstructed, picture),
        "perceptual": losses.feature_distance(features, {s: f[rows] for s, f in encoded.wanted.items()}, shares),
    }


def _either(one: Tensor, other: Tensor, shares: Shares) -> Tensor:
    """Every row from the one or from the other, at random."""
    fate = shares.share(torch.rand(shares.whole(len(one)), 1, 1, 1, device=one.device))
    return torch.where(fate < 0.5, one, other)


def hint_loss(answer: Tensor, batch: Labelled, wanted: Mapping[int, Tensor]) -> Tensor:
    """Error of the head on E_c's 8x8 feature in predicting the backbone's feature and the instance map.

    After Romero et al., "FitNets: Hints for Thin Deep Nets", ICLR 2015.

    Args:
        answer: (B, C + 1, 8, 8), the last channel for the map.
        batch: pictures and maps.
        wanted: the backbone's features of the first pictures of the batch, by stride.
    """
    feature = wanted[HINT_STRIDE].float() / EfficientNetLite0.deviation[HINT_STRIDE]
    size = (answer.shape[-2], answer.shape[-1])
    feature = F.adaptive_avg_pool2d(feature, size)
    shape = F.adaptive_avg_pool2d(batch.shape, size)
    return F.mse_loss(answer[: len(feature), :-1], feature) + F.binary_cross_entropy_with_logits(
        answer[:, -1:], (shape + 1) / 2
    )
