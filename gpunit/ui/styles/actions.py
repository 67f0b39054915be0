"""What the Styles tab's events do: start a style, draw it, walk between styles, save and load them."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from PIL import Image
from torch import Tensor

from gpunit import images, zoo
from gpunit.engine import styles
from gpunit.engine.styles import BANDS, Style, StyleError
from gpunit.engine.translator import RENDER_BATCH, Translator
from gpunit.images import CENTRE
from gpunit.ui.components import read_seed
from gpunit.ui.content import read_content, source_examples
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import Models, open_upload, with_notices
from gpunit.ui.server.scratch import Scratch

BY_MEAN = "The mean"
BY_SAMPLE = "A drawn style"
BY_EXEMPLAR = "Style of a picture"
MAX_AXES = 12
REACH = 3.0  # of the sliders, in deviations; more where the starting style lies further out
STEP_DIGITS = 2
GRID_SIZE = 7
CELL = 128  # side of a picture on the sheets
GAP = 4
SHEET_GROUND = (120, 113, 108)  # between light and dark
MAX_STRIP = 15
MAX_FRAMES = 60
ENDS_SEED = 2  # A and B, until they are chosen, are the two styles drawn with this seed
FRAME_RATE = 20
GIF, MP4 = "GIF", "MP4"
MAX_JSON_BYTES = 2**20


class StyleActions:
    """What the tab's events do.  It knows the models and holds nothing of a visitor's."""

    def __init__(self, models: Models, scratch: Scratch) -> None:
        self._models = models
        self._scratch = scratch

    @with_notices
    def show(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        base: Style | None,
        current: Style | None,
        shown: float,
    ) -> list[Any]:
        """Draw the picture in the current style; where the model has none yet, in the one to start from."""
        if not path:
            return [gr.skip(), None, gr.skip(), None, "", *[gr.skip()] * MAX_AXES]
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        if current is None or current.model != model_name:
            return self._placed(translator, seen, _fitting(translator, model_name, base), shown)
        picture, line = _draw(translator, seen, current.code)
        return [gr.skip(), seen, gr.skip(), picture, line, *[gr.skip()] * MAX_AXES]

    @with_notices
    def render_style(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        base: Style | None,
        *coordinates: float,
    ) -> tuple[Style, Image.Image, str]:
        """Render a picture in the style at these coordinates.  What the axes do not span is the starting style's.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            base: the style that was started from; the mean, until one is.
            coordinates: 12 places along the principal axes, in standard deviations from the mean.

        Returns:
            The picture, and a line on time.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        started = _fitting(translator, model_name, base).code
        if not all(math.isfinite(coordinate) for coordinate in coordinates):
            raise gr.Error("Coordinates are numbers of standard deviations, such as 1.5.")
        # Differences from where the sliders stood: a slider moved back restores the style bit for bit.
        stood = torch.tensor(_stand(translator, started), dtype=torch.float64)
        offsets = torch.tensor(coordinates[: len(stood)], dtype=torch.float64) - stood
        moved = Style.of(model_name, translator.style_space.moved(started, offsets.float()))
        return moved, *_draw(translator, seen, moved.code)

    @with_notices
    def start_style(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        shown: float,
        origin: str | None,
        seed: float,
        temperature: float,
        exemplar_path: str | None,
    ) -> list[Any]:
        """Start from the mean style, a drawn one, or a target picture's, and put the sliders where it is.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            shown: how many axes to show, 1 to 12.
            origin: "The mean", "A drawn style" or "Style of a picture".
            seed: the same seed draws the same style.
            temperature: variety of the drawn style, 0 to 1.5.
            exemplar_path: the target picture whose style is taken, if so chosen.

        Returns:
            The source as the network sees it, the picture in that style, a line on time, and the 12 sliders.
        """
        if origin is None:  # the current style came from elsewhere; there is nothing to start from anew
            return [gr.skip()] * (5 + MAX_AXES)
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        if origin == BY_EXEMPLAR:
            if not exemplar_path:
                raise gr.Error(notice("no_exemplar"))
            code = translator.style_of(open_upload(exemplar_path))
        elif origin == BY_SAMPLE:
            code = translator.sample(1, read_seed(seed), min(max(temperature, 0.0), 1.5))
        else:
            code = translator.mean_style()
        return self._placed(translator, seen, Style.of(model_name, code), shown)

    @with_notices
    def reset_style(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        base: Style | None,
        shown: float,
    ) -> list[Any]:
        """Put the sliders back to the starting style and draw it.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            base: the style that was started from; the mean, until one is.
            shown: how many axes to show, 1 to 12.

        Returns:
            The source as the network sees it, the picture in that style, a line on time, and the 12 sliders.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        return self._placed(translator, seen, _fitting(translator, model_name, base), shown)

    @with_notices
    def show_axes(self, model_name: str, shown: float) -> list[gr.Slider]:
        """Show the first axes only."""
        axes = min(int(shown), len(self._models.get(model_name).style_space.axes))
        return [gr.Slider(visible=number < axes) for number in range(MAX_AXES)]

    @with_notices
    def style_row(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        current: Style | None,
    ) -> Image.Image | None:
        """Render the picture and several examples in the current style.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            current: the style that was drawn last; the mean, until one is.

        Returns:
            Sources in the upper row, the picture first; under each its translation.
        """
        translator = self._models.get(model_name)
        size = translator.resolution
        own = Path(path).name if path else ""  # an example that is the picture itself is not shown once more
        examples = [example for example in source_examples()[1::2] if Path(example).name != own]
        sources = [images.cut(open_upload(example), size, CENTRE) for example in examples]
        if path:
            sources.insert(0, read_content(size, path, zoom, across, down))
        style = _fitting(translator, model_name, current).code[None]
        rendered = [translator.render(translator.plan(seen), style)[0] for seen in sources]
        return _sheet([sources, rendered])

    @with_notices
    def style_grid(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        current: Style | None,
        seed: float,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
    ) -> tuple[Image.Image, tuple[Style, ...], Image.Image]:
        """Render a 7x7 grid of styles, bilinear between the current style (top left) and three drawn ones.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            current: the style that was drawn last; the mean, until one is.
            seed: the same seed draws the same three corners.
            progress: shown on the page.

        Returns:
            The grid as one picture, and the picture in the current style.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        corners = (
            _fitting(translator, model_name, current),
            *(Style.of(model_name, code) for code in translator.sample(3, read_seed(seed))),
        )
        return self._gridded(translator, seen, corners, progress)

    @with_notices
    def show_grid(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        current: Style | None,
        seed: float,
        corners: tuple[Style, ...] | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
    ) -> tuple[Image.Image, tuple[Style, ...], Image.Image]:
        """Draw the grid when its section is opened: the one that was there, so that one may come back to it."""
        if corners is None or corners[0].model != model_name:
            return self.style_grid(path, zoom, across, down, model_name, current, seed, progress)
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        return self._gridded(translator, seen, corners, progress)

    @with_notices
    def take_cell(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        corners: tuple[Style, ...] | None,
        shown: float,
        clicked: gr.SelectData,
    ) -> list[Any]:
        """Make the style of a clicked cell the one to go on from."""
        if corners is None or corners[0].model != model_name:
            raise gr.Error("This grid belongs to another model; draw it again.")
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        column, row = (min(int(pixel) // (CELL + GAP), GRID_SIZE - 1) for pixel in clicked.index)
        codes = styles.grid(torch.stack([corner.code for corner in corners]), GRID_SIZE)
        placed = self._placed(translator, seen, Style.of(model_name, codes[row, column]), shown)
        return [*placed, placed[3]]

    @with_notices
    def use_style(self, current: Style | None) -> Style | None:
        """Make the current style one end of the way from A to B."""
        return current

    @with_notices
    def style_strip(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        end_a: Style | None,
        end_b: Style | None,
        length: float,
    ) -> Image.Image:
        """Render a picture in styles in equal steps from A to B.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            end_a: style A, as set by "use_as_a"; a drawn one, until it is.
            end_b: style B, as set by "use_as_b"; a drawn one, until it is.
            length: how many pictures, 2 to 15.

        Returns:
            The pictures in one row.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        count = min(max(int(length), 2), MAX_STRIP)
        codes = styles.interpolate(*_ends(translator, model_name, end_a, end_b), count)
        return _sheet([translator.render(translator.plan(seen), codes)])

    @with_notices
    def mix_styles(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        end_a: Style | None,
        end_b: Style | None,
        coarse: str,
        middle: str,
        fine: str,
    ) -> tuple[Image.Image, str]:
        """Render a picture with the generator's coarse, middle and fine levels each in style A or B.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            end_a: style A, as set by "use_as_a"; a drawn one, until it is.
            end_b: style B, as set by "use_as_b"; a drawn one, until it is.
            coarse: "A" or "B", for the coarse levels.
            middle: "A" or "B", for the middle levels.
            fine: "A" or "B", for the fine levels.

        Returns:
            A, the mixture and B in one row, and a line that says which levels are whose.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        code_a, code_b = _ends(translator, model_name, end_a, end_b)
        sizes = translator.networks.generator.params.sizes
        codes = {"A": code_a, "B": code_b}
        mixture = styles.mix(codes[coarse], codes[middle], codes[fine], len(sizes))
        three = torch.stack([code_a.expand_as(mixture), mixture, code_b.expand_as(mixture)])
        pictures = translator.render(translator.plan(seen), three)
        parts = []
        for number, (name, choice) in enumerate(zip(BANDS, (coarse, middle, fine), strict=True)):
            its = [str(size) for level, size in enumerate(sizes) if styles.band(level, len(sizes)) == number]
            parts.append(f"{name} levels ({', '.join(its)} px) from {choice}")
        return _sheet([pictures]), "  ·  ".join(parts)

    @with_notices
    def animate_styles(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        end_a: Style | None,
        end_b: Style | None,
        kind: str,
        frames: float,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio hands it over
    ) -> tuple[gr.Image, gr.Video, gr.DownloadButton]:
        """Make an animation of a picture whose style goes from A to B and back.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            end_a: style A, as set by "use_as_a"; a drawn one, until it is.
            end_b: style B, as set by "use_as_b"; a drawn one, until it is.
            kind: "GIF" or "MP4".
            frames: how many from A to B, 4 to 60; those between are shown again on the way back.
            progress: shown on the page.

        Returns:
            The GIF or nothing, the MP4 or nothing, and the file.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        count = min(max(int(frames), 4), MAX_FRAMES)
        codes = styles.interpolate(*_ends(translator, model_name, end_a, end_b), count)
        there = _render_with_progress(translator, seen, codes, progress)
        file = self._scratch.file(f"styles-{model_name}.{'mp4' if kind == MP4 else 'gif'}")
        images.save_animation([*there, *there[-2:0:-1]], file, FRAME_RATE)
        gif, video = (None, str(file)) if kind == MP4 else (str(file), None)
        return (
            gr.Image(value=gif, visible=gif is not None),
            gr.Video(value=video, visible=video is not None),
            gr.DownloadButton(value=str(file), visible=True),
        )

    @with_notices
    def save_style(self, model_name: str, current: Style | None) -> dict[str, object]:
        """Give the current style as JSON, to be loaded again with the same model.

        Args:
            model_name: name of a translator, as `python -m gpunit models` lists them.
            current: the style that was drawn last; the mean, until one is.

        Returns:
            The style: model, sha256 of its weights, numbers.
        """
        style = _fitting(self._models.get(model_name), model_name, current)
        return style.to_json(zoo.fingerprint(model_name))

    @with_notices
    def load_style(
        self,
        path: str | None,
        zoom: float,
        across: float,
        down: float,
        model_name: str,
        shown: float,
        file: str,
    ) -> list[Any]:
        """Start from a style that was saved as JSON.

        Args:
            path: the picture.
            zoom: 1 takes the largest square that fits; at most 4.
            across: place of the square from left (0) to right (1).
            down: place of the square from top (0) to bottom (1).
            model_name: name of a translator, as `python -m gpunit models` lists them.
            shown: how many axes to show, 1 to 12.
            file: the JSON file.

        Returns:
            The source as the network sees it, the picture in that style, a line on time, and the 12 sliders.
        """
        translator = self._models.get(model_name)
        seen = read_content(translator.resolution, path, zoom, across, down)
        if Path(file).stat().st_size > MAX_JSON_BYTES:
            raise StyleError("this is not a saved style; give a JSON file that the Styles tab wrote.")
        text = Path(file).read_text(encoding="utf-8", errors="replace")
        length = translator.style_bank.shape[1]
        style = Style.from_json(text, model_name, zoo.fingerprint(model_name), length)
        return self._placed(translator, seen, style, shown)

    def _placed(self, translator: Translator, seen: Image.Image, base: Style, shown: float) -> list[Any]:
        """Start from a style: the state, source and picture, and the sliders where the style is."""
        space = translator.style_space
        stand = _stand(translator, base.code)
        sliders = []
        for number in range(MAX_AXES):
            if number >= len(stand):
                sliders.append(gr.Slider(visible=False))
                continue
            reach = max(REACH, math.ceil(abs(stand[number])))
            share = 100 * space.shares[number].item()
            sliders.append(
                gr.Slider(
                    minimum=-reach,
                    maximum=reach,
                    value=stand[number],
                    label=f"{text('axis')} {number + 1} · {share:.{0 if share >= 1 else 1}f} %",
                    visible=number < int(shown),
                )
            )
        return [base, seen, base, *_draw(translator, seen, base.code), *sliders]

    def _gridded(
        self, translator: Translator, seen: Image.Image, corners: tuple[Style, ...], progress: gr.Progress
    ) -> tuple[Image.Image, tuple[Style, ...], Image.Image]:
        """The grid between four styles, its corners, and the first corner's picture."""
        codes = styles.grid(torch.stack([corner.code for corner in corners]), GRID_SIZE)
        pictures = _render_with_progress(translator, seen, codes.flatten(0, 1), progress)
        rows = [pictures[start : start + GRID_SIZE] for start in range(0, len(pictures), GRID_SIZE)]
        return _sheet(rows), corners, pictures[0]


def _fitting(translator: Translator, model_name: str, style: Style | None) -> Style:
    """The style, if it belongs to this model; otherwise the model's mean."""
    if style is not None and style.model == model_name:
        return style
    return Style.of(model_name, translator.mean_style())


def _ends(translator: Translator, model_name: str, end_a: Style | None, end_b: Style | None) -> tuple[Tensor, Tensor]:
    """The codes of A and B; where one is not set for this model, a drawn style."""
    drawn = translator.sample(2, ENDS_SEED).cpu()
    code_a, code_b = (
        end.code if end is not None and end.model == model_name else code
        for end, code in zip((end_a, end_b), drawn, strict=True)
    )
    return code_a, code_b


def _stand(translator: Translator, code: Tensor) -> list[float]:
    """Where the sliders stand for a style: its first coordinates, to the sliders' step."""
    coordinates: list[float] = translator.style_space.coordinates(code)[:MAX_AXES].tolist()
    return [round(coordinate, STEP_DIGITS) + 0.0 for coordinate in coordinates]  # no -0.0


def _draw(translator: Translator, seen: Image.Image, code: Tensor) -> tuple[Image.Image, str]:
    """One render of a picture, and a line on its time."""
    plan = translator.plan(seen)
    begun = time.perf_counter()
    (picture,) = translator.render(plan, code[None])
    milliseconds = 1000 * (time.perf_counter() - begun)
    line = notice(
        "render_time",
        count=1,
        each=round(milliseconds),
        resolution=translator.resolution,
        device=translator.device.type,
    )
    return picture, line


def _render_with_progress(
    translator: Translator, seen: Image.Image, codes: Tensor, progress: gr.Progress
) -> list[Image.Image]:
    """A picture in many styles (B, D), telling how far it is."""
    plan = translator.plan(seen)
    pictures: list[Image.Image] = []
    for batch in codes.split(RENDER_BATCH):
        progress((len(pictures), len(codes)), desc="Rendering", unit="pictures")
        pictures += translator.render(plan, batch)
    return pictures


def _sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Rows of pictures on a ground that suits a light and a dark page."""
    return images.sheet(rows, CELL, gap=GAP, ground=SHEET_GROUND)
