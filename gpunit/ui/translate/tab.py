"""Translate tab: a photo in, translated photos out, by sampled styles or by an exemplar's.  Wiring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from gpunit import zoo
from gpunit.ui.components import roll
from gpunit.ui.content import ContentPicker, content_picker
from gpunit.ui.events import COPY_LINK, IN_BROWSER, LIVE, ON_DEVICE, PRIVATE, QUIET, download_json, endpoint, settled
from gpunit.ui.examples import example_path, own_exemplar
from gpunit.ui.models import Models, downloads_allowed, model_choices
from gpunit.ui.thumbnails import NAME_OF_PICTURE
from gpunit.ui.translate import actions, clips, from_hub, history, live, many, restoring
from gpunit.ui.translate.downloading import download_model, show_offer
from gpunit.ui.translate.inputs import BY_SAMPLE
from gpunit.ui.translate.layout import Tab, lay_out_results, lay_out_sections, lay_out_style, lay_out_target
from gpunit.ui.translate.restoring import Dropped


@dataclass(frozen=True)
class TranslateParts:
    """What the page connects with other tabs.

    Attributes:
        content: the picture.
        model: the translator's name.
        rendered: state with the `Rendered` of the gallery, or None.
        chosen: state with the number of the picture that is compared.
        to_styles, to_masks: buttons.
        downloaded: the events after which there may be a model more.
        linked: the event after which the controls are as a link says.
        entry_to_styles, entry_to_masks: buttons.
        recalling: a component and a state that `restoring.hand_on` takes; the browser puts the entry in.
    """

    content: ContentPicker
    model: gr.Dropdown
    rendered: gr.State
    chosen: gr.State
    to_styles: gr.Button
    to_masks: gr.Button
    downloaded: tuple[Dependency, ...]
    linked: Dependency
    entry_to_styles: gr.Button
    entry_to_masks: gr.Button
    recalling: list[gr.components.Component]


def build(page: gr.Blocks, models: Models, allows_live: bool) -> TranslateParts:
    """Lay out the tab inside the page, which is being built, and wire its events; see `build_page`."""
    choices = model_choices(only_here=not downloads_allowed())
    first_model = (model_choices() or choices)[0][1]
    rendered, chosen, dropped = gr.State(None), gr.State(0), gr.State(Dropped())

    # On a phone the parts stand below each other in another order, which the style sheet gives.
    with gr.Row(elem_id="tool", equal_height=False):
        with gr.Column(elem_id="tool-picture", min_width=0):
            content = content_picker("", page, models, is_public=True)
            hint = gr.Markdown(elem_classes="hint", elem_id="hint", visible=False)
        with gr.Column(elem_id="tool-target", min_width=0):
            target = lay_out_target(choices, first_model)
        with gr.Column(elem_id="tool-style", min_width=0):
            style = lay_out_style()
        with gr.Column(elem_id="tool-results", min_width=0):
            results = lay_out_results()
    drawing = [style.guidance, style.count, style.seed, style.temperature, style.exemplar]
    inputs = [content.picture, target.model, *content.crop, *drawing]
    with gr.Tabs(elem_id="translate-sections"):
        sections = lay_out_sections()
        many.build(inputs, rendered, chosen, models)
        clips.build(inputs, rendered, chosen, models)
        if allows_live:
            live.build(rendered, chosen, models)

    outputs = [results.gallery, results.timing, results.compare, results.download, rendered, chosen]
    tab = Tab(content, hint, target, style, results, sections, inputs, outputs, rendered, chosen, dropped)
    _wire_target(tab, models)
    downloaded = (_wire_download(tab), from_hub.wire(tab.target.shared, tab.target.model))
    _wire_style(tab)
    _wire_translating(tab, models)
    _wire_history(tab, models)
    _wire_sharing(tab, models)
    linked = _wire_link(tab, models, page, [name for _, name in choices], first_model)
    return TranslateParts(
        *(content, target.model, rendered, chosen, results.to_styles, results.to_masks, downloaded, linked),
        *(sections.entry_to_styles, sections.entry_to_masks, [sections.entry, dropped]),
    )


def _wire_target(tab: Tab, models: Models) -> None:
    content, target = tab.content, tab.target
    hinted = [*content.inputs, target.model]
    showing_hint: list[Any] = [endpoint(actions.show_hint, models), hinted, tab.hint]
    target.targets.input(None, target.targets, target.model, js="(name) => name", **IN_BROWSER)
    target.more.click(None, None, None, js="() => gpunit.toggle('more-models', 'more')", **IN_BROWSER)
    content.changed.then(*showing_hint, trigger_mode="always_last", **QUIET)
    changed = target.model.change(
        None, target.model, target.targets, js="(name) => gpunit.targetOf(name)", **IN_BROWSER
    )
    changed.then(endpoint(actions.facts), target.model, target.facts, **QUIET).then(
        endpoint(show_offer), target.model, target.panel.outputs, **QUIET
    ).then(*showing_hint, **QUIET)
    changed.then(own_exemplar, [tab.style.exemplar, target.model], tab.style.exemplar, **QUIET)


def _wire_download(tab: Tab) -> Dependency:
    # The progress bar lies over the offer; the picker and the line of facts follow once the model is here.
    model, panel = tab.target.model, tab.target.panel
    downloaded: Dependency = panel.button.click(
        endpoint(download_model),
        [model, panel.agreed],
        model,
        api_name="download_model",
        concurrency_limit=1,
        show_progress_on=panel.offer,
    )
    downloaded.success(endpoint(actions.facts), model, tab.target.facts, **QUIET).success(
        endpoint(show_offer), model, panel.outputs, **QUIET
    )
    return downloaded


def _wire_style(tab: Tab) -> None:
    style = tab.style
    style.guidance.change(
        lambda choice: (gr.Column(visible=choice == BY_SAMPLE), gr.Column(visible=choice != BY_SAMPLE)),
        style.guidance,
        [style.sampling, style.exemplar_group],
        **QUIET,
    )
    style.exemplar.change(None, style.exemplar, style.exemplars, js=NAME_OF_PICTURE, **IN_BROWSER)
    style.exemplars.input(example_path, style.exemplars, style.exemplar, **QUIET)
    roll(style.dice, style.seed)


def _wire_translating(tab: Tab, models: Models) -> None:
    style, results, sections = tab.style, tab.results, tab.sections
    dimmed: dict[str, Any] = {"show_progress_on": [results.gallery, results.compare]}
    clicked = tab.target.go.click(
        endpoint(actions.translate, models), tab.inputs, tab.outputs, api_name="translate", **dimmed, **ON_DEVICE
    )
    _remember_after(clicked, tab, models)
    # Whatever else is changed, the pictures follow by themselves.
    controls = (tab.target.model, style.guidance, style.count, style.seed, style.temperature, style.exemplar)
    changed = settled("controls", [each.change for each in controls], tab.content.picture)
    for event in (tab.content.changed, changed):
        redrawn = event.then(
            endpoint(actions.redraw, models),
            [tab.rendered, *tab.inputs],
            tab.outputs,
            **{**LIVE, **PRIVATE, "show_progress": "full"},
            **dimmed,
        )
        _remember_after(redrawn, tab, models)
    picked = results.gallery.select(
        endpoint(actions.pick),
        [results.gallery, results.compare, tab.rendered],
        [results.compare, tab.chosen],
        **QUIET,
    )
    _remember_after(picked, tab, models)
    sections.to_all.click(
        endpoint(actions.translate_to_all, models),
        [*tab.content.inputs, style.seed, style.temperature],
        sections.targets,
        api_name="translate_to_all",
        show_progress_on=sections.to_all,
        **ON_DEVICE,
    )
    sections.asked.click(
        endpoint(actions.domain_likeness, models),
        tab.content.inputs,
        sections.likeness,
        api_name="domain_likeness",
        **ON_DEVICE,
    )


def _wire_history(tab: Tab, models: Models) -> None:
    sections = tab.sections
    asked = gr.Textbox(visible=False)
    sections.pin.click(endpoint(history.pin), asked, None, js="() => [gpunit.history.pin()]", **QUIET)
    sections.forget.click(None, None, None, js="() => gpunit.history.forget()", **IN_BROWSER)
    recalled = sections.again.click(
        endpoint(restoring.recall),
        [sections.entry, tab.dropped],
        [*tab.inputs, tab.dropped],
        js="(entry, dropped) => [gpunit.history.chosen(), dropped]",
        **QUIET,
    )
    recalled.success(None, None, None, js="() => gpunit.place.reveal('shown')", **IN_BROWSER)
    restoring.make_after(recalled, tab.dropped, tab.inputs, tab.outputs, models)


def _remember_after(event: Dependency, tab: Tab, models: Models) -> None:
    """After an event that made or chose a translation, let the browser keep it."""
    event.success(
        endpoint(history.remember, models),
        [tab.results.compare, tab.rendered, tab.chosen],
        tab.sections.entry,
        **QUIET,
    ).success(None, tab.sections.entry, None, js="(entry) => gpunit.history.add(entry)", **IN_BROWSER)


def _wire_sharing(tab: Tab, models: Models) -> None:
    sections, made = tab.sections, [tab.rendered, *tab.inputs]
    sections.asked.click(endpoint(actions.save_settings), tab.inputs, sections.settings, api_name="save_settings")
    sections.save.click(endpoint(actions.save_shown), made, sections.settings, **PRIVATE).success(
        None, sections.settings, None, js=download_json("translation-${value.model}"), **PRIVATE
    )
    sections.copy.click(endpoint(actions.link_shown), made, sections.link, **QUIET).success(
        None, sections.link, sections.link, js=COPY_LINK, **PRIVATE
    )
    restoring.wire(tab.content.picture, sections.load, tab.dropped, tab.inputs, tab.outputs, models)


def _wire_link(tab: Tab, models: Models, page: gr.Blocks, offered: list[str], first_model: str) -> Dependency:
    # In the visitor's language: what the page opens with was written before there was one.
    page.load(endpoint(actions.facts), tab.target.model, tab.target.facts, **QUIET).then(
        endpoint(show_offer), tab.target.model, tab.target.panel.outputs, **QUIET
    )
    opened: Dependency = page.load(
        endpoint(actions.open_link, offered),
        tab.sections.link,
        tab.inputs,
        js="() => [window.location.search.slice(1)]",
        **QUIET,
    )
    if zoo.find(first_model).is_here:
        drawn = opened.then(endpoint(actions.translate, models), tab.inputs, tab.outputs, **PRIVATE, **ON_DEVICE)
        _remember_after(drawn, tab, models)
    return opened
