from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.gpu

pytest.importorskip("gradio")

from gpunit.ui.models import EXAMPLES, Models  # noqa: E402
from gpunit.ui.server.scratch import Scratch  # noqa: E402
from gpunit.ui.styles.actions import MAX_AXES, StyleActions  # noqa: E402


def test_a_slider_of_the_page_draws_on_the_gpu_what_it_draws_on_the_cpu() -> None:
    drawn = []
    for device in ("cuda", "cpu"):
        actions = StyleActions(Models(device), Scratch())
        coordinates = (1.5, *[0.0] * (MAX_AXES - 1))
        _, picture, _ = actions.render_style(str(EXAMPLES[0]), 1.0, 0.5, 0.5, "to-cat", None, *coordinates)
        drawn.append(np.asarray(picture, dtype=float))
    assert np.sqrt(np.mean((drawn[0] - drawn[1]) ** 2)) < 4  # of 255: 36 dB
