"""Style space of a translator: PCA axes, interpolation, grids, layer mixing, and styles as JSON.

The codes of a style bank spread along few directions.  With μ their mean, u_k the unit axes of their PCA and
σ_k the deviations along them, every style is

    s = μ + Σ_k c_k·σ_k·u_k + rest

where the rest is what the axes do not span.  Moving c_k leaves the rest alone, so a style that is moved and
moved back is itself, bit for bit.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import torch
from torch import Tensor

# Axes along which a bank deviates less than this part of the first deviation are rounding errors.
NEGLIGIBLE = 1e-5
# Codes are of the order of 1 to 10; numbers beyond this are a mistake, and would overflow half precision.
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
        axes: u, (K, D): orthonormal, by falling deviation, the largest number of each positive.
        deviations: σ, (K,), in the style's own units.
        shares: (K,), each axis's share of the variance, adding up to 1.
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
        # An axis and its negative are the same axis: without a rule, libraries would disagree on the sign.
        axes = axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()
        variances = deviations.square()
        return cls(mean.float(), axes.float(), deviations.float(), (variances / variances.sum()).float())

    def coordinates(self, styles: Tensor) -> Tensor:
        """c, (..., K) in deviations, of styles (..., D)."""
        return (styles - self.mean) @ self.axes.T / self.deviations

    def moved(self, styles: Tensor, offsets: Tensor) -> Tensor:
        """Styles (..., D) moved along the first k axes by offsets (..., k) in deviations.

        The rest of a style stays; offsets of zero return the styles themselves, bit for bit.
        """
        count = offsets.shape[-1]
        return styles + (offsets * self.deviations[:count]) @ self.axes[:count]


def interpolate(start: Tensor, end: Tensor, count: int) -> Tensor:
    """Styles (count, D) in equal steps from start (D,) to end (D,), both included; count is at least 2."""
    weights = torch.linspace(0, 1, count)
    return torch.lerp(start, end, weights[:, None])


def grid(corners: Tensor, size: int) -> Tensor:
    """Bilinear grid (size, size, D) between four styles.

    Args:
        corners: (4, D): top left, top right, bottom left, bottom right; the grid's corners are these exactly.
        size: rows and columns, at least 2.
    """
    top_left, top_right, bottom_left, bottom_right = corners
    top, bottom = interpolate(top_left, top_right, size), interpolate(bottom_left, bottom_right, size)
    return torch.lerp(top, bottom, torch.linspace(0, 1, size)[:, None, None])


def band(level: int, levels: int) -> int:
    """The band (0 coarse, 1 middle, 2 fine) of one of a generator's levels; the coarser bands take the odd ones."""
    return len(BANDS) * level // levels


def mix(coarse: Tensor, middle: Tensor, fine: Tensor, levels: int) -> Tensor:
    """One style per level, (levels, D), of three styles (D,), for `Translator.render`."""
    by_band = (coarse, middle, fine)
    return torch.stack([by_band[band(level, levels)] for level in range(levels)])


@dataclass(frozen=True)
class Style:
    """A style code and the model that it belongs to: to another model its numbers mean nothing.

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
        """The code (D,) float32, exactly as it was given."""
        return torch.tensor(self.numbers)

    def to_json(self, sha256: str) -> dict[str, object]:
        """The style as JSON's plain values.

        Args:
            sha256: of the model's weights file.
        """
        return {"kind": _JSON_KIND, "model": self.model, "sha256": sha256, "numbers": list(self.numbers)}

    @classmethod
    def from_json(cls, text: str, model: str, sha256: str, length: int) -> Style:
        """Read a style that `to_json` wrote.

        Args:
            text: the JSON.
            model: name of the translator that is to draw it.
            sha256: of that model's weights file.
            length: D, how many numbers its styles have.

        Raises:
            StyleError: if the text is no saved style, or one of another model, length or range.
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
            raise StyleError(f"this style was saved with other weights of {model} than are here; it cannot be drawn.")
        numbers = read.get("numbers")
        if not isinstance(numbers, list) or len(numbers) != length:
            found = len(numbers) if isinstance(numbers, list) else "no"
            raise StyleError(f"a style of {model} has {length} numbers, and this file {found}; save it anew.")
        if not all(type(number) in (int, float) and abs(number) <= MAX_NUMBER for number in numbers):
            raise StyleError(
                f"every number of a style is between ±{MAX_NUMBER:.0f}, and not all here are; save it anew."
            )
        return cls.of(model, torch.tensor(numbers, dtype=torch.float32))
