"""What PNGs say of how they were made: written, read, made again, and refused."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gpunit import images
from gpunit.engine import provenance
from gpunit.engine.provenance import CodedStyle, Photo, Provenance, SampledStyle, Signature, Square
from gpunit.engine.styles import MAX_NUMBER, StyleError
from gpunit.engine.translator import Translator
from gpunit.images import Crop, PictureError
from gpunit.seeds import MAX_SEED
from tests.conftest import blobs

SHA = "ab" * 32
MADE = Provenance(
    model="to-cat",
    sha256=SHA,
    precision="fp32",
    photo=Photo(sha256="cd" * 32, width=640, height=480),
    square=Square(zoom=1.5, across=0.25, down=0.75),
    style=SampledStyle(count=3, seed=5, temperature=0.5, number=2),
)


def png(path: Path, text: str) -> Path:
    info = PngInfo()
    info.add_text(provenance.KEYWORD, text)
    blobs(1, 16, 16).save(path, pnginfo=info)
    return path


def write(picture: Image.Image, path: Path) -> Path:
    picture.save(path, pnginfo=provenance.text_of(picture))
    return path


places = st.floats(0, 1)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
sampled = st.builds(
    SampledStyle,
    count=st.integers(1, 64),
    seed=st.integers(0, MAX_SEED),
    temperature=st.floats(0, 2),
    number=st.integers(1, 64),
)
coded = st.builds(
    CodedStyle,
    numbers=st.lists(st.floats(-MAX_NUMBER, MAX_NUMBER, width=32), min_size=1, max_size=16).map(tuple),
    exemplar=st.none() | digests,
)


@given(
    st.builds(
        Provenance,
        model=st.sampled_from(["to-cat", "my own model", "owner/name", "c"]),
        sha256=digests,
        precision=st.sampled_from(["fp32", "bf16", "fp16"]),
        photo=st.builds(Photo, sha256=digests, width=st.integers(1, 9999), height=st.integers(1, 9999)),
        square=st.builds(Square, zoom=st.floats(1, 4), across=places, down=places),
        style=sampled | coded,
    )
)
def test_what_is_written_is_read(made: Provenance) -> None:
    assert provenance.parse(made.model_dump_json()) == made


def test_the_text_of_the_longest_style_is_short_enough() -> None:
    numbers = tuple(torch.rand(512, generator=torch.Generator().manual_seed(0)).sub(0.5).tolist())
    text = MADE.model_copy(update={"style": CodedStyle(numbers=numbers)}).model_dump_json()
    assert len(text) <= provenance.MOST_CHARACTERS
    assert provenance.parse(text).style == CodedStyle(numbers=numbers)


@pytest.mark.parametrize("kind", ["sampled", "exemplar"])
def test_a_signed_result_is_made_again_bit_for_bit_from_its_file(tiny: Translator, tmp_path: Path, kind: str) -> None:
    photo, crop = blobs(3, 120, 90), Crop(1.5, 0.2, 0.7)
    signature = Signature.of(tiny, "to-cat", SHA)
    codes, styles = tiny.sample(3, 5, 0.5), provenance.sampled(3, 5, 0.5)
    if kind == "exemplar":
        exemplar = blobs(4, 70, 60)
        code, style = signature.style_of(tiny, exemplar)
        assert torch.equal(code, tiny.style_of(exemplar))
        codes, styles = code, [style]
    results = tiny.render(tiny.plan(images.cut(photo, tiny.resolution, crop)), codes)
    signature.sign(results, styles, Photo.of(photo), crop)
    made = provenance.require(write(results[-1], tmp_path / "result.png"))
    assert made.photo == Photo.of(photo)
    again, index = made.styles(tiny)
    plan = tiny.plan(images.cut(photo, tiny.resolution, made.square.crop))
    np.testing.assert_array_equal(tiny.render(plan, again)[index], results[-1])


def test_the_style_of_a_result_is_its_own_and_that_of_other_weights_is_seen(tiny: Translator) -> None:
    picture = blobs(3)
    signature = Signature.of(tiny, "to-cat", SHA)
    code, style = signature.style_of(tiny, picture, MADE)
    assert torch.equal(code, tiny.sample(3, 5, 0.5)[1:2])
    assert style == MADE.style
    code, style = signature.style_of(tiny, picture, MADE.model_copy(update={"sha256": "00" * 32}))
    assert torch.equal(code, tiny.style_of(picture))
    assert style == CodedStyle.of(code, provenance.digest_of(picture))


def test_a_code_of_another_length_is_refused(tiny: Translator) -> None:
    made = MADE.model_copy(update={"style": CodedStyle(numbers=(0.0,))})
    with pytest.raises(StyleError, match="has 8 numbers, not 1"):
        made.styles(tiny)


def test_no_path_and_no_picture_is_in_it(tiny: Translator, tmp_path: Path) -> None:
    path = tmp_path / "secret-name.png"
    blobs(4).save(path)
    signature = Signature.of(tiny, "to-cat", SHA)
    _, style = signature.style_of(tiny, images.open_picture(path))
    (result,) = tiny.render(tiny.plan(blobs(3)), tiny.mean_style())
    signature.sign([result], [style], Photo.of(blobs(3)))
    text = str(provenance.attached(result))
    assert "secret" not in text
    assert str(tmp_path) not in text
    with pytest.raises(ValueError, match="pattern"):
        Signature.of(tiny, str(path), SHA)


def test_a_cut_or_a_photo_never_passes_for_a_result(tmp_path: Path) -> None:
    """What a file says is not handed on to what other pixels are written to."""
    read = images.open_picture(png(tmp_path / "result.png", MADE.model_dump_json()))
    assert provenance.text_of(read) is None
    assert provenance.text_of(images.cut(read, 8)) is None
    assert provenance.attached(provenance.keep(Image.open(tmp_path / "result.png"))) == MADE
    assert provenance.attached(provenance.keep(Image.open(png(tmp_path / "cake.png", "cake")))) is None


NEWER = json.dumps({"format": "gpunit-picture", "version": 2, "spell": "abracadabra"})


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(MADE.model_dump_json()), **changes})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (NEWER, "newer version of GP-UNIT Explorer; update"),
        ("", "damaged"),
        ("{", "damaged"),
        ("[" * 20_000, "damaged"),
        ("[]", "damaged"),
        (changed(version=0), "damaged"),
        (changed(version="1"), "damaged"),
        (changed(model="../../etc/passwd"), "damaged"),
        (changed(model="../passwd"), "damaged"),
        (changed(model="/passwd"), "damaged"),
        (changed(model=""), "damaged"),
        (changed(sha256="cake"), "damaged"),
        (changed(square={"zoom": float("nan")}), "damaged"),
        (changed(style={"kind": "sampled", "count": 99, "seed": 1, "temperature": 1, "number": 1}), "damaged"),
        (changed(style={"kind": "code", "numbers": [1e9]}), "damaged"),
        (changed(style={"kind": "code", "numbers": [0] * 513}), "damaged"),
        (changed(path="/home/me"), "damaged"),
        (changed(model="x" * provenance.MOST_CHARACTERS), "damaged"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = png(tmp_path / "result.png", text)
    for reading in (provenance.read, provenance.require):
        with pytest.raises(PictureError, match=words) as refused:
            reading(path, "result.png")
        assert str(refused.value).startswith("result.png ")
        assert "\n" not in str(refused.value)


def test_files_that_say_nothing(tmp_path: Path) -> None:
    blobs(1).save(tmp_path / "photo.png")
    blobs(1).save(tmp_path / "photo.jpg")
    (tmp_path / "note.png").write_bytes(b"no picture")
    for name in ("photo.png", "photo.jpg", "note.png"):
        assert provenance.read(tmp_path / name) is None
        with pytest.raises(PictureError, match="does not say how it was made"):
            provenance.require(tmp_path / name)
    with pytest.raises(PictureError, match="no such file"):
        provenance.require(tmp_path / "nowhere.png")


def test_a_digest_is_that_of_the_pixels() -> None:
    picture = blobs(1, 20, 10)
    files = []
    for form in ("PNG", "TIFF"):
        buffer = io.BytesIO()
        picture.save(buffer, format=form)
        files.append(images.open_picture(buffer))
    assert provenance.digest_of(files[0]) == provenance.digest_of(files[1]) == Photo.of(picture).sha256
    assert provenance.digest_of(blobs(2, 20, 10)) != provenance.digest_of(picture)
    tall = blobs(3, 20, 700)
    expected = hashlib.sha256(b"20x700:" + tall.tobytes()).hexdigest()
    assert provenance.digest_of(tall) == expected
    flat = [Image.new("RGB", size) for size in ((2, 8), (4, 4))]
    assert provenance.digest_of(flat[0]) != provenance.digest_of(flat[1])
