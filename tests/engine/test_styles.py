from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from gpunit.engine import styles
from gpunit.engine.styles import Style, StyleError, StyleSpace
from gpunit.engine.translator import Translator


@pytest.fixture
def bank() -> torch.Tensor:
    """Codes that spread most along a few directions, as trained ones do."""
    generator = torch.Generator().manual_seed(3)
    spread = torch.randn(8, 8, generator=generator) * torch.tensor([9.0, 5, 3, 2, 1, 0.5, 0.2, 0.1])[:, None]
    return torch.randn(40, 8, generator=generator) @ spread + 4


@pytest.fixture
def four(bank: torch.Tensor) -> torch.Tensor:
    return bank[:4]


def test_axes_are_orthonormal_and_fall_in_variance(bank: torch.Tensor) -> None:
    space = StyleSpace.of(bank)
    torch.testing.assert_close(space.axes @ space.axes.T, torch.eye(8), atol=1e-5, rtol=0)
    assert torch.equal(space.shares, space.shares.sort(descending=True).values)
    assert space.shares.sum().item() == pytest.approx(1, abs=1e-5)


def test_the_banks_own_coordinates_have_deviation_one_and_no_correlation(bank: torch.Tensor) -> None:
    coordinates = StyleSpace.of(bank).coordinates(bank)
    torch.testing.assert_close(coordinates.T.cov(), torch.eye(8), atol=1e-3, rtol=0)


def test_coordinates_lead_back_to_the_style(bank: torch.Tensor) -> None:
    space = StyleSpace.of(bank)
    torch.testing.assert_close(space.moved(space.mean, space.coordinates(bank)), bank, atol=1e-4, rtol=1e-4)


def test_moving_shifts_the_moved_coordinates_and_no_others(bank: torch.Tensor) -> None:
    space = StyleSpace.of(bank)
    offsets = torch.tensor([1.5, -2.0, 0.25])
    shift = space.coordinates(space.moved(bank[7], offsets)) - space.coordinates(bank[7])
    torch.testing.assert_close(shift, torch.cat([offsets, torch.zeros(5)]), atol=1e-3, rtol=0)


def test_zero_offsets_restore_any_style_bit_for_bit(bank: torch.Tensor) -> None:
    space = StyleSpace.of(bank)
    outside = bank[0] * 1.7 + 0.3
    assert torch.equal(space.moved(outside, torch.zeros(6)), outside)


def test_the_space_has_no_axes_without_variance() -> None:
    generator = torch.Generator().manual_seed(0)
    flat = torch.cat([torch.randn(20, 3, generator=generator), torch.zeros(20, 5)], dim=1)
    assert len(StyleSpace.of(flat).axes) == 3
    assert len(StyleSpace.of(flat[:3]).axes) == 2


def test_interpolation_ends_exactly(four: torch.Tensor) -> None:
    way = styles.interpolate(four[0], four[1], 7)
    assert torch.equal(way[0], four[0])
    assert torch.equal(way[-1], four[1])
    torch.testing.assert_close(way[3], (four[0] + four[1]) / 2)


def test_the_grids_corners_are_the_four_styles_and_its_edges_the_ways_between(four: torch.Tensor) -> None:
    cells = styles.grid(four, 5)
    assert torch.equal(torch.stack([cells[0, 0], cells[0, -1], cells[-1, 0], cells[-1, -1]]), four)
    torch.testing.assert_close(cells[:, 0], styles.interpolate(four[0], four[2], 5))
    torch.testing.assert_close(cells[-1], styles.interpolate(four[2], four[3], 5))
    torch.testing.assert_close(cells[2, 2], four.mean(0))


@pytest.mark.parametrize("levels", [4, 5, 6])
def test_bands_go_from_coarse_to_fine_and_leave_none_out(levels: int) -> None:
    bands = [styles.band(level, levels) for level in range(levels)]
    assert bands == sorted(bands)
    assert set(bands) == {0, 1, 2}


def test_mixing_a_style_with_itself_leaves_it_unchanged(tiny: Translator, picture: Image.Image) -> None:
    plan, codes = tiny.plan(picture), tiny.sample(2, seed=1)
    levels = len(tiny.networks.generator.params.sizes)
    a, b = codes
    itself = tiny.render_tensor(plan, styles.mix(a, a, a, levels)[None])
    assert torch.equal(itself, tiny.render_tensor(plan, a[None]))
    mixed = tiny.render_tensor(plan, styles.mix(a, a, b, levels)[None])
    assert not torch.allclose(mixed, itself)
    assert not torch.allclose(mixed, tiny.render_tensor(plan, b[None]))


def test_every_level_listens_to_its_own_style_alone(tiny: Translator, picture: Image.Image) -> None:
    generator, plan = tiny.networks.generator, tiny.plan(picture)
    a, b = tiny.sample(2, seed=1)
    sizes = generator.params.sizes
    finest = torch.stack([a] * (len(sizes) - 1) + [b])[None]
    for size in sizes[:-1]:  # the heads below the finest level do not see its style
        below = generator.render(plan.content, plan.gates, finest, size=size)
        assert torch.equal(below, generator.render(plan.content, plan.gates, a[None], size=size))


def test_the_translators_space_is_its_banks(tiny: Translator) -> None:
    torch.testing.assert_close(tiny.style_space.mean, tiny.mean_style()[0])
    assert tiny.style_space.axes.shape == (8, 8)


def test_a_style_survives_json_bit_for_bit(four: torch.Tensor) -> None:
    style = Style.of("to-cat", four[2] / 3)
    text = json.dumps(style.to_json("abc"))
    again = Style.from_json(text, "to-cat", "abc", 8)
    assert again == style
    assert torch.equal(again.code, four[2] / 3)


def changed(**changes: object) -> Callable[[dict[str, object]], str]:
    return lambda saved: json.dumps(saved | changes)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda saved: "<html>", "not a saved style"),
        (lambda saved: "[" * 100_000, "not a saved style"),
        (lambda saved: json.dumps([saved]), "not a saved style"),
        (changed(kind="recipe"), "not a saved style"),
        (changed(model="to-dog"), "belongs to the model 'to-dog', not to to-cat"),
        (changed(sha256="def"), "other weights of to-cat"),
        (changed(numbers=[1.0] * 7), "has 8 numbers, and this file 7"),
        (changed(numbers="12345678"), "has 8 numbers, and this file no"),
        (changed(numbers=[1.0] * 7 + [float("nan")]), "every number"),
        (changed(numbers=[1.0] * 7 + [float("inf")]), "every number"),
        (changed(numbers=[1.0] * 7 + [1e30]), "every number"),
        (changed(numbers=[1.0] * 7 + [None]), "every number"),
        (changed(numbers=[True] * 8), "every number"),
    ],
)
def test_bad_json_is_refused_with_one_sentence(
    four: torch.Tensor, damage: Callable[[dict[str, object]], str], sentence: str
) -> None:
    saved = Style.of("to-cat", four[0]).to_json("abc")
    with pytest.raises(StyleError, match=sentence):
        Style.from_json(damage(saved), "to-cat", "abc", 8)


def test_a_style_file_of_an_earlier_version_is_read() -> None:
    text = (Path(__file__).parent / "fixtures" / "style.json").read_text()
    style = Style.from_json(text, "to-cat", "ab" * 32, 8)
    assert style.numbers == tuple(json.loads(text)["numbers"])
    assert json.loads(json.dumps(style.to_json("ab" * 32))) == json.loads(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_style_that_an_editor_saved_in_another_encoding_is_read(encoding: str) -> None:
    style = Style.of("to-cat", torch.arange(8.0))
    content = json.dumps(style.to_json("abc"), indent=2).encode(encoding)
    assert Style.from_json(content, "to-cat", "abc", 8) == style
    with pytest.raises(StyleError, match="not a saved style"):
        Style.from_json(b"\xff\x00\xfe", "to-cat", "abc", 8)
