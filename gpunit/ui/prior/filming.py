"""Films of a prior, in all classes at once: over codes, over classes, along an axis.  Layout and actions."""

from __future__ import annotations

from typing import Any

import gradio as gr

from gpunit import images
from gpunit.ui.components import heading
from gpunit.ui.events import ON_DEVICE, endpoint
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.prior.directions import AXES, axes_of
from gpunit.ui.prior.parts import GridParts
from gpunit.ui.prior.pictures import film_sheet, headings
from gpunit.ui.prior.rows import MAX_ROWS, Row, chosen, codes_of, read_rows
from gpunit.ui.server import scratch
from gpunit.ui.values import read_seed, whole

GIF, MP4 = "GIF", "MP4"
MIN_FRAMES, MAX_FRAMES = 8, 240
FRAME_RATE = 20


def make_film(
    models: Models,
    prior_name: str,
    classes: list[str],
    truncation: float,
    seed: float,
    shown: list[Row],
    way: str,
    axis: float,
    frames: float,
    kind: str,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
) -> tuple[Any, Any, Any]:
    """Make a film, which is a loop: over the grid's codes, over its classes, or along an axis.

    Args:
        models: hold the priors.
        prior_name: prior-small, or a pretrained BigGAN that is on the server.
        classes: names of up to 12 classes, or mixtures such as cat:0.7+dog:0.3.
        truncation: scale of the codes, from 0.02 to 1.
        seed: of the grid; not used where `shown` names the rows.
        shown: [seed, index] of every row of the grid; [] for the rows of `seed`.
        way: "codes" goes from row to row, "classes" from class to class with the first row's code, "axis" swings the
            first row's code along an axis.
        axis: number of the axis, counted from 1.
        frames: how many in all, 8 to 240.
        kind: "GIF" or "MP4".
        progress: shown on the page.

    Returns:
        The GIF or nothing, the MP4 or nothing, and the file.
    """
    from gpunit.prior import films
    from gpunit.prior.directions import Move

    prior = models.prior(prior_name)
    rows = read_rows(shown) or [[read_seed(seed), index] for index in range(3)]
    names, count = chosen(classes), whole(frames, MIN_FRAMES, MAX_FRAMES)
    latents, columns = codes_of(prior, rows[:MAX_ROWS], truncation), prior.columns(names)
    axes = axes_of(prior, prior_name) if way == films.AXIS else None
    titles = headings(names) if way != films.CLASSES else []
    pictures = []
    for frame in films.film(prior, way, latents, columns, count, axes, Move(whole(axis, 1, AXES))):
        pictures.append(film_sheet(images.to_pictures(frame), titles))
        progress((len(pictures), count), desc=notice("rendering"), unit=notice("unit_frames"))
    file = scratch.new_file(f"{prior_name}-{way}.{'mp4' if kind == MP4 else 'gif'}")
    images.save_animation(pictures, file, FRAME_RATE)
    gif, video = (None, str(file)) if kind == MP4 else (str(file), None)
    return (
        gr.update(value=gif, visible=gif is not None),
        gr.update(value=video, visible=video is not None),
        gr.update(value=str(file), visible=True),
    )


def build_films(grid: GridParts, models: Models) -> None:
    """Lay out the section and wire it."""
    heading("films")
    ways = [(text("film_codes"), "codes"), (text("film_classes"), "classes"), (text("film_axis"), "axis")]
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=240):
            way = gr.Radio(ways, value="codes", label=text("film_way"), info=text("film_way_info"), elem_id="prior-way")
            axis = gr.Slider(1, AXES, 1, step=1, label=text("prior_axis"), info=text("film_axis_info"))
            frames = gr.Slider(
                MIN_FRAMES, MAX_FRAMES, 48, step=8, label=text("film_frames"), info=text("film_frames_info")
            )
            kind = gr.Radio([MP4, GIF], value=MP4, label=text("film_kind"), info=text("film_kind_info"))
            make = gr.Button(text("film_make"), variant="primary", size="sm", elem_id="prior-film")
            file = gr.DownloadButton(text("download"), size="sm", visible=False, elem_id="prior-film-file")
        with gr.Column(scale=2, min_width=280):
            gif = gr.Image(
                label=text("film"),
                type="filepath",
                format="gif",
                interactive=False,
                visible=False,
                elem_id="prior-film-gif",
            )
            video = gr.Video(
                label=text("film"),
                interactive=False,
                visible=False,
                autoplay=True,
                loop=True,
                elem_id="prior-film-video",
            )
    make.click(
        endpoint(make_film, models),
        [grid.prior, grid.classes, grid.truncation, grid.seed, grid.row_names, way, axis, frames, kind],
        [gif, video, file],
        api_name="film_prior",
        **ON_DEVICE,
    )
