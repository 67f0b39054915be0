"""Translate tab: a photo in, translated photos out, by drawn styles or by an exemplar's."""

from __future__ import annotations

import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import Dependency
from PIL import Image
from torch import Tensor

from gpunit import files, images, zoo
from gpunit.ui import sharing
from gpunit.ui.components import read_seed, roll, seed_input
from gpunit.ui.content import (
    PREVIEW_SIZE,
    ContentPicker,
    content_picker,
    example_stem,
    exemplar_examples,
    model_choices,
    own_exemplar,
    read_content,
    show_crop,
)
from gpunit.ui.downloading import download_model, download_panel, downloads_allowed, show_offer
from gpunit.ui.i18n import domain_name, listed, notice, text
from gpunit.ui.models import DEVICE_QUEUE, EXAMPLES, Models, heading, open_upload, picture_input, with_notices
from gpunit.ui.server.scratch import Scratch
from gpunit.ui.translate import history as histories
from gpunit.ui.translate.history import History
from gpunit.zoo import weights

BY_SAMPLE = "Drawn styles"
BY_EXEMPLAR = "Style of a picture"
STYLES_A_TARGET = 4


@dataclass(frozen=True)
class Drawn:
    """What made the pictures in the gallery, whatever the controls say by now.

    Attributes:
        settings: the values of the controls, as "translate" takes them.
        styles: the style codes (B, D).
    """

    settings: tuple[Any, ...]
    styles: Tensor

    @property
    def content(self) -> tuple[Any, ...]:
        """Picture, zoom, across, down, model."""
        path, model_name, *crop = self.settings[:5]
        return path, *crop, model_name


@dataclass(frozen=True)
class TranslateParts:
    """What other tabs take from this one, and the buttons that ask for it.

    Attributes:
        content: the picture.
        model: the translator's name.
        drawn: state with the `Drawn` of the gallery, or None.
        chosen: state with the number of the picture that is compared.
        to_styles, to_masks: buttons.
        downloaded: the event after which there may be a model more.
    """

    content: ContentPicker
    model: gr.Dropdown
    drawn: gr.State
    chosen: gr.State
    to_styles: gr.Button
    to_masks: gr.Button
    downloaded: Dependency


def build(page: gr.Blocks, models: Models) -> TranslateParts:
    """Lay out the tab inside the page, which is being built, and wire its events."""
    choices = model_choices(only_here=not downloads_allowed())
    first_model = (model_choices() or choices)[0][1]
    exemplars = exemplar_examples()

    scratch = Scratch()
    # What made the pictures in the gallery (a `Drawn`), and which of them is compared.
    drawn: gr.State = gr.State(None)
    chosen = gr.State(0)
    history: gr.State = gr.State(())
    # The number of the history's entry that was clicked.
    picked: gr.State = gr.State(None)

    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            heading("content")
            content = content_picker("", page, models, is_public=True)
            hint = gr.Markdown(elem_classes="hint", elem_id="hint", visible=False)
            heading("style")
            guidance = gr.Radio(
                [(text("by_sample"), BY_SAMPLE), (text("by_exemplar"), BY_EXEMPLAR)],
                value=BY_SAMPLE,
                label=text("guidance"),
                show_label=False,
                container=False,
            )
            with gr.Group() as sampling:
                count = gr.Slider(1, sharing.MOST_STYLES, 6, step=1, label=text("count"), info=text("count_info"))
                temperature = gr.Slider(
                    0, sharing.MOST_TEMPERATURE, 1, step=0.05, label=text("temperature"), info=text("temperature_info")
                )
                seed = seed_input(7, "seed")
                dice = gr.Button(text("new_seed"), size="sm")
            with gr.Group(visible=False) as exemplar_group:
                exemplar = picture_input(
                    value=exemplars[0] if exemplars else None, label=text("exemplar"), height=220, elem_id="exemplar"
                )
                gr.Examples(exemplars, exemplar, label=text("exemplar_examples"))
        with gr.Column(scale=5, min_width=320):
            model = gr.Dropdown(
                choices, value=first_model, label=text("model"), info=text("model_info"), elem_id="model"
            )
            facts = gr.Markdown(_facts(first_model), elem_classes="quiet")
            offer = download_panel(first_model)
            go = gr.Button(text("translate"), variant="primary", size="lg", elem_id="translate")
            heading("translations")
            gallery = gr.Gallery(
                label=text("translations"),
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
                label=text("compare"),
                format="png",
                interactive=False,
                elem_id="compare",
                height=320,
                max_height=320,
                type="pil",
                buttons=["download", "fullscreen"],
            )
            with gr.Row():
                to_styles = gr.Button(text("to_styles"), size="sm", elem_id="to-styles")
                to_masks = gr.Button(text("to_masks"), size="sm", elem_id="to-masks")
                download = gr.DownloadButton(text("download_all"), size="sm", elem_id="download")

    with gr.Tabs(elem_id="translate-sections"):
        with gr.Tab(text("tab_all"), id="all"):
            heading("all")
            to_all = gr.Button(text("all_button"), size="sm", elem_id="to-all")
            targets = _gallery("all_gallery", "targets", STYLES_A_TARGET)
        with gr.Tab(text("tab_history"), id="history"):
            heading("history")
            nothing_yet = gr.Markdown(text("history_empty"), elem_classes="quiet", elem_id="history-empty")
            made = _gallery("history", "history", 6)
            with gr.Row():
                again = gr.Button(text("again"), size="sm", elem_id="history-again")
                pin = gr.Button(text("pin"), size="sm", elem_id="history-pin")
                forget = gr.Button(text("forget"), size="sm", elem_id="history-forget")
        with gr.Tab(text("tab_share"), id="share"):
            heading("share")
            with gr.Row():
                share_save = gr.Button(text("share_save"), size="sm", elem_id="share-save")
                share_load = gr.UploadButton(
                    text("share_load"), file_types=[".json"], size="sm", type="filepath", elem_id="share-load"
                )
                share_link = gr.Button(text("share_link"), size="sm", elem_id="share-link")
            link = gr.Textbox(
                label=text("link"),
                info=text("link_info"),
                visible=False,
                interactive=False,
                buttons=["copy"],
                elem_id="link",
            )
            shared = gr.JSON(visible=False)
            # Endpoints that programs ask for and no control of the page does.
            asked, likeness = gr.Button(visible=False), gr.JSON(visible=False)

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
            styles = translator.style_of(_exemplar(exemplar_path))
        else:
            styles = translator.sample(_some(count), read_seed(seed), _tempered(temperature))
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
        archive = _zip(scratch.file("translations.zip"), seen, results)
        settings = (path, model_name, zoom, across, down, guidance, count, seed, temperature, exemplar_path)
        return results, line, (seen, results[0]), archive, Drawn(settings, styles.cpu()), 0

    def pick(
        results: list[tuple[Image.Image, str | None]], sides: tuple[Image.Image, Image.Image], clicked: gr.SelectData
    ) -> tuple[tuple[Image.Image, Image.Image], int]:
        """Put the clicked translation beside the input."""
        return (sides[0], results[clicked.index][0]), clicked.index

    @with_notices
    def translate_to_all(
        path: str | None, zoom: float, across: float, down: float, seed: float, temperature: float
    ) -> gr.Gallery:
        """Translate a picture by every small translator that is here, in four drawn styles each.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            seed: the same seed gives the same styles.
            temperature: variety of the drawn styles.

        Returns:
            The translations with captions, target by target.
        """
        shown = []
        for spec in zoo.all_models().values():
            if spec.family != "small" or not spec.is_here:
                continue
            translator = models.get(spec.name)
            plan = translator.plan(read_content(translator.resolution, path, zoom, across, down))
            styles = translator.sample(STYLES_A_TARGET, read_seed(seed), _tempered(temperature))
            for number, picture in enumerate(translator.render(plan, styles), start=1):
                shown.append((picture, f"{domain_name(spec.target)} · {notice('style_number', number=number)}"))
        return gr.Gallery(shown, visible=True)

    @with_notices
    def domain_likeness(path: str | None, zoom: float, across: float, down: float) -> dict[str, float]:
        """Tell how much a picture looks like each domain that ImageNet has classes for.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).

        Returns:
            Probability of each domain's ImageNet classes together.
        """
        return models.finder().likeness(read_content(PREVIEW_SIZE, path, zoom, across, down))

    def show_hint(path: str | None, model_name: str, zoom: float, across: float, down: float) -> gr.Markdown:
        """A line, where the picture is like none of the model's sources; a picture that cannot be read has its own."""
        from gpunit.segmentation.subject import is_like  # its module knows HTC, which the page does not need

        try:
            seen = show_crop(path, zoom, across, down)
            sources = zoo.find(model_name).sources
        except (gr.Error, weights.ModelError):
            seen = None
        if seen is None:
            return gr.Markdown(visible=False)
        likeness = models.finder().likeness(seen)
        if is_like(likeness, sources):
            return gr.Markdown(visible=False)
        seen_domain = next((domain for domain in likeness if is_like(likeness, [domain])), None)
        names = listed(sources)
        line = (
            notice("unlike", sources=names)
            if seen_domain is None
            else notice("unlike_but", seen=domain_name(seen_domain), sources=names)
        )
        return gr.Markdown(line, visible=True)

    def remember(history: History, sides: tuple[Image.Image, Image.Image], drawn: Drawn) -> tuple[Any, ...]:
        """The translation that was just made goes into the history."""
        _, model_name, *_, guidance, _, seed, _, _ = drawn.settings
        by = "y" if guidance == BY_EXEMPLAR else f"z {read_seed(seed)}"
        return show_history(histories.added(history, drawn.settings, sides[1], f"{model_name} · {by}"))

    def show_history(history: History) -> tuple[Any, ...]:
        return history, gr.Gallery(histories.pictures(history), visible=bool(history)), gr.Markdown(visible=not history)

    def choose(history: History, clicked: gr.SelectData) -> int:
        """The number of the clicked entry."""
        return history[clicked.index].number

    def turn_pin(history: History, number: int | None) -> tuple[Any, ...]:
        """Pin the chosen entry, or let it go."""
        return show_history(histories.toggled(history, number))

    def forget_all_but_pinned(history: History) -> tuple[Any, ...]:
        """Let go what is not pinned."""
        return show_history(histories.pinned(history))

    def recall(history: History, number: int | None) -> tuple[Any, ...]:
        """Set everything as it was for the chosen entry."""
        return histories.find(history, number).settings

    @with_notices
    def save_settings(
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
    ) -> dict[str, Any]:
        """Give all that makes the translations as JSON, to be loaded again here or elsewhere.

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
            Model and sha256 of its weights, settings, and the pictures as PNG in base64.
        """
        resolution = zoo.find(model_name).resolution
        seen = read_content(resolution, path, zoom, across, down)
        target = images.cut(_exemplar(exemplar_path), resolution) if guidance == BY_EXEMPLAR else None
        drawing = {
            "guidance": guidance,
            "count": _some(count),
            "seed": read_seed(seed),
            "temperature": _tempered(temperature),
        }
        return sharing.to_json(model_name, seen, target, drawing)

    @with_notices
    def load_settings(file: str) -> tuple[Any, ...]:
        """Set everything as a saved JSON file says.

        Args:
            file: the JSON file.

        Returns:
            Picture, model, zoom, across, down, guidance, count, seed, temperature and exemplar for "translate".
        """
        settings, picture, target = sharing.from_json(Path(file))
        if not sharing.is_same_model(settings):
            gr.Warning(notice("other_weights", model=settings["model"]))
        return (
            *(_kept(scratch.file("picture.png"), picture), settings["model"], 1, 0.5, 0.5),
            BY_SAMPLE if target is None else BY_EXEMPLAR,
            *(_some(settings["count"]), read_seed(settings["seed"]), _tempered(settings["temperature"])),
            gr.skip() if target is None else _kept(scratch.file("exemplar.png"), target),
        )

    def save_shown(drawn: Drawn | None, *current: Any) -> dict[str, Any]:
        """`save_settings` of what made the pictures that are shown."""
        return save_settings(*(drawn.settings if drawn else current))

    def link_shown(drawn: Drawn | None, *current: Any) -> gr.Textbox:
        """The query of a link to what made the pictures that are shown."""
        path, model_name, zoom, across, down, guidance, count, seed, temperature, exemplar_path = (
            drawn.settings if drawn else current
        )
        chosen_path = exemplar_path if guidance == BY_EXEMPLAR else None
        picture_stem, exemplar_stem = (example_stem(each) for each in (path, chosen_path))
        if (path and not picture_stem) or (chosen_path and not exemplar_stem):
            gr.Info(notice("not_in_link"))
        crop = {"zoom": zoom, "across": across, "down": down} if picture_stem else {}
        drawing = {"count": _some(count), "seed": read_seed(seed), "temperature": _tempered(temperature)}
        made_by = sharing.Link(model_name, picture_stem, exemplar_stem, **crop, **drawing)
        return gr.Textbox(made_by.to_query(), visible=True)

    def open_link(query: str) -> tuple[Any, ...]:
        """Set what a link says."""
        paths = {path.stem: str(path) for path in EXAMPLES}
        try:
            said = sharing.Link.of_query(query, paths, [name for _, name in choices])
        except ValueError:
            gr.Warning(notice("bad_link"))
            said = sharing.Link()
        guided = BY_EXEMPLAR if said.exemplar else None
        drawing = (said.count, said.seed, said.temperature)
        placed = (said.model, said.zoom, said.across, said.down, guided, *drawing)
        values = (paths.get(said.picture or ""), *placed, paths.get(said.exemplar or ""))
        return tuple(gr.skip() if value is None else value for value in values)

    arguments = [content.picture, model, *content.crop, guidance, count, seed, temperature, exemplar]
    results = [gallery, timing, compare, download, drawn, chosen]
    heavy: dict[str, Any] = {"concurrency_id": DEVICE_QUEUE, "concurrency_limit": 1}
    private: dict[str, Any] = {"api_visibility": "private"}
    quick: dict[str, Any] = {**private, "show_progress": "hidden"}
    hinted = [content.picture, model, *content.crop]
    content.shown.then(show_hint, hinted, hint, trigger_mode="always_last", **quick)
    model.change(_facts, model, facts, **quick).then(show_offer, model, offer.outputs, **quick).then(
        show_hint, hinted, hint, **quick
    )
    model.input(own_exemplar, [exemplar, model], exemplar, **quick)
    # The progress bar lies over the offer; the picker and the line of facts follow once the model is here.
    downloaded = offer.button.click(
        download_model,
        [model, offer.agreed],
        model,
        api_name="download_model",
        concurrency_limit=1,
        show_progress_on=offer.offer,
    )
    downloaded.success(_facts, model, facts, **quick).success(show_offer, model, offer.outputs, **quick)
    guidance.change(
        lambda choice: (gr.Group(visible=choice == BY_SAMPLE), gr.Group(visible=choice == BY_EXEMPLAR)),
        guidance,
        [sampling, exemplar_group],
        **quick,
    )
    roll(dice, seed)
    listing = [history, made, nothing_yet]
    go.click(translate, arguments, results, api_name="translate", **heavy).success(
        remember, [history, compare, drawn], listing, **quick
    )
    gallery.select(pick, [gallery, compare], [compare, chosen], **quick)
    to_all.click(
        translate_to_all,
        [content.picture, *content.crop, seed, temperature],
        targets,
        api_name="translate_to_all",
        show_progress_on=to_all,
        **heavy,
    )
    asked.click(domain_likeness, content.inputs, likeness, api_name="domain_likeness", **heavy)
    made.select(choose, history, picked, **quick)
    pin.click(turn_pin, [history, picked], listing, **quick)
    forget.click(forget_all_but_pinned, history, listing, **quick)
    again.click(recall, [history, picked], arguments, **quick).success(
        translate, arguments, results, **private, **heavy
    )
    asked.click(save_settings, arguments, shared, api_name="save_settings")
    share_save.click(save_shown, [drawn, *arguments], shared, **private).success(
        None, shared, None, js=sharing.download_json("translation-${value.model}"), **private
    )
    share_link.click(link_shown, [drawn, *arguments], link, **quick).success(
        None, link, link, js=sharing.COPY_LINK, **private
    )
    share_load.upload(load_settings, share_load, arguments, api_name="load_settings").success(
        translate, arguments, results, **private, **heavy
    )
    opened = page.load(open_link, link, arguments, js="() => [window.location.search.slice(1)]", **quick)
    if zoo.find(first_model).is_here:
        opened.then(translate, arguments, results, **private, **heavy)
    return TranslateParts(content, model, drawn, chosen, to_styles, to_masks, downloaded)


def _gallery(label: str, elem_id: str, columns: int) -> gr.Gallery:
    """Pictures with captions, hidden until there are some."""
    return gr.Gallery(
        label=text(label),
        show_label=False,
        columns=columns,
        object_fit="contain",
        height="auto",
        format="png",
        type="pil",
        allow_preview=False,
        interactive=False,
        visible=False,
        buttons=[],
        elem_id=elem_id,
        elem_classes="captioned",
    )


def _exemplar(path: str | None) -> Image.Image:
    if not path:
        raise gr.Error(notice("no_exemplar"))
    return open_upload(path)


def _kept(path: Path, picture: Image.Image) -> str:
    files.save_png(picture, path)
    return str(path)


def _some(count: float) -> int:
    return min(max(int(count), 1), sharing.MOST_STYLES)


def _tempered(temperature: float) -> float:
    return min(max(temperature, 0.0), sharing.MOST_TEMPERATURE)


def _facts(model_name: str) -> str:
    """One line on a model: size, whether it is here, licence."""
    spec = zoo.find(model_name)
    where = f"{spec.megabytes:.1f} MB, {text('here')}" if spec.is_here else str(text("not_here"))
    return f"**{spec.name}** · {where} · {spec.licence}"


def _zip(path: Path, seen: Image.Image, results: list[Image.Image]) -> str:
    """All pictures in one ZIP."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, result in [("source", seen), *((f"style-{i + 1:02d}", r) for i, r in enumerate(results))]:
            with archive.open(f"{name}.png", "w") as file:
                result.save(file, format="PNG")
    return str(path)
