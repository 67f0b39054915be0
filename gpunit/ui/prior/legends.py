"""Legends of the maps that stand under a grid's pictures."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from gpunit.ui.i18n import notice
from gpunit.ui.prior.maps import CONTENT, INSTANCE, SHAPE

# Ends and middles of the colours that the maps are drawn in: viridis, and grey.
_VIRIDIS = "linear-gradient(90deg, #440154, #3b528b, #21918c, #5ec962, #fde725)"
_GREY = "linear-gradient(90deg, #000, #fff)"
_SCALES = {
    CONTENT: (_VIRIDIS, "low", "high"),
    SHAPE: (_GREY, "ground", "object"),
    INSTANCE: (_GREY, "ground", "object"),
}
_SENTENCES = {CONTENT: "content", SHAPE: "shape", INSTANCE: "instance"}


def show_legend(below: str) -> Any:
    """The scale of a map's colours and what it is, as HTML; hidden where there is no map."""
    if below not in _SCALES:
        return gr.update(value="", visible=False)
    colours, first, last = _SCALES[below]
    ends = (escape(notice(f"legend_{key}")) for key in (first, last))
    scale = f'<i style="background: {colours}" role="presentation"></i>'.join(f"<span>{end}</span>" for end in ends)
    sentence = escape(notice(f"legend_{_SENTENCES[below]}"))
    html = f'<div class="legend"><span class="scale">{scale}</span><span>{sentence}</span></div>'
    return gr.update(value=html, visible=True)
