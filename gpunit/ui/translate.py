"""Translate tab: a photo in, translated photos out, by drawn styles or by an exemplar's."""

from __future__ import annotations

import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from PIL import Image
from torch import Tensor

from gpunit import zoo
from gpunit.ui.content import ContentPicker, content_picker, model_choices, read_content
from gpunit.ui.downloading import download_model, download_panel, downloads_allowed, show_offer
from gpunit.ui.scratch import Scratch
from gpunit.ui.seeds import read_seed, roll, seed_input
from gpunit.ui.shared import DEVICE_QUEUE, EXAMPLES, Models, heading, open_upload, picture_input, with_notices

BY_SAMPLE = "Drawn styles"
BY_EXEMPLAR = "Style of a picture"

# A model's name and the style codes (B, D) that it drew with.
Drawn = tuple[str, Tensor]


@dataclass(frozen=True)
class TranslateParts:
    """What other tabs take from this one, and the buttons that ask for it.

    Attributes:
        content: the picture.
        model: the translator's name.
        drawn: state with the `Drawn` of the gallery, or None.
        chosen: state with the number of the picture that is compared.
        to_styles, to_masks: buttons.
    """

    content: ContentPicker
    model: gr.Dropdown
    drawn: gr.State
    chosen: gr.State
    to_styles: gr.Button
    to_masks: gr.Button


def build(page: gr.Blocks, models: Models) -> TranslateParts:
    """Lay out the tab inside the page, which is being built, and wire its events."""
    choices = model_choices(only_here=False) if downloads_allowed() else model_choices()
    first_model = (model_choices() or choices)[0][1]
    exemplars = [str(path) for path in EXAMPLES if path.stem.startswith("cat")]

    scratch = Scratch()
    # Model and style codes of the pictures in the gallery, and which of them is compared.
    drawn: gr.State = gr.State(None)
    chosen = gr.State(0)

    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            heading("Content: the picture x", "Its layout is kept. Upload, webcam, paste, or an example.")
            content = content_picker("", page, api_name="preview")
            heading("Style: s", "Drawn by the style sampler, s = T(z), or taken from a target picture y, s = E_s(y).")
            guidance = gr.Radio([BY_SAMPLE, BY_EXEMPLAR], value=BY_SAMPLE, show_label=False, container=False)
            with gr.Group() as sampling:
                count = gr.Slider(1, 12, 6, step=1, label="How many styles")
                temperature = gr.Slider(
                    0, 1.5, 1, step=0.05, label="Temperature", info="0 is one middle style, 1 the variety it learnt"
                )
                seed = seed_input(2, "seed")
                dice = gr.Button("New seed", size="sm")
            with gr.Group(visible=False) as exemplar_group:
                exemplar = picture_input(
                    value=exemplars[0] if exemplars else None, label="Exemplar y", height=220, elem_id="exemplar"
                )
                gr.Examples(exemplars, exemplar, label="Target pictures")
        with gr.Column(scale=5, min_width=320):
            model = gr.Dropdown(
                choices, value=first_model, label="Model", info="Source domains → target domain", elem_id="model"
            )
            facts = gr.Markdown(_facts(first_model), elem_classes="quiet")
            offer = download_panel(first_model)
            go = gr.Button("Translate", variant="primary", size="lg", elem_id="translate")
            heading("Translations: G(E_c(x), s)", "Click one to compare it with the input below.")
            gallery = gr.Gallery(
                label="Translations",
                show_label=False,
                columns=3,
                object_fit="contain",
                height="auto",
                format="png",
                allow_preview=False,
                buttons=["download"],
                elem_id="gallery",
                interactive=False,
                type="pil",
            )
            timing = gr.Markdown(elem_classes="quiet", elem_id="timing")
            compare = gr.ImageSlider(
                label="Before and after",
                format="png",
                interactive=False,
                elem_id="compare",
                height=320,
                max_height=320,
                type="pil",
                buttons=["download", "fullscreen"],
            )
            with gr.Row():
                to_styles = gr.Button("Explore this style", size="sm", elem_id="to-styles")
                to_masks = gr.Button("Look at its skip masks", size="sm", elem_id="to-masks")
                download = gr.DownloadButton("Download all as ZIP", size="sm", elem_id="download")

    @with_notices
    def translate(
        path: str | None,
        model_name: str,
        zoom: float,
        across: float,
        down: float,
        guidance: str,
        count: float,
        seed: float,
        temperature: float,
        exemplar_path: str | None,
    ) -> tuple[list[Image.Image], str, tuple[Image.Image, Image.Image], str, Drawn, int]:
        """Translate a picture into the model's domain.

        Args:
            path: the picture.
            model_name: name of a translator, as `python -m gpunit models` lists them.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            guidance: "Drawn styles" or "Style of a picture".
            count: how many styles to draw, 1 to 12.
            seed: the same seed gives the same styles.
            temperature: variety of the drawn styles.
            exemplar_path: the picture whose style is taken, if so guided.

        Returns:
            The translations, a line on time, input and first output for comparison, a ZIP of all, and the page's own.
        """
        translator = models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        begun = time.perf_counter()
        plan = translator.plan(seen)
        planned = time.perf_counter()
        if guidance == BY_EXEMPLAR:
            if not exemplar_path:
                raise gr.Error("Give an exemplar first: a picture of the target domain whose style is wanted.")
            styles = translator.style_of(open_upload(exemplar_path))
        else:
            how_many = min(max(int(count), 1), 12)
            styles = translator.sample(how_many, read_seed(seed), min(max(temperature, 0.0), 1.5))
        results = translator.render(plan, styles)
        rendered = time.perf_counter()
        line = (
            f"plan {1000 * (planned - begun):.0f} ms  ·  {len(results)} × "
            f"{1000 * (rendered - planned) / len(results):.0f} ms a style  ·  "
            f"{translator.resolution} px on {translator.device.type}, {str(translator.dtype).removeprefix('torch.')}"
        )
        archive = _zip(scratch.file("translations.zip"), seen, results)
        return results, line, (seen, results[0]), archive, (model_name, styles.cpu()), 0

    def pick(
        results: list[tuple[Image.Image, str | None]], sides: tuple[Image.Image, Image.Image], clicked: gr.SelectData
    ) -> tuple[tuple[Image.Image, Image.Image], int]:
        """Put the clicked translation beside the input."""
        return (sides[0], results[clicked.index][0]), clicked.index

    arguments = [content.picture, model, *content.crop, guidance, count, seed, temperature, exemplar]
    results = [gallery, timing, compare, download, drawn, chosen]
    model.change(_facts, model, facts, api_visibility="private", show_progress="hidden")
    model.change(show_offer, model, offer.outputs, api_visibility="private", show_progress="hidden")
    # The progress bar lies over the offer; the picker and the line of facts follow once the model is here.
    offer.button.click(
        download_model,
        [model, offer.agreed],
        model,
        api_name="download_model",
        concurrency_limit=1,
        show_progress_on=offer.offer,
    ).success(_facts, model, facts, api_visibility="private", show_progress="hidden").success(
        show_offer, model, offer.outputs, api_visibility="private", show_progress="hidden"
    )
    guidance.change(
        lambda choice: (gr.Group(visible=choice == BY_SAMPLE), gr.Group(visible=choice == BY_EXEMPLAR)),
        guidance,
        [sampling, exemplar_group],
        api_visibility="private",
        show_progress="hidden",
    )
    roll(dice, seed)
    go.click(translate, arguments, results, api_name="translate", concurrency_id=DEVICE_QUEUE, concurrency_limit=1)
    gallery.select(pick, [gallery, compare], [compare, chosen], api_visibility="private", show_progress="hidden")
    if zoo.find(first_model).is_here:
        page.load(translate, arguments, results, api_visibility="private", concurrency_id=DEVICE_QUEUE)
    return TranslateParts(content, model, drawn, chosen, to_styles, to_masks)


def _facts(model_name: str) -> str:
    """One line on a model: size, whether it is here, licence."""
    spec = zoo.find(model_name)
    where = f"{spec.path.stat().st_size / 1e6:.1f} MB, on this machine" if spec.is_here else "not on this machine"
    return f"**{spec.name}** · {where} · {spec.licence}"


def _zip(path: Path, seen: Image.Image, results: list[Image.Image]) -> str:
    """All pictures in one ZIP."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, result in [("source", seen), *((f"style-{i + 1:02d}", r) for i, r in enumerate(results))]:
            with archive.open(f"{name}.png", "w") as file:
                result.save(file, format="PNG")
    return str(path)
