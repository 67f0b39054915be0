"""Directions of a prior's codes along which its pictures change most: principal axes, as GANSpace finds them.

Härkönen, Hertzmann, Lehtinen and Paris, "GANSpace: Discovering Interpretable GAN Controls", NeurIPS 2020: the principal
components of an early layer's activations for many codes, and for each the direction of z that moves it.  BigGAN's
first layer is linear in z, so its components need no samples: they are the right singular vectors of its weights.  For
later layers, activations of sampled codes are decomposed, and z is regressed on the components.

An axis is found once per prior and kept on disk, under the sha256 of the prior's weights.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gpunit import settings
from gpunit.prior.biggan import LatentCodes, Prior
from gpunit.prior.classes import PriorError
from gpunit.zoo.weights import ModelError, read_weights, write_weights

MOST_AXES = 24
SAMPLED_CODES = 256
_SAMPLED_CLASSES = 16
# Activations of larger maps would not fit a small machine.
_LARGEST_MAP = 8
_MOVE = re.compile(r"(?P<axis>\d+):(?P<amount>[+-]?[0-9.]+)(?:@(?P<first>\d+)(?:-(?P<last>\d+))?)?")


@dataclass(frozen=True)
class Axes:
    """Principal axes of a layer's activations.

    Attributes:
        directions: (K, D), of length 1: an amount of 1 moves a code by one standard deviation.
        shares: (K,), of the activations' variance.
        layer: number of the layer.
    """

    directions: Tensor
    shares: Tensor
    layer: int

    def __len__(self) -> int:
        return len(self.directions)


@dataclass(frozen=True)
class Move:
    """How far a code goes along an axis, and in which layers.

    Attributes:
        axis: number of the axis, counted from 1.
        amount: in standard deviations of a code.
        first: the first layer that is told the moved code.
        last: the last one; None for the generator's last.
        name: what the user calls the axis.
    """

    axis: int
    amount: float = 0.0
    first: int = 0
    last: int | None = None
    name: str = ""


def find_axes(prior: Prior, layer: int = 0, seed: int = 0) -> Axes:
    """Find the principal axes of a layer's activations for the code.

    Args:
        prior: whose.
        layer: 0 is the first, which is linear; later ones up to 8x8 are sampled, over 16 classes at most.
        seed: of the sampled codes.

    Raises:
        PriorError: for a layer that is missing or larger than 8x8.
    """
    small = [each.number for each in prior.layers if each.size <= _LARGEST_MAP]
    if layer not in small:
        raise PriorError(f"axes are found in layers 0 to {small[-1]}, not {layer}.")
    count = min(MOST_AXES, prior.latent_dim)
    if layer == 0:
        weight = prior.first_weight().double()
        variances, vectors = torch.linalg.eigh(weight.T @ weight)
        directions, variances = vectors.T.flip(0), variances.flip(0)
        return Axes(_signed(directions[:count]).float(), (variances / variances.sum())[:count].float(), layer)
    latents = prior.latents(SAMPLED_CODES, seed)
    # Several codes of each class: of one alone, nothing is left beside the class's mean.
    sampled = min(len(prior.class_names), _SAMPLED_CLASSES)
    classes = torch.arange(SAMPLED_CODES) % sampled * (len(prior.class_names) // sampled)
    features = prior.features(latents, classes.tolist(), layer=layer).flatten(1)
    for label in classes.unique():  # the code's part alone
        mine = classes == label
        features[mine] -= features[mine].mean(0)
    gram = (features @ features.T).double()
    variances, vectors = torch.linalg.eigh(gram)
    places = vectors.T.flip(0)[:count]  # the codes' places along each component
    found = torch.nn.functional.normalize(places @ latents.codes.double(), dim=1)
    shares = variances.flip(0)[:count].clamp_min(0) / gram.trace()
    return Axes(_signed(found).float(), shares.float(), layer)


def kept_axes(prior: Prior, fingerprint: str, layer: int = 0) -> Axes:
    """The axes of a prior as they were found before, or found now and kept.

    Args:
        prior: whose.
        fingerprint: sha256 of its weights.
        layer: see `find_axes`.

    Raises:
        PriorError: as `find_axes`.
    """
    path = settings.cache_folder() / f"axes-{fingerprint[:32]}-{layer}.safetensors"
    with suppress(ModelError, KeyError):
        tensors, _ = read_weights(path)
        if tensors["directions"].shape == (len(tensors["shares"]), prior.latent_dim):
            return Axes(tensors["directions"], tensors["shares"], layer)
    axes = find_axes(prior, layer)
    with suppress(OSError):  # they are found again where nothing can be kept
        header = {"kind": "axes", "prior": fingerprint}
        write_weights(path, {"directions": axes.directions, "shares": axes.shares}, header, half=False)
    return axes


def moved(latents: LatentCodes, axes: Axes, moves: Sequence[Move], layers: int) -> LatentCodes:
    """Codes moved along axes.

    Args:
        latents: the codes.
        axes: of the same prior.
        moves: all of them are made.
        layers: how many the prior has.

    Returns:
        Codes (N, D), or (N, layers, D) where a move or a code is not the same for all layers.

    Raises:
        PriorError: for an axis or a layer that is not there.
    """
    for move in moves:
        if not 1 <= move.axis <= len(axes):
            raise PriorError(f"there are axes 1 to {len(axes)}, not {move.axis}.")
        if not 0 <= move.first <= (layers - 1 if move.last is None else move.last) < layers:
            raise PriorError(f"an axis' layers go from 0 to {layers - 1}, not {move.first} to {move.last}.")
    made = [move for move in moves if move.amount]
    if latents.codes.dim() == 2 and all(move.first == 0 and move.last in (None, layers - 1) for move in made):
        shift = sum(
            (move.amount * axes.directions[move.axis - 1] for move in made), torch.zeros(latents.codes.shape[1])
        )
        return LatentCodes(latents.codes + shift, latents.truncation)
    codes = latents.codes.clone() if latents.codes.dim() == 3 else latents.codes[:, None].repeat(1, layers, 1)
    for move in made:
        last = layers - 1 if move.last is None else move.last
        codes[:, move.first : last + 1] += move.amount * axes.directions[move.axis - 1]
    return LatentCodes(codes, latents.truncation)


def read_move(text: str) -> Move:
    """A move as it is written: axis:amount, and the layers if not all of them.

    >>> read_move("3:-1.5@0-4")
    Move(axis=3, amount=-1.5, first=0, last=4, name='')

    Raises:
        PriorError: for anything else.
    """
    found = _MOVE.fullmatch(text.strip())
    with suppress(ValueError):
        if found:
            first, last = found["first"], found["last"] or found["first"]
            return Move(
                int(found["axis"]), float(found["amount"]), int(first or 0), None if last is None else int(last)
            )
    raise PriorError(f"{text!r} is no move along an axis; write such as 3:1.5 or 3:1.5@0-4.")


def moves_as_json(moves: Sequence[Move], layer: int, prior: str) -> dict[str, Any]:
    """Moves with the axes' names, to be saved and shared."""
    return {"kind": "axes", "prior": prior, "layer": layer, "axes": [asdict(move) for move in moves]}


def moves_from_json(value: Any) -> tuple[list[Move], int]:
    """Moves, and the layer that their axes are of, as `moves_as_json` wrote them.

    Raises:
        PriorError: for anything else.
    """
    try:
        if value["kind"] != "axes":
            raise KeyError
        return [_from_json(each) for each in value["axes"]], int(value["layer"])
    except (KeyError, TypeError, ValueError):
        raise PriorError("the file holds no axes; give one that was saved here.") from None


def read_moves(path: Path) -> tuple[list[Move], int]:
    """Moves of a file, and their layer.

    Raises:
        PriorError: if it holds anything else.
        OSError: if it cannot be read.
    """
    try:
        return moves_from_json(json.loads(path.read_bytes()))
    except (ValueError, RecursionError) as error:
        if isinstance(error, PriorError):
            raise
        raise PriorError(f"{path.name} holds no axes; give a file that was saved here.") from None


def _from_json(value: Mapping[str, Any]) -> Move:
    last = value.get("last")
    amount = float(value.get("amount", 0.0))
    if not abs(amount) <= 100:
        raise ValueError
    name = str(value.get("name", ""))[:40]
    return Move(int(value["axis"]), amount, int(value.get("first", 0)), None if last is None else int(last), name)


def _signed(directions: Tensor) -> Tensor:
    """The sign of an axis is arbitrary: its largest number is made positive, on every machine alike."""
    largest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    return directions * largest.sign()
