from __future__ import annotations

import re

from gpunit.ui import theme

MEDIA = re.compile(r"@media[^{]+\{((?:[^{}]*\{[^{}]*\})*)\s*\}")
SELECTOR = re.compile(r"([^{}]+)\{[^{}]*\}")


def test_rules_for_some_screens_name_what_gradio_leaves_in_reach() -> None:
    """Inside @media Gradio puts every selector below `.contain`."""
    inside = [each[1].strip() for block in MEDIA.finditer(theme.style_sheet()) for each in SELECTOR.finditer(block[1])]
    assert len(inside) > 20
    assert [selector for selector in inside if re.search(r"gradio-container|\.app\b|:root|\bbody\b", selector)] == []
