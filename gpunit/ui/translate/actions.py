"""What the Translate tab's events do: translate, look at the picture, keep a history, save and share."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from gpunit import images, zoo
from gpunit.engine import provenance
from gpunit.images import CENTRE
from gpunit.segmentation.subject import is_like
from gpunit.ui import signing, uploads
from gpunit.ui.content import PREVIEW_SIZE, Content, given
from gpunit.ui.examples import EXAMPLES, example_stem
from gpunit.ui.i18n import domain_name, inform, licence_notice, listed, notice, text, warn
from gpunit.ui.models import Models
from gpunit.ui.server import scratch
from gpunit.ui.translate import sharing
from gpunit.ui.translate.inputs import (
    BY_EXEMPLAR,
    BY_SAMPLE,
    MOST_TEMPERATURE,
    Rendered,
    TranslationInputs,
)
from gpunit.ui.values import clamped, read_seed
from gpunit.zoo.weights import ModelError

STYLES_A_TARGET = 4

Sides = tuple[Image.Image, Image.Image]


def translate(models: Models, inputs: TranslationInputs) -> tuple[list[Image.Image], str, Sides, str, Rendered, int]:
    """Translate a picture into the model's domain.

    Args:
        models: hold the translators.
        inputs: what to translate, and how.

    Returns:
        The translations, a line on time, input and first output for comparison, a ZIP of all, and the page's own.
    """
    translator = models.get(inputs.model_name)
    seen = inputs.content.square(translator.resolution)
    begun = time.perf_counter()
    plan = translator.plan(seen)
    planned = time.perf_counter()
    styles, sources = inputs.styles(translator)
    results = translator.render(plan, styles)
    rendered = time.perf_counter()
    line = notice(
        "translate_time",
        plan=round(1000 * (planned - begun)),
        count=len(results),
        style=round(1000 * (rendered - planned) / len(results)),
        resolution=translator.resolution,
        device=translator.device.type,
        dtype=str(translator.dtype).removeprefix("torch."),
    )
    signing.sign(results, sources, translator, inputs.model_name, inputs.content)
    made = Rendered(inputs, styles.cpu())
    for number, result in enumerate(results, start=1):
        scratch.named(result, f"{made.name}-{number}")
    return results, line, (seen, results[0]), _zip(made.name, seen, results), made, 0


def redraw(models: Models, made: Rendered | None, inputs: TranslationInputs) -> Any:
    """`translate`, where the controls say something else than what is shown, and where it can be done.

    What stands in the way is said by what the visitor did: an upload that cannot be read, a model that is offered for
    download, an exemplar that is still missing.
    """
    nothing = [gr.skip()] * 6
    is_shown = made is not None and made.inputs == inputs
    is_ready = inputs.path and zoo.find(inputs.model_name).is_here and (inputs.exemplar_path or not inputs.by_exemplar)
    if is_shown or not is_ready:
        return nothing
    try:
        return translate(models, inputs)
    except images.PictureError:
        return nothing


def pick(
    results: list[tuple[Image.Image, str | None]], sides: Sides, made: Rendered | None, clicked: gr.SelectData
) -> tuple[Sides, int]:
    """Put the clicked translation beside the input."""
    picture = provenance.keep(results[clicked.index][0])
    if made is not None:
        scratch.named(picture, f"{made.name}-{clicked.index + 1}")
    return (sides[0], picture), clicked.index


def translate_to_all(models: Models, content: Content, seed: float, temperature: float) -> Any:
    """Translate a picture by every small translator that is here, in four drawn styles each.

    Args:
        models: hold the translators.
        content: the picture and its square.
        seed: the same seed gives the same styles.
        temperature: variety of the drawn styles.

    Returns:
        The translations with captions, target by target.
    """
    sampling: dict[str, Any] = {
        "count": STYLES_A_TARGET,
        "seed": read_seed(seed),
        "temperature": clamped(temperature, 0.0, MOST_TEMPERATURE),
    }
    shown = []
    for spec in zoo.all_models().values():
        if spec.family != "small" or not spec.is_here:
            continue
        translator = models.get(spec.name)
        plan = translator.plan(content.square(translator.resolution))
        pictures = translator.render(plan, translator.sample(**sampling))
        signing.sign(pictures, provenance.sampled(**sampling), translator, spec.name, content)
        for number, picture in enumerate(pictures, start=1):
            shown.append((picture, f"{domain_name(spec.target)} · {notice('style_number', number=number)}"))
    return gr.update(value=shown, visible=True)


def domain_likeness(models: Models, content: Content) -> dict[str, float]:
    """Tell how much a picture looks like each domain that ImageNet has classes for.

    Args:
        models: hold the classifier.
        content: the picture and its square.

    Returns:
        Probability of each domain's ImageNet classes together.
    """
    return models.finder().likeness(content.square(PREVIEW_SIZE))


def show_hint(models: Models, content: Content, model_name: str) -> Any:
    """A line where the picture is like none of the model's sources; nothing for a picture that cannot be read."""
    try:
        seen, sources = content.square(PREVIEW_SIZE), zoo.find(model_name).sources
    except (gr.Error, images.PictureError, ModelError):  # the preview has said so
        return gr.update(visible=False)
    likeness = models.finder().likeness(seen)
    if is_like(likeness, sources):
        return gr.update(visible=False)
    seen_domain = next((domain for domain in likeness if is_like(likeness, [domain])), None)
    names = listed(sources)
    if seen_domain is None:
        return gr.update(value=notice("unlike", sources=names), visible=True)
    return gr.update(value=notice("unlike_but", seen=domain_name(seen_domain), sources=names), visible=True)


def facts(model_name: str) -> str:
    """One line on a model: size, whether it is here, licence."""
    spec = zoo.find(model_name)
    where = f"{spec.megabytes:.1f} MB, {text('here')}" if spec.is_here else str(text("not_here"))
    return f"**{spec.name}** · {where} · {licence_notice(spec.licence)}"


def save_settings(inputs: TranslationInputs) -> dict[str, Any]:
    """Give all that makes the translations as JSON, to be loaded again here or elsewhere.

    Args:
        inputs: what to translate, and how.

    Returns:
        Model and sha256 of its weights, settings, and the pictures as PNG in base64.
    """
    resolution = zoo.find(inputs.model_name).resolution
    seen, exemplar = inputs.content.square(resolution), None
    if inputs.by_exemplar:
        path = given(inputs.exemplar_path, "no_exemplar")
        exemplar = uploads.cut_upload(path, CENTRE, resolution)
        if (made := provenance.known(path)) is not None:  # a result of this page has exactly its own style
            provenance.put(exemplar, made)
    return sharing.to_json(inputs.model_name, seen, exemplar, {"guidance": inputs.guidance, **inputs.sampling})


def save_shown(rendered: Rendered | None, inputs: TranslationInputs) -> dict[str, Any]:
    """`save_settings` of what made the pictures that are shown."""
    return save_settings(rendered.inputs if rendered else inputs)


def load_settings(file: str) -> tuple[Any, ...]:
    """Set everything as a saved JSON file says.

    Args:
        file: the JSON file.

    Returns:
        Picture, model, zoom, across, down, guidance, count, seed, temperature and exemplar for "translate".
    """
    saved, picture, exemplar = sharing.from_json(Path(file))
    if not sharing.is_same_model(saved):
        warn(notice("other_weights", model=saved["model"]))
    guidance = BY_SAMPLE if exemplar is None else BY_EXEMPLAR
    inputs = TranslationInputs(
        str(scratch.kept_picture(picture)),
        saved["model"],
        *(1, 0.5, 0.5),
        guidance,
        *(saved["count"], saved["seed"], saved["temperature"]),
        None if exemplar is None else str(scratch.kept_picture(exemplar)),
    )
    values = {**vars(inputs), **inputs.sampling}
    return tuple(gr.skip() if value is None else value for value in values.values())


def link_shown(rendered: Rendered | None, inputs: TranslationInputs) -> Any:
    """The query of a link to what made the pictures that are shown."""
    made = rendered.inputs if rendered else inputs
    exemplar_path = made.exemplar_path if made.by_exemplar else None
    picture, exemplar = example_stem(made.path), example_stem(exemplar_path)
    if (made.path and not picture) or (exemplar_path and not exemplar):
        inform(notice("not_in_link"))
    crop: dict[str, Any] = {"zoom": made.zoom, "across": made.across, "down": made.down} if picture else {}
    return gr.update(
        value=sharing.Link(made.model_name, picture, exemplar, **crop, **made.sampling).to_query(), visible=True
    )


def open_link(offered: Collection[str], query: str) -> tuple[Any, ...]:
    """Set what a link says; the controls that it does not name stay as they are.

    Args:
        offered: names of the translators that can be chosen.
        query: the address from behind its question mark.
    """
    paths = {path.stem: str(path) for path in EXAMPLES}
    try:
        link = sharing.Link.of_query(query, paths, offered)
    except ValueError:
        warn(notice("bad_link"))
        link = sharing.Link()
    values = (
        paths.get(link.picture or ""),
        *(link.model, link.zoom, link.across, link.down),
        BY_EXEMPLAR if link.exemplar else None,
        *(link.count, link.seed, link.temperature),
        paths.get(link.exemplar or ""),
    )
    return tuple(gr.skip() if value is None else value for value in values)


def _zip(name: str, seen: Image.Image, results: list[Image.Image]) -> str:
    """All pictures in one file."""
    path = scratch.new_file(f"{scratch.file_stem(name)}.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for name, result in [("source", seen), *((f"style-{i + 1:02d}", r) for i, r in enumerate(results))]:
            with archive.open(f"{name}.png", "w") as file:
                result.save(file, format="PNG", pnginfo=provenance.text_of(result))
    return str(path)
