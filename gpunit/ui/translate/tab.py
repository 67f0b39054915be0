"""Translate tab: a photo in, translated photos out, by sampled styles or by an exemplar's.  Layout and wiring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from gpunit import zoo
from gpunit.ui.components import heading, picture_input, roll, seed_input, shown_gallery
from gpunit.ui.content import ContentPicker, content_picker
from gpunit.ui.events import COPY_LINK, ON_DEVICE, PRIVATE, QUIET, download_json, endpoint
from gpunit.ui.examples import exemplar_examples, own_exemplar
from gpunit.ui.i18n import text
from gpunit.ui.models import Models, downloads_allowed, model_choices
from gpunit.ui.translate import actions
from gpunit.ui.translate.downloading import DownloadPanel, download_model, download_panel, show_offer
from gpunit.ui.translate.inputs import BY_EXEMPLAR, BY_SAMPLE, MOST_STYLES, MOST_TEMPERATURE


@dataclass(frozen=True)
class TranslateParts:
    """What the page connects with other tabs.

    Attributes:
        content: the picture.
        model: the translator's name.
        rendered: state with the `Rendered` of the gallery, or None.
        chosen: state with the number of the picture that is compared.
        to_styles, to_masks: buttons.
        downloaded: the event after which there may be a model more.
    """

    content: ContentPicker
    model: gr.Dropdown
    rendered: gr.State
    chosen: gr.State
    to_styles: gr.Button
    to_masks: gr.Button
    downloaded: Dependency


@dataclass(frozen=True)
class _StyleControls:
    guidance: gr.Radio
    sampling: gr.Group
    count: gr.Slider
    temperature: gr.Slider
    seed: gr.Number
    dice: gr.Button
    exemplar_group: gr.Group
    exemplar: gr.Image


@dataclass(frozen=True)
class _Results:
    model: gr.Dropdown
    facts: gr.Markdown
    panel: DownloadPanel
    go: gr.Button
    gallery: gr.Gallery
    timing: gr.Markdown
    compare: gr.ImageSlider
    to_styles: gr.Button
    to_masks: gr.Button
    download: gr.DownloadButton


@dataclass(frozen=True)
class _Sections:
    to_all: gr.Button
    targets: gr.Gallery
    nothing_yet: gr.Markdown
    history: gr.Gallery
    again: gr.Button
    pin: gr.Button
    forget: gr.Button
    save: gr.Button
    load: gr.UploadButton
    copy: gr.Button
    link: gr.Textbox
    settings: gr.JSON
    asked: gr.Button
    likeness: gr.JSON


@dataclass(frozen=True)
class _Tab:
    """All parts of the tab, and what its events say and set.

    Attributes:
        inputs: the components of a `TranslationInputs`.
        outputs: what "translate" sets.
        rendered, chosen: states: what made the pictures in the gallery, and which of them is compared.
        history, picked: states: the history, and the number of the entry that was clicked.
    """

    content: ContentPicker
    hint: gr.Markdown
    style: _StyleControls
    results: _Results
    sections: _Sections
    inputs: list[gr.components.Component]
    outputs: list[gr.components.Component]
    rendered: gr.State
    chosen: gr.State
    history: gr.State
    picked: gr.State


def build(page: gr.Blocks, models: Models) -> TranslateParts:
    """Lay out the tab inside the page, which is being built, and wire its events."""
    choices = model_choices(only_here=not downloads_allowed())
    first_model = (model_choices() or choices)[0][1]
    rendered, chosen, picked = gr.State(None), gr.State(0), gr.State(None)
    history: gr.State = gr.State(())

    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            heading("content")
            content = content_picker("", page, models, is_public=True)
            hint = gr.Markdown(elem_classes="hint", elem_id="hint", visible=False)
            style = _lay_out_style()
        with gr.Column(scale=5, min_width=320):
            results = _lay_out_results(choices, first_model)
    with gr.Tabs(elem_id="translate-sections"):
        sections = _lay_out_sections()

    drawing = [style.guidance, style.count, style.seed, style.temperature, style.exemplar]
    inputs = [content.picture, results.model, *content.crop, *drawing]
    outputs = [results.gallery, results.timing, results.compare, results.download, rendered, chosen]
    tab = _Tab(content, hint, style, results, sections, inputs, outputs, rendered, chosen, history, picked)
    _wire_hint(tab, models)
    downloaded = _wire_download(tab)
    _wire_style(tab)
    _wire_translating(tab, models)
    _wire_history(tab, models)
    _wire_sharing(tab, models)
    _wire_link(tab, models, page, [name for _, name in choices], first_model)
    return TranslateParts(content, results.model, rendered, chosen, results.to_styles, results.to_masks, downloaded)


def _lay_out_style() -> _StyleControls:
    exemplars = exemplar_examples()
    heading("style")
    guidance = gr.Radio(
        [(text("by_sample"), BY_SAMPLE), (text("by_exemplar"), BY_EXEMPLAR)],
        value=BY_SAMPLE,
        label=text("guidance"),
        show_label=False,
        container=False,
    )
    with gr.Group() as sampling:
        count = gr.Slider(1, MOST_STYLES, 6, step=1, label=text("count"), info=text("count_info"))
        temperature = gr.Slider(
            0, MOST_TEMPERATURE, 1, step=0.05, label=text("temperature"), info=text("temperature_info")
        )
        seed = seed_input(7, "seed")
        dice = gr.Button(text("new_seed"), size="sm")
    with gr.Group(visible=False) as exemplar_group:
        exemplar = picture_input(
            value=exemplars[0] if exemplars else None, label=text("exemplar"), height=220, elem_id="exemplar"
        )
        gr.Examples(exemplars, exemplar, label=text("exemplar_examples"))
    return _StyleControls(guidance, sampling, count, temperature, seed, dice, exemplar_group, exemplar)


def _lay_out_results(choices: Any, first_model: str) -> _Results:
    model = gr.Dropdown(choices, value=first_model, label=text("model"), info=text("model_info"), elem_id="model")
    facts = gr.Markdown(actions.facts(first_model), elem_classes="quiet")
    panel = download_panel(first_model)
    go = gr.Button(text("translate"), variant="primary", size="lg", elem_id="translate")
    heading("translations")
    gallery = shown_gallery("translations", "gallery", 3, buttons=["download"])
    timing = gr.Markdown(elem_classes="quiet", elem_id="timing")
    compare = gr.ImageSlider(
        label=text("compare"),
        format="png",
        interactive=False,
        elem_id="compare",
        height=320,
        max_height=320,
        type="pil",
        buttons=["download", "fullscreen"],
    )
    with gr.Row():
        to_styles = gr.Button(text("to_styles"), size="sm", elem_id="to-styles")
        to_masks = gr.Button(text("to_masks"), size="sm", elem_id="to-masks")
        download = gr.DownloadButton(text("download_all"), size="sm", elem_id="download")
    return _Results(model, facts, panel, go, gallery, timing, compare, to_styles, to_masks, download)


def _lay_out_sections() -> _Sections:
    with gr.Tab(text("tab_all"), id="all"):
        heading("all")
        to_all = gr.Button(text("all_button"), size="sm", elem_id="to-all")
        targets = _hidden_gallery("all_gallery", "targets", actions.STYLES_A_TARGET)
    with gr.Tab(text("tab_history"), id="history"):
        heading("history")
        nothing_yet = gr.Markdown(text("history_empty"), elem_classes="quiet", elem_id="history-empty")
        history = _hidden_gallery("history", "history", 6)
        with gr.Row():
            again = gr.Button(text("again"), size="sm", elem_id="history-again")
            pin = gr.Button(text("pin"), size="sm", elem_id="history-pin")
            forget = gr.Button(text("forget"), size="sm", elem_id="history-forget")
    with gr.Tab(text("tab_share"), id="share"):
        heading("share")
        with gr.Row():
            save = gr.Button(text("share_save"), size="sm", elem_id="share-save")
            load = gr.UploadButton(
                text("share_load"), file_types=[".json"], size="sm", type="filepath", elem_id="share-load"
            )
            copy = gr.Button(text("share_link"), size="sm", elem_id="share-link")
        link = gr.Textbox(
            label=text("link"),
            info=text("link_info"),
            visible=False,
            interactive=False,
            buttons=["copy"],
            elem_id="link",
        )
        settings = gr.JSON(visible=False)
        # Endpoints that programs ask for and no control of the page does.
        asked, likeness = gr.Button(visible=False), gr.JSON(visible=False)
    return _Sections(
        *(to_all, targets, nothing_yet, history, again, pin, forget),
        *(save, load, copy, link, settings, asked, likeness),
    )


def _hidden_gallery(label: str, elem_id: str, columns: int) -> gr.Gallery:
    """Pictures with captions, hidden until there are some."""
    return shown_gallery(label, elem_id, columns, visible=False, elem_classes="captioned")


def _wire_hint(tab: _Tab, models: Models) -> None:
    content, model, panel = tab.content, tab.results.model, tab.results.panel
    hinted = [*content.inputs, model]
    content.shown.then(endpoint(actions.show_hint, models), hinted, tab.hint, trigger_mode="always_last", **QUIET)
    model.change(endpoint(actions.facts), model, tab.results.facts, **QUIET).then(
        endpoint(show_offer), model, panel.outputs, **QUIET
    ).then(endpoint(actions.show_hint, models), hinted, tab.hint, **QUIET)
    model.input(own_exemplar, [tab.style.exemplar, model], tab.style.exemplar, **QUIET)


def _wire_download(tab: _Tab) -> Dependency:
    # The progress bar lies over the offer; the picker and the line of facts follow once the model is here.
    model, panel = tab.results.model, tab.results.panel
    downloaded: Dependency = panel.button.click(
        endpoint(download_model),
        [model, panel.agreed],
        model,
        api_name="download_model",
        concurrency_limit=1,
        show_progress_on=panel.offer,
    )
    downloaded.success(endpoint(actions.facts), model, tab.results.facts, **QUIET).success(
        endpoint(show_offer), model, panel.outputs, **QUIET
    )
    return downloaded


def _wire_style(tab: _Tab) -> None:
    style = tab.style
    style.guidance.change(
        lambda choice: (gr.Group(visible=choice == BY_SAMPLE), gr.Group(visible=choice == BY_EXEMPLAR)),
        style.guidance,
        [style.sampling, style.exemplar_group],
        **QUIET,
    )
    roll(style.dice, style.seed)


def _wire_translating(tab: _Tab, models: Models) -> None:
    content, style, results, sections = tab.content, tab.style, tab.results, tab.sections
    results.go.click(
        endpoint(actions.translate, models), tab.inputs, tab.outputs, api_name="translate", **ON_DEVICE
    ).success(
        endpoint(actions.remember),
        [tab.history, results.compare, tab.rendered],
        [tab.history, sections.history, sections.nothing_yet],
        **QUIET,
    )
    results.gallery.select(
        endpoint(actions.pick), [results.gallery, results.compare], [results.compare, tab.chosen], **QUIET
    )
    sections.to_all.click(
        endpoint(actions.translate_to_all, models),
        [*content.inputs, style.seed, style.temperature],
        sections.targets,
        api_name="translate_to_all",
        show_progress_on=sections.to_all,
        **ON_DEVICE,
    )
    sections.asked.click(
        endpoint(actions.domain_likeness, models),
        content.inputs,
        sections.likeness,
        api_name="domain_likeness",
        **ON_DEVICE,
    )


def _wire_history(tab: _Tab, models: Models) -> None:
    sections = tab.sections
    listing = [tab.history, sections.history, sections.nothing_yet]
    sections.history.select(endpoint(actions.choose), tab.history, tab.picked, **QUIET)
    sections.pin.click(endpoint(actions.turn_pin), [tab.history, tab.picked], listing, **QUIET)
    sections.forget.click(endpoint(actions.forget_all_but_pinned), tab.history, listing, **QUIET)
    recalled = sections.again.click(endpoint(actions.recall), [tab.history, tab.picked], tab.inputs, **QUIET)
    recalled.success(endpoint(actions.translate, models), tab.inputs, tab.outputs, **PRIVATE, **ON_DEVICE)


def _wire_sharing(tab: _Tab, models: Models) -> None:
    sections, made = tab.sections, [tab.rendered, *tab.inputs]
    sections.asked.click(endpoint(actions.save_settings), tab.inputs, sections.settings, api_name="save_settings")
    sections.save.click(endpoint(actions.save_shown), made, sections.settings, **PRIVATE).success(
        None, sections.settings, None, js=download_json("translation-${value.model}"), **PRIVATE
    )
    sections.copy.click(endpoint(actions.link_shown), made, sections.link, **QUIET).success(
        None, sections.link, sections.link, js=COPY_LINK, **PRIVATE
    )
    loaded = sections.load.upload(endpoint(actions.load_settings), sections.load, tab.inputs, api_name="load_settings")
    loaded.success(endpoint(actions.translate, models), tab.inputs, tab.outputs, **PRIVATE, **ON_DEVICE)


def _wire_link(tab: _Tab, models: Models, page: gr.Blocks, offered: list[str], first_model: str) -> None:
    opened = page.load(
        endpoint(actions.open_link, offered),
        tab.sections.link,
        tab.inputs,
        js="() => [window.location.search.slice(1)]",
        **QUIET,
    )
    if zoo.find(first_model).is_here:
        opened.then(endpoint(actions.translate, models), tab.inputs, tab.outputs, **PRIVATE, **ON_DEVICE)
