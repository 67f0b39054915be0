"""A visitor's history: what the browser keeps of every translation.

The browser keeps it (`assets/history.js`), and the server nothing: an entry is a small picture with the recipe that
makes it again.  Photo and exemplar are named by their digests, and by where the server has them, while it has them.
"""

from __future__ import annotations

import base64
import binascii
import io
from typing import Annotated, Any

import gradio as gr
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gpunit import files, images
from gpunit.engine import provenance
from gpunit.engine.provenance import CodedStyle, Digest, Provenance, SampledStyle, StyleSource
from gpunit.images import PictureError
from gpunit.ui.components import Shelf
from gpunit.ui.content import given
from gpunit.ui.examples import EXAMPLES
from gpunit.ui.i18n import notice
from gpunit.ui.models import Models
from gpunit.ui.server import scratch
from gpunit.ui.server.checks import is_stored
from gpunit.ui.translate.inputs import Rendered
from gpunit.ui.uploads import photo_of

SIDE = 144
_JPEG = "data:image/jpeg;base64,"

Place = Annotated[str, Field(max_length=4096)]


class Entry(BaseModel):
    """One translation, as the browser has it.

    Attributes:
        key: the same for all pictures that one translation made.
        made: how it was made.
        photo, exemplar: where the server has the two pictures, or had them.
        picture: a small JPEG of it, as an address that holds it.
        caption: model and style.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Digest
    made: Provenance
    photo: Place
    exemplar: Place | None
    picture: Annotated[str, Field(max_length=2**16, pattern=f"^{_JPEG}")]
    caption: Annotated[str, Field(max_length=300)]

    @classmethod
    def read(cls, sent: Any) -> Entry:
        """An entry as the browser sends it.

        Raises:
            gr.Error: if none is chosen, or if it was damaged or written by another version.
        """
        if sent is None:
            raise gr.Error(notice("no_entry"), print_exception=False)
        try:
            return cls.model_validate(sent)
        except (ValidationError, RecursionError):
            raise gr.Error(notice("bad_entry"), print_exception=False) from None

    def photo_path(self) -> str | None:
        """The photo, while the server has it; examples are always there."""
        return found(self.made.photo.sha256, self.photo)

    def exemplar_path(self) -> str:
        """A picture that has the entry's style: the exemplar, or the entry itself, which says how it was made."""
        digest = self.made.style.exemplar if isinstance(self.made.style, CodedStyle) else None
        path = None if digest is None else found(digest, self.exemplar)
        if path is not None:
            return path
        try:
            content = base64.b64decode(self.picture.removeprefix(_JPEG), validate=True)
        except (binascii.Error, ValueError):
            raise gr.Error(notice("bad_entry"), print_exception=False) from None
        picture = images.open_picture(io.BytesIO(content), name=self.caption)
        return str(scratch.kept_picture(provenance.put(picture, self.made)))


def found(digest: str, *places: str | None) -> str | None:
    """The picture of this digest: at one of these places, if it is a file that the page may use, or an example."""
    for path in (*(place for place in places if place and is_stored(place)), *map(str, EXAMPLES)):
        try:
            if photo_of(path).sha256 == digest:
                return path
        except PictureError:  # swept away meanwhile
            continue
    return None


def remember(
    models: Models, sides: tuple[Image.Image, Image.Image] | None, rendered: Rendered | None, chosen: int
) -> dict[str, Any] | None:
    """What the browser is to keep of the translation that is compared; None without it, or without its photo."""
    if sides is None or rendered is None:
        return None
    try:
        return _entry(models, sides[1].copy(), rendered, chosen).model_dump(mode="json")
    except PictureError:  # swept away meanwhile
        return None


def _entry(models: Models, picture: Image.Image, rendered: Rendered, chosen: int) -> Entry:
    inputs = rendered.inputs
    signature = inputs.signature(models.get(inputs.model_name))
    style: StyleSource
    if inputs.by_exemplar:
        style = CodedStyle.of(rendered.styles[chosen], photo_of(given(inputs.exemplar_path)).sha256)
        by = "y"
    else:
        style = SampledStyle(number=chosen + 1, **inputs.sampling)
        by = f"z {style.seed}"
    signature.sign([picture], [style], photo_of(given(inputs.path)), inputs.content.crop)
    made = provenance.attached(picture)
    assert made is not None  # it was signed just now
    return Entry(
        key=_key(made),
        made=made,
        photo=given(inputs.path),
        exemplar=inputs.exemplar_path if inputs.by_exemplar else None,
        picture=_small(picture),
        caption=f"{inputs.model_name} · {by}",
    )


def pin(problem: str) -> None:
    """Say what kept the browser from pinning an entry, by the notice's key; nothing for an empty one.

    Raises:
        gr.Error: if something did.
    """
    if problem in ("no_entry", "too_many_pins"):
        raise gr.Error(notice(problem), print_exception=False)


def shelf() -> Shelf:
    """Lay out what shows the entries."""
    return Shelf(elem_id="history")


def _key(made: Provenance) -> str:
    style = made.style.model_copy(update={"number": 1}) if isinstance(made.style, SampledStyle) else made.style
    said = made.model_copy(update={"style": style}).model_dump_json(exclude={"precision"})
    return files.digest_of([said.encode()])


def _small(picture: Image.Image) -> str:
    buffer = io.BytesIO()
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    small.save(buffer, format="JPEG", quality=80)
    return _JPEG + base64.b64encode(buffer.getvalue()).decode("ascii")
