from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gpunit.networks.frozen.vgg import VGG19


def test_vgg19_says_how_to_get_its_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    with pytest.raises(OSError, match=r"put vgg19-.*pth of torchvision into"):
        VGG19()
