"""A short clip in the style that is compared: a frame at a time, with progress, stopped when the visitor asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from gpunit import images
from gpunit.engine.clips import translate_frames
from gpunit.images import CENTRE, ClipWriter
from gpunit.ui import jobs
from gpunit.ui.components import heading, shown_picture
from gpunit.ui.events import LONG, QUIET, endpoint
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.server import scratch
from gpunit.ui.translate.inputs import Rendered, TranslationInputs
from gpunit.ui.translate.many import compared_style

MP4, GIF = "MP4", "GIF"
SHOWN_EVERY = 5  # frames

PROGRESS = gr.Progress()  # Gradio gives each event its own in place of this


def build(inputs: list[Any], rendered: gr.State, chosen: gr.State, models: Models) -> None:
    """Lay out the section inside the tab's sections, and wire it.

    Args:
        inputs: the components of a `TranslationInputs`.
        rendered, chosen: what made the pictures in the gallery, and which of them is compared.
        models: hold the translators.
    """
    with gr.Tab(text("tab_clip"), id="clip"):
        heading("clip")
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=240):
                file = gr.File(
                    file_types=list(images.CLIP_SUFFIXES), label=text("clip_file"), height=160, elem_id="clip-file"
                )
                kind = gr.Radio([MP4, GIF], value=MP4, label=text("clip_kind"), elem_id="clip-kind")
                finds = gr.Checkbox(True, label=text("clip_finds"), info=text("clip_finds_info"), elem_id="clip-finds")
                with gr.Row():
                    go = gr.Button(text("clip_go"), variant="primary", size="sm", elem_id="clip-go")
                    stop = gr.Button(text("stop"), size="sm", elem_id="clip-stop")
                download = gr.DownloadButton(text("download"), size="sm", visible=False, elem_id="clip-download")
                line = gr.Markdown(elem_classes="quiet", elem_id="clip-line")
            with gr.Column(scale=2, min_width=280):
                frame = shown_picture("clip_frame", "clip-frame", 260, visible=False, buttons=[])
                shown: dict[str, Any] = {"label": text("clip_result"), "interactive": False, "visible": False}
                gif = gr.Image(type="filepath", format="gif", height=260, elem_id="clip-gif", **shown)
                video = gr.Video(autoplay=True, loop=True, height=260, elem_id="clip-video", **shown)
    go.click(
        endpoint(translate_clip, models),
        [file, kind, finds, rendered, chosen, *inputs],
        [line, frame, gif, video, download],
        api_name="translate_clip",
        show_progress_on=line,
        **LONG,
    )
    stop.click(jobs.stop, None, None, queue=False, **QUIET)


def translate_clip(
    models: Models,
    file: str | None,
    kind: str,
    finds: bool,
    rendered: Rendered | None,
    chosen: int,
    inputs: TranslationInputs,
    progress: gr.Progress = PROGRESS,
) -> Iterator[tuple[Any, ...]]:
    """Translate a clip of at most 10 seconds into a clip in one style: the compared one.

    Args:
        models: hold the translators.
        file: an MP4, WebM or GIF.
        kind: "MP4" or "GIF".
        finds: whether the square is set on the animal or car of the first frame; else it is the centre.
        rendered: of the page's own.
        chosen: of the page's own.
        inputs: the model and the style; picture and square do not matter.
        progress: shown on the page.

    Yields:
        A line on what was done, the frame that was rendered last, the GIF or nothing, the MP4 or nothing, and the file.
    """
    if not file:
        raise gr.Error(notice("no_clip"), print_exception=False)
    clip = images.open_clip(file, Path(file).name)
    translator = models.get(inputs.model_name)
    style, _ = compared_style(translator, rendered, chosen, inputs)
    crop = CENTRE
    if finds:
        first = next(clip.frames())
        crop = models.finder().find(first)
    target = scratch.new_file(f"{clip.path.stem}-{inputs.model_name.replace('/', '-')}.{kind.lower()}")
    number, count, frames = 0, clip.count, clip.frames()
    with jobs.stoppable() as stopped, closing(frames), ClipWriter(target, clip.rate) as writer:
        for number, picture in enumerate(translate_frames(translator, frames, style, crop), start=1):
            writer.add(picture)
            progress((number, max(count, number)), unit=notice("unit_frames"))
            if stopped.is_set():
                break
            if number % SHOWN_EVERY == 1:
                done = notice("clip_done", done=number, count=max(count, number), rate=f"{clip.rate:g}")
                hidden = gr.update(visible=False)
                yield done, gr.update(value=picture, visible=True), hidden, hidden, hidden
    line = notice("clip_done", done=number, count=number, rate=f"{clip.rate:g}")
    path, is_gif = str(target), kind == GIF
    yield (
        line,
        gr.update(value=None, visible=False),
        gr.update(value=path if is_gif else None, visible=is_gif),
        gr.update(value=None if is_gif else path, visible=not is_gif),
        gr.update(value=path, visible=True),
    )
