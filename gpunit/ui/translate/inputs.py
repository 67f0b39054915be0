"""What makes translations: the values of the tab's controls, and which styles they ask for."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from gpunit import zoo
from gpunit.engine import provenance
from gpunit.engine.provenance import Signature, StyleSource
from gpunit.engine.translator import Translator
from gpunit.images import CENTRE
from gpunit.ui import uploads
from gpunit.ui.content import Content, given
from gpunit.ui.events import Inputs
from gpunit.ui.values import clamped, read_seed, whole

BY_SAMPLE = "Drawn styles"
BY_EXEMPLAR = "Style of a picture"
MOST_STYLES = 12
MOST_TEMPERATURE = 1.5


def fits_controls(count: float, temperature: float) -> bool:
    """Whether the page's controls have these values; the command line takes larger ones."""
    return count <= MOST_STYLES and temperature <= MOST_TEMPERATURE


@dataclass(frozen=True)
class TranslationInputs(Inputs):
    """The values of the controls that make translations, in the order in which "translate" takes them.

    Attributes:
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
    """

    path: str | None
    model_name: str
    zoom: float
    across: float
    down: float
    guidance: str
    count: float
    seed: float
    temperature: float
    exemplar_path: str | None

    @property
    def content(self) -> Content:
        """The picture and its square."""
        return Content(self.path, self.zoom, self.across, self.down)

    @property
    def values(self) -> tuple[Any, ...]:
        """The fields, for the components they came from."""
        return astuple(self)

    @property
    def by_exemplar(self) -> bool:
        """Whether the style is a picture's."""
        return self.guidance == BY_EXEMPLAR

    @property
    def sampling(self) -> dict[str, Any]:
        """Count, seed and temperature in the range that the controls have."""
        return {
            "count": whole(self.count, 1, MOST_STYLES),
            "seed": read_seed(self.seed),
            "temperature": clamped(self.temperature, 0.0, MOST_TEMPERATURE),
        }

    def signature(self, translator: Translator) -> Signature:
        """What the translator's results say of it.

        Raises:
            ModelError: if its file is gone.
        """
        return Signature.of(translator, self.model_name, zoo.fingerprint(self.model_name))

    def styles(self, translator: Translator) -> tuple[Tensor, list[StyleSource]]:
        """The style codes (B, D): sampled ones, or the exemplar's; and what results say of each.

        Raises:
            gr.Error: if an exemplar is wanted and there is none.
            PictureError: if it cannot be read.
        """
        if not self.by_exemplar:
            return translator.sample(**self.sampling), provenance.sampled(**self.sampling)
        path = given(self.exemplar_path, "no_exemplar")
        exemplar = uploads.cut_upload(path, CENTRE, translator.resolution)
        code, source = self.signature(translator).style_of(
            translator, exemplar, provenance.known(path), uploads.photo_of(path).sha256
        )
        return code, [source]


@dataclass(frozen=True)
class Rendered:
    """What made the pictures in the gallery, whatever the controls have been set to since.

    Attributes:
        inputs: the values of the controls.
        styles: the style codes (B, D).
    """

    inputs: TranslationInputs
    styles: Tensor

    @property
    def name(self) -> str:
        """What files of it are called: source, model and seed."""
        made = self.inputs
        by = "exemplar" if made.by_exemplar else f"seed-{read_seed(made.seed)}"
        return f"{Path(made.path or 'picture').stem}-{made.model_name}-{by}"
