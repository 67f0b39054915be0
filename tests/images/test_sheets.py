from __future__ import annotations

import numpy as np
import pytest

from gpunit.images import CLEAR, GREY_INK, sheet
from tests.conftest import blobs


def luminance(colour: tuple[int, ...]) -> float:
    """As WCAG 2 defines it, in [0, 1]."""
    parts = [part / 255 for part in colour[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_clear_ground_is_white_to_who_knows_no_transparency() -> None:
    rows = [[blobs(0, 16, 16), blobs(1, 16, 16)]]
    clear, white = sheet(rows, 16, ground=CLEAR), sheet(rows, 16)
    assert (clear.mode, white.mode) == ("RGBA", "RGB")
    assert np.array_equal(np.asarray(clear.convert("RGB")), np.asarray(white))
    alpha = np.asarray(clear)[..., 3]
    assert alpha[4:20, 4:20].min() == 255
    assert alpha[:4].max() == 0


@pytest.mark.parametrize("ground", [(255, 255, 255), (22, 20, 23)])
def test_headings_without_a_ground_are_read_on_light_and_dark(ground: tuple[int, int, int]) -> None:
    dark, light = sorted((luminance(GREY_INK), luminance(ground)))
    assert (light + 0.05) / (dark + 0.05) > 4
