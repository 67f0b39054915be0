"""Films, on the small prior that is bundled."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpunit.ui.models import PRIORS, Models
from gpunit.ui.prior import filming

NAME = PRIORS[0]
CLASSES = ["cat", "dog"]


@pytest.mark.parametrize(("kind", "begin"), [("GIF", b"GIF8"), ("MP4", b"ftyp")])
def test_a_film_is_a_file(models: Models, kind: str, begin: bytes) -> None:
    gif, video, file = filming.make_film(models, NAME, CLASSES, 0.7, 3, [], "classes", 1, 8, kind)
    assert begin in Path(file["value"]).read_bytes()[:12]
    assert (gif["visible"], video["visible"]) == (kind == "GIF", kind == "MP4")
