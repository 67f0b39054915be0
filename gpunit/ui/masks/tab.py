"""Skip masks tab: what the dynamic skips keep of the picture, looked at, weakened, strengthened, painted out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from gpunit.engine import masks
from gpunit.engine.masks import COLORMAPS
from gpunit.engine.translator import Plan, Translator
from gpunit.ui.components import read_seed, roll, seed_input
from gpunit.ui.content import PREVIEW_SIZE, content_picker, first_example, read_content, show_crop, usable_choices
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import DEVICE_QUEUE, Models, heading, with_notices
from gpunit.ui.server.scratch import Scratch

MAX_STRENGTH = 2.0
LAYERS = (16, 32)  # both families have their skips at these sizes
# Of the bundled translators one whose skips are both in use; a mask that is nought everywhere explains little.
FIRST_MODEL = "to-dog"
HEATMAP_SIZE = 512
CHANNEL_SIZE = 128
SHOWN_CHANNELS = 24
SHOWN_STYLES = 6
MOST_STRONGEST = 64
MOST_DABS = 200
PAINT = (255, 45, 120)

MEAN = "Mean"
STRONGEST = "Strongest"
ONE = "One"

# A picture without the skips and what it was made from, so that a strength's slider costs one render.
Kept = tuple[tuple[object, ...], Image.Image]
# Path, zoom, across, down of what is shown.
Place = tuple[str | None, float, float, float]


@dataclass(frozen=True)
class MasksInputs:
    """The components by which another tab hands over a picture and a model.

    Attributes:
        picture: holds a picture file's path.
        crop: zoom, across, down.
        model: holds a translator's name.
    """

    picture: gr.Image
    crop: tuple[gr.Slider, gr.Slider, gr.Slider]
    model: gr.Dropdown


def build(tab: gr.Tab, models: Models) -> MasksInputs:
    """Lay out the tab, which is being built, and wire its events."""
    choices = usable_choices()
    scratch = Scratch()
    kept = gr.State(None)

    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            heading("masks_content")
            content = content_picker("masks-", tab, models)
            names = [name for _, name in choices]
            first = FIRST_MODEL if FIRST_MODEL in names else names[0]
            model = gr.Dropdown(choices, value=first, label=text("model"), info=text("model_info"))
            heading("strength")
            strengths = [
                gr.Slider(0, MAX_STRENGTH, 1, step=0.05, label=text(key), info=text(f"{key}_info"))
                for key in ("coarse_skip", "fine_skip")
            ]
            heading("paint")
            # Gradio's own painting canvas takes many seconds a stroke without a GPU; a dab a click takes none.
            canvas = gr.Image(
                show_crop(first_example(), 1, 0.5, 0.5),
                show_label=False,
                interactive=False,
                format="png",
                type="pil",
                buttons=[],
                elem_id="masks-canvas",
            )
            # [across, down, radius] of every dab, in parts of the picture's side.
            dabs = gr.JSON([], visible=False)
            # What they were painted on: path, zoom, across, down.
            painted_on: gr.State = gr.State(None)
            with gr.Row(equal_height=True):
                brush = gr.Slider(2, 40, 12, step=1, label=text("brush"), info=text("brush_info"), min_width=260)
                with gr.Column(min_width=100):
                    undo = gr.Button(text("undo"), size="sm", elem_id="masks-undo")
                    clear = gr.Button(text("clear"), size="sm", elem_id="masks-clear")
        with gr.Column(scale=5, min_width=320):
            heading("masks")
            with gr.Row():
                view = gr.Radio(
                    [
                        (text("view_mean"), MEAN),
                        (text("view_strongest"), STRONGEST),
                        (text("view_one"), ONE),
                    ],
                    value=STRONGEST,
                    label=text("view"),
                    info=text("view_info"),
                    min_width=240,
                    scale=3,
                    elem_id="masks-view",
                )
                count = gr.Slider(
                    1,
                    MOST_STRONGEST,
                    masks.STRONGEST,
                    step=1,
                    label=text("strongest_count"),
                    info=text("strongest_count_info"),
                    min_width=150,
                    scale=2,
                )
            with gr.Row(visible=False) as channel_row:
                channels = [
                    gr.Number(
                        0,
                        label=text(f"channel_{size}"),
                        info=text("channel_info"),
                        precision=0,
                        minimum=0,
                        min_width=120,
                        elem_id=f"masks-channel-{size}",
                    )
                    for size in LAYERS
                ]
            heats, facts = [], []
            with gr.Row(equal_height=False):
                for size in LAYERS:
                    with gr.Column(min_width=150):
                        heats.append(
                            gr.Image(
                                label=f"{size}×{size}",
                                interactive=False,
                                format="png",
                                buttons=["download", "fullscreen"],
                                elem_id=f"masks-heat-{size}",
                            )
                        )
                        facts.append(gr.HTML(elem_id=f"masks-facts-{size}"))
            with gr.Row():
                opacity = gr.Slider(
                    0, 1, 0.85, step=0.05, label=text("opacity"), info=text("opacity_info"), min_width=150
                )
                colormap = gr.Dropdown(
                    COLORMAPS, value="viridis", label=text("colormap"), info=text("colormap_info"), min_width=150
                )
            heading("masks_compare")
            compare = gr.ImageSlider(
                label=text("masks_compare"),
                show_label=False,
                format="png",
                type="pil",
                interactive=False,
                height=360,
                max_height=360,
                buttons=["download", "fullscreen"],
                elem_id="masks-compare",
            )
            effect = gr.Markdown(elem_classes="quiet", elem_id="masks-effect")

    heading("one_mask")
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=200):
            seed = seed_input(0, "masks-seed", label="style_seed", info="style_seed_info")
            dice = gr.Button(text("other_styles"), size="sm", elem_id="masks-dice")
        with gr.Column(scale=4, min_width=320):
            styled = gr.Gallery(
                show_label=False,
                columns=SHOWN_STYLES,
                object_fit="contain",
                height="auto",
                format="png",
                allow_preview=False,
                interactive=False,
                buttons=[],
                elem_id="masks-styles",
            )

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
            big = gr.Image(
                label=text("chosen_channel"),
                interactive=False,
                format="png",
                buttons=["download", "fullscreen"],
                elem_id="masks-big",
            )
        with gr.Column(scale=3, min_width=320):
            gallery = gr.Gallery(
                show_label=False,
                columns=6,
                object_fit="contain",
                height="auto",
                format="png",
                type="pil",
                allow_preview=False,
                interactive=False,
                buttons=[],
                elem_id="masks-channels",
            )
    with gr.Row():
        arrays = gr.DownloadButton(text("download_npz"), size="sm", interactive=False, elem_id="masks-npz")
        pictures = gr.DownloadButton(text("download_png"), size="sm", interactive=False, elem_id="masks-png")

    def planned(
        model_name: str, path: str | None, zoom: float, across: float, down: float
    ) -> tuple[Translator, Image.Image, Plan]:
        translator = models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        return translator, seen, translator.plan(seen)

    @with_notices
    def draw_heatmaps(
        model_name: str,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        view: str,
        count: float,
        coarse_channel: float,
        fine_channel: float,
        opacity: float,
        colormap: str,
    ) -> tuple[Image.Image, Image.Image, str, str]:
        """Draw the masks of both skip layers over the picture.

        Args:
            model_name: name of a translator, as `python -m gpunit models` lists them.
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            view: "Mean" over all channels, "Strongest" (their mean), or "One" channel.
            count: how many of the strongest channels, 1 to 64.
            coarse_channel: channel of the 16×16 layer, from 0; the last one if there are not so many.
            fine_channel: channel of the 32×32 layer likewise.
            opacity: of the masks over the picture, 0 to 1.
            colormap: viridis, magma, inferno, cividis, turbo or gray.

        Returns:
            Heatmaps of the 16×16 and the 32×32 layer, and for each its colour scale, sparsity and histogram as HTML.
        """
        _, seen, plan = planned(model_name, path, zoom, across, down)
        drawn, described = [], []
        for mask, channel in zip(masks.masks_of(plan).values(), (coarse_channel, fine_channel), strict=True):
            values = _reduce(mask, view, count, channel)
            top = masks.top_of(values)
            drawn.append(masks.overlay(seen, masks.heatmap(values, HEATMAP_SIZE, colormap, top), opacity))
            described.append(_describe(mask, colormap, top))
        return drawn[0], drawn[1], described[0], described[1]

    @with_notices
    def render(
        model_name: str,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        seed: float,
        coarse: float,
        fine: float,
        dabs: list[list[float]] | None,
        kept: Kept | None,
    ) -> tuple[tuple[Image.Image, Image.Image], str, Kept]:
        """Render a picture without the skips, and with the skips at chosen strengths.

        Args:
            model_name: name of a translator.
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            seed: 0 for the mean style; any other draws a style.
            coarse: strength of the 16×16 skip, 0 to 2.
            fine: strength of the 32×32 skip, 0 to 2.
            dabs: discs [across, down, radius] in which the skips are off, in parts of the picture's side; at most 200.
            kept: of the page's own.

        Returns:
            The picture without and with skips, and a line on how far they differ.
        """
        translator, seen, plan = planned(model_name, path, zoom, across, down)
        style = _styles(translator, seed, 1)
        made_from = (model_name, seen.tobytes(), seed)
        if kept is None or kept[0] != made_from:
            kept = made_from, translator.render(plan, style, use_skips=False)[0]
        scales = [min(max(scale, 0.0), MAX_STRENGTH) for scale in (coarse, fine)]
        painted = _painted(dabs)
        picture = translator.render(plan, style, masks.mask_scales(plan, scales, painted))[0]
        apart = np.abs(np.asarray(picture, dtype=int) - np.asarray(kept[1], dtype=int)).mean()
        share = 0.0 if painted is None else painted.mean()
        line = notice("effect_painted" if share else "effect", apart=apart, share=share)
        return (kept[1], picture), line, kept

    @with_notices
    def render_styles(
        model_name: str, path: str | None, zoom: float, across: float, down: float, seed: float
    ) -> list[tuple[Image.Image, str]]:
        """Render a picture in several styles with the very same masks.

        Args:
            model_name: name of a translator.
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            seed: 0 for the mean style and five drawn ones; any other draws six.

        Returns:
            Six pictures with captions.
        """
        translator, _, plan = planned(model_name, path, zoom, across, down)
        rendered = translator.render(plan, _styles(translator, seed, SHOWN_STYLES))
        number = read_seed(seed)
        names = [notice("style_number", number=index + 1) for index in range(len(rendered))]
        names[0] = notice("style_seed", seed=number) if number else notice("style_mean")
        return list(zip(rendered, names, strict=True))

    @with_notices
    def draw_channels(
        model_name: str, path: str | None, zoom: float, across: float, down: float, layer: int, colormap: str
    ) -> tuple[list[tuple[Image.Image, str]], gr.Image]:
        """Draw the 24 strongest channels of a layer's mask.

        Args:
            model_name: name of a translator.
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            layer: 16 or 32.
            colormap: viridis, magma, inferno, cividis, turbo or gray.

        Returns:
            The channels, strongest first, each with a caption "ch number · mean"; and the first one big.
        """
        _, _, plan = planned(model_name, path, zoom, across, down)
        mask = masks.masks_of(plan)[layer]
        means = masks.strengths(mask)
        shown = [
            (masks.heatmap(mask[channel], CHANNEL_SIZE, colormap), f"ch {channel} · {means[channel]:.2f}")
            for channel in masks.ranking(mask)[:SHOWN_CHANNELS]
        ]
        return shown, _enlarge(*shown[0])

    @with_notices
    def export(
        model_name: str, path: str | None, zoom: float, across: float, down: float, colormap: str
    ) -> tuple[gr.DownloadButton, gr.DownloadButton]:
        """Write all masks of a picture for download.

        Args:
            model_name: name of a translator.
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            colormap: viridis, magma, inferno, cividis, turbo or gray.

        Returns:
            An NPZ with mask_16 and mask_32, (C, S, S) float32 in [0, 1]; a ZIP of PNG heatmaps.
        """
        _, _, plan = planned(model_name, path, zoom, across, down)
        npz, archive = scratch.file("masks.npz"), scratch.file("masks.zip")
        masks.save_arrays(plan, npz)
        masks.save_pictures(plan, archive, colormap)
        return gr.DownloadButton(value=str(npz), interactive=True), gr.DownloadButton(
            value=str(archive), interactive=True
        )

    @with_notices
    def show_dabs(
        path: str | None, zoom: float, across: float, down: float, dabs: list[list[float]]
    ) -> tuple[list[list[float]], Image.Image | None]:
        """The picture with what is painted over it."""
        picture = show_crop(path, zoom, across, down)
        painted = _painted(dabs)
        if picture is None or painted is None:
            return dabs, picture
        paint = Image.new("RGB", picture.size, PAINT)
        return dabs, Image.composite(Image.blend(picture, paint, 0.6), picture, Image.fromarray(painted))

    def dab(
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        dabs: list[list[float]],
        brush: float,
        clicked: gr.SelectData,
    ) -> tuple[list[list[float]], Image.Image | None, Place]:
        """One more dab where the picture was clicked; beyond 200, the oldest goes."""
        x, y = (place / PREVIEW_SIZE for place in clicked.index)
        shown = show_dabs(path, zoom, across, down, [*dabs, [x, y, brush / 100]][-MOST_DABS:])
        return *shown, (path, zoom, across, down)

    def undo_dab(
        path: str | None, zoom: float, across: float, down: float, dabs: list[list[float]]
    ) -> tuple[list[list[float]], Image.Image | None]:
        """Without the last dab."""
        return show_dabs(path, zoom, across, down, dabs[:-1])

    def no_dabs(
        path: str | None, zoom: float, across: float, down: float
    ) -> tuple[list[list[float]], Image.Image | None]:
        """Nothing painted."""
        return show_dabs(path, zoom, across, down, [])

    def keep_dabs(
        path: str | None, zoom: float, across: float, down: float, dabs: list[list[float]], painted_on: Place | None
    ) -> tuple[list[list[float]], Image.Image | None]:
        """Nothing painted on another picture, or another part of it: it has other places."""
        return show_dabs(path, zoom, across, down, dabs if painted_on == (path, zoom, across, down) else [])

    def show_chosen(shown: list[tuple[Image.Image, str]], chosen: gr.SelectData) -> gr.Image:
        """The clicked channel, big."""
        return _enlarge(*shown[chosen.index])

    source = [model, *content.inputs]
    heavy: dict[str, Any] = {
        "trigger_mode": "always_last",
        "show_progress": "hidden",
        "concurrency_id": DEVICE_QUEUE,
        "concurrency_limit": 1,
    }
    quick: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    heatmaps: list[Any] = [draw_heatmaps, [*source, view, count, *channels, opacity, colormap], [*heats, *facts]]
    rendering: list[Any] = [render, [*source, seed, *strengths, dabs, kept], [compare, effect, kept]]
    styling: list[Any] = [render_styles, [*source, seed], styled]
    ranking: list[Any] = [draw_channels, [*source, layer, colormap], [gallery, big]]
    exporting: list[Any] = [export, [*source, colormap], [arrays, pictures]]
    hidden: dict[str, Any] = {**heavy, "api_visibility": "private"}

    # Each trigger starts one chain (see ContentPicker.shown).
    unpainted = content.shown.then(keep_dabs, [*content.inputs, dabs, painted_on], [dabs, canvas], **quick)
    # A model's change has nothing of its own to draw first.
    remodelled = model.change(lambda: None, **quick)
    for event in (unpainted, remodelled):
        event.then(*heatmaps, **hidden).then(*rendering, **hidden).then(*styling, **hidden).then(
            *ranking, **hidden
        ).then(*exporting, **hidden)
    gr.on(
        [view.change, count.change, opacity.change, *(channel.change for channel in channels)],
        *heatmaps,
        api_name="mask_heatmaps",
        **heavy,
    ).then(
        lambda choice: (gr.Slider(visible=choice == STRONGEST), gr.Row(visible=choice == ONE)),
        view,
        [count, channel_row],
        **quick,
    )
    gr.on([strength.change for strength in strengths], *rendering, api_name="render_with_strengths", **heavy)
    seed.change(*rendering, **hidden).then(*styling, api_name="styles_of_one_mask", **heavy)
    gr.on([layer.change], *ranking, api_name="mask_channels", **heavy)
    colormap.change(*heatmaps, **hidden).then(*ranking, **hidden).then(*exporting, api_name="masks_export", **heavy)
    for painting in (
        canvas.select(dab, [*content.inputs, dabs, brush], [dabs, canvas, painted_on], **quick),
        undo.click(undo_dab, [*content.inputs, dabs], [dabs, canvas], **quick),
        clear.click(no_dabs, content.inputs, [dabs, canvas], **quick),
    ):
        painting.success(*rendering, **hidden)
    gallery.select(show_chosen, gallery, big, **quick)
    roll(dice, seed)
    return MasksInputs(content.picture, content.crop, model)


def _painted(dabs: list[list[float]] | None) -> NDArray[np.bool_] | None:
    """Where something is painted, (H, W) at the preview's size; None where nothing is."""
    if not dabs:
        return None
    try:
        discs = np.array(dabs[:MOST_DABS], dtype=float)
    except (TypeError, ValueError, KeyError):
        discs = np.empty(0)
    if discs.ndim != 2 or discs.shape[1] != 3:
        raise gr.Error("Dabs are [across, down, radius] each, in parts of the picture's side.")
    middles = (np.arange(PREVIEW_SIZE) + 0.5) / PREVIEW_SIZE
    painted = np.zeros((PREVIEW_SIZE, PREVIEW_SIZE), dtype=bool)
    for x, y, radius in discs:
        painted |= (middles[None] - x) ** 2 + (middles[:, None] - y) ** 2 <= radius**2
    return painted


def _styles(translator: Translator, seed: float, count: int) -> Tensor:
    """Styles (count, D): drawn by the seed; with seed 0 the mean style, and drawn ones after it."""
    number = read_seed(seed)
    drawn = translator.sample(count, number)
    if number == 0:
        drawn = drawn.clone()
        drawn[0] = translator.mean_style()
    return drawn


def _reduce(mask: Tensor, view: str, count: float, channel: float | None) -> Tensor:
    """One map (S, S) of a mask (C, S, S), as chosen."""
    if view == MEAN:
        return masks.mean_map(mask)
    if view == STRONGEST:
        return masks.strongest_map(mask, min(max(int(count), 1), MOST_STRONGEST))
    return mask[min(max(int(channel or 0), 0), len(mask) - 1)]


def _enlarge(picture: Image.Image, caption: str) -> gr.Image:
    enlarged = picture.resize((HEATMAP_SIZE, HEATMAP_SIZE), Image.Resampling.NEAREST)
    return gr.Image(value=enlarged, label=caption)


def _describe(mask: Tensor, colormap: str, top: float) -> str:
    """Colour scale, sparsity and histogram of a mask as HTML in the page's own text colour."""
    shares = masks.histogram(mask)
    tallest = max(shares) or 1.0
    bars = "".join(
        f'<rect x="{index * 10 + 1}" y="{60 - 60 * share / tallest:.1f}" width="8" height="{60 * share / tallest:.1f}">'
        f"<title>{index / len(shares):.2f} to {(index + 1) / len(shares):.2f}: {share:.1%}</title></rect>"
        for index, share in enumerate(shares)
    )
    alive = sum(mean > 0 for mean in masks.strengths(mask).tolist())
    zero = f"<b>{masks.zero_share(mask):.1%}</b>"
    return (
        f'<div class="mask-bar" style="background: linear-gradient(90deg, {", ".join(masks.colour_stops(colormap))})">'
        f'</div><div class="mask-ends"><span>0</span><span>{top / 2:.2f}</span><span>{top:.2f}</span></div>'
        f"<p>{notice('mask_facts', zero=zero, alive=alive, channels=len(mask))}</p>"
        f'<svg viewBox="0 0 {10 * len(shares)} 62" role="img" aria-label="{notice("mask_histogram")}">'
        f'{bars}<line x1="0" y1="61" x2="{10 * len(shares)}" y2="61"/></svg>'
        f'<div class="mask-ends"><span>0</span><span>{notice("mask_values")}</span><span>1</span></div>'
    )
