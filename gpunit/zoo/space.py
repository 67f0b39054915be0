"""A folder that a Hugging Face Space runs as it is: the app, its weights, its settings, and only what it needs.

space.write(Path("space"), "owner/name")
hf upload owner/name space . --repo-type space
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from gpunit import settings
from gpunit.files import folder_written_beside
from gpunit.zoo.pretrained import WEIGHTS, is_hub_name
from gpunit.zoo.table import DRIVE_IDS
from gpunit.zoo.weights import ModelError

# What only `segment --method htc` imports: OpenCV and a framework for detectors, for maps of training pictures.
_UNUSED = ("mmdet", "mmcv-lite", "mmengine")
_COPIED = ("app.py", "LICENSE", "pre-requirements.txt", "gpunit", "assets/README.md", "assets/examples", "checkpoints")
# Traces of running it, and published weights, which are their authors' to pass on.
_LEFT = shutil.ignore_patterns(
    *("__pycache__", ".*", "*.pt", "*.pth", "downloads.json"),
    *("biggan-deep-*", *(f"{name}.safetensors" for name in DRIVE_IDS)),
)


def write(folder: Path, name: str = "", models: Sequence[str] = ()) -> Path:
    """Write the folder.

    Args:
        folder: where to; made if missing.
        name: the Space's, "owner/name", for its social picture; without, it has none.
        models: translators of the Hub, "owner/name", that the Space fetches while it is built.

    Returns:
        The folder.

    Raises:
        ModelError: where this is no checkout of the repository, or a name is none of the Hub's.
        FileExistsError: if the folder has something in it.
    """
    if settings.IS_INSTALLED or not (settings.ROOT / "app.py").is_file():
        raise ModelError("a Space is written from a checkout of the repository; get one with git clone, run it there.")
    for each in filter(None, (name, *models)):
        if not is_hub_name(each):
            raise ModelError(f"{each!r} is no name on the Hugging Face Hub; give one as owner/name.")
    with folder_written_beside(folder) as partial:
        for part in _COPIED:
            source, target = settings.ROOT / part, partial / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=_LEFT)
            else:
                shutil.copyfile(source, target)
        (partial / "requirements.txt").write_text(_requirements(), encoding="utf-8")
        if name:
            shutil.copyfile(settings.PACKAGE / "ui" / "assets" / "social.jpg", partial / "assets" / "social.jpg")
        (partial / "README.md").write_text(_readme(name, models), encoding="utf-8")
    return folder


def _requirements() -> str:
    lines = (settings.ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("#") and re.split("[^A-Za-z0-9_-]", line)[0] not in _UNUSED]
    return "\n".join(kept) + "\n"


def _readme(name: str, models: Sequence[str]) -> str:
    """The repository's settings for a Space, with what depends on its name, and a sentence."""
    front = (settings.ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    keys: dict[str, Any] = yaml.safe_load(front)
    if name:
        keys["thumbnail"] = f"https://huggingface.co/spaces/{name}/resolve/main/assets/social.jpg"
    if models:
        keys["models"] = list(models)
        keys["preload_from_hub"] = [f"{model} {','.join(WEIGHTS)}" for model in models]
    text = yaml.safe_dump(keys, allow_unicode=True, sort_keys=False)
    return f"---\n{text}---\n\n# {keys['title']}\n\nMade by `gpunit space` of the GP-UNIT Explorer's repository.\n"
