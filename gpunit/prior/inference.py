"""A BigGAN for inference: the library's generator, with the same pictures, in fewer operations.

Spectral norm is folded into the weights, and a norm at one step of the truncation is one scale and one shift per
picture and channel, in one pass.  On a CPU, a 3x3 convolution after nearest-neighbour upsampling becomes a transposed
convolution of the smaller map, the three colours are computed in squares (see `networks.blocks`), and maps that nobody
reads again are overwritten.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator

import torch
import torch.nn.functional as F
from pytorch_pretrained_biggan import BigGAN
from pytorch_pretrained_biggan.model import BigGANBatchNorm, GenBlock, SelfAttn
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gpunit.networks.blocks import double_kernel, square_kernel, upsample
from gpunit.prior.table import layers_of

# Changes the map of a layer, given its number, on the way: (B, C, H, W) of the same shape comes back.
Edit = Callable[[int, Tensor], Tensor]
# Above this size, maps are computed anew for the gradients instead of kept: 512 px would not fit a small card.
_KEPT_SIZE = 128


class _StandingNorm(nn.Module):
    """BigGANBatchNorm at one step of the truncation, and the ReLU that follows everywhere."""

    def __init__(self, norm: BigGANBatchNorm) -> None:
        super().__init__()
        self.gain = nn.Buffer(torch.rsqrt(norm.running_vars + norm.eps))
        self.mean = nn.Buffer(norm.running_means.clone())
        if norm.conditional:
            self.scale, self.offset = norm.scale, norm.offset
        else:
            self.weight, self.bias = norm.weight, norm.bias
        self.conditional = norm.conditional

    def forward(self, x: Tensor, step: int, condition: Tensor, overwrite: bool = False) -> Tensor:
        gain, mean = self.gain[step], self.mean[step]
        if self.conditional:
            scale, offset = (1 + self.scale(condition)) * gain, self.offset(condition)
        else:
            scale, offset = (self.weight * gain)[None], self.bias[None]
        shift = offset - mean * scale
        if torch.is_grad_enabled():
            return torch.addcmul(shift[..., None, None], x, scale[..., None, None]).relu_()
        out = x if overwrite else torch.empty_like(x)
        return torch.addcmul(shift[..., None, None], x, scale[..., None, None], out=out).relu_()


class _Block(nn.Module):
    """GenBlock."""

    def __init__(self, block: GenBlock, rewrites: bool) -> None:
        super().__init__()
        self.norms = nn.ModuleList(_StandingNorm(getattr(block, f"bn_{index}")) for index in range(4))
        self.convs = nn.ModuleList(getattr(block, f"conv_{index}") for index in range(4))
        self.doubles = bool(block.up_sample)
        self.drops_channels = bool(block.drop_channels)
        self.repeats = self.doubles and not rewrites
        if self.doubles and rewrites:
            conv = block.conv_1
            doubling = nn.ConvTranspose2d(conv.in_channels, conv.out_channels, 4, stride=2, padding=1)
            doubling.weight, doubling.bias = nn.Parameter(double_kernel(conv.weight.detach())), conv.bias
            self.convs[1] = doubling

    def forward(self, x: Tensor, condition: Tensor, step: int) -> Tensor:
        hidden = self.convs[0](self.norms[0](x, step, condition))
        hidden = self.norms[1](hidden, step, condition, overwrite=True)
        hidden = self.convs[1](upsample(hidden) if self.repeats else hidden)
        for norm, conv in zip(self.norms[2:], self.convs[2:], strict=True):
            hidden = conv(norm(hidden, step, condition, overwrite=True))
        shortcut = x[:, : x.shape[1] // 2] if self.drops_channels else x
        return hidden.add_(upsample(shortcut) if self.doubles else shortcut)


class _Attention(nn.Module):
    """SelfAttn, with positions before channels, so that no map is copied into another order."""

    def __init__(self, attention: SelfAttn) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (
            getattr(attention, f"snconv1x1_{name}") for name in ("theta", "phi", "g", "o_conv")
        )
        self.gamma = attention.gamma

    def forward(self, x: Tensor) -> Tensor:
        def rows(maps: Tensor) -> Tensor:
            """(B, C, H, W) -> (B, H·W, C), a view where x is channels_last."""
            return maps.permute(0, 2, 3, 1).flatten(1, 2)

        query, key, value = (
            rows(self.query(x)),
            rows(F.max_pool2d(self.key(x), 2)),
            rows(F.max_pool2d(self.value(x), 2)),
        )
        found = torch.softmax(query @ key.transpose(1, 2), dim=-1) @ value
        found = found.unflatten(1, x.shape[2:]).permute(0, 3, 1, 2)
        return torch.addcmul(x, self.output(found), self.gamma)


class FoldedGenerator(nn.Module):
    """The generator of a BigGAN, for inference; its weights are copies.

    Args:
        model: the library's model, which stays as it is.
        rewrites: compute upsampled convolutions and colours as described above; faster on a CPU.
    """

    def __init__(self, model: BigGAN, rewrites: bool) -> None:
        super().__init__()
        copied = BigGAN(model.config)
        copied.load_state_dict(model.state_dict())
        generator = copied.generator
        for module in generator.modules():
            if hasattr(module, "weight_orig"):
                nn.utils.remove_spectral_norm(module)
        self.channels = 16 * int(model.config.channel_width)
        self.numbered = layers_of(model.config.to_dict())
        self.rewrites = rewrites
        self.gen_z = generator.gen_z
        self.layers = nn.ModuleList(
            _Block(layer, rewrites) if isinstance(layer, GenBlock) else _Attention(layer) for layer in generator.layers
        )
        self.norm = _StandingNorm(generator.bn)
        # The library computes as many channels as the last level has, and shows three.
        weight, bias = generator.conv_to_rgb.weight[:3].detach(), generator.conv_to_rgb.bias[:3].detach()
        self.rgb_weight = nn.Buffer(square_kernel(weight) if rewrites else weight.clone())
        self.rgb_bias = nn.Buffer(bias.repeat_interleave(4) if rewrites else bias.clone())
        self.eval().requires_grad_(False)

    def forward(self, condition: Tensor, step: int, edit: Edit | None = None) -> Tensor:
        """Pictures (B, 3, S, S) in [-1, 1].

        Args:
            condition: code and class embedding side by side: (B, 2·D) for all layers, or (B, layers, 2·D).
            step: of the standing statistics.
            edit: changes maps on the way.
        """
        *_, (_, x) = self.maps(condition, step, edit)
        x = self.norm(x, step, condition)
        if self.rewrites:
            x = F.pixel_shuffle(F.conv2d(x, self.rgb_weight, self.rgb_bias, stride=2, padding=1), 2)
        else:
            x = F.conv2d(x, self.rgb_weight, self.rgb_bias, padding=1)
        return torch.tanh(x)

    def maps(
        self, condition: Tensor, step: int, edit: Edit | None = None, last: int | None = None
    ) -> Iterator[tuple[int, Tensor]]:
        """The number of a layer and its map, as they are computed; that of its attention, if any, comes after it.

        Nothing is computed beyond the layer `last`.
        """
        told = condition.unbind(1) if condition.dim() == 3 else (condition,) * len(self.numbered)
        x = self.gen_z(told[0]).view(-1, 4, 4, self.channels).permute(0, 3, 1, 2)
        number = 0
        x = edit(number, x) if edit else x
        yield number, x
        for layer in self.layers:
            if isinstance(layer, _Block):
                if number == last:
                    return
                number += 1
                # A function of x alone, so that the map can be computed anew.
                run: Callable[[Tensor], Tensor] = functools.partial(_run_block, layer, told[number], step)
            else:
                run = layer
            recomputed = torch.is_grad_enabled() and x.shape[-1] >= _KEPT_SIZE // 2
            x = checkpoint(run, x, use_reentrant=False) if recomputed else run(x)
            x = edit(number, x) if edit else x
            yield number, x


class LayerTap:
    """An `Edit` that changes nothing, and keeps the maps of some layers of every picture.

    Args:
        layers: their numbers.
    """

    def __init__(self, layers: Iterable[int]) -> None:
        self._kept: dict[int, list[Tensor]] = {number: [] for number in layers}
        self._before = -1

    def __call__(self, number: int, x: Tensor) -> Tensor:
        """Keep a map; that of a layer's attention takes the layer's place."""
        if number in self._kept:
            if number == self._before:
                self._kept[number].pop()
            self._kept[number].append(x.float().cpu())
        self._before = number
        return x

    def take(self, number: int) -> Tensor:
        """The maps (N, C, H, W) of a layer, on the CPU, in the order of the pictures; they are forgotten here."""
        kept = torch.cat(self._kept[number])
        self._kept[number].clear()
        return kept


def _run_block(block: _Block, condition: Tensor, step: int, x: Tensor) -> Tensor:
    return block(x, condition, step)
