"""BigGAN prior tab: one latent code drawn as many classes, and a photo turned into a code."""

from __future__ import annotations

import json
import time
from pathlib import Path

import gradio as gr
from PIL import Image

from gpunit import images, zoo
from gpunit.images import CENTRE
from gpunit.ui.shared import DEVICE_QUEUE, EXAMPLES, PRIORS, Models, heading, open_upload, picture_input, with_notices

MAX_SEED = 2**31 - 1
MAX_ROWS = 8
MAX_CLASSES = 12
CELL = 128


def build(tab: gr.Tab, models: Models) -> None:
    """Lay out the tab, which is being built, and wire its events."""
    priors = [name for name in PRIORS if _config(name) is not None]
    if not priors:
        gr.Markdown(f"There is no prior on this machine: put the folder `{PRIORS[0]}` among the checkpoints.")
        return
    names = _class_names(priors[0])
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            heading("One latent code z, many classes", "BigGAN's pictures of one z share pose and layout (section 3).")
            prior = gr.Dropdown(priors, value=priors[0], label="Prior")
            classes = gr.Dropdown(
                names,
                value=names[:4],
                label="Classes: one column each",
                info="Type to search by name",
                multiselect=True,
                max_choices=MAX_CLASSES,
                elem_id="prior-classes",
            )
            rows = gr.Slider(1, MAX_ROWS, 5, step=1, label="Latent codes: one row each")
            truncation = gr.Slider(
                0.02, 1, 0.7, step=0.02, label="Truncation", info="Scale of z: less is safer, and more alike"
            )
            seed = gr.Number(
                1,
                label="Seed",
                info="The same seed gives the same pictures",
                precision=0,
                minimum=0,
                maximum=MAX_SEED,
                elem_id="prior-seed",
            )
            with gr.Row():
                dice = gr.Button("New seed", size="sm")
                go = gr.Button("Draw", variant="primary", size="sm", elem_id="prior-draw")
            heading("A photo as a latent code", "An encoder infers z of a photo; the prior draws it in every class.")
            photo = picture_input(label="Photo", height=200, elem_id="prior-photo")
            gr.Examples([str(path) for path in EXAMPLES], photo, label="Examples", examples_per_page=15)
        with gr.Column(scale=3, min_width=320):
            heading("G(z, l)", "Rows share a latent code z, columns a class l.")
            grid = gr.Image(
                label="Grid",
                show_label=False,
                format="png",
                interactive=False,
                buttons=["download", "fullscreen"],
                elem_id="prior-grid",
            )
            timing = gr.Markdown(elem_classes="quiet", elem_id="prior-timing")
            inverted = gr.Image(
                label="The photo, and its code drawn as every class",
                show_label=False,
                format="png",
                interactive=False,
                visible=False,
                buttons=["download", "fullscreen"],
                elem_id="prior-inverted",
            )

    @with_notices
    def draw(
        prior_name: str, classes: list[str], rows: float, truncation: float, seed: float
    ) -> tuple[Image.Image, str]:
        """Draw a grid: rows share a latent code, columns a class.

        Args:
            prior_name: prior-small, or a pretrained BigGAN that is on the server.
            classes: names of up to 12 classes.
            rows: how many latent codes, 1 to 8.
            truncation: scale of the codes, from 0.02 to 1.
            seed: the same seed gives the same pictures.

        Returns:
            The grid as one picture, and a line on time.
        """
        loaded = models.prior(prior_name)
        labels = loaded.labels(_some(classes))
        begun = time.perf_counter()
        limited = min(max(truncation, 0.02), 1.0)
        codes = loaded.latents(min(max(int(rows), 1), MAX_ROWS), int(seed) % (MAX_SEED + 1), limited)
        drawn = loaded.grid(codes, labels)
        milliseconds = 1000 * (time.perf_counter() - begun)
        sheet = images.sheet([images.to_pictures(row) for row in drawn], CELL, _headings(classes))
        count = drawn.shape[0] * drawn.shape[1]
        line = f"{count} × {milliseconds / count:.0f} ms  ·  {loaded.resolution} px on {loaded.device.type}"
        return sheet, line

    @with_notices
    def invert(prior_name: str, classes: list[str], path: str | None) -> gr.Image:
        """Infer the latent code of a photo and draw it as every chosen class.

        Args:
            prior_name: a prior with an encoder: prior-small.
            classes: names of up to 12 classes.
            path: the photo.

        Returns:
            The photo and its drawings in one row.
        """
        if not path:
            return gr.Image(value=None, visible=False)
        loaded = models.prior(prior_name)
        labels = loaded.labels(_some(classes))
        seen = images.cut(open_upload(path), CELL, CENTRE)
        (drawn,) = loaded.grid(loaded.invert(images.to_tensor(seen)), labels)
        sheet = images.sheet([[seen, *images.to_pictures(drawn)]], CELL, ["photo", *_headings(classes)])
        return gr.Image(value=sheet, visible=True)

    def offer_classes(prior_name: str) -> gr.Dropdown:
        """The classes of another prior."""
        names = _class_names(prior_name)
        return gr.Dropdown(choices=names, value=names[:4])

    arguments = [prior, classes, rows, truncation, seed]
    gr.on(
        [go.click, rows.release, truncation.release, seed.change, classes.change, tab.select],
        draw,
        arguments,
        [grid, timing],
        api_name="draw_prior",
        trigger_mode="always_last",
        concurrency_id=DEVICE_QUEUE,
        concurrency_limit=1,
    )
    gr.on(
        [photo.change, classes.change],
        invert,
        [prior, classes, photo],
        inverted,
        api_name="invert",
        trigger_mode="always_last",
        concurrency_id=DEVICE_QUEUE,
    )
    prior.change(offer_classes, prior, classes, api_visibility="private", show_progress="hidden")
    dice.click(None, None, seed, js=f"() => Math.floor(Math.random() * {MAX_SEED})", api_visibility="private")


def _some(classes: list[str]) -> list[str]:
    if not classes:
        raise gr.Error("Choose at least one class.")
    return classes[:MAX_CLASSES]


def _headings(classes: list[str]) -> list[str]:
    return [name.split(",")[0][:18] for name in classes[:MAX_CLASSES]]


def _config(name: str) -> Path | None:
    """The config of a prior among the checkpoints; read here, so that the page opens without BigGAN's library."""
    path = zoo.CHECKPOINTS / name / "config.json"
    return path if path.is_file() and path.with_name("pytorch_model.bin").is_file() else None


def _class_names(name: str) -> list[str]:
    path = _config(name)
    named = json.loads(path.read_text(encoding="utf-8")).get("class_names") if path else None
    if named is None:
        from gpunit.prior.imagenet import CLASS_NAMES

        named = list(CLASS_NAMES)
    return list(named)
