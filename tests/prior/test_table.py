"""What the table says of the pretrained BigGANs, next to the library's own classes."""

from __future__ import annotations

import pytest
import torch
from pytorch_pretrained_biggan import BigGAN, BigGANConfig

from gpunit.prior.table import PRETRAINED, config_of, layers_of


@pytest.mark.parametrize("name", PRETRAINED)
def test_size_and_layers_are_those_of_the_librarys_model(name: str) -> None:
    config = BigGANConfig(**config_of(name))
    with torch.device("meta"):  # shapes alone
        model = BigGAN(config)
    stored = sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())
    assert round(stored / 1e6) == PRETRAINED[name].megabytes
    layers = layers_of(config.to_dict())
    assert layers[-1].size == PRETRAINED[name].resolution == config.output_dim


def test_the_smallest_one_is_the_librarys_default() -> None:
    blocks = [list(block) for block in BigGANConfig().layers]
    assert config_of("biggan-deep-128") == {"output_dim": 128, "layers": blocks}
