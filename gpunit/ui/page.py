"""The page: title and tabs."""

from __future__ import annotations

from typing import Any

import gradio as gr

from gpunit import zoo
from gpunit.engine.styles import Style
from gpunit.ui.content import model_choices, offered_models
from gpunit.ui.downloading import downloads_allowed
from gpunit.ui.i18n import text
from gpunit.ui.masks import tab as masks_tab
from gpunit.ui.masks.tab import MasksInputs
from gpunit.ui.models import Models
from gpunit.ui.prior import tab as prior_tab
from gpunit.ui.prior.tab import PriorOutputs
from gpunit.ui.server.checks import CheckedBlocks
from gpunit.ui.styles import tab as styles_tab
from gpunit.ui.styles.tab import StylesInputs
from gpunit.ui.translate import tab as translate_tab
from gpunit.ui.translate.tab import Drawn, TranslateParts
from gpunit.zoo.weights import ModelError


def build_page(models: Models) -> gr.Blocks:
    """Build the whole page; nothing is loaded until a visitor needs it.

    Raises:
        ModelError: if there is no translator to offer, here or for download.
    """
    if not model_choices(only_here=not downloads_allowed()):
        raise ModelError(
            f"{zoo.checkpoints_folder()} holds no translator, and downloads are switched off: copy the bundled ones "
            "there, or unset GPUNIT_NO_DOWNLOADS."
        )
    with CheckedBlocks(title="GP-UNIT Explorer", analytics_enabled=False, delete_cache=(600, 7200)) as page:
        gr.Markdown(text("title"), elem_id="title")
        with gr.Tabs() as tabs:
            with gr.Tab(text("tab_translate"), id="translate"):
                translating = translate_tab.build(page, models)
            with gr.Tab(text("tab_styles"), id="styles") as tab:
                styling = styles_tab.build(tab, models)
            with gr.Tab(text("tab_prior"), id="prior") as tab:
                drawing = prior_tab.build(tab, models)
            with gr.Tab(text("tab_masks"), id="masks") as tab:
                masking = masks_tab.build(tab, models)
        _connect(tabs, translating, styling, drawing, masking)
        # A model that was downloaded since this page was built can be chosen in every tab.
        pickers = [styling.model, masking.model]
        for event in (page.load, translating.downloaded.success):
            event(offered_models, pickers, pickers, api_visibility="private", show_progress="hidden")
    return page


def _connect(
    tabs: gr.Tabs,
    translating: TranslateParts,
    styling: StylesInputs,
    drawing: PriorOutputs | None,
    masking: MasksInputs,
) -> None:
    """Let the tabs hand picture, model and style on to one another."""
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    content = [*translating.content.inputs, translating.model]

    # A style goes with what it was drawn for, whatever the controls have been set to since.
    def open_styles(drawn: Drawn | None, chosen: int, *current: Any) -> tuple[Any, ...]:
        *content, model_name = current if drawn is None else drawn.content
        style = None if drawn is None else Style.of(model_name, drawn.styles[chosen])
        return *content, *offered_models(model_name), style, style, gr.Tabs(selected="styles")

    opened = translating.to_styles.click(
        open_styles,
        [translating.drawn, translating.chosen, *content],
        [styling.picture, *styling.crop, styling.model, styling.style, styling.current, tabs],
        **private,
    )
    styling.draw_after(opened)
    translating.to_masks.click(
        lambda *inputs: (*inputs[:-1], *offered_models(inputs[-1]), gr.Tabs(selected="masks")),
        content,
        [masking.picture, *masking.crop, masking.model, tabs],
        **private,
    )
    if drawing is not None:
        drawing.send.click(
            lambda picture: (picture, gr.Tabs(selected="translate")),
            drawing.chosen,
            [translating.content.picture, tabs],
            **private,
        )
