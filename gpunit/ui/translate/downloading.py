"""The offer to download a published model that is not on this machine yet: its facts, its licence, a button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from gpunit import zoo
from gpunit.ui.downloads import downloading
from gpunit.ui.i18n import domain_name, licence_notice, notice, text
from gpunit.ui.models import downloads_allowed, model_choices
from gpunit.zoo import ledger

PROGRESS = gr.Progress()  # Gradio gives each event its own in place of this


@dataclass(frozen=True)
class DownloadPanel:
    """The components that offer a download; `group` is hidden for a model that is here."""

    group: gr.Group
    offer: gr.Markdown
    agreed: gr.Checkbox
    button: gr.Button

    @property
    def outputs(self) -> list[gr.components.Component | gr.blocks.BlockContext]:
        """What `show_offer` sets."""
        return [self.group, self.offer, self.agreed]


def download_panel(first_model: str) -> DownloadPanel:
    """Lay out the panel as it is for the model that the tab opens with."""
    spec = zoo.find(first_model)
    with gr.Group(visible=_is_offered(spec)) as group:
        offer = gr.Markdown(_offer(spec), padding=True, elem_id="download-offer")
        agreed = gr.Checkbox(False, label=text("agree"), info=text("agree_info"), visible=not _has_agreed())
        button = gr.Button(text("download_model"), variant="primary", elem_id="download-model")
    return DownloadPanel(group, offer, agreed, button)


def show_offer(model_name: str) -> tuple[Any, str, Any]:
    """The panel for a model: hidden where there is nothing to download."""
    spec = zoo.find(model_name)
    return gr.update(visible=_is_offered(spec)), _offer(spec), gr.update(visible=not _has_agreed())


def download_model(model_name: str, agreed: bool, progress: gr.Progress = PROGRESS) -> Any:
    """Download a published translator to this machine, with the content encoder where that is missing.

    Args:
        model_name: name of a published translator, as `python -m gpunit models` lists them.
        agreed: that the licence, S-Lab 1.0 (non-commercial), is agreed to; remembered for this installation.
        progress: shows how much has come.

    Returns:
        The model picker, in which the model is now on this machine.
    """
    spec = zoo.find(model_name)
    if not spec.is_here:
        with downloading(spec.name, progress) as report:
            if not spec.can_be_downloaded:
                raise gr.Error(f"{spec.name} is not a published model: there is nothing to download.")
            if not (agreed or _has_agreed()):
                raise gr.Error(notice("agree_first", licence=licence_notice(spec.licence)))
            ledger.record_agreement(zoo.checkpoints_folder(), spec.licence)
            zoo.download(spec.name, report=report)
    return gr.update(choices=model_choices(only_here=False), value=spec.name)


def _has_agreed() -> bool:
    return ledger.has_agreed(zoo.checkpoints_folder(), zoo.PUBLISHED_LICENCE)


def _is_offered(spec: zoo.ModelSpec) -> bool:
    return spec.can_be_downloaded and not spec.is_here and downloads_allowed()


def _offer(spec: zoo.ModelSpec) -> str:
    return notice(
        "model_offer",
        name=spec.name,
        resolution=spec.resolution,
        megabytes=spec.download_megabytes,
        licence=licence_notice(spec.licence),
        paper=f"[{zoo.PAPER}]({zoo.PAPER_LINK})",
        sources=", ".join(domain_name(source) for source in spec.sources),
    )
