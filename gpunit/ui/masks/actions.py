"""What the Skip masks tab's events do: show the masks, weaken or strengthen them, paint places where they are off."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np
from PIL import Image
from torch import Tensor

from gpunit.engine import masks
from gpunit.engine.provenance import CodedStyle
from gpunit.engine.styles import Style
from gpunit.engine.translator import Plan, Translator
from gpunit.ui import painting, signing
from gpunit.ui.content import PREVIEW_SIZE, Content, show_crop
from gpunit.ui.i18n import notice
from gpunit.ui.models import Models
from gpunit.ui.painting import Dabs
from gpunit.ui.server import scratch
from gpunit.ui.values import clamped, read_seed, whole

MAX_STRENGTH = 2.0
LAYERS = (16, 32)  # both families have their skips at these sizes
HEATMAP_SIZE = 512
CHANNEL_SIZE = 128
SHOWN_CHANNELS = 24
SHOWN_STYLES = 6
MOST_STRONGEST = 64
MOST_CHANNELS = 512  # of a layer, in both families

MEAN = "Mean"
STRONGEST = "Strongest"
ONE = "One"

# A picture without the skips and what it was made from, so that a strength's slider costs one render.
Kept = tuple[tuple[object, ...], Image.Image]


def draw_heatmaps(
    models: Models,
    model_name: str,
    content: Content,
    view: str,
    count: float,
    coarse_channel: float,
    fine_channel: float,
    opacity: float,
    colormap: str,
) -> tuple[Image.Image, Image.Image, str, str]:
    """Draw the masks of both skip layers over the picture.

    Args:
        models: hold the translators.
        model_name: name of a translator, as `python -m gpunit models` lists them.
        content: the picture and its square.
        view: "Mean" over all channels, "Strongest" (their mean), or "One" channel.
        count: how many of the strongest channels, 1 to 64.
        coarse_channel: channel of the 16×16 layer, from 0; the last one if there are not so many.
        fine_channel: channel of the 32×32 layer likewise.
        opacity: of the masks over the picture, 0 to 1.
        colormap: viridis, magma, inferno, cividis, turbo or gray.

    Returns:
        Heatmaps of the 16×16 and the 32×32 layer, and for each its colour scale, sparsity and histogram as HTML.  Of a
        layer that is shut: the picture, and the words.
    """
    _, seen, plan = _planned(models, model_name, content)
    drawn, described = [], []
    for mask, channel in zip(masks.masks_of(plan).values(), (coarse_channel, fine_channel), strict=True):
        values = _reduce(mask, view, count, channel)
        if not mask.any():
            drawn.append(seen.resize((HEATMAP_SIZE, HEATMAP_SIZE), Image.Resampling.LANCZOS))
            described.append(f"<p>{notice('mask_shut')}</p>")
            continue
        top = masks.top_of(values)
        drawn.append(masks.overlay(seen, masks.heatmap(values, HEATMAP_SIZE, colormap, top), opacity))
        described.append(_describe(mask, colormap, top))
    return drawn[0], drawn[1], described[0], described[1]


def render(
    models: Models,
    model_name: str,
    content: Content,
    seed: float,
    coarse: float,
    fine: float,
    dabs: Dabs | None,
    kept: Kept | None,
    handed: Style | None = None,
) -> tuple[tuple[Image.Image, Image.Image], str, Kept]:
    """Render a picture without the skips, and with the skips at chosen strengths.

    Args:
        models: hold the translators.
        model_name: name of a translator.
        content: the picture and its square.
        seed: 0 for the mean style; any other draws a style.
        coarse: strength of the 16×16 skip, 0 to 2.
        fine: strength of the 32×32 skip, 0 to 2.
        dabs: discs [across, down, radius] in which the skips are off, in parts of the picture's side; at most 200.
        kept: of the page's own.
        handed: of the page's own.

    Returns:
        The picture without and with skips, and a line on how far they differ.
    """
    translator, seen, plan = _planned(models, model_name, content)
    is_handed = handed is not None and handed.model == model_name
    style = handed.code[None] if handed is not None and is_handed else _styles(translator, seed, 1)
    made_from = (model_name, seen.tobytes(), tuple(style.flatten().tolist()))
    if kept is None or kept[0] != made_from:
        kept = made_from, translator.render(plan, style, use_skips=False)[0]
    scales = [clamped(scale, 0.0, MAX_STRENGTH) for scale in (coarse, fine)]
    painted = painting.painted_region(dabs, PREVIEW_SIZE)
    picture = translator.render(plan, style, masks.mask_scales(plan, scales, painted))[0]
    if painted is None and scales == [1.0, 1.0]:  # what altered skips make cannot be made again from a style
        signing.sign([picture], [CodedStyle.of(style)], translator, model_name, content)
    apart = np.abs(np.asarray(picture, dtype=int) - np.asarray(kept[1], dtype=int)).mean()
    share = 0.0 if painted is None else painted.mean()
    line = notice("effect_painted" if share else "effect", apart=apart, share=share)
    if is_handed:
        line = f"{line} {notice('effect_handed')}"
    return (kept[1], picture), line, kept


def render_styles(models: Models, model_name: str, content: Content, seed: float) -> list[tuple[Image.Image, str]]:
    """Render a picture in several styles with the very same masks.

    Args:
        models: hold the translators.
        model_name: name of a translator.
        content: the picture and its square.
        seed: 0 for the mean style and five drawn ones; any other draws six.

    Returns:
        Six pictures with captions.
    """
    translator, _, plan = _planned(models, model_name, content)
    styles = _styles(translator, seed, SHOWN_STYLES)
    rendered = translator.render(plan, styles)
    signing.sign(rendered, [CodedStyle.of(code) for code in styles], translator, model_name, content)
    number = read_seed(seed)
    names = [notice("style_number", number=index + 1) for index in range(len(rendered))]
    names[0] = notice("style_seed", seed=number) if number else notice("style_mean")
    return list(zip(rendered, names, strict=True))


def draw_channels(
    models: Models, model_name: str, content: Content, layer: int, colormap: str
) -> tuple[list[tuple[Image.Image, str]], Any]:
    """Draw the strongest channels of a layer's mask, at most 24, of those that open anywhere.

    Args:
        models: hold the translators.
        model_name: name of a translator.
        content: the picture and its square.
        layer: 16 or 32.
        colormap: viridis, magma, inferno, cividis, turbo or gray.

    Returns:
        The channels, strongest first, each with a caption "ch number · mean"; and the first one big.  Nothing where no
        channel opens.
    """
    _, _, plan = _planned(models, model_name, content)
    mask = masks.masks_of(plan)[layer]
    means = masks.channel_means(mask)
    shown = [
        (
            masks.heatmap(mask[channel], CHANNEL_SIZE, colormap),
            notice("channel_caption", channel=channel, mean=_written_mean(float(means[channel]))),
        )
        for channel in masks.ranking(mask)[:SHOWN_CHANNELS]
        if means[channel] > 0
    ]
    return shown, _enlarge(*shown[0]) if shown else None


def _written_mean(mean: float) -> str:
    """A channel's mean; of one that opens in a pixel or two, that it is not nothing."""
    return f"{mean:.2f}" if mean >= 0.005 else "< 0.01"


def tell_shut(models: Models, model_name: str, content: Content, layer: int) -> Any:
    """The line that stands in place of a layer's channels where none opens."""
    _, _, plan = _planned(models, model_name, content)
    return gr.update(value=notice("mask_shut"), visible=not masks.masks_of(plan)[layer].any())


def limit_channels(models: Models, model_name: str, content: Content, coarse: float, fine: float) -> list[Any]:
    """The sliders of the layers' channels, as far as the layers have channels."""
    _, _, plan = _planned(models, model_name, content)
    mostly = zip(masks.masks_of(plan).values(), (coarse, fine), strict=True)
    return [gr.update(maximum=len(mask) - 1, value=min(chosen, len(mask) - 1)) for mask, chosen in mostly]


def export(models: Models, model_name: str, content: Content, colormap: str) -> tuple[Any, Any]:
    """Write all masks of a picture for download.

    Args:
        models: hold the translators.
        model_name: name of a translator.
        content: the picture and its square.
        colormap: viridis, magma, inferno, cividis, turbo or gray.

    Returns:
        An NPZ with mask_16 and mask_32, (C, S, S) float32 in [0, 1]; a ZIP of PNG heatmaps.
    """
    _, _, plan = _planned(models, model_name, content)
    npz, archive = scratch.new_file("masks.npz"), scratch.new_file("masks.zip")
    masks.save_arrays(plan, npz)
    masks.save_pictures(plan, archive, colormap)
    return gr.update(value=str(npz), interactive=True), gr.update(value=str(archive), interactive=True)


def show_dabs(content: Content, dabs: Dabs) -> tuple[Dabs, Image.Image | None]:
    """The picture with what is painted over it."""
    picture = show_crop(content)
    return dabs, None if picture is None else painting.with_paint(picture, dabs)


def dab(
    content: Content, dabs: Dabs, brush: float, places: list[list[float]]
) -> tuple[Dabs, Image.Image | None, Content]:
    """One more dab at every place that the brush went over; beyond 200, the oldest go.

    Args:
        content: the picture and its square.
        dabs: those before.
        brush: radius of the new ones, in percent of the side.
        places: [across, down] of each, in parts of the side.

    Raises:
        gr.Error: for places that are none.
    """
    return *show_dabs(content, painting.more_dabs(dabs, brush, places)), content


def undo_dab(content: Content, dabs: Dabs) -> tuple[Dabs, Image.Image | None]:
    """The dabs without the last one."""
    return show_dabs(content, dabs[:-1])


def no_dabs(content: Content) -> tuple[Dabs, Image.Image | None]:
    """The picture with nothing painted."""
    return show_dabs(content, [])


def keep_dabs(content: Content, dabs: Dabs, painted_on: Content | None) -> tuple[Dabs, Image.Image | None]:
    """The dabs as long as picture and crop are those they were painted on; on others they would lie elsewhere."""
    return show_dabs(content, dabs if painted_on == content else [])


def show_chosen(shown: list[tuple[Image.Image, str]], layer: int, clicked: gr.SelectData) -> tuple[Any, str, Any, Any]:
    """The clicked channel, big, and as the one that the view shows of its layer."""
    picture, caption = shown[clicked.index]
    number = int(caption.split()[1])
    return _enlarge(picture, caption), ONE, *(number if size == layer else gr.skip() for size in LAYERS)


def show_view(choice: str) -> tuple[Any, Any]:
    """The controls that go with a view: how many channels, and which one of each layer."""
    return gr.update(visible=choice == STRONGEST), gr.update(visible=choice == ONE)


def _planned(models: Models, model_name: str, content: Content) -> tuple[Translator, Image.Image, Plan]:
    translator = models.get(model_name)
    seen = content.square(translator.resolution)
    return translator, seen, translator.plan(seen)


def _styles(translator: Translator, seed: float, count: int) -> Tensor:
    """Styles (count, D): sampled with the seed; with seed 0 the mean style, and sampled ones after it."""
    number = read_seed(seed)
    sampled = translator.sample(count, number)
    if number == 0:
        sampled = sampled.clone()
        sampled[0] = translator.mean_style()
    return sampled


def _reduce(mask: Tensor, view: str, count: float, channel: float | None) -> Tensor:
    """One map (S, S) of a mask (C, S, S), as chosen."""
    if view == MEAN:
        return masks.mean_map(mask)
    if view == STRONGEST:
        return masks.strongest_map(mask, whole(count, 1, MOST_STRONGEST))
    return mask[whole(channel or 0, 0, len(mask) - 1)]


def _enlarge(picture: Image.Image, caption: str) -> Any:
    enlarged = picture.resize((HEATMAP_SIZE, HEATMAP_SIZE), Image.Resampling.NEAREST)
    return gr.update(value=enlarged, label=caption)


def _describe(mask: Tensor, colormap: str, top: float) -> str:
    """Colour scale, sparsity and histogram of a mask as HTML in the page's own text colour."""
    shares = masks.histogram(mask)
    tallest = max(shares) or 1.0
    bars = "".join(
        f'<rect x="{index * 10 + 1}" y="{60 - 60 * share / tallest:.1f}" width="8" height="{60 * share / tallest:.1f}">'
        f"<title>{index / len(shares):.2f} to {(index + 1) / len(shares):.2f}: {share:.1%}</title></rect>"
        for index, share in enumerate(shares)
    )
    alive = sum(mean > 0 for mean in masks.channel_means(mask).tolist())
    zero = f"<b>{masks.zero_share(mask):.1%}</b>"
    return (
        f'<div class="mask-bar" style="background: linear-gradient(90deg, {", ".join(masks.colour_stops(colormap))})">'
        f'</div><div class="mask-ends"><span>0</span><span>{top / 2:.2f}</span><span>{top:.2f}</span></div>'
        f"<p>{notice('mask_facts', zero=zero, alive=alive, channels=len(mask))}</p>"
        f'<svg viewBox="0 0 {10 * len(shares)} 62" role="img" aria-label="{notice("mask_histogram")}">'
        f'{bars}<line x1="0" y1="61" x2="{10 * len(shares)}" y2="61"/></svg>'
        f'<div class="mask-ends"><span>0</span><span>{notice("mask_values")}</span><span>1</span></div>'
    )
