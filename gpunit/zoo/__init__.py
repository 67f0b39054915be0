"""The table of models, and loading them: name -> file, shapes, domains, licence.

A bundled translator is one safetensors file with the tensors of `generator.`, `style_encoder.`,
`style_sampler.` and `style_bank`, and a header that names its content encoder by file and sha256: a
generator read with another content encoder would draw nonsense without an error.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from huggingface_hub import hf_hub_url
from torch import Tensor

from gpunit import settings
from gpunit.engine.translator import Translator, TranslatorNetworks
from gpunit.files import digest
from gpunit.networks.content_encoder import ContentEncoder
from gpunit.networks.distiller import DistillerParams, ShapeHead
from gpunit.networks.families import PUBLISHED, SMALL, SMALL_DISTILLER, SMALL_DOMAINS, TranslatorParams
from gpunit.networks.generator import Generator
from gpunit.networks.style_encoder import StyleEncoder
from gpunit.networks.style_sampler import StyleSampler
from gpunit.zoo import ledger
from gpunit.zoo.fetching import DownloadError, fetch_from_drive, fetch_with_retries
from gpunit.zoo.importing import CONTENT_ENCODER, convert_published, import_published
from gpunit.zoo.weights import ModelError, fill, read_header, read_weights, shape_head_path

# Downloads and the user's own translators lie in the first; an installed package has its bundled weights elsewhere.
CHECKPOINTS, *BUNDLED = settings.checkpoint_folders()
FAMILIES: Mapping[str, TranslatorParams] = {"small": SMALL, "published": PUBLISHED}
DISTILLERS: Mapping[str, DistillerParams] = {"small": SMALL_DISTILLER, "published": DistillerParams()}
# The content encoder of the small family that has a shape head.
SMALL_CONTENT_ENCODER = "content-small"
DATA_LICENCE = "non-commercial research use (trained on AFHQ, CUB-200-2011, Stanford Cars and a dog photo collection)"
PUBLISHED_LICENCE = "S-Lab License 1.0: non-commercial use only"
PAPER = "Yang, Jiang, Liu, Loy, CVPR 2022, arXiv 2204.03641"
PAPER_LINK = "https://arxiv.org/abs/2204.03641"
# Four bytes for each of the parameters: what a download of one file costs, about.
TRANSLATOR_MB, CONTENT_ENCODER_MB = 160, 38

_downloading = threading.Lock()

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


@dataclass(frozen=True)
class ModelSpec:
    """One line of the table.

    Attributes:
        name: what the user types.
        target: the domain that pictures are translated to.
        sources: the domains it was trained to translate from.
        family: key of `FAMILIES`, the shapes of its networks.
        licence: terms of the weights.
        source: who made them.
    """

    name: str
    target: str
    sources: tuple[str, ...]
    family: str
    licence: str
    source: str = "this project"

    @property
    def path(self) -> Path:
        """Where the weights lie, or would lie."""
        return stored(f"{self.name}.safetensors")

    @property
    def dropped_path(self) -> Path:
        """Where the published file may lie before it is converted."""
        return CHECKPOINTS / f"{self.name}.pt"

    @property
    def is_here(self) -> bool:
        """Whether the weights are on this machine."""
        if not self.can_be_downloaded:
            return self.path.is_file()
        return _has_file(self.name) and _has_file(CONTENT_ENCODER)

    @property
    def download_megabytes(self) -> int:
        """What is left to fetch before it can be used, about: the content encoder comes once for all."""
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
        return FAMILIES[self.family].resolution

    @property
    def title(self) -> str:
        """The domain pair, for people."""
        return f"{' / '.join(self.sources)} → {self.target}"


def stored(name: str) -> Path:
    """Where a file or folder of weights lies: among the checkpoints (or would lie there), or with the bundled ones."""
    places = [folder / name for folder in (CHECKPOINTS, *BUNDLED)]
    return next((place for place in places if place.exists()), places[0])


def _has_file(name: str) -> bool:
    return any((CHECKPOINTS / f"{name}{suffix}").is_file() for suffix in (".safetensors", ".pt"))


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
    """The table, and after it the translators of the user's own that lie among the checkpoints."""
    models = dict(MODELS)
    for path in (path for folder in (CHECKPOINTS, *BUNDLED) for path in sorted(folder.glob("*.safetensors"))):
        if path.stem in models:
            continue
        try:
            header = read_header(path)
        except ModelError:
            continue  # a damaged file of someone's is no reason to hide the others
        if header.get("kind") == "translator":
            models[path.stem] = ModelSpec(
                path.stem,
                header.get("target", path.stem),
                tuple(json.loads(header.get("sources", '["picture"]'))),
                header.get("family", "small"),
                header.get("licence", "your own"),
                "trained here",
            )
    return models


def find(name: str) -> ModelSpec:
    """The table's line for a model.

    Raises:
        ModelError: for a name that is neither in the table nor a translator among the checkpoints.
    """
    models = all_models()
    if name not in models:
        raise ModelError(f"there is no model {name!r}; choose from {', '.join(models)}.")
    return models[name]


def files(name: str) -> list[Path]:
    """The safetensors files that a translator needs: its own and its content encoder's; published ones are converted.

    Raises:
        ModelError: if it is unknown, not on this machine, damaged, or was changed since its download.
    """
    spec = find(name)
    if not spec.is_here and spec.can_be_downloaded:
        raise ModelError(f"{name} is not on this machine; download it first (`python -m gpunit download {name}`).")
    for path in (spec.path, CHECKPOINTS / f"{CONTENT_ENCODER}.safetensors"):
        if not spec.can_be_downloaded:
            break
        if not path.is_file():
            with _downloading:  # a download converts too, and may have done so meanwhile
                if not path.is_file():
                    kind = "content_encoder" if path.stem == CONTENT_ENCODER else "translator"
                    _import(path.with_suffix(".pt"), kind)
        _check_unchanged(path)
    return [spec.path, stored(f"{read_header(spec.path).get('content_encoder', '')}.safetensors")]


def fingerprint(name: str) -> str:
    """The sha256 of a translator's weights, as styles and settings of its are marked with.

    Raises:
        ModelError: as `files`.
    """
    path, _ = files(name)
    return digest(path)


def load(name: str, device: str = "auto", precision: str = "auto") -> Translator:
    """Load a translator, ready to use.  A published file that lies among the checkpoints is converted first, once.

    Raises:
        ModelError: if it is unknown, not on this machine, damaged, or its content encoder is another one.
        ValueError: for a device or precision that is not to be had.
    """
    spec = find(name)
    path, content_path = files(name)
    tensors, header = read_weights(path)
    content_encoder = load_content_encoder(content_path, spec.family)
    # Published files do not say which content encoder they were trained with: there is only one.
    if not spec.can_be_downloaded and digest(content_path) != header.get("content_encoder_sha256"):
        raise ModelError(f"{content_path.name} is not the content encoder that {name} was trained with; restore both.")
    return _assemble(tensors, content_encoder, FAMILIES[spec.family], path, device, precision)


def _import(path: Path, kind: str) -> None:
    """Convert a published file among the checkpoints, and note the new file's sum."""
    converted = import_published(path, CHECKPOINTS, kind)
    ledger.record_sum(CHECKPOINTS, converted.name, digest(converted))


def _check_unchanged(path: Path) -> None:
    noted = ledger.recorded_sum(CHECKPOINTS, path.name)
    if noted and digest(path) != noted:
        command = "" if path.stem == CONTENT_ENCODER else f" (`python -m gpunit download {path.stem}`)"
        raise ModelError(
            f"{path.name} has changed since it was downloaded (another sha256); "
            f"delete it and download it again{command}."
        )


def load_published(model: Path, content_encoder: Path, device: str = "auto", precision: str = "auto") -> Translator:
    """Load published .pt files straight, without writing anything.

    Raises:
        ModelError: if one of them is missing, damaged, of the other kind, or of another shape.
        ValueError: for a device or precision that is not to be had.
    """
    encoder = ContentEncoder(PUBLISHED.content_encoder)
    encoder.load_state_dict(convert_published(content_encoder, "content_encoder")[1])
    _, tensors = convert_published(model, "translator")
    return _assemble(tensors, encoder, PUBLISHED, model, device, precision)


def _assemble(
    tensors: Mapping[str, Tensor],
    content_encoder: ContentEncoder,
    params: TranslatorParams,
    path: Path,
    device: str,
    precision: str,
) -> Translator:
    networks = TranslatorNetworks(
        content_encoder,
        fill(Generator(params.generator), _under("generator.", tensors), path),
        fill(StyleEncoder(params.style_encoder), _under("style_encoder.", tensors), path),
        fill(StyleSampler(params.style_sampler), _under("style_sampler.", tensors), path),
    )
    return Translator(networks, tensors["style_bank"], device, precision)


def download(
    name: str, mirror: str = "", report: Callable[[str, int, int], None] = lambda file, done, total: None
) -> None:
    """Fetch a published translator, and the content encoder if it is not here, and convert them.

    Args:
        name: a published model's name.
        mirror: where to fetch `<name>.pt` from instead of Google Drive: an http(s) address of a folder, or a
            Hugging Face repository as "owner/name".  By default the environment's GPUNIT_MIRROR.
            The sha256 of a file is noted when it first comes, and one that comes again must be the same.
        report: called with (file, bytes so far, bytes in all; 0 where unknown).

    Raises:
        ModelError: for a name that is not published, or a file that does not hold what it should.
        DownloadError: if a download fails.
    """
    spec = find(name)
    if not spec.can_be_downloaded:
        published = ", ".join(known for known in MODELS if known in DRIVE_IDS)
        raise ModelError(f"{name} is not a published model; choose from {published}.")
    mirror = mirror or settings.text("GPUNIT_MIRROR")
    with _downloading:  # two who ask at once share one download
        _download_missing(name, mirror, report)


def _download_missing(name: str, mirror: str, report: Callable[[str, int, int], None]) -> None:
    for file, kind in ((CONTENT_ENCODER, "content_encoder"), (name, "translator")):
        target, dropped = CHECKPOINTS / f"{file}.safetensors", CHECKPOINTS / f"{file}.pt"
        if target.is_file():
            continue
        fetched = not dropped.is_file()
        if fetched:
            _fetch_published(file, dropped, mirror, functools.partial(report, f"{file}.pt"))
        try:
            if fetched:
                _check_same_as_first(dropped)
            _import(dropped, kind)
            if fetched:
                ledger.record_sum(CHECKPOINTS, dropped.name, digest(dropped))
        finally:
            # Converted, it is not needed; and what is not what was asked for would block the next try.
            # A file that the user put there stays.
            if fetched:
                dropped.unlink()


def _check_same_as_first(path: Path) -> None:
    noted = ledger.recorded_sum(CHECKPOINTS, path.name)
    if noted and digest(path) != noted:
        raise DownloadError(
            f"{path.name} is not the file that was downloaded first (another sha256): use another mirror, or remove "
            f"{path.name} from {ledger.RECORD_NAME} to accept the new one."
        )


def _fetch_published(name: str, path: Path, mirror: str, report: Callable[[int, int], None]) -> None:
    if not mirror:
        fetch_from_drive(DRIVE_IDS[name], path, report)
    elif mirror.startswith(("http://", "https://")):
        fetch_with_retries(f"{mirror.rstrip('/')}/{name}.pt", path, report)
    else:
        fetch_with_retries(hf_hub_url(mirror, f"{name}.pt"), path, report)


def load_content_encoder(path: Path, family: str) -> ContentEncoder:
    """Load a content encoder's file, in the shapes of a family, spectral norm folded.

    Raises:
        ModelError: if the file is missing, damaged or of another shape.
    """
    tensors, _ = read_weights(path)
    return fill(ContentEncoder(FAMILIES[family].content_encoder), tensors, path)


def load_shape_head(content_encoder: Path, family: str) -> ShapeHead:
    """Load the shape head F_s that was trained with a content encoder, from the file beside the encoder's.

    Raises:
        ModelError: if the file is missing, damaged, of another shape, or belongs to another content encoder.
    """
    path = shape_head_path(content_encoder)
    tensors, header = read_weights(path)
    if digest(content_encoder) != header.get("content_encoder_sha256"):
        raise ModelError(f"{path.name} was not trained with {content_encoder.name}; restore both.")
    classes = len(shape_classes(content_encoder))
    return fill(ShapeHead(replace(DISTILLERS[family], domains=classes)), tensors, path)


def shape_classes(content_encoder: Path) -> tuple[str, ...]:
    """The classes of the shape head beside a content encoder's file, in the order of its labels."""
    header = read_header(shape_head_path(content_encoder))
    return tuple(json.loads(header["classes"])) if "classes" in header else SMALL_DOMAINS


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): t for key, t in tensors.items() if key.startswith(prefix)}
