"""The offer to download a pretrained BigGAN that is not on this machine yet: its facts, its terms, a button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from gpunit.prior.table import PRETRAINED, stored_config
from gpunit.ui import downloads
from gpunit.ui.i18n import notice, text
from gpunit.ui.models import downloads_allowed, prior_choices
from gpunit.zoo.weights import ModelError

PROGRESS = gr.Progress()  # Gradio gives each event its own in place of this


@dataclass(frozen=True)
class DownloadPanel:
    """The components that offer a download; `group` is hidden for a prior that is here."""

    group: gr.Group
    offer: gr.Markdown
    button: gr.Button
    cancel: gr.Button


def lay_out_download() -> DownloadPanel:
    """Lay out the panel, which the prior that the tab opens with does not need."""
    with gr.Group(visible=False) as group:
        offer = gr.Markdown(padding=True, elem_id="prior-offer")
        with gr.Row():
            button = gr.Button(text("download_prior"), variant="primary", size="sm", elem_id="prior-download")
            cancel = gr.Button(text("cancel_download"), size="sm", elem_id="prior-cancel")
    return DownloadPanel(group, offer, button, cancel)


def show_offer(prior_name: str) -> tuple[Any, str]:
    """The panel for a prior: hidden where there is nothing to download."""
    offered = prior_name in PRETRAINED and stored_config(prior_name) is None and downloads_allowed()
    if not offered:
        return gr.update(visible=False), ""
    facts = PRETRAINED[prior_name]
    words = notice(
        "prior_offer",
        name=prior_name,
        resolution=facts.resolution,
        megabytes=facts.megabytes,
        terms=notice("prior_terms"),
    )
    return gr.update(visible=True), words


def download_prior(prior_name: str, progress: gr.Progress = PROGRESS) -> Any:
    """Download a pretrained BigGAN to this machine, from the first source that has it.

    Args:
        prior_name: biggan-deep-128, -256 or -512.
        progress: shows how much has come.

    Returns:
        The prior picker, in which the model is now on this machine.
    """
    if prior_name not in PRETRAINED:
        raise ModelError(f"{prior_name} is not a pretrained BigGAN; choose from {', '.join(PRETRAINED)}.")
    if stored_config(prior_name) is None:
        from gpunit.prior.sources import fetch_pretrained  # the library of BigGAN is slow to import

        with downloads.downloading(prior_name, progress) as report:
            fetch_pretrained(prior_name, lambda done, total: report(prior_name, done, total))
    return gr.update(choices=prior_choices(), value=prior_name)
