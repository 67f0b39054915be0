"""Skip masks tab: what the dynamic skips keep of the picture, shown, weakened, strengthened, painted out.  Layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from gpunit.engine import masks
from gpunit.engine.masks import COLORMAPS
from gpunit.ui.components import Brush, heading, roll, seed_input, shown_gallery, shown_picture
from gpunit.ui.content import Content, ContentPicker, content_picker, show_crop
from gpunit.ui.events import LIVE, PRIVATE, QUIET, endpoint
from gpunit.ui.examples import first_example
from gpunit.ui.i18n import text
from gpunit.ui.masks import actions
from gpunit.ui.masks.actions import (
    LAYERS,
    MAX_STRENGTH,
    MEAN,
    MOST_CHANNELS,
    MOST_STRONGEST,
    ONE,
    SHOWN_STYLES,
    STRONGEST,
)
from gpunit.ui.models import Models, usable_choices

# Of the bundled translators, the one that opens most channels for the picture the tab opens with, and of another domain
# than that; a mask that is 0 everywhere explains little.
FIRST_MODEL = "to-bird"


@dataclass(frozen=True)
class MasksInputs:
    """The components by which another tab hands over a picture, a model and a style.

    Attributes:
        picture: holds a picture file's path.
        crop: zoom, across, down.
        model: holds a translator's name.
        style: state.  The `Style` of what is rendered, in place of the seed's; or None.
    """

    picture: gr.Image
    crop: tuple[gr.Slider, gr.Slider, gr.Slider]
    model: gr.Dropdown
    style: gr.State
    _show_after: Callable[[Dependency], Dependency]

    @property
    def taken(self) -> list[gr.components.Component]:
        """All of them: picture, zoom, across, down, model, style."""
        return [self.picture, *self.crop, self.model, self.style]

    def show_after(self, event: Dependency) -> Dependency:
        """After an event that has set what is `taken`, render it."""
        return self._show_after(event)


@dataclass(frozen=True)
class _Painting:
    """`dabs` holds what `actions.Dabs` says; `painted_on` the `Content` that they were painted on, or None."""

    canvas: gr.Image
    stroke: Brush
    dabs: gr.JSON
    painted_on: gr.State
    brush: gr.Slider
    undo: gr.Button
    clear: gr.Button


@dataclass(frozen=True)
class _View:
    view: gr.Radio
    count: gr.Slider
    channel_row: gr.Column
    channels: list[gr.Slider]
    heats: list[gr.Image]
    facts: list[gr.HTML]
    opacity: gr.Slider
    colormap: gr.Dropdown


@dataclass(frozen=True)
class _Channels:
    layer: gr.Radio
    chosen: gr.Image
    shut: gr.Markdown
    gallery: gr.Gallery
    arrays: gr.DownloadButton
    pictures: gr.DownloadButton


@dataclass(frozen=True)
class _Tab:
    """All parts of the tab, and its states.

    Attributes:
        style: see `MasksInputs`.
        kept: the picture without skips (`actions.Kept`).
    """

    content: ContentPicker
    model: gr.Dropdown
    strengths: list[gr.Slider]
    painting: _Painting
    view: _View
    compare: gr.ImageSlider
    effect: gr.Markdown
    seed: gr.Number
    styled: gr.Gallery
    channels: _Channels
    style: gr.State
    kept: gr.State

    @property
    def rendering(self) -> list[gr.components.Component]:
        """What `actions.render` takes."""
        controls = [self.seed, *self.strengths, self.painting.dabs, self.kept, self.style]
        return [self.model, *self.content.inputs, *controls]


def build(tab: gr.Tab, models: Models) -> MasksInputs:
    """Lay out the tab, which is being built, and wire its events."""
    choices = usable_choices()
    names = [name for _, name in choices]
    style, kept = gr.State(None), gr.State(None)

    with gr.Row(elem_classes="workbench", equal_height=False):
        with gr.Column(elem_classes="source", min_width=0):
            content = content_picker("masks-", tab, models)
            first = FIRST_MODEL if FIRST_MODEL in names else names[0]
            model = gr.Dropdown(choices, value=first, label=text("model"), info=text("model_info"))
        with gr.Column(min_width=0):
            heading("paint")
            with gr.Row(elem_classes="pair", equal_height=False):
                with gr.Column(min_width=0):
                    painting = _lay_out_painting()
                with gr.Column(min_width=0):
                    compare, effect, strengths = _lay_out_comparison()
    view = _lay_out_view()
    channels = _lay_out_channels()
    seed, styled = _lay_out_styles()

    parts = _Tab(content, model, strengths, painting, view, compare, effect, seed, styled, channels, style, kept)
    rendering: list[Any] = [endpoint(actions.render, models), parts.rendering, [compare, effect, kept]]
    _wire(parts, rendering, models)
    return MasksInputs(
        *(content.picture, content.crop, model, style), lambda event: event.then(*rendering, **LIVE, **PRIVATE)
    )


def _lay_out_painting() -> _Painting:
    # Gradio's own painting canvas takes many seconds a stroke without a GPU; a line of dabs takes none.
    shown = show_crop(Content(first_example()))
    canvas = shown_picture("paint_canvas", "masks-canvas", elem_classes="fills", value=shown, buttons=[])
    stroke = Brush("masks-canvas", "masks-brush", elem_id="masks-stroke", elem_classes="unseen")
    dabs = gr.JSON([], visible=False)
    painted_on: gr.State = gr.State(None)
    brush = gr.Slider(
        2, 40, 12, step=1, label=text("brush"), info=text("brush_info"), buttons=[], elem_id="masks-brush"
    )
    with gr.Row(elem_classes="acts"):
        undo = gr.Button(text("undo"), size="md", elem_id="masks-undo")
        clear = gr.Button(text("clear"), size="md", elem_id="masks-clear")
    return _Painting(canvas, stroke, dabs, painted_on, brush, undo, clear)


def _lay_out_view() -> _View:
    heading("masks")
    heats, facts = [], []
    with gr.Row(elem_classes="viewed", equal_height=False):
        with gr.Row(elem_classes="pair", equal_height=False):
            for size in LAYERS:
                with gr.Column(min_width=0):
                    gr.Markdown(text(f"layer_{size}"), elem_classes="quiet")
                    heats.append(shown_picture(f"layer_{size}", f"masks-heat-{size}", elem_classes="fills"))
                    facts.append(gr.HTML(elem_id=f"masks-facts-{size}"))
        with gr.Column(min_width=0):
            view = gr.Radio(
                [(text("view_mean"), MEAN), (text("view_strongest"), STRONGEST), (text("view_one"), ONE)],
                value=STRONGEST,
                label=text("view"),
                info=text("view_info"),
                elem_id="masks-view",
            )
            count = gr.Slider(
                *(1, MOST_STRONGEST, masks.STRONGEST),
                step=1,
                label=text("strongest_count"),
                info=text("strongest_count_info"),
                buttons=[],
            )
            with gr.Column(visible=False, min_width=0) as channel_row:
                channels = [_channel_slider(size) for size in LAYERS]
            opacity = gr.Slider(0, 1, 0.85, step=0.05, label=text("opacity"), info=text("opacity_info"), buttons=[])
            colormap = gr.Dropdown(COLORMAPS, value="viridis", label=text("colormap"), info=text("colormap_info"))
    return _View(view, count, channel_row, channels, heats, facts, opacity, colormap)


def _channel_slider(size: int) -> gr.Slider:
    return gr.Slider(
        *(0, MOST_CHANNELS - 1, 0),
        step=1,
        label=text(f"channel_{size}"),
        info=text("channel_info"),
        buttons=[],
        elem_id=f"masks-channel-{size}",
    )


def _lay_out_comparison() -> tuple[gr.ImageSlider, gr.Markdown, list[gr.Slider]]:
    compare = gr.ImageSlider(
        label=text("masks_compare"),
        show_label=False,
        format="png",
        type="pil",
        interactive=False,
        buttons=["download", "fullscreen"],
        elem_id="masks-compare",
        elem_classes="compared",
    )
    effect = gr.Markdown(elem_classes="quiet", elem_id="masks-effect")
    strengths = [
        gr.Slider(0, MAX_STRENGTH, 1, step=0.05, label=text(key), info=text(f"{key}_info"), buttons=[])
        for key in ("coarse_skip", "fine_skip")
    ]
    return compare, effect, strengths


def _lay_out_styles() -> tuple[gr.Number, gr.Gallery]:
    heading("one_mask")
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=200):
            seed = seed_input(0, "masks-seed", label="style_seed", info="style_seed_info")
            roll(gr.Button(text("other_styles"), size="sm", elem_id="masks-dice"), seed)
        with gr.Column(scale=4, min_width=320):
            styled = shown_gallery("styled", "masks-styles", SHOWN_STYLES)
    return seed, styled


def _lay_out_channels() -> _Channels:
    heading("channels")
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=200):
            layer = gr.Radio(
                [(f"{size}×{size}", size) for size in LAYERS],
                value=LAYERS[0],
                label=text("layer"),
                info=text("layer_info"),
                elem_id="masks-layer",
            )
            chosen = shown_picture("chosen_channel", "masks-big", titled=True, elem_classes="fills")
        with gr.Column(scale=3, min_width=320):
            shut = gr.Markdown(elem_classes="quiet", elem_id="masks-shut", visible=False)
            gallery = shown_gallery("channels", "masks-channels", 6)
    with gr.Row(elem_classes="acts"):
        arrays = gr.DownloadButton(text("download_npz"), size="md", interactive=False, elem_id="masks-npz")
        pictures = gr.DownloadButton(text("download_png"), size="md", interactive=False, elem_id="masks-png")
    return _Channels(layer, chosen, shut, gallery, arrays, pictures)


def _wire(tab: _Tab, rendering: list[Any], models: Models) -> None:
    view, channels = tab.view, tab.channels
    source = [tab.model, *tab.content.inputs]
    hidden = {**LIVE, **PRIVATE}
    heatmaps: list[Any] = [
        endpoint(actions.draw_heatmaps, models),
        [*source, view.view, view.count, *view.channels, view.opacity, view.colormap],
        [*view.heats, *view.facts],
    ]
    styling: list[Any] = [endpoint(actions.render_styles, models), [*source, tab.seed], tab.styled]
    ranking: list[Any] = [
        endpoint(actions.draw_channels, models),
        [*source, channels.layer, view.colormap],
        [channels.gallery, channels.chosen],
    ]
    exporting: list[Any] = [
        endpoint(actions.export, models),
        [*source, view.colormap],
        [channels.arrays, channels.pictures],
    ]
    telling: list[Any] = [endpoint(actions.tell_shut, models), [*source, channels.layer], channels.shut]
    limiting: list[Any] = [endpoint(actions.limit_channels, models), [*source, *view.channels], view.channels]
    # Each trigger starts one chain (see ContentPicker.changed).
    unpainted = tab.content.changed.then(
        endpoint(actions.keep_dabs),
        [*tab.content.inputs, tab.painting.dabs, tab.painting.painted_on],
        [tab.painting.dabs, tab.painting.canvas],
        **QUIET,
    )
    # A model's change has nothing of its own to show first.
    remodelled = tab.model.change(lambda: None, **QUIET)
    for event in (unpainted, remodelled):
        event.then(*heatmaps, **hidden).then(*rendering, **hidden).then(*styling, **hidden).then(
            *ranking, **hidden
        ).then(*telling, **hidden).then(*limiting, **hidden).then(*exporting, **hidden)
    gr.on(
        [view.view.change, view.count.change, view.opacity.change, *(each.change for each in view.channels)],
        *heatmaps,
        api_name="mask_heatmaps",
        **LIVE,
    ).then(endpoint(actions.show_view), view.view, [view.count, view.channel_row], **QUIET)
    gr.on([each.change for each in tab.strengths], *rendering, api_name="render_with_strengths", **LIVE)
    # Another seed takes the place of a style that was handed over.
    reseeded = tab.seed.change(lambda: None, None, tab.style, **QUIET)
    reseeded.then(*rendering, **hidden).then(*styling, api_name="styles_of_one_mask", **LIVE)
    gr.on([channels.layer.change], *ranking, api_name="mask_channels", **LIVE).then(*telling, **hidden)
    view.colormap.change(*heatmaps, **hidden).then(*ranking, **hidden).then(*exporting, api_name="masks_export", **LIVE)
    _wire_painting(tab, rendering)
    channels.gallery.select(
        endpoint(actions.show_chosen),
        [channels.gallery, channels.layer],
        [channels.chosen, view.view, *view.channels],
        **QUIET,
    )


def _wire_painting(tab: _Tab, rendering: list[Any]) -> None:
    inputs, parts = tab.content.inputs, tab.painting
    shown = [parts.dabs, parts.canvas]
    for painted in (
        parts.stroke.release(
            endpoint(actions.dab), [*inputs, parts.dabs, parts.brush, parts.stroke], [*shown, parts.painted_on], **QUIET
        ),
        parts.undo.click(endpoint(actions.undo_dab), [*inputs, parts.dabs], shown, **QUIET),
        parts.clear.click(endpoint(actions.no_dabs), inputs, shown, **QUIET),
    ):
        painted.success(*rendering, **LIVE, **PRIVATE)
