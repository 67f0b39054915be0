from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from gpunit import zoo
from gpunit.engine.translator import Translator
from gpunit.files import digest
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.families import SMALL
from gpunit.zoo import loading, weights
from gpunit.zoo.weights import ModelError
from tests.conftest import blobs


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: Translator) -> Path:
    """A checkpoints folder that holds `to-cat` with the weights of `small`."""
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path))
    networks = small.networks
    weights.write_weights(tmp_path / "content-small.safetensors", networks.content_encoder.state_dict(), {}, half=False)
    write_translator(tmp_path, small)
    return tmp_path


def write_translator(folder: Path, translator: Translator, leave_out: str = "") -> None:
    networks = translator.networks
    tensors = {"style_bank": translator.style_bank}
    for part in ("generator", "style_encoder", "style_sampler"):
        tensors |= {f"{part}.{name}": tensor for name, tensor in getattr(networks, part).state_dict().items()}
    tensors.pop(leave_out, None)
    content = folder / "content-small.safetensors"
    header = {"content_encoder": "content-small", "content_encoder_sha256": digest(content)}
    # As another program might: `write_weights` writes no NaN.
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "to-cat.safetensors", header)


def test_written_and_loaded_weights_draw_the_same_picture(shelf: Path, small: Translator) -> None:
    loaded = zoo.load("to-cat", "cpu", "fp32")
    picture, style = blobs(1), small.sample(1)
    torch.testing.assert_close(loaded.sample(1), style)
    expected = small.render_tensor(small.plan(picture), style)
    torch.testing.assert_close(loaded.render_tensor(loaded.plan(picture), style), expected, atol=1e-5, rtol=1e-5)


def test_unknown_model_names_the_known_ones(shelf: Path) -> None:
    with pytest.raises(ModelError, match="to-cat"):
        zoo.load("to-unicorn")


def test_absent_weights_are_never_replaced_by_random_ones(shelf: Path) -> None:
    (shelf / "to-cat.safetensors").unlink()
    with pytest.raises(ModelError, match=r"to-cat\.safetensors are not in"):
        zoo.load("to-cat")


def test_another_content_encoder_is_refused(shelf: Path) -> None:
    torch.manual_seed(7)
    other = ContentEncoder(SMALL.content_encoder)
    weights.write_weights(shelf / "content-small.safetensors", other.state_dict(), {}, half=False)
    with pytest.raises(ModelError, match="not the content encoder"):
        zoo.load("to-cat")


def test_a_missing_tensor_is_named(shelf: Path, small: Translator) -> None:
    write_translator(shelf, small, leave_out="generator.skips.16.to_mask.weight")
    with pytest.raises(ModelError, match=r"lacks skips\.16\.to_mask\.weight"):
        zoo.load("to-cat")


def test_a_truncated_file_is_explained(shelf: Path) -> None:
    path = shelf / "to-cat.safetensors"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ModelError, match="damaged"):
        zoo.load("to-cat")


def test_every_bundled_model_loads() -> None:
    here = [spec.name for spec in zoo.MODELS.values() if spec.is_here]
    assert here, "the repository bundles at least one model"
    for name in here:
        translator = zoo.load(name, "cpu", "fp32")
        assert len(translator.style_bank) > 100


def test_a_style_bank_that_is_missing_broken_or_of_another_family_is_named(
    shelf: Path, small: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_translator(shelf, small, leave_out="style_bank")
    with pytest.raises(ModelError, match=r"to-cat\.safetensors has no style bank"):
        zoo.load("to-cat", "cpu", "fp32")
    kept = small.style_bank
    try:
        for bank, words in ((kept[:, :3], "has no style bank"), (kept * torch.nan, "not finite")):
            small.style_bank = bank.contiguous()
            monkeypatch.setattr(torch, "isfinite", torch.ones_like)  # nothing here writes such a file by itself
            write_translator(shelf, small)
            monkeypatch.undo()
            monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(shelf))
            with pytest.raises(ModelError, match=words):
                zoo.load("to-cat", "cpu", "fp32")
    finally:
        small.style_bank = kept


def test_the_weights_are_digested_once_for_many_results(monkeypatch: pytest.MonkeyPatch) -> None:
    digested: list[Path] = []

    def digest(path: Path) -> str:
        digested.append(path)
        return "ab" * 32

    monkeypatch.setattr(loading, "digest", digest)
    loading._digest_once.cache_clear()
    try:
        assert {zoo.fingerprint("to-cat") for _ in range(3)} == {"ab" * 32}
    finally:
        loading._digest_once.cache_clear()
    assert len(digested) == 1


def test_weights_that_are_not_those_of_a_result_are_refused() -> None:
    zoo.require_same_weights("to-cat", zoo.fingerprint("to-cat"), "a.png")
    with pytest.raises(ModelError, match=r"^a\.png was made with other weights of to-cat"):
        zoo.require_same_weights("to-cat", "0" * 64, "a.png")
    with pytest.raises(ModelError, match=r"^a\.png was made with to-moon, a model that is not known here"):
        zoo.require_same_weights("to-moon", "0" * 64, "a.png")
