"""Which models there are, and how they come here: the table, loading, downloading, exporting.

from gpunit import zoo
translator = zoo.load("to-cat")
"""

from gpunit.zoo.downloading import IDENTITY_NET, download, download_identity_net
from gpunit.zoo.fetching import DownloadError
from gpunit.zoo.hub import card, from_pretrained, push_to_hub, save_pretrained
from gpunit.zoo.loading import (
    files_of,
    fingerprint,
    load,
    load_content_encoder,
    load_published,
    load_shape_head,
    require_same_weights,
    shape_classes,
)
from gpunit.zoo.table import (
    CONTENT_ENCODER,
    DISTILLERS,
    DRIVE_IDS,
    FAMILIES,
    MODELS,
    PAPER,
    PAPER_LINK,
    PUBLISHED_LICENCE,
    SMALL_CONTENT_ENCODER,
    TRANSLATOR_MB,
    ModelSpec,
    all_models,
    checkpoints_folder,
    find,
    stored,
)
from gpunit.zoo.weights import ModelError

__all__ = [
    "CONTENT_ENCODER",
    "DISTILLERS",
    "DRIVE_IDS",
    "FAMILIES",
    "IDENTITY_NET",
    "MODELS",
    "PAPER",
    "PAPER_LINK",
    "PUBLISHED_LICENCE",
    "SMALL_CONTENT_ENCODER",
    "TRANSLATOR_MB",
    "DownloadError",
    "ModelError",
    "ModelSpec",
    "all_models",
    "card",
    "checkpoints_folder",
    "download",
    "download_identity_net",
    "files_of",
    "find",
    "fingerprint",
    "from_pretrained",
    "load",
    "load_content_encoder",
    "load_published",
    "load_shape_head",
    "push_to_hub",
    "require_same_weights",
    "save_pretrained",
    "shape_classes",
    "stored",
]
