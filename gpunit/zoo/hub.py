"""The Hugging Face Hub: translators saved in its form, shared, fetched.

    translator = hub.from_pretrained("owner/name")       # a repository, or a folder that `save_pretrained` wrote
    offer = hub.look_up("owner/name")                    # its domains, size and licence, before anything is fetched
    hub.save_pretrained("to-cat", Path("to-cat-folder"))
    hub.push_to_hub("to-cat", "owner/name")

Transfers, the cache and the sign-in are huggingface_hub's own: HF_TOKEN, HF_HOME, HF_HUB_OFFLINE and `hf auth login`
hold here as everywhere.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from huggingface_hub import HfApi, constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from pydantic import ValidationError

from gpunit.engine.translator import Translator
from gpunit.files import refuse_existing, write_json, written_beside
from gpunit.networks.generator import Generator
from gpunit.zoo import cards, pretrained
from gpunit.zoo.cards import LIBRARY, Evaluation
from gpunit.zoo.fetching import DownloadError, progress_bar
from gpunit.zoo.loading import files_of, load_spec
from gpunit.zoo.pretrained import CARD_NAME, CONFIG_NAME, ENCODER_NAME, MODEL_NAME, Config
from gpunit.zoo.table import ModelSpec, find, spec_of_folder
from gpunit.zoo.weights import ModelError

Report = Callable[[str, int, int], None]
# A published translator with its content encoder has 200 MB; far more is none, or not meant for this.
MOST_MEGABYTES = 1000

T = TypeVar("T")


class HubError(ModelError):
    """What the Hub refused, or a translator that it cannot be given; the message says why and what to do."""


@dataclass(frozen=True)
class Offer:
    """What a translator on the Hub says of itself, before it is fetched.

    Attributes:
        name: "owner/name".
        megabytes: what has to be downloaded.
        config: its config.json.
    """

    name: str
    megabytes: float
    config: Config


def from_pretrained(source: str | Path, device: str = "auto", precision: str = "auto") -> Translator:
    """Load a translator from a folder, or from a Hub repository, which is fetched if it is not in the Hub's cache.

    Args:
        source: a folder that `save_pretrained` wrote, or "owner/name".
        device, precision: see `pick_device` and `pick_precision`.

    Raises:
        ModelError: if it holds no translator, or a damaged one.
        DownloadError: if it cannot be fetched.
        ValueError: for a device or precision that is not to be had.
    """
    folder = Path(source)
    if folder.is_dir():
        return load_spec(_spec(str(source), folder), device, precision)
    if not pretrained.is_hub_name(str(source)):
        raise ModelError(
            f"{source} is neither a folder nor a repository of the Hub; give one of them, such as owner/name."
        )
    name = str(source)
    return load_spec(_spec(name, pretrained.cached_folder(name) or fetch(name)), device, precision)


def fetch(name: str, report: Report = lambda file, done, total: None) -> Path:
    """Fetch a translator's repository into the Hub's cache; what is there is kept, and a broken transfer resumed.

    Args:
        name: "owner/name".
        report: called with (file, bytes so far, bytes in all; 0 where unknown).

    Returns:
        Its folder in the cache.

    Raises:
        ModelError: for a repository that holds no translator of this project, or one that is too large.
        DownloadError: if the Hub cannot be reached, or does not give it.
    """
    _require_size(name)
    folder = _get(name, CONFIG_NAME, report).parent
    for file in (ENCODER_NAME, MODEL_NAME):
        _get(name, file, report)
    with contextlib.suppress(ModelError):  # a courtesy, which may be missing
        _get(name, CARD_NAME, report)
    _spec(name, folder)
    return folder


def look_up(name: str) -> Offer:
    """What a translator on the Hub says of itself; only its config.json is fetched.

    Args:
        name: "owner/name".

    Raises:
        ModelError: for a name that is none of the Hub's, a repository that holds no translator of this project, or one
            that is too large.
        DownloadError: if the Hub cannot be reached, or does not give it.
    """
    megabytes = _require_size(name)
    try:
        config = Config.model_validate_json(_get(name, CONFIG_NAME).read_bytes())
    except ValidationError:
        raise ModelError(f"{name}'s {CONFIG_NAME} describes no translator of this project; check the name.") from None
    return Offer(name, megabytes, config)


def _require_name(name: str) -> None:
    if not pretrained.is_hub_name(name):
        raise HubError(f"{name!r} is no name of a Hub repository; give one as owner/name.")


def _require_size(name: str) -> float:
    """What a repository's files weigh together in megabytes, if that is not too much.

    Raises:
        ModelError, DownloadError: as `look_up`.
    """
    _require_name(name)
    addresses = {file: hf_hub_url(name, file) for file in pretrained.WEIGHTS}
    about = [_asked(name, file, functools.partial(get_hf_file_metadata, url)) for file, url in addresses.items()]
    megabytes = sum(each.size or 0 for each in about) / 1e6
    if megabytes > MOST_MEGABYTES:
        raise ModelError(f"{name} has {megabytes:.0f} MB, and at most {MOST_MEGABYTES} MB are taken; choose another.")
    return megabytes


def _get(name: str, file: str, report: Report = lambda file, done, total: None) -> Path:
    """A file of a repository, from the cache or fetched into it."""
    bar = progress_bar(functools.partial(report, file))
    fetching = functools.partial(hf_hub_download, name, file, library_name=LIBRARY, tqdm_class=bar)
    return Path(_asked(name, file, fetching))


def _asked(name: str, file: str, ask: Callable[[], T]) -> T:
    """What the Hub answers about a file of a repository.

    Raises:
        ModelError: if the repository does not have it.
        DownloadError: if the Hub cannot be reached, or does not give it.
    """
    try:
        return ask()
    except LocalEntryNotFoundError as error:
        raise DownloadError(f"{name}: {_reason(error)}") from None
    except EntryNotFoundError:
        raise ModelError(f"{name} has no {file}, so it is no translator of this project; check the name.") from None
    except DownloadError:
        raise
    except Exception as error:  # of the HTTP library below huggingface_hub, which has changed between versions
        raise DownloadError(f"{name}: {_reason(error)}") from None


def save_pretrained(name: str, folder: Path, evaluation: Evaluation | None = None, repository: str = "") -> Path:
    """Write a translator in the Hub's form.

    Args:
        name: of a translator on this machine.
        folder: where to; made if missing.
        evaluation: figures for its card, as `evaluate --output` writes them.
        repository: where it will be, for its card.

    Returns:
        The folder.

    Raises:
        ModelError: if the translator is unknown or not here.
        HubError: for one of the published translators, which are their authors'.
        FileExistsError: if a file would be overwritten.
    """
    spec = find(name)
    if spec.can_be_downloaded:
        raise HubError(f"{name} is its authors' to publish ({spec.licence}); choose a translator of your own.")
    model, encoder = files_of(name)
    refuse_existing(*(folder / file for file in (CONFIG_NAME, MODEL_NAME, ENCODER_NAME, CARD_NAME)))
    for source, target in ((encoder, folder / ENCODER_NAME), (model, folder / MODEL_NAME)):
        with written_beside(target) as partial:
            shutil.copyfile(source, partial)
    write_json(folder / CONFIG_NAME, _config(spec))
    (folder / CARD_NAME).write_text(cards.card(spec, evaluation, repository), encoding="utf-8")
    return folder


def card(name: str, evaluation: Evaluation | None = None) -> str:
    """A translator's model card; `evaluation` as `save_pretrained` takes it, errors as `cards.card` has them."""
    return cards.card(find(name), evaluation)


def push_to_hub(
    name: str, repository: str, private: bool = False, evaluation: Evaluation | None = None, token: str | None = None
) -> str:
    """Upload a translator, with its card; the repository is made if there is none.

    Args:
        name: of a translator on this machine.
        repository: "owner/name".
        private: make a repository that only its owner sees.
        evaluation: figures for its card, as `evaluate --output` writes them.
        token: of the Hub, with leave to write; by default the one that is signed in.

    Returns:
        The address of the commit.

    Raises:
        ModelError: as `save_pretrained`.
        HubError: if the Hub refuses.
    """
    _require_name(repository)
    api = HfApi(endpoint=constants.ENDPOINT, token=token, library_name=LIBRARY)
    with tempfile.TemporaryDirectory() as folder:
        save_pretrained(name, Path(folder), evaluation, repository)
        try:
            api.create_repo(repository, private=private, exist_ok=True)
            commit = api.upload_folder(repo_id=repository, folder_path=folder, commit_message=f"Upload {name}")
        except Exception as error:  # likewise
            raise HubError(f"{repository}: {_reason(error)}") from None
    return str(commit.commit_url)


def _spec(name: str, folder: Path) -> ModelSpec:
    """The line of a folder's translator, whose shapes are checked against its size before anything is built of them."""
    spec = spec_of_folder(name, folder)
    if spec is None:
        raise ModelError(f"{name} holds no translator of this project ({MODEL_NAME}); check the name.")
    try:
        with torch.device("meta"):
            wanted = sum(parameter.numel() for parameter in Generator(spec.params.generator).parameters())
    except (ValueError, RuntimeError, TypeError, OverflowError):
        wanted = -1
    # fp16 is the least that a number takes
    if not 0 < 2 * wanted <= spec.path.stat().st_size:
        raise ModelError(f"{name} names shapes that its file does not hold; it is damaged, or not to be trusted.")
    return spec


def _config(spec: ModelSpec) -> dict[str, Any]:
    return {
        "library_name": LIBRARY,
        "model_type": "gp-unit",
        "target": spec.target,
        "sources": list(spec.sources),
        "resolution": spec.resolution,
        "licence": spec.licence,
    }


def _reason(error: Exception) -> str:
    if isinstance(error, GatedRepoError):
        return "its owner wants your agreement: give it on the model's page of the Hub, then sign in (hf auth login)."
    if isinstance(error, RepositoryNotFoundError):
        return "the Hub has no such repository, or it is private; check the name, or sign in (hf auth login)."
    response = getattr(error, "response", None)
    if response is not None and response.status_code in (401, 403):
        return "the Hub refused; sign in with a token that may write (hf auth login, or HF_TOKEN)."
    if response is not None:
        return f"the Hub answered {response.status_code}; try again later."
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"the Hub could not be reached or the transfer broke off ({first_line}); check the connection and try again."
