"""Translators on the Hub, against a stand-in of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants

from gpunit import zoo
from gpunit.engine.translator import Translator
from gpunit.zoo import hub, pretrained
from gpunit.zoo.fetching import DownloadError
from gpunit.zoo.hub import HubError
from gpunit.zoo.weights import ModelError, write_weights
from tests.conftest import blobs
from tests.zoo.hub_stand_in import TOKEN, StandIn, serving


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with serving() as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.address)
        template = server.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        yield server


def render(translator: Translator) -> torch.Tensor:
    return translator.render_tensor(translator.plan(blobs(1)), translator.sample(2, seed=3))


def test_saved_and_loaded_it_draws_the_same_pictures_bit_for_bit(tmp_path: Path) -> None:
    folder = zoo.save_pretrained("to-cat", tmp_path / "to-cat")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("README.md", "config.json", "content_encoder.safetensors", "model.safetensors")
    ]
    torch.testing.assert_close(
        render(zoo.from_pretrained(folder, "cpu", "fp32")), render(zoo.load("to-cat", "cpu", "fp32")), atol=0, rtol=0
    )
    with pytest.raises(FileExistsError):
        zoo.save_pretrained("to-cat", folder)
    (folder / "config.json").unlink()
    zoo.from_pretrained(folder, "cpu", "fp32")


def test_pushed_and_fetched_it_draws_the_same_pictures_and_works_offline(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = zoo.push_to_hub("to-cat", "me/my-cat", private=True, token=TOKEN)
    assert address.startswith(stand_in.address)
    assert stand_in.private == {"me/my-cat"}
    assert "me/my-cat" not in zoo.all_models()
    with pytest.raises(ModelError, match="gpunit download me/my-cat"):
        zoo.load("me/my-cat")
    seen: dict[str, tuple[int, int]] = {}
    hub.fetch("me/my-cat", lambda file, done, total: seen.update({file: (done, total)}))
    size = len(stand_in.repositories["me/my-cat"]["model.safetensors"])
    assert seen["model.safetensors"] == (size, size)
    asked = stand_in.requests
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    expected = render(zoo.load("to-cat", "cpu", "fp32"))
    for loaded in (zoo.from_pretrained("me/my-cat", "cpu", "fp32"), zoo.load("me/my-cat", "cpu", "fp32")):
        torch.testing.assert_close(render(loaded), expected, atol=0, rtol=0)
    spec = zoo.all_models()["me/my-cat"]
    assert (spec.target, spec.licence, spec.is_here) == ("cat", zoo.find("to-cat").licence, True)
    assert stand_in.requests == asked


def test_a_card_carries_the_hubs_fields_and_the_figures() -> None:
    figures = {"gap_closed": 0.9123, "diversity": 0.61, "fid": float("nan")}
    rows = [{"source": "dog", "net": "vgg16", **figures}]
    text = zoo.card("to-cat", {"model": "to-cat", "protocol": "offline", "rows": rows})
    data: Any = huggingface_hub.ModelCard(text).data
    assert (data.pipeline_tag, data.library_name, data.license) == ("image-to-image", "gpunit-explorer", "other")
    found = {result.metric_type: result.metric_value for result in data.eval_results}
    assert found == {"gap_closed": 0.9123, "diversity": 0.61}
    assert "| dog | vgg16 |" in text
    assert "non-commercial" in text
    with pytest.raises(ModelError, match="those of to-dog"):
        zoo.card("to-cat", {"model": "to-dog", "rows": rows})
    with pytest.raises(ModelError, match="holds none"):
        zoo.card("to-cat", {"model": "to-cat", "rows": []})


def test_what_the_hub_refuses_is_one_sentence(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HubError, match="sign in"):
        zoo.push_to_hub("to-cat", "me/my-cat", token="hf_wrong")
    with pytest.raises(HubError, match="owner/name"):
        zoo.push_to_hub("to-cat", "my-cat", token=TOKEN)
    with pytest.raises(HubError, match="authors"):
        zoo.push_to_hub("dog2cat", "me/dog2cat", token=TOKEN)
    with pytest.raises(DownloadError, match="no such repository"):
        zoo.from_pretrained("me/nothing")
    stand_in.repositories["me/text"] = {"README.md": b"hello"}
    with pytest.raises(ModelError, match=r"has no config\.json"):
        zoo.from_pretrained("me/text")
    with pytest.raises(ModelError, match="neither a folder nor"):
        zoo.from_pretrained(tmp_path / "nowhere")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadError, match="could not be reached"):
        zoo.from_pretrained("me/other")


@pytest.mark.parametrize("widths", [[8, 8, 8, 8, 2_000_000], [-1, 8, 8, 8, 8]])
def test_shapes_that_a_file_does_not_hold_are_not_built(tmp_path: Path, widths: list[int]) -> None:
    header = {"kind": "translator", "target": "cat", "params": {"generator": {"widths": widths}}}
    write_weights(tmp_path / "model.safetensors", {"style_bank": torch.zeros(2, 256)}, header)
    with pytest.raises(ModelError, match=r"shapes that its file does not hold|holds no translator"):
        zoo.from_pretrained(tmp_path)


def test_what_a_translator_is_is_said_before_it_is_fetched(stand_in: StandIn, tmp_path: Path) -> None:
    zoo.push_to_hub("to-cat", "me/my-cat", token=TOKEN)
    offer = hub.look_up("me/my-cat")
    files = stand_in.repositories["me/my-cat"]
    weight = sum(len(files[name]) for name in ("config.json", "content_encoder.safetensors", "model.safetensors"))
    assert offer.megabytes == pytest.approx(weight / 1e6)
    assert (offer.config.target, offer.config.resolution) == ("cat", 128)
    assert offer.config.licence == zoo.find("to-cat").licence
    assert not list((tmp_path / "hub").rglob("*.safetensors"))


@pytest.mark.parametrize(
    "config", [b"hello", b"[]", b'{"target": "cat"}', b'{"target": 1, "sources": [], "resolution": 0}']
)
def test_a_repository_of_something_else_is_not_offered(stand_in: StandIn, config: bytes) -> None:
    stand_in.repositories["me/else"] = dict.fromkeys(pretrained.WEIGHTS, config)
    with pytest.raises(ModelError, match="describes no translator"):
        hub.look_up("me/else")
    with pytest.raises(ModelError, match="no name of a Hub repository"):
        hub.look_up("../me/else")


def test_what_is_too_large_is_not_fetched(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    zoo.push_to_hub("to-cat", "me/my-cat", token=TOKEN)
    monkeypatch.setattr(hub, "MOST_MEGABYTES", 1)
    for ask in (hub.look_up, hub.fetch):
        with pytest.raises(ModelError, match="at most 1 MB"):
            ask("me/my-cat")
    assert pretrained.cached_folder("me/my-cat") is None
