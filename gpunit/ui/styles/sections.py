"""The sections below the Styles tab's picture: many pictures, grid, A and B, save and load.  Layout."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from gpunit.engine.styles import BANDS
from gpunit.ui.components import Cells, heading, seed_input, shown_picture
from gpunit.ui.i18n import text
from gpunit.ui.styles.sheets import CELL, GAP, GIF, GRID_SIZE, MAX_FRAMES, MAX_STRIP, MIN_FRAMES, MP4

STRIP_LENGTH = 9


@dataclass(frozen=True)
class RowSection:
    """One style on many pictures."""

    picture: gr.Image
    render: gr.Button


@dataclass(frozen=True)
class GridSection:
    """Styles between four; `current` shows the style that is gone on from."""

    tab: gr.Tab
    picture: gr.Image
    seed: gr.Number
    dice: gr.Button
    render: gr.Button
    current: gr.Image


@dataclass(frozen=True)
class EndsSection:
    """From A to B: the strip, levels mixed (and a line on which are whose), the animation as GIF or MP4."""

    tab: gr.Tab
    strip: gr.Image
    length: gr.Slider
    mixed: gr.Image
    line: gr.Markdown
    bands: list[gr.Radio]
    kind: gr.Radio
    frames: gr.Slider
    animate: gr.Button
    file: gr.DownloadButton
    gif: gr.Image
    video: gr.Video


@dataclass(frozen=True)
class FileSection:
    """The current style as a file; `saved` shows what is in it."""

    tab: gr.Tab
    save: gr.Button
    load: gr.UploadButton
    saved: gr.JSON


def lay_out_row() -> RowSection:
    """Lay out the section of many pictures in one style."""
    heading("row")
    picture = styles_picture("row", "styles-row")
    return RowSection(picture, gr.Button(text("draw_row"), size="md", elem_id="styles-draw-row", elem_classes="act"))


def lay_out_grid(tab: gr.Tab) -> GridSection:
    """Lay out the section of the grid, inside its tab."""
    heading("grid")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            picture = styles_picture("grid", "styles-grid")
            Cells("styles-grid", GRID_SIZE, GRID_SIZE, CELL, GAP, elem_id="styles-cells", elem_classes="unseen")
        with gr.Column(scale=1, min_width=160):
            seed = seed_input(1, "styles-corner-seed", label="corner_seed", info="corner_seed_info")
            dice = gr.Button(text("new_seed"), size="sm")
            render = gr.Button(text("draw_grid"), variant="primary", size="sm", elem_id="styles-draw-grid")
            current = styles_picture("current_style", "styles-chosen", fills=True)
            gr.Markdown(text("current_style"), elem_classes="quiet")
    return GridSection(tab, picture, seed, dice, render, current)


def lay_out_ends(tab: gr.Tab) -> EndsSection:
    """Lay out the section from A to B, inside its tab."""
    heading("strip")
    strip = styles_picture("strip", "styles-strip")
    length = gr.Slider(2, MAX_STRIP, STRIP_LENGTH, step=1, label=text("length"), info=text("length_info"))
    heading("mixed")
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            mixed = styles_picture("mixed", "styles-mixed")
            line = gr.Markdown(elem_classes="quiet", elem_id="styles-mixed-line")
        with gr.Column(scale=1, min_width=200), gr.Row():
            bands = [
                gr.Radio(
                    ["A", "B"],
                    value="B" if name == BANDS[-1] else "A",
                    label=text(f"band_{name}"),
                    info=text(f"band_{name}_info"),
                    min_width=90,
                    elem_id=f"styles-band-{name}",
                )
                for name in BANDS
            ]
    return EndsSection(tab, strip, length, mixed, line, bands, *_lay_out_animation())


def _lay_out_animation() -> tuple[gr.Radio, gr.Slider, gr.Button, gr.DownloadButton, gr.Image, gr.Video]:
    heading("animation")
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=240):
            kind = gr.Radio(
                [GIF, MP4], value=GIF, label=text("format"), info=text("format_info"), elem_id="styles-kind"
            )
            frames = gr.Slider(MIN_FRAMES, MAX_FRAMES, 24, step=1, label=text("frames"), info=text("frames_info"))
            animate = gr.Button(text("animate"), variant="primary", size="sm", elem_id="styles-animate")
            file = gr.DownloadButton(text("download"), size="sm", visible=False, elem_id="styles-animation-file")
        with gr.Column(scale=2, min_width=280):
            gif = gr.Image(
                label=text("animation"),
                type="filepath",
                format="gif",
                interactive=False,
                visible=False,
                height=260,
                elem_id="styles-gif",
            )
            video = gr.Video(
                label=text("animation"),
                interactive=False,
                visible=False,
                autoplay=True,
                loop=True,
                height=260,
                elem_id="styles-video",
            )
    return kind, frames, animate, file, gif, video


def lay_out_file(tab: gr.Tab) -> FileSection:
    """Lay out the section that saves and loads a style, inside its tab."""
    heading("file")
    with gr.Row(elem_classes="acts"):
        save = gr.Button(text("save_style"), size="sm", elem_id="styles-save")
        load = gr.UploadButton(
            text("load_style"), file_types=[".json"], size="sm", type="filepath", elem_id="styles-load"
        )
    return FileSection(tab, save, load, gr.JSON(label=text("current_style"), max_height=260, elem_id="styles-json"))


def styles_picture(label: str, elem_id: str, fills: bool = False) -> gr.Image:
    """A picture that the tab shows; a single one fills its place."""
    return shown_picture(label, elem_id, min_width=0 if fills else 150, elem_classes="fills" if fills else "")
