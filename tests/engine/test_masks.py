from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gpunit import images, zoo
from gpunit.engine import masks
from gpunit.engine.translator import Translator
from gpunit.networks.dynamic_skip import SkipGate
from gpunit.ui.examples import domain_of
from tests.conftest import TINY, blobs, build

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "assets" / "examples").glob("*.jpg"))


def left_half(side: int = 64) -> np.ndarray:
    painted = np.zeros((side, side), dtype=bool)
    painted[:, : side // 2] = True
    return painted


def test_masks_lie_between_0_and_1_and_have_exact_zeros(tiny: Translator, picture: Image.Image) -> None:
    for size, mask in masks.masks_of(tiny.plan(picture)).items():
        assert mask.shape[1:] == (size, size)
        assert mask.min() == 0
        assert 0 < mask.max() < 1
        assert masks.zero_share(mask) == pytest.approx(np.mean(mask.numpy() == 0))


def test_strength_0_in_both_layers_is_skips_off(tiny: Translator, picture: Image.Image) -> None:
    plan, styles = tiny.plan(picture), tiny.sample(2)
    without = tiny.render_tensor(plan, styles, use_skips=False)
    off = tiny.render_tensor(plan, styles, masks.mask_scales(plan, (0.0, 0.0)))
    painted_off = tiny.render_tensor(plan, styles, masks.mask_scales(plan, (1.0, 1.0), np.ones((64, 64), dtype=bool)))
    default = tiny.render_tensor(plan, styles)
    assert torch.equal(off, without)
    assert torch.equal(painted_off, without)
    assert not torch.equal(default, without)


def test_strength_1_is_the_default(tiny: Translator, picture: Image.Image) -> None:
    plan, styles = tiny.plan(picture), tiny.sample(2)
    default = tiny.render_tensor(plan, styles)
    assert torch.equal(tiny.render_tensor(plan, styles, masks.mask_scales(plan, (1.0, 1.0))), default)
    assert not torch.equal(tiny.render_tensor(plan, styles, masks.mask_scales(plan, (1.0, 0.5))), default)


def test_a_painted_region_changes_the_blend_only_inside() -> None:
    torch.manual_seed(0)
    mask, selected, feature = torch.rand(1, 6, 16, 16), torch.randn(1, 6, 16, 16), torch.randn(1, 6, 16, 16)
    gate = SkipGate(mask, selected, selected, mask)
    inside = masks.painted_cells(left_half(), 16).expand_as(mask)
    default = gate.blend(feature)
    blended = gate.blend(feature, (~inside).float())
    assert torch.equal(blended[~inside], default[~inside])
    assert torch.equal(blended[inside], feature[inside])
    assert (default[inside] != feature[inside]).all()


def test_a_cell_is_painted_if_any_pixel_of_it_is() -> None:
    painted = np.zeros((256, 256), dtype=bool)
    painted[17, 250] = True
    for size in (16, 32):
        cells = masks.painted_cells(painted, size)[0, 0]
        assert cells.nonzero().tolist() == [[17 * size // 256, 250 * size // 256]]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_a_dab_changes_the_picture_mostly_inside(example: Path) -> None:
    """The page's brush on the picture's middle; instance norm spreads a little of it, and of larger regions more."""
    translator = zoo.load("to-dog" if domain_of(example) == "cat" else "to-cat", "cpu", "fp32")
    plan = translator.plan(images.open_picture(example))
    place = (np.arange(128) + 0.5) / 128 - 0.5
    painted = place[None] ** 2 + place[:, None] ** 2 <= 0.12**2
    default = translator.render_tensor(plan, translator.mean_style())
    changed = translator.render_tensor(plan, translator.mean_style(), masks.mask_scales(plan, (1.0, 1.0), painted))
    change = (changed - default).abs().mean((0, 1)).numpy()
    assert change[painted].mean() > 3 * change[~painted].mean()


def test_painting_works_in_half_precision(picture: Image.Image) -> None:
    half = build(TINY, precision="bf16")
    plan = half.plan(picture)
    for scale, gate in zip(masks.mask_scales(plan, (1.0, 2.0), left_half()), plan.gates.values(), strict=True):
        assert isinstance(scale, torch.Tensor)
        assert scale.dtype == gate.mask.dtype
    rendered = half.render_tensor(plan, half.sample(1), masks.mask_scales(plan, (1.0, 2.0), left_half()))
    assert rendered.isfinite().all()


def test_rendering_in_any_style_leaves_the_masks(tiny: Translator, picture: Image.Image) -> None:
    plan = tiny.plan(picture)
    before = {size: mask.clone() for size, mask in masks.masks_of(plan).items()}
    first, second = tiny.render(plan, tiny.sample(2, seed=1))
    assert not np.array_equal(np.asarray(first), np.asarray(second))
    again = masks.masks_of(tiny.plan(picture))
    assert all(torch.equal(again[size], mask) for size, mask in before.items())
    other = masks.masks_of(tiny.plan(blobs(7)))
    assert not any(torch.equal(other[size], mask) for size, mask in before.items())


def test_reductions_follow_the_ranking() -> None:
    mask = torch.tensor([0.1, 0.7, 0.0, 0.7, 0.3])[:, None, None].expand(5, 4, 4)
    assert masks.ranking(mask) == [1, 3, 4, 0, 2]
    torch.testing.assert_close(masks.mean_map(mask), torch.full((4, 4), 0.36))
    torch.testing.assert_close(masks.strongest_map(mask, 3), torch.full((4, 4), (0.7 + 0.7 + 0.3) / 3))
    torch.testing.assert_close(masks.strongest_map(mask, 99), masks.mean_map(mask))
    assert masks.zero_share(mask) == pytest.approx(0.2)
    shares = masks.histogram(mask, 10)
    assert sum(shares) == pytest.approx(1)
    assert shares[7] == pytest.approx(0.5)
    assert masks.histogram(torch.zeros(1, 2, 2), 4) == [0, 0, 0, 0]


def test_a_heatmap_tells_values_by_the_colormap() -> None:
    values = torch.tensor([[0.0, 0.25], [0.5, 9.0]])
    pixels = np.asarray(masks.heatmap(values, 8, "gray", top=0.5), dtype=int)
    assert pixels.shape == (8, 8, 3)
    assert [pixels[0, 0, 0], pixels[0, 7, 0], pixels[7, 0, 0], pixels[7, 7, 0]] == [0, 128, 255, 255]
    assert masks.colour_stops("gray", 3) == ["#000000", "#808080", "#ffffff"]


def test_an_overlay_goes_from_the_picture_to_the_heatmap(picture: Image.Image) -> None:
    heat = masks.heatmap(torch.rand(4, 4), 96)
    assert np.array_equal(np.asarray(masks.overlay(picture, heat, 0)), np.asarray(picture))
    assert np.array_equal(np.asarray(masks.overlay(picture, heat, 1)), np.asarray(heat))


def test_saved_arrays_are_the_masks(tiny: Translator, picture: Image.Image, tmp_path: Path) -> None:
    plan = tiny.plan(picture)
    masks.save_arrays(plan, tmp_path / "masks.npz")
    with np.load(tmp_path / "masks.npz") as saved:
        assert saved.files == ["mask_16", "mask_32"]
        for size, mask in masks.masks_of(plan).items():
            assert np.array_equal(saved[f"mask_{size}"], mask.numpy())


def test_saved_pictures_are_the_heatmaps(tiny: Translator, picture: Image.Image, tmp_path: Path) -> None:
    plan = tiny.plan(picture)
    masks.save_pictures(plan, tmp_path / "masks.zip", "magma")
    with zipfile.ZipFile(tmp_path / "masks.zip") as archive:
        named = {name: Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist()}
    assert len(named) == 6
    for size, mask in masks.masks_of(plan).items():
        mean = next(shown for name, shown in named.items() if name.startswith(f"mask-{size}-mean"))
        expected = masks.heatmap(masks.mean_map(mask), 512, "magma", masks.mean_map(mask).max().item())
        assert np.array_equal(np.asarray(mean), np.asarray(expected))
        everything = np.asarray(named[f"mask-{size}-all-channels-0-to-1.png"])
        first = np.asarray(masks.heatmap(mask[0], 64, "magma"))
        assert np.array_equal(everything[:64, :64], first)


def test_wrong_requests_are_explained(tiny: Translator, picture: Image.Image) -> None:
    plan = tiny.plan(picture)
    with pytest.raises(ValueError, match="choose from viridis"):
        masks.heatmap(torch.zeros(2, 2), 8, "rainbow")
    with pytest.raises(ValueError, match="take at least 1"):
        masks.strongest_map(torch.zeros(3, 2, 2), 0)
    with pytest.raises(ValueError, match="2 layers have a skip, but 1 strengths"):
        masks.mask_scales(plan, (1.0,))
