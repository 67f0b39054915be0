"""Dynamic skip connection (section 4.1): which fine features of the content picture the generator keeps.

With h the hidden state of the level below (h^0 = E_c(x)), f_E the encoder's feature and f_G the generator's:

    ĥ   = lrelu(W_h ∘ up(h))            candidate
    r   = sigmoid(W_r ∘ [ĥ, f_E])       reset
    m   = tanh(relu(W_m ∘ [ĥ, f_E]))    mask
    h'  = r · ĥ                         hidden
    f̂_E = W_E ∘ [h', f_E]               selected_feature
    f_G <- (1 - m) · f_G + m · f̂_E      blend

Everything but the blend depends on the content picture alone and is computed once per picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gpunit.networks.blocks import conv3x3, leaky_relu


@dataclass(frozen=True)
class SkipGate:
    """What one dynamic skip decided for content pictures.

    Attributes:
        mask: m, (B, C_G, S, S) in [0, 1), with exact zeros.
        selected_feature: f̂_E, (B, C_G, S, S).
        hidden: h', (B, C_E, S, S), the state handed to the next skip.
        reset: r, (B, C_E, S, S) in (0, 1).
    """

    mask: Tensor
    selected_feature: Tensor
    hidden: Tensor
    reset: Tensor

    def blend(self, generator_feature: Tensor, mask_scale: float | Tensor = 1.0) -> Tensor:
        """(1 - m)·f_G + m·f̂_E with the mask min(1, mask_scale·m).

        Args:
            generator_feature: (B, C_G, S, S).
            mask_scale: strength of the skip, at least 0; a number, or a tensor that broadcasts to the mask.

        Returns:
            (B, C_G, S, S), in the dtype of `generator_feature`.
        """
        mask = self.mask
        if isinstance(mask_scale, Tensor) or mask_scale != 1.0:
            mask = (mask * mask_scale).clamp(max=1.0)
        # Under autocast on a GPU, normalised features are fp32 and the outputs of convolutions half precision.
        return torch.lerp(generator_feature, self.selected_feature.to(generator_feature), mask.to(generator_feature))


class DynamicSkip(nn.Module):
    """The skip at one size: the hidden state of the coarser skip and the encoder's feature -> `SkipGate`."""

    def __init__(self, hidden_channels: int, encoder_channels: int, generator_channels: int) -> None:
        super().__init__()
        self.to_candidate = conv3x3(hidden_channels, encoder_channels)
        self.to_reset = conv3x3(2 * encoder_channels, encoder_channels)
        self.to_mask = conv3x3(2 * encoder_channels, generator_channels)
        self.to_feature = conv3x3(2 * encoder_channels, generator_channels)

    def forward(self, hidden: Tensor, encoder_feature: Tensor) -> SkipGate:
        """Decide for hidden states (B, C_h, s, s) and encoder features (B, C_E, S, S)."""
        size = encoder_feature.shape[-2:]
        candidate = leaky_relu(self.to_candidate(F.interpolate(hidden, size, mode="nearest")))
        both = torch.cat([candidate, encoder_feature], dim=1)
        reset = torch.sigmoid(self.to_reset(both))
        mask = torch.tanh(torch.relu(self.to_mask(both)))
        hidden = reset * candidate
        selected_feature = self.to_feature(torch.cat([hidden, encoder_feature], dim=1))
        return SkipGate(mask, selected_feature, hidden, reset)
