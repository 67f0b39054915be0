from __future__ import annotations

import numpy as np
import pytest

pytestmark = pytest.mark.gpu

pytest.importorskip("gradio")

from gpunit.ui.content import Content  # noqa: E402
from gpunit.ui.examples import EXAMPLES  # noqa: E402
from gpunit.ui.models import Models  # noqa: E402
from gpunit.ui.styles.actions import render_style  # noqa: E402


def test_a_slider_of_the_page_renders_on_the_gpu_what_it_renders_on_the_cpu() -> None:
    rendered = []
    for device in ("cuda", "cpu"):
        _, picture, _ = render_style(Models(device), Content(str(EXAMPLES[0])), "to-cat", None, 1.5)
        rendered.append(np.asarray(picture, dtype=float))
    assert np.sqrt(np.mean((rendered[0] - rendered[1]) ** 2)) < 4  # of 255: 36 dB
