"""Many photos at once: under the style that is compared, or in a drawn style each."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image
from torch import Tensor

from gpunit import images
from gpunit.engine import provenance
from gpunit.engine.provenance import SampledStyle, StyleSource
from gpunit.engine.translator import Translator
from gpunit.images import CENTRE, Crop, PictureError
from gpunit.ui import jobs, signing, uploads
from gpunit.ui.components import heading, shown_gallery
from gpunit.ui.content import Content
from gpunit.ui.events import LONG, QUIET, endpoint
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models
from gpunit.ui.server import scratch
from gpunit.ui.translate.inputs import MOST_TEMPERATURE, Rendered, TranslationInputs
from gpunit.ui.values import clamped, read_seed

ONE, EACH = "One style for all", "A style each"
MOST_PHOTOS = 32

PROGRESS = gr.Progress()  # Gradio gives each event its own in place of this


def build(inputs: list[Any], rendered: gr.State, chosen: gr.State, models: Models) -> None:
    """Lay out the section inside the tab's sections, and wire it.

    Args:
        inputs: the components of a `TranslationInputs`.
        rendered, chosen: what made the pictures in the gallery, and which of them is compared.
        models: hold the translators.
    """
    with gr.Tab(text("tab_many"), id="many"):
        heading("many")
        files = gr.File(
            file_count="multiple",
            file_types=list(images.picture_suffixes()),
            label=text("many_files"),
            height=160,
            elem_id="many-files",
        )
        with gr.Row():
            styling = gr.Radio(
                [(text("many_one"), ONE), (text("many_each"), EACH)],
                value=ONE,
                label=text("many_styling"),
                info=text("many_styling_info"),
                elem_id="many-styling",
            )
            finds = gr.Checkbox(True, label=text("many_finds"), info=text("many_finds_info"), elem_id="many-finds")
        with gr.Row():
            go = gr.Button(text("many_go"), variant="primary", size="sm", elem_id="many-go")
            stop = gr.Button(text("stop"), size="sm", elem_id="many-stop")
            archive = gr.DownloadButton(text("download_all"), size="sm", visible=False, elem_id="many-download")
        line = gr.Markdown(elem_classes="quiet", elem_id="many-line")
        pairs = shown_gallery("many_pairs", "many-pairs", 3, visible=False, elem_classes="captioned")
    go.click(
        endpoint(translate_many, models),
        [files, styling, finds, rendered, chosen, *inputs],
        [line, pairs, archive],
        api_name="translate_many",
        show_progress_on=line,
        **LONG,
    )
    stop.click(jobs.stop, None, None, queue=False, **QUIET)


def translate_many(
    models: Models,
    files: list[str] | None,
    styling: str,
    finds: bool,
    rendered: Rendered | None,
    chosen: int,
    inputs: TranslationInputs,
    progress: gr.Progress = PROGRESS,
) -> Iterator[tuple[Any, ...]]:
    """Translate many pictures, one after the other; what cannot be read is passed over and named.

    Args:
        models: hold the translators.
        files: the pictures, at most 32.
        styling: "One style for all" takes the style that is compared, or the first of those that are asked for;
            "A style each" draws one for each picture.
        finds: whether the square is set on each picture's animal or car; else it is the centre.
        rendered: of the page's own.
        chosen: of the page's own.
        inputs: the model and the styles; picture and square do not matter.
        progress: shown on the page.

    Yields:
        A line on what was done, pairs of a picture and its translation, and a ZIP of all translations.
    """
    paths = files or []
    if not paths:
        raise gr.Error(notice("no_files"), print_exception=False)
    if len(paths) > MOST_PHOTOS:
        raise gr.Error(notice("too_many_files", most=MOST_PHOTOS, count=len(paths)), print_exception=False)
    translator = models.get(inputs.model_name)
    codes, sources = _styles(translator, styling, len(paths), rendered, chosen, inputs)
    names = images.result_stems([Path(path).name for path in paths])
    file = scratch.new_file(f"{inputs.model_name.replace('/', '-')}.zip")
    pairs: list[tuple[Image.Image, str]] = []
    refused: list[str] = []
    with zipfile.ZipFile(file, "w") as archive, jobs.stoppable() as stopped:
        for number, (path, name) in enumerate(zip(paths, names, strict=True)):
            if stopped.is_set():
                break
            progress((number, len(paths)), unit=notice("unit_photos"))
            try:
                crop = _crop(models, path) if finds else CENTRE
                seen = uploads.cut_upload(path, crop, translator.resolution)
            except PictureError as error:
                refused.append(str(error))
                continue
            (result,) = translator.render(translator.plan_once(seen), codes[number : number + 1])
            content = Content(path, crop.zoom, crop.x, crop.y)
            signing.sign([result], [sources[number]], translator, inputs.model_name, content)
            with archive.open(f"{name}.png", "w") as entry:
                result.save(entry, format="PNG", pnginfo=provenance.text_of(result))
            pairs.append(
                (images.sheet([[seen, result]], translator.resolution, gap=2, ground=images.CLEAR), Path(path).name)
            )
            yield _line(len(pairs), len(paths), refused), gr.update(value=[*pairs], visible=True), gr.skip()
    is_there = gr.update(value=str(file) if pairs else None, visible=bool(pairs))
    yield _line(len(pairs), len(paths), refused), gr.update(value=pairs, visible=bool(pairs)), is_there


def compared_style(
    translator: Translator, rendered: Rendered | None, chosen: int, inputs: TranslationInputs
) -> tuple[Tensor, StyleSource]:
    """The style of the picture that is compared, (1, D), and what results say of it.

    Where nothing of this model was rendered yet, it is the first style that the controls ask for.
    """
    made = rendered.inputs if rendered is not None and rendered.inputs.model_name == inputs.model_name else inputs
    codes, sources = made.styles(translator)
    index = min(chosen, len(codes) - 1) if made is not inputs else 0
    return codes[index : index + 1], sources[index]


def _styles(
    translator: Translator, styling: str, count: int, rendered: Rendered | None, chosen: int, inputs: TranslationInputs
) -> tuple[Tensor, list[StyleSource]]:
    """A style code for each picture (N, D), and what results say of them."""
    if styling == ONE:
        code, source = compared_style(translator, rendered, chosen, inputs)
        return code.expand(count, -1), [source] * count
    seed, temperature = read_seed(inputs.seed), clamped(inputs.temperature, 0.0, MOST_TEMPERATURE)
    sources: list[StyleSource] = [
        SampledStyle(count=count, seed=seed, temperature=temperature, number=number + 1) for number in range(count)
    ]
    return translator.sample(count, seed, temperature), sources


def _crop(models: Models, path: str) -> Crop:
    """The square on the picture's subject, as "Find the subject" sets it."""
    found = models.finder().find(uploads.open_upload(path))
    return Crop(round(found.zoom, 2), round(found.x, 2), round(found.y, 2))


def _line(done: int, count: int, refused: list[str]) -> str:
    line = notice("many_done", done=done, count=count)
    return f"{line}  \n" + "  \n".join(refused) if refused else line
