"""The networks compute the same function on a GPU as on the CPU, and have the same gradients: exactly, in float64."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gpunit.networks.blocks import ConvBlock
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.discriminator import Discriminator, DiscriminatorParams
from gpunit.networks.distiller import AppearanceEncoder, Decoder, DistillerParams
from gpunit.networks.generator import Generator
from gpunit.networks.normalisation import normalise
from gpunit.networks.projected_discriminator import ProjectedDiscriminator, ProjectedDiscriminatorParams
from tests.conftest import TINY, TINY_DISTILLATION

pytestmark = pytest.mark.gpu


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


class Translation(nn.Module):
    """E_c and G in one."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.generator = ContentEncoder(TINY.content_encoder), Generator(TINY.generator)

    def forward(self, picture: Tensor, style: Tensor) -> Tensor:
        return self.generator(self.encoder(picture), style)[0]


class Distillation(nn.Module):
    """E_c, E_s and F of stage I in one."""

    def __init__(self, params: DistillerParams) -> None:
        super().__init__()
        self.encoder = ContentEncoder(TINY.content_encoder)
        self.appearance, self.decoder = AppearanceEncoder(params), Decoder(params)

    def forward(self, picture: Tensor) -> Tensor:
        label = torch.arange(len(picture), device=picture.device)
        return self.decoder(self.encoder(picture).content, self.appearance(picture), label)


class Judging(nn.Module):
    """The logits of a projected discriminator with classes, on given features."""

    def __init__(self) -> None:
        super().__init__()
        self.discriminator = ProjectedDiscriminator(
            ProjectedDiscriminatorParams(mixed_width=8, head_width=8, classes=2, pixel_width=4), strides=(2, 4)
        )

    def forward(self, picture: Tensor, at_2: Tensor, at_4: Tensor) -> Tensor:
        label = torch.arange(len(picture), device=picture.device)
        logits = self.discriminator({1: picture, 2: at_2, 4: at_4}, label).logits
        return torch.cat([each.flatten() for each in logits])


CASES: dict[str, tuple[Callable[[], nn.Module], tuple[Tensor, ...], float]] = {
    "block": (lambda: ConvBlock(3, 4), (noise(2, 3, 40, 40),), 1e-9),
    "translation": (Translation, (noise(2, 3, 64, 64), noise(2, 8, seed=1)), 1e-9),
    "distillation": (lambda: Distillation(TINY_DISTILLATION.distiller), (noise(2, 3, 64, 64),), 1e-5),
    "discriminator": (
        lambda: nn.Sequential(Discriminator(DiscriminatorParams(widths=(4, 8, 8, 8, 8), style_layer=3))),
        (noise(2, 3, 64, 64),),
        1e-9,
    ),
    # The logits and the deviation of the batch are fp32 whatever the features are.
    "projected discriminator": (Judging, (noise(2, 3, 16, 16), noise(2, 16, 8, 8), noise(2, 24, 4, 4)), 1e-4),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
def test_outputs_and_gradients_agree(name: str, layout: torch.memory_format) -> None:
    make, inputs, tolerance = CASES[name]
    torch.manual_seed(0)
    here = make().double()
    there = copy.deepcopy(here).to("cuda").to(memory_format=layout)
    results = []
    for network, device in ((here, "cpu"), (there, "cuda")):
        given = [x.to(device) for x in inputs]
        if layout is torch.channels_last and device == "cuda":
            given = [x.contiguous(memory_format=layout) if x.dim() == 4 else x for x in given]
        output = network(*given)
        output = output[0] if isinstance(output, tuple) else output
        weight = torch.linspace(-1, 1, output.numel(), dtype=output.dtype, device=device).reshape(output.shape)
        gradients = torch.autograd.grad((output * weight).sum(), [*network.parameters()], allow_unused=True)
        results.append([output, *(gradient for gradient in gradients if gradient is not None)])
    for got, expected in zip(results[1], results[0], strict=True):
        close = tolerance * max(1.0, float(expected.abs().max()))
        torch.testing.assert_close(got.cpu(), expected, atol=close, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_maps_in_channels_last_are_normalised_in_any_format(dtype: torch.dtype) -> None:
    x = noise(2, 6, 32, 32).to("cuda", dtype).contiguous(memory_format=torch.channels_last)
    y, _ = normalise(x)
    assert y.is_contiguous(memory_format=torch.channels_last)
    expected, _ = normalise(x.cpu().double().contiguous())
    torch.testing.assert_close(y.cpu().double(), expected, atol=0.03, rtol=0)
