"""The table of models: name -> file, shapes, domains, licence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gpunit import settings
from gpunit.networks.distiller import DistillerParams
from gpunit.networks.families import PUBLISHED, SMALL, SMALL_DISTILLER, SMALL_DOMAINS, TranslatorParams
from gpunit.networks.params import filled
from gpunit.zoo import pretrained
from gpunit.zoo.weights import ModelError, read_header

FAMILIES: Mapping[str, TranslatorParams] = {"small": SMALL, "published": PUBLISHED}
DISTILLERS: Mapping[str, DistillerParams] = {"small": SMALL_DISTILLER, "published": DistillerParams()}
# The content encoder that all published translators share, and the small family's newest, by which a prior's pictures
# are read; a small translator names the one that it was trained on.
CONTENT_ENCODER = "content_encoder"
SMALL_CONTENT_ENCODER = "content-scenes"
DATA_LICENCE = "non-commercial research use (trained on AFHQ, CUB-200-2011, Stanford Cars and a dog photo collection)"
PUBLISHED_LICENCE = "S-Lab License 1.0: non-commercial use only"
PAPER = "Yang, Jiang, Liu, Loy, CVPR 2022, arXiv 2204.03641"
PAPER_LINK = "https://arxiv.org/abs/2204.03641"
# About the size of a download of one file: four bytes for each parameter.
TRANSLATOR_MB, CONTENT_ENCODER_MB = 160, 38

# Google Drive's ids of the published files.
DRIVE_IDS: Mapping[str, str] = {
    CONTENT_ENCODER: "1I7_IMMheihcIR57vInof5g6R0j8wEonx",
    "male2female": "1I0xqtbuuPOhcteHH613PGX7uO3fMTf9r",
    "female2male": "19xIY0vqHVpah4UyXKgz7trWi1TdlPD_T",
    "dog2cat": "1PJyk0hKClceTHRD6BORFVEpG-pl0lPFm",
    "cat2dog": "1EvQRKY4AN1JxAElsOPkuqqSRZVCNL3gA",
    "dog2wild": "11j0kG1EJoSLWX6AJ8kaIWp_QFAZoUdpI",
    "wild2dog": "16lr7bce4qGEmUWlfKZuRatyX_OsKdNkg",
    "cat2wild": "16sBFFxbc1zX2LfruMUuY7aVZekng032g",
    "wild2cat": "1LVNfpBdHPNog1_tk9rE5x_4oQUUV8uEy",
    "face2cat": "1CKKXDaD0h6i1RFtbcHOL8Bj3P37_Cheh",
    "cat2face": "1cAYIYU6JUunBRhw94cssp8cPnuD7hJgo",
    "dog2face": "1OPINn14b_rwKdEO1l_2ON__ngBLSllPq",
    "face2dog": "1_RrsNvaswMuLqrUr79q8HBx9TcP_zS9y",
    "bird2dog": "1Nm0jAI6dxDLBUdIFPEx8qU002IUdBaTO",
    "dog2bird": "1Ud_IJTO8Ovi7T7lsMG3S9boYASemnVAB",
    "bird2car": "1PR_AF8JnYMaXH3hKipGxUZEjgrUu_0r5",
    "car2bird": "1j1N6vMNhPt4beLDrwP-uBd-jgPoQqg4O",
    "face2metface": "15IoEyUUY-1vnfqqVquVYMCleHVXt4jJs",
}


def checkpoints_folder() -> Path:
    """The folder of downloads and the user's own translators; an installed package keeps bundled weights elsewhere."""
    return settings.checkpoint_folders()[0]


def stored(name: str) -> Path:
    """Path of a file or folder of weights: among the checkpoints, or with the bundled weights if it is only there."""
    places = [folder / name for folder in settings.checkpoint_folders()]
    return next((place for place in places if place.exists()), places[0])


@dataclass(frozen=True)
class ModelSpec:
    """One line of the table.

    Attributes:
        name: of the model, for commands and files.
        target: the domain that pictures are translated to.
        sources: the domains it was trained to translate from.
        family: key of `FAMILIES`, the shapes of its networks; or "own".
        licence: terms of the weights.
        source: who made them.
        own: the shapes of its networks, if they are those of no family.
        folder: of a translator that has one to itself (see `pretrained`), with its content encoder.
    """

    name: str
    target: str
    sources: tuple[str, ...]
    family: str
    licence: str
    source: str = "this project"
    own: TranslatorParams | None = None
    folder: Path | None = None

    @property
    def params(self) -> TranslatorParams:
        """The shapes of its networks."""
        return self.own or FAMILIES[self.family]

    @property
    def path(self) -> Path:
        """Path of the weights, which may not be there."""
        return self.folder / pretrained.MODEL_NAME if self.folder else stored(f"{self.name}.safetensors")

    @property
    def dropped_path(self) -> Path:
        """Path of the published file before it is converted, which may not be there."""
        return checkpoints_folder() / f"{self.name}.pt"

    @property
    def is_here(self) -> bool:
        """Whether the weights are on this machine."""
        if not self.can_be_downloaded:
            return self.path.is_file()
        return _has_file(self.name) and _has_file(CONTENT_ENCODER)

    @property
    def download_megabytes(self) -> int:
        """About what has to be downloaded before it can be used; the content encoder is shared by all."""
        files = ((self.name, TRANSLATOR_MB), (CONTENT_ENCODER, CONTENT_ENCODER_MB))
        return sum(size for name, size in files if not _has_file(name))

    @property
    def megabytes(self) -> float:
        """Size of the weights that are here."""
        path = self.path if self.path.is_file() else self.dropped_path
        return path.stat().st_size / 1e6

    @property
    def can_be_downloaded(self) -> bool:
        """Whether the weights are published somewhere."""
        return self.name in DRIVE_IDS

    @property
    def resolution(self) -> int:
        """Side of its pictures in pixels."""
        return self.params.resolution

    @property
    def title(self) -> str:
        """The domain pair, for people."""
        return f"{' / '.join(self.sources)} → {self.target}"


def _has_file(name: str) -> bool:
    return any((checkpoints_folder() / f"{name}{suffix}").is_file() for suffix in (".safetensors", ".pt"))


def _published_specs() -> list[ModelSpec]:
    pairs = [(name, *name.split("2")) for name in DRIVE_IDS if name != CONTENT_ENCODER]
    return [ModelSpec(name, target, (source,), "published", PUBLISHED_LICENCE, PAPER) for name, source, target in pairs]


def _bundled_specs() -> list[ModelSpec]:
    def spec(target: str) -> ModelSpec:
        sources = tuple(domain for domain in SMALL_DOMAINS if domain != target)
        return ModelSpec(f"to-{target}", target, sources, "small", DATA_LICENCE)

    return [spec(target) for target in SMALL_DOMAINS]


MODELS: Mapping[str, ModelSpec] = {spec.name: spec for spec in (*_bundled_specs(), *_published_specs())}


def all_models() -> dict[str, ModelSpec]:
    """The table; after it the user's own translators among the checkpoints, and those fetched from the Hub."""
    models = dict(MODELS)
    folders = settings.checkpoint_folders()
    for path in (path for folder in folders for path in sorted(folder.glob("*.safetensors"))):
        if path.stem not in models and (spec := _own_spec(path)):
            models[path.stem] = spec
    for name, folder in pretrained.cached_folders():
        if spec := spec_of_folder(name, folder):
            models[name] = spec
    return models


def spec_of_folder(name: str, folder: Path) -> ModelSpec | None:
    """The line of a translator that has a folder to itself; None if that holds none."""
    spec = _own_spec(folder / pretrained.MODEL_NAME)
    if spec is None:
        return None
    spec = replace(spec, name=name, source=name, folder=folder, licence="not stated")
    try:
        config = pretrained.Config.model_validate_json((folder / pretrained.CONFIG_NAME).read_bytes())
    except (OSError, ValueError):
        return spec
    return replace(spec, sources=tuple(config.sources), licence=config.licence)


def _own_spec(path: Path) -> ModelSpec | None:
    """The line of a user's own translator; None for other files, damaged ones and those of unknown shapes."""
    try:
        header = read_header(path)
        sources = json.loads(header.get("sources", '["picture"]'))
        own = filled(PUBLISHED, json.loads(header["params"])) if "params" in header else None
    except (ModelError, ValueError, AttributeError, RecursionError):
        return None
    if not (isinstance(sources, list) and sources and all(isinstance(source, str) for source in sources)):
        return None
    family = header.get("family", "small")
    if header.get("kind") != "translator" or (family not in FAMILIES and own is None):
        return None
    licence = header.get("licence", "your own")
    return ModelSpec(path.stem, header.get("target", path.stem), tuple(sources), family, licence, "trained here", own)


def find(name: str) -> ModelSpec:
    """The table's line for a model.

    Examples:
        >>> find("dog2cat").title, find("to-cat").resolution
        ('dog → cat', 128)

    Raises:
        ModelError: for a name that is neither in the table nor that of a translator on this machine.
    """
    if name in MODELS:  # the usual case, without a look at any folder
        return MODELS[name]
    models = all_models()
    if name not in models and pretrained.is_hub_name(name):
        raise ModelError(f"{name} is not on this machine; download it first (`python -m gpunit download {name}`).")
    if name not in models:
        raise ModelError(f"there is no model {name!r}; choose from {', '.join(models)}.")
    return models[name]
