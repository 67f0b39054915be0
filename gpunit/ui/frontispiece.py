"""What stands around the tabs: the mark, the line that says what the page is with pictures of it, and "About"."""

from __future__ import annotations

import base64
from pathlib import Path

import gradio as gr

from gpunit.ui.assets import ASSETS
from gpunit.ui.i18n import text
from gpunit.ui.theme import FAVICON

# One photo and what three of the bundled translators draw of it.
_BEFORE, _AFTER = "dog", ("cat", "bird", "car")
_ABOUT = ("what", "paper", "licences", "limits", "examples")


def brand() -> str:
    """The mark and the name, as HTML."""
    return f"{FAVICON.read_text(encoding='utf-8')}<span>GP-UNIT <b>Explorer</b></span>"


def lay_out_hero() -> None:
    """Lay out the sentence, and beside it a photo and its translations."""
    with gr.Row(elem_id="hero", equal_height=False):
        gr.Markdown(text("hero"), elem_id="hero-line")
        after = "".join(_picture(name) for name in _AFTER)
        strip = f"{_picture(_BEFORE)}<i>→</i>{after}"
        gr.HTML(
            text("hero_strip"),
            html_template=f'<div class="strip" role="img" aria-label="${{value}}">{strip}</div>',
            elem_id="hero-strip",
        )


def lay_out_about() -> None:
    """Lay out what the page is, whose work it is made of, and what it cannot do."""
    with gr.Column(elem_id="about"):
        gr.Markdown(text("about_heading"))
        with gr.Row(elem_id="about-parts", equal_height=False):
            for part in _ABOUT:
                gr.Markdown(text(f"about_{part}"))


def _picture(name: str) -> str:
    return f'<img class="{name}" src="{_data_address(ASSETS / f"hero-{name}.jpg")}" alt="" width="128" height="128">'


def _data_address(path: Path) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
