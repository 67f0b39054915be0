"""The two files of a BigGAN in the library's layout: read, and checked tensor by tensor."""

from __future__ import annotations

import json
from pathlib import Path

from pytorch_pretrained_biggan import BigGAN, BigGANConfig

from gpunit.imagenet import CLASS_NAMES
from gpunit.prior.classes import PriorError
from gpunit.zoo.weights import fill, read_pickle


def build_biggan(config_path: Path, weights_path: Path) -> tuple[BigGAN, tuple[str, ...]]:
    """The library's model of a config and weights, checked tensor by tensor, and its class names.

    Raises:
        PriorError: if the config is not a BigGAN's.
        ModelError: if the weights are damaged, or do not fit the config.
    """
    try:
        settings = json.loads(config_path.read_bytes())
        config = BigGANConfig.from_dict(settings)
        model = BigGAN(config)
    except (ValueError, KeyError, TypeError) as error:
        raise PriorError(f"{config_path} is not a BigGAN's config ({error}); restore it.") from None
    tensors = read_pickle(weights_path)
    fill(model, tensors, weights_path)
    names = settings.get("class_names") or (CLASS_NAMES if config.num_classes == len(CLASS_NAMES) else None)
    if names is None:
        names = [f"class {i}" for i in range(config.num_classes)]
    return model.eval(), tuple(names)
