"""The Translate tab's parts and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from gpunit.ui.components import heading, picture_input, seed_input, shown_gallery
from gpunit.ui.content import ContentPicker
from gpunit.ui.examples import exemplar_examples
from gpunit.ui.i18n import text
from gpunit.ui.signing import signing_switch
from gpunit.ui.thumbnails import example_choice, one_for_each_target, target_choice
from gpunit.ui.translate import actions, from_hub
from gpunit.ui.translate.downloading import DownloadPanel, download_panel
from gpunit.ui.translate.from_hub import HubParts
from gpunit.ui.translate.history import shelf
from gpunit.ui.translate.inputs import BY_EXEMPLAR, BY_SAMPLE, MOST_STYLES, MOST_TEMPERATURE


@dataclass(frozen=True)
class TargetControls:
    """What the picture is to become: `targets` sets `model`, which lies behind `more` with all others and the Hub's."""

    targets: gr.Radio
    more: gr.Button
    model: gr.Dropdown
    facts: gr.Markdown
    shared: HubParts
    panel: DownloadPanel
    go: gr.Button


@dataclass(frozen=True)
class StyleControls:
    """In which styles it is drawn."""

    guidance: gr.Radio
    sampling: gr.Column
    count: gr.Slider
    temperature: gr.Slider
    seed: gr.Number
    dice: gr.Button
    exemplar_group: gr.Column
    exemplar: gr.Image
    exemplars: gr.Radio


@dataclass(frozen=True)
class Results:
    """What came of it."""

    compare: gr.ImageSlider
    gallery: gr.Gallery
    timing: gr.Markdown
    to_styles: gr.Button
    to_masks: gr.Button
    download: gr.DownloadButton


@dataclass(frozen=True)
class Sections:
    """What lies below: all targets, history, sharing."""

    to_all: gr.Button
    targets: gr.Gallery
    entry: gr.JSON
    again: gr.Button
    entry_to_styles: gr.Button
    entry_to_masks: gr.Button
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
class Tab:
    """All parts of the tab, and what its events say and set.

    Attributes:
        inputs: the components of a `TranslationInputs`.
        outputs: what "translate" sets.
        rendered, chosen: states: what made the pictures in the gallery, and which of them is compared.
        dropped: state: what has been dropped on the page, see `restoring`.
    """

    content: ContentPicker
    hint: gr.Markdown
    target: TargetControls
    style: StyleControls
    results: Results
    sections: Sections
    inputs: list[gr.components.Component]
    outputs: list[gr.components.Component]
    rendered: gr.State
    chosen: gr.State
    dropped: gr.State


def lay_out_target(choices: Any, first_model: str) -> TargetControls:
    """Lay out the targets, with every other model behind a button."""
    names = [name for _, name in choices]
    offered = one_for_each_target([first_model, *names])
    heading("targets")
    targets = target_choice(sorted(offered, key=names.index), first_model, "targets-choice")
    more = gr.Button(text("more_models"), size="sm", variant="secondary", elem_id="more", elem_classes="link")
    with gr.Column(elem_id="more-models"):
        model = gr.Dropdown(choices, value=first_model, label=text("model"), info=text("model_info"), elem_id="model")
        facts = gr.Markdown(actions.facts(first_model), elem_classes="quiet")
        shared = from_hub.lay_out()
    panel = download_panel(first_model)
    go = gr.Button(text("translate"), variant="primary", size="lg", elem_id="translate")
    return TargetControls(targets, more, model, facts, shared, panel, go)


def lay_out_style() -> StyleControls:
    """Lay out what sets the styles."""
    exemplars = exemplar_examples()
    guidance = gr.Radio(
        [(text("by_sample"), BY_SAMPLE), (text("by_exemplar"), BY_EXEMPLAR)],
        value=BY_SAMPLE,
        label=text("guidance"),
        show_label=False,
        container=False,
        elem_id="guidance",
        elem_classes="segments",
    )
    with gr.Column(elem_classes="group") as sampling:
        count = gr.Slider(
            1, MOST_STYLES, 6, step=1, label=text("count"), info=text("count_info"), buttons=[], elem_id="count"
        )
        temperature = gr.Slider(
            *(0, MOST_TEMPERATURE, 1),
            step=0.05,
            label=text("temperature"),
            info=text("temperature_info"),
            buttons=[],
            elem_id="temperature",
        )
        with gr.Row(equal_height=True, elem_classes="seed"):
            seed = seed_input(7, "seed", min_width=80)
            dice = gr.Button(text("new_seed"), size="md", elem_id="dice", min_width=80)
    with gr.Column(visible=False, elem_classes="group") as exemplar_group:
        exemplar = picture_input(
            value=exemplars[0] if exemplars else None,
            label=text("exemplar"),
            show_label=False,
            height=180,
            elem_id="exemplar",
            placeholder=text("drop_exemplar"),
        )
        picks = example_choice(exemplars, next(iter(exemplars), None), "exemplar_examples", "exemplar-examples")
    return StyleControls(guidance, sampling, count, temperature, seed, dice, exemplar_group, exemplar, picks)


def lay_out_results() -> Results:
    """Lay out the comparison, all translations beside it, and what can be done with them."""
    with gr.Row(elem_id="shown", equal_height=False):
        compare = gr.ImageSlider(
            label=text("compare"),
            show_label=False,
            format="png",
            interactive=False,
            elem_id="compare",
            type="pil",
            buttons=["download", "fullscreen"],
        )
        gallery = shown_gallery("translations", "gallery", 2)
    with gr.Row(elem_id="doing"):
        to_styles = gr.Button(text("to_styles"), size="md", elem_id="to-styles", min_width=80)
        to_masks = gr.Button(text("to_masks"), size="md", elem_id="to-masks", min_width=80)
        download = gr.DownloadButton(text("download_all"), size="md", elem_id="download", min_width=80)
    timing = gr.Markdown(elem_classes="quiet", elem_id="timing")
    return Results(compare, gallery, timing, to_styles, to_masks, download)


def lay_out_sections() -> Sections:
    """Lay out the sections below, each in a tab."""
    with gr.Tab(text("tab_all"), id="all"):
        heading("all")
        to_all = gr.Button(text("all_button"), size="md", elem_id="to-all", elem_classes="act")
        targets = _hidden_gallery("all_gallery", "targets", actions.STYLES_A_TARGET)
    with gr.Tab(text("tab_history"), id="history"):
        heading("history")
        gr.Markdown(text("history_empty"), elem_classes="quiet", elem_id="history-empty")
        shelf()
        entry = gr.JSON(visible=False)
        with gr.Row(elem_classes="acts"):
            again = gr.Button(text("again"), size="md", elem_id="history-again")
            entry_to_styles = gr.Button(text("to_styles"), size="md", elem_id="history-to-styles")
            entry_to_masks = gr.Button(text("to_masks"), size="md", elem_id="history-to-masks")
            pin = gr.Button(text("pin"), size="md", elem_id="history-pin")
            forget = gr.Button(text("forget"), size="md", elem_id="history-forget")
    with gr.Tab(text("tab_share"), id="share"):
        heading("share")
        with gr.Row(elem_classes="acts"):
            save = gr.Button(text("share_save"), size="md", elem_id="share-save")
            load = gr.UploadButton(
                text("share_load"), file_types=[".json", ".png"], size="md", type="filepath", elem_id="share-load"
            )
            copy = gr.Button(text("share_link"), size="md", elem_id="share-link")
        signing_switch()
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
    return Sections(
        *(to_all, targets, entry, again, entry_to_styles, entry_to_masks, pin, forget),
        *(save, load, copy, link, settings, asked, likeness),
    )


def _hidden_gallery(label: str, elem_id: str, columns: int) -> gr.Gallery:
    """Pictures with captions, hidden until there are some."""
    return shown_gallery(label, elem_id, columns, visible=False, elem_classes="captioned")
