"""Translators of the Hugging Face Hub: asked for by name, offered with their terms, fetched by a click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from gpunit.ui.downloads import downloading, require_downloads
from gpunit.ui.events import QUIET, endpoint
from gpunit.ui.i18n import licence_notice, notice, text
from gpunit.ui.models import downloads_allowed, model_choices
from gpunit.zoo import hub
from gpunit.zoo.fetching import DownloadError

PROGRESS = gr.Progress()  # Gradio gives each event its own in place of this


@dataclass(frozen=True)
class HubParts:
    """The components, which hosts without downloads do not show."""

    name: gr.Textbox
    find: gr.Button
    offer: gr.Markdown
    fetch: gr.Button


def lay_out() -> HubParts:
    """Lay out the field for a name, and what is offered under it."""
    with gr.Column(visible=downloads_allowed(), elem_classes="group", elem_id="from-hub"):
        with gr.Row(equal_height=True):
            name = gr.Textbox(
                label=text("hub_name"),
                info=text("hub_name_info"),
                placeholder=text("hub_placeholder"),
                max_length=200,
                scale=3,
                elem_id="hub-name",
            )
            find = gr.Button(text("hub_find"), size="md", min_width=80, elem_id="hub-find")
        offer = gr.Markdown(visible=False, padding=True, elem_id="hub-offer")
        fetch = gr.Button(text("download_model"), visible=False, variant="primary", elem_id="hub-fetch")
    return HubParts(name, find, offer, fetch)


def wire(parts: HubParts, model: gr.Dropdown) -> Dependency:
    """Connect the parts.

    Returns:
        The event after which the picker, `model`, may offer a translator more.
    """
    shown = [parts.offer, parts.fetch]
    gr.on(
        [parts.find.click, parts.name.submit],
        endpoint(find_on_hub),
        parts.name,
        shown,
        api_name="find_on_hub",
        concurrency_limit=1,
    )
    parts.name.input(lambda: (gr.update(visible=False), gr.update(visible=False)), None, shown, **QUIET)
    fetched: Dependency = parts.fetch.click(
        endpoint(download_from_hub),
        parts.name,
        model,
        api_name="download_from_hub",
        concurrency_limit=1,
        show_progress_on=parts.offer,
    )
    return fetched


def find_on_hub(name: str) -> tuple[Any, Any]:
    """Look a translator of the Hugging Face Hub up; only what it says of itself is fetched.

    Args:
        name: owner/name, as `gpunit push` uploads one.

    Returns:
        What it says of itself: domains, size, terms; and the button that fetches it.
    """
    require_downloads()
    try:
        offer = hub.look_up(name.strip())
    except DownloadError as error:
        raise gr.Error(str(error), print_exception=False) from None
    config = offer.config
    words = notice(
        "hub_offer",
        name=offer.name,
        resolution=config.resolution,
        megabytes=f"{offer.megabytes:.0f}",
        licence=_plain(licence_notice(config.licence)),
        domains=_plain(f"{' / '.join(config.sources)} → {config.target}"),
    )
    return gr.update(value=words, visible=True), gr.update(visible=True)


def download_from_hub(name: str, progress: gr.Progress = PROGRESS) -> Any:
    """Fetch a translator of the Hugging Face Hub to this machine, into the Hub's own cache.

    Args:
        name: owner/name, as `find_on_hub` takes it.
        progress: shows how much has come.

    Returns:
        The model picker, in which the translator is now on this machine, and chosen.
    """
    name = name.strip()
    with downloading(name, progress) as report:
        hub.fetch(name, report)
    return gr.update(choices=model_choices(only_here=False), value=name)


def _plain(words: str) -> str:
    """Words of a stranger's, as text: nothing in them is Markdown, a link or a picture."""
    return "".join(f"&#{ord(each)};" if each in r"\`*_{}[]()<>#+!|&~$:" else each for each in words)
