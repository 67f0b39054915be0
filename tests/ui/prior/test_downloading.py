"""The offer to download a pretrained BigGAN."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gradio as gr
import pytest

from gpunit.prior import sources
from gpunit.ui import downloads
from gpunit.ui.prior.downloading import download_prior, show_offer
from gpunit.zoo.fetching import DownloadError
from gpunit.zoo.weights import ModelError

NAME = "biggan-deep-128"


@pytest.fixture(autouse=True)
def _empty_shelf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GPUNIT_CHECKPOINTS", str(tmp_path))


def test_what_can_be_downloaded_is_offered_with_size_and_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    panel, words = show_offer(NAME)
    assert panel["visible"]
    assert all(fact in words for fact in (NAME, "128 px", "211 MB", "Apache-2.0", "non-commercial"))
    assert show_offer("prior-small")[0]["visible"] is False
    monkeypatch.setenv("GPUNIT_NO_DOWNLOADS", "1")
    assert show_offer(NAME)[0]["visible"] is False
    with pytest.raises(gr.Error, match="switched off"):
        download_prior(NAME)
    with pytest.raises(ModelError, match="not a pretrained BigGAN"):
        download_prior("../prior-small")


def test_a_cancelled_and_a_failed_download_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def cancel_half_way(name: str, report: Callable[[int, int], None]) -> None:
        report(1, 2)
        downloads.cancel("biggan-deep-512")  # another one
        report(1, 2)
        downloads.cancel(name)
        report(2, 2)

    def fail(name: str, report: Callable[[int, int], None]) -> None:
        raise DownloadError("The bucket is gone.")

    monkeypatch.setattr(sources, "fetch_pretrained", cancel_half_way)
    with pytest.raises(gr.Error, match="was cancelled; what came is kept"):
        download_prior(NAME)
    monkeypatch.setattr(sources, "fetch_pretrained", fail)
    with pytest.raises(gr.Error, match="The bucket is gone"):
        download_prior(NAME)


def test_a_downloaded_prior_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "fetch_pretrained", lambda name, report: report(2, 2))
    assert download_prior(NAME)["value"] == NAME
