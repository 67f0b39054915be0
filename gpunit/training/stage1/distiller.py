"""The networks that stage I trains together, with what it adds to the paper's: hints, layout and a memory."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.distiller import AppearanceEncoder, Decoder, DomainClassifier
from gpunit.networks.frozen.efficientnet import EfficientNetLite0
from gpunit.networks.normalisation import add_spectral_norm, instance_norm
from gpunit.training.recipes import DistillationRecipe

# Strides of the backbone: whose features E_c learns to predict, and whose layout the content map does.
HINT_STRIDE = 16
LAYOUT_STRIDES = (8, 16)


class Distiller(nn.Module):
    """Content encoder, appearance encoder, decoder and classifier; heads and memory as the recipe's weights ask.

    Args:
        recipe: shapes and weights.
        spectral_norm: False for weights that have it folded.
    """

    def __init__(self, recipe: DistillationRecipe, spectral_norm: bool = True) -> None:
        super().__init__()
        weights = recipe.weights
        self.content_encoder = ContentEncoder(recipe.content_encoder)
        self.appearance_encoder = AppearanceEncoder(recipe.distiller)
        self.decoder = Decoder(recipe.distiller)
        self.classifier = DomainClassifier(recipe.distiller)
        channels = EfficientNetLite0.channels
        hint_width = recipe.content_encoder.widths[-1]
        self.hint_head = nn.Conv2d(hint_width, channels[HINT_STRIDE] + 1, 1) if weights.hint else None
        self.layout_heads = (
            nn.ModuleDict({str(s): nn.Conv2d(recipe.distiller.shape_width, channels[s], 1) for s in LAYOUT_STRIDES})
            if weights.layout or weights.pair_layout
            else None
        )
        # Zeros at first, which are equally far from every domain and so favour none.
        places = recipe.content_encoder.content_size**2
        memory = torch.zeros(recipe.distiller.domains, recipe.remembered, places) if weights.agnostic else None
        self.remembered: Tensor | None
        self.register_buffer("remembered", memory)
        if spectral_norm:
            add_spectral_norm(self)

    def remember(self, content: Tensor, label: Tensor) -> None:
        """Store real pictures' contents (B, 1, H, W) of the domains (B,), in place of each domain's oldest."""
        if self.remembered is None:
            return
        for domain, known in enumerate(self.remembered):
            both = torch.cat([content.flatten(1).to(known), known])
            others = torch.cat([label != domain, label.new_zeros(len(known), dtype=torch.bool)])
            # A stable sort in place of a mask, whose count of pictures the device would be waited for.
            self.remembered[domain] = both[others.byte().argsort(stable=True)[: len(known)]]

    def layout_loss(self, shallow: Tensor, wanted: Mapping[int, Tensor]) -> Tensor:
        """Error in predicting the layout of the backbone's features from content and label: 0 if exact, 1 if blind.

        Each channel of the features is normalised over its places, which keeps where it is strong and drops how strong
        it is in the picture.  Not in the paper, which has 1.4 million pictures to learn from.

        Args:
            shallow: F's feature (B, C, 16, 16) of content and label.
            wanted: the backbone's features (B, C', H, W) by stride.
        """
        assert self.layout_heads is not None
        terms = []
        for stride, head in self.layout_heads.items():
            feature = wanted[int(stride)]
            answer = head(F.adaptive_avg_pool2d(shallow, (feature.shape[-2], feature.shape[-1])))
            terms.append(F.mse_loss(answer.float(), instance_norm(feature).float()))
        return torch.stack(terms).mean()
