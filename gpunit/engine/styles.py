"""Style space of a translator: PCA axes, interpolation, grids, layer mixing, and styles as JSON.

The codes of a style bank spread along few directions.  With μ their mean, u_k the unit axes of their PCA and
σ_k the standard deviations along them, every style is

    s = μ + Σ_k c_k·σ_k·u_k + rest

where the rest is what the axes do not span.  Moving a style along the axes changes the c_k and keeps the rest, so
offsets of zero return it bit for bit.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import torch
from torch import Tensor

# Axes with a deviation below this share of the first one's are rounding errors.
NEGLIGIBLE = 1e-5
# Codes are of the order of 1 to 10; numbers beyond this limit are a mistake, and would overflow half precision.
MAX_NUMBER = 1e4
BANDS = ("coarse", "middle", "fine")
_JSON_KIND = "GP-UNIT style"


class StyleError(ValueError):
    """A style that cannot be used; the message says why and what to do, in one sentence."""


@dataclass(frozen=True)
class StyleSpace:
    """PCA of a style bank, on the CPU.

    Attributes:
        mean: μ, (D,).
        axes: u, (K, D): orthonormal, in the order of falling deviation, the largest entry of each positive.
        deviations: σ, (K,), standard deviations in the units of a style code.
        shares: (K,), each axis's share of the variance; they add up to 1.
    """

    mean: Tensor
    axes: Tensor
    deviations: Tensor
    shares: Tensor

    @classmethod
    def of(cls, bank: Tensor) -> StyleSpace:
        """The space of a style bank (N, D), N at least 2; K is the bank's rank, at most min(N - 1, D)."""
        codes = bank.detach().cpu().double()
        mean = codes.mean(0)
        _, singular, axes = torch.linalg.svd(codes - mean, full_matrices=False)
        deviations = singular / math.sqrt(len(codes) - 1)
        kept = deviations > NEGLIGIBLE * deviations[0]
        axes, deviations = axes[kept], deviations[kept]
        # The sign of an axis is arbitrary, and differs between linear algebra libraries.
        axes = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()
        variances = deviations.square()
        return cls(mean.float(), axes.float(), deviations.float(), (variances / variances.sum()).float())

    def coordinates(self, styles: Tensor) -> Tensor:
        """Coordinates c, (..., K) in standard deviations, of styles (..., D)."""
        return (styles - self.mean) @ self.axes.T / self.deviations

    def moved(self, styles: Tensor, offsets: Tensor) -> Tensor:
        """Styles (..., D) moved along the first k axes by offsets (..., k) in standard deviations.

        The rest of a style stays; offsets of zero return the same styles bit for bit.
        """
        count = offsets.shape[-1]
        return styles + (offsets * self.deviations[:count]) @ self.axes[:count]


def interpolate(start: Tensor, end: Tensor, count: int) -> Tensor:
    """Styles (count, D) in equal steps from start (D,) to end (D,), both included; count is at least 2.

    Examples:
        >>> interpolate(torch.tensor([0.0, 4.0]), torch.tensor([1.0, 0.0]), 3).tolist()
        [[0.0, 4.0], [0.5, 2.0], [1.0, 0.0]]
    """
    weights = torch.linspace(0, 1, count)
    return torch.lerp(start, end, weights[:, None])


def grid(corners: Tensor, size: int) -> Tensor:
    """Bilinear grid (size, size, D) between four styles.

    Args:
        corners: (4, D): top left, top right, bottom left, bottom right; the grid has them at its corners exactly.
        size: rows and columns, at least 2.
    """
    top_left, top_right, bottom_left, bottom_right = corners
    top, bottom = interpolate(top_left, top_right, size), interpolate(bottom_left, bottom_right, size)
    return torch.lerp(top, bottom, torch.linspace(0, 1, size)[:, None, None])


def band(level: int, levels: int) -> int:
    """The band of one of a generator's levels, an index into `BANDS`; a remainder goes to the coarser bands.

    Examples:
        >>> [BANDS[band(level, 5)] for level in range(5)]
        ['coarse', 'coarse', 'middle', 'middle', 'fine']
    """
    return len(BANDS) * level // levels


def mix(coarse: Tensor, middle: Tensor, fine: Tensor, levels: int) -> Tensor:
    """Layer mixing: one style per level, (levels, D), from one style (D,) per band, for `Translator.render`."""
    by_band = (coarse, middle, fine)
    return torch.stack([by_band[band(level, levels)] for level in range(levels)])


@dataclass(frozen=True)
class Style:
    """A style code and the only model that understands it.

    Attributes:
        model: the translator's name.
        numbers: the code, D numbers.
    """

    model: str
    numbers: tuple[float, ...]

    @classmethod
    def of(cls, model: str, code: Tensor) -> Style:
        """The style of a code (D,) or (1, D)."""
        return cls(model, tuple(code.flatten().tolist()))

    @property
    def code(self) -> Tensor:
        """The code (D,) float32, bit for bit as it was given."""
        return torch.tensor(self.numbers)

    def to_json(self, sha256: str) -> dict[str, object]:
        """The style as a dictionary that `json.dumps` takes.

        Args:
            sha256: digest of the model's weights file, which the numbers belong to.
        """
        return {"kind": _JSON_KIND, "model": self.model, "sha256": sha256, "numbers": list(self.numbers)}

    @classmethod
    def from_json(cls, text: str | bytes, model: str, sha256: str, length: int) -> Style:
        """Read a style that `to_json` wrote.

        Args:
            text: the JSON; as bytes, in UTF-8, UTF-16 or UTF-32, with a byte-order mark or without.
            model: name of the translator that will render it.
            sha256: digest of that model's weights file.
            length: D, the length of its style codes.

        Raises:
            StyleError: if the text is not a saved style, or is one of another model, length or range.
        """
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict) or read.get("kind") != _JSON_KIND:
            raise StyleError("this is not a saved style; give a JSON file that the Styles tab wrote.")
        if read.get("model") != model:
            raise StyleError(
                f"this style belongs to the model {read.get('model')!r}, not to {model}; choose that model."
            )
        if read.get("sha256") != sha256:
            raise StyleError(f"this style was saved with other weights of {model}; it cannot be rendered here.")
        numbers = read.get("numbers")
        if not isinstance(numbers, list) or len(numbers) != length:
            found = len(numbers) if isinstance(numbers, list) else "no"
            raise StyleError(f"a style of {model} has {length} numbers, and this file {found}; save it anew.")
        if not all(type(number) in (int, float) and abs(number) <= MAX_NUMBER for number in numbers):
            raise StyleError(
                f"every number of a style is between ±{MAX_NUMBER:.0f}, and not all here are; save it anew."
            )
        return cls.of(model, torch.tensor(numbers, dtype=torch.float32))
