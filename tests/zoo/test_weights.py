from __future__ import annotations

import errno
import math
import pickle
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from torch import nn

from gpunit.zoo.weights import ModelError, fill, read_header, read_pickle, read_weights, write_weights
from tests.zoo.conftest import Trap


@pytest.mark.parametrize("half", [True, False])
def test_written_weights_are_read_as_fp32_with_their_header(tmp_path: Path, half: bool) -> None:
    path = tmp_path / "new" / "mine.safetensors"
    tensors = {"weight": torch.tensor([0.5, 1 / 3]), "steps": torch.tensor(7)}
    write_weights(path, tensors, {"kind": "translator", "classes": ["cat", "dog"]}, half)
    read, header = read_weights(path)
    assert read["weight"].dtype == torch.float32
    assert torch.equal(read["weight"], tensors["weight"].half().float() if half else tensors["weight"])
    assert torch.equal(read["steps"], tensors["steps"])
    assert header == read_header(path) == {"kind": "translator", "classes": '["cat", "dog"]'}
    assert path.stat().st_mode & 0o777 == 0o644
    assert [file.name for file in path.parent.iterdir()] == ["mine.safetensors"]


def test_no_number_is_written_as_infinite(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    write_weights(path, {"bank": torch.tensor([1.5, 1e9])}, {})
    assert read_weights(path)[0]["bank"].tolist() == [1.5, 1e9]
    before = path.read_bytes()
    for number in (float("nan"), float("inf")):
        with pytest.raises(ModelError, match="bank has numbers that are NaN or infinite"):
            write_weights(path, {"bank": torch.tensor([number])}, {})
    assert path.read_bytes() == before


@pytest.mark.parametrize("read", [read_weights, read_header])
def test_missing_and_damaged_files_are_told_apart(tmp_path: Path, read: object) -> None:
    path = tmp_path / "mine.safetensors"
    with pytest.raises(ModelError, match="are not in"):
        read(path)  # type: ignore[operator]
    path.write_bytes(b"no safetensors")
    with pytest.raises(ModelError, match="damaged"):
        read(path)  # type: ignore[operator]


def test_code_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    path, sprung = tmp_path / "mine.pt", tmp_path / "sprung"
    torch.save({"weight": torch.ones(2)}, path)
    assert torch.equal(read_pickle(path)["weight"], torch.ones(2))
    for write in (lambda: torch.save(Trap(sprung), path), lambda: path.write_bytes(pickle.dumps(Trap(sprung), 2))):
        write()
        with pytest.raises(ModelError, match="code instead of weights"):
            read_pickle(path)
    assert not sprung.exists()


def test_networks_are_filled_strictly(tmp_path: Path) -> None:
    network, path = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), tmp_path / "mine.safetensors"
    tensors = {name: tensor + 1 for name, tensor in network.state_dict().items()}
    del tensors["1.num_batches_tracked"]  # a counter that no network reads
    assert fill(network, tensors, path) is network
    assert all(torch.equal(network.state_dict()[name], tensor) for name, tensor in tensors.items())
    for changed, words in (
        ({name: tensor for name, tensor in tensors.items() if name != "0.weight"}, r"lacks 0\.weight"),
        (tensors | {"2.weight": torch.zeros(1)}, r"the unknown tensor 2\.weight"),
        (tensors | {"0.weight": torch.zeros(1)}, r"another shape for 0\.weight"),
    ):
        with pytest.raises(ModelError, match=rf"mine\.safetensors .*{words}"):
            fill(network, changed, path)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    network, path = nn.Linear(2, 3), tmp_path / "mine.safetensors"
    tensors = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    tensors["bias"][1] = value
    with pytest.raises(ModelError, match=r"mine\.safetensors holds numbers that are not finite \(in bias\)"):
        fill(network, tensors, path)


def test_a_full_disk_is_told_with_the_file_that_has_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise SafetensorError("Error while serializing: IoError(Os { code: 28 }): No space left (os error 28)")

    monkeypatch.setattr("gpunit.zoo.weights.save_file", refuse)
    with pytest.raises(OSError, match="mine") as caught:
        write_weights(tmp_path / "mine.safetensors", {"weight": torch.ones(2)}, {})
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(tmp_path / "mine.safetensors"))
    assert list(tmp_path.iterdir()) == []
