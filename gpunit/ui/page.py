"""The page: title and tabs."""

from __future__ import annotations

from typing import Any

import gradio as gr

from gpunit import zoo
from gpunit.engine.styles import Style
from gpunit.ui.events import IN_BROWSER, ON_DEVICE, QUIET, endpoint
from gpunit.ui.frontispiece import brand, lay_out_about, lay_out_hero
from gpunit.ui.i18n import text
from gpunit.ui.masks import tab as masks_tab
from gpunit.ui.masks.tab import MasksInputs
from gpunit.ui.models import Models, downloads_allowed, model_choices, offered_models
from gpunit.ui.prior import tab as prior_tab
from gpunit.ui.prior.tab import PriorOutputs
from gpunit.ui.server.checks import CheckedBlocks
from gpunit.ui.styles import tab as styles_tab
from gpunit.ui.styles.tab import StylesInputs
from gpunit.ui.theme import TITLE
from gpunit.ui.translate import restoring
from gpunit.ui.translate import tab as translate_tab
from gpunit.ui.translate.inputs import Rendered
from gpunit.ui.translate.restoring import Dropped
from gpunit.ui.translate.tab import TranslateParts
from gpunit.zoo.weights import ModelError


def build_page(models: Models, allows_live: bool = True) -> gr.Blocks:
    """Build the whole page; nothing is loaded until a visitor needs it.

    Args:
        models: hold what is loaded.
        allows_live: whether visitors may have their webcam's stream translated.

    Raises:
        ModelError: if there is no translator to offer, here or for download.
    """
    if not model_choices(only_here=not downloads_allowed()):
        raise ModelError(
            f"{zoo.checkpoints_folder()} holds no translator, and downloads are switched off: copy the bundled ones "
            "there, or unset GPUNIT_NO_DOWNLOADS."
        )
    # Files are swept away by `Server`, not by Gradio's own clean-up (see `scratch`).
    with CheckedBlocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        gr.HTML(brand(), elem_id="brand")
        with gr.Tabs(elem_id="tabs") as tabs:
            with gr.Tab(text("tab_translate"), id="translate") as tab:
                lay_out_hero()
                translate = translate_tab.build(page, models, allows_live)
                translate.content.carry_on(tab)
            with gr.Tab(text("tab_styles"), id="styles") as tab:
                styles = styles_tab.build(tab, models)
            with gr.Tab(text("tab_prior"), id="prior") as tab:
                prior = prior_tab.build(tab, models)
            with gr.Tab(text("tab_masks"), id="masks") as tab:
                masks = masks_tab.build(tab, models)
        lay_out_about()
        _connect(models, tabs, translate, styles, prior, masks)
        # A model that was downloaded since this page was built can be chosen in every tab.
        pickers = [styles.model, masks.model]
        for event in (page.load, *(download.success for download in translate.downloaded)):
            event(offered_models, pickers, pickers, **QUIET)
    return page


def _connect(
    models: Models,
    tabs: gr.Tabs,
    translate: TranslateParts,
    styles: StylesInputs,
    prior: PriorOutputs | None,
    masks: MasksInputs,
) -> None:
    """Let the tabs hand picture, model and style on to one another."""
    made = [translate.rendered, translate.chosen, *translate.content.inputs, translate.model]
    styles.show_after(translate.to_styles.click(open_styles, made, [*styles.taken, tabs], **QUIET))
    masks.show_after(translate.to_masks.click(open_masks, made, [*masks.taken, tabs], **QUIET))
    for button, tab, opening in (
        (translate.entry_to_styles, styles, open_entry_in_styles),
        (translate.entry_to_masks, masks, open_entry_in_masks),
    ):
        event = button.click(
            endpoint(opening, models),
            translate.recalling,
            [*tab.taken, tabs],
            js="(entry, dropped) => [gpunit.history.chosen(), dropped]",
            **QUIET,
            **ON_DEVICE,
        )
        tab.show_after(event)
    others = [styles.picture, *styles.crop, masks.picture, *masks.crop]
    translate.linked.then(
        None,
        [*translate.content.inputs, *others],
        others,
        js="(...contents) => gpunit.place.spread(...contents)",
        **IN_BROWSER,
    )
    if prior is not None:
        prior.send.click(
            lambda picture: (picture, 1, 0.5, 0.5, gr.Tabs(selected="translate")),
            prior.chosen,
            [*translate.content.inputs, tabs],
            **QUIET,
        )


def open_styles(rendered: Rendered | None, chosen: int, *current: Any) -> tuple[Any, ...]:
    """Hand a translation's style to the Styles tab, with the picture and model that it was made of.

    Args:
        rendered: what made the translations in the gallery.
        chosen: number of the translation that is compared.
        current: picture, zoom, across, down and model as the controls have them, where nothing was rendered yet.
    """
    *source, style = _handed_on(rendered, chosen, *current)
    return *source, style, style, gr.Tabs(selected="styles")


def open_masks(rendered: Rendered | None, chosen: int, *current: Any) -> tuple[Any, ...]:
    """`open_styles` for the Skip masks tab."""
    return *_handed_on(rendered, chosen, *current), gr.Tabs(selected="masks")


def open_entry_in_styles(models: Models, entry: Any, dropped: Dropped) -> tuple[Any, ...]:
    """`open_styles` for an entry of the history."""
    *content, model_name, style = restoring.hand_on(models, entry, dropped)
    return *content, *offered_models(model_name), style, style, gr.Tabs(selected="styles")


def open_entry_in_masks(models: Models, entry: Any, dropped: Dropped) -> tuple[Any, ...]:
    """`open_masks` for an entry of the history."""
    *content, model_name, style = restoring.hand_on(models, entry, dropped)
    return *content, *offered_models(model_name), style, gr.Tabs(selected="masks")


def _handed_on(rendered: Rendered | None, chosen: int, *current: Any) -> tuple[Any, ...]:
    """Picture, zoom, across, down, model and style."""
    *content, model_name = current
    style = None
    if rendered is not None:
        made = rendered.inputs
        content, model_name = [made.path, made.zoom, made.across, made.down], made.model_name
        style = Style.of(model_name, rendered.styles[chosen])
    return *content, *offered_models(model_name), style
