"""The page: title and tabs."""

from __future__ import annotations

import gradio as gr

from gpunit.ui import prior, styles, translate
from gpunit.ui.shared import Models


def build_page(models: Models) -> gr.Blocks:
    """Build the whole page; nothing is loaded until a visitor needs it."""
    with gr.Blocks(title="GP-UNIT Explorer", analytics_enabled=False, delete_cache=(3600, 86400)) as page:
        gr.Markdown(
            "# GP-UNIT Explorer\nA dog, a bird or a car becomes a cat that keeps its layout: unsupervised "
            "image-to-image translation with a generative prior.",
            elem_id="title",
        )
        with gr.Tabs():
            with gr.Tab("Translate", id="translate"):
                translate.build(page, models)
            with gr.Tab("Styles", id="styles") as tab:
                styles.build(tab, models)
            with gr.Tab("BigGAN prior", id="prior") as tab:
                prior.build(tab, models)
    return page
