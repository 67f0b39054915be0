"""onnxruntime-web, which runs the networks in a browser: one pinned release, its files and where they come from.

Two of its builds are used: one for WebAssembly alone, and one that knows WebGPU too and needs a browser that can
suspend WebAssembly (JSPI).  A page loads one of them.  The files take other names there: many servers do not know .mjs,
and a browser runs no module of an unknown type.
"""

from __future__ import annotations

import shutil
import tarfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gpunit import settings
from gpunit.files import digest, written_beside
from gpunit.zoo.fetching import fetch_from_any
from gpunit.zoo.weights import ModelError

VERSION = "1.30.0"
LICENCE = "MIT, © Microsoft Corporation, https://github.com/microsoft/onnxruntime"
ARCHIVE = f"onnxruntime-web-{VERSION}.tgz"
ARCHIVE_SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
# Where npm packages lie; asked in this order.
ADDRESSES = tuple(
    f"https://{host}/onnxruntime-web/-/{ARCHIVE}" for host in ("registry.npmjs.org", "registry.npmmirror.com")
)
_ADVICE = f"(`npm pack onnxruntime-web@{VERSION}`) and give it with --runtime"
_GET = f"get that release {_ADVICE}"
# Two who ask at once share one download.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class RuntimeFile:
    """A file of the release.

    Attributes:
        name: in the release's folder dist.
        sha256: of its bytes, in hexadecimal.
    """

    name: str
    sha256: str


# By the names that they take in a page's folder.
FILES: Mapping[str, RuntimeFile] = {
    "wasm.js": RuntimeFile(
        "ort.wasm.min.mjs", "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b"
    ),
    "wasm-glue.js": RuntimeFile(
        "ort-wasm-simd-threaded.mjs", "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b"
    ),
    "wasm.wasm": RuntimeFile(
        "ort-wasm-simd-threaded.wasm", "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
    "webgpu.js": RuntimeFile(
        "ort.jspi.min.mjs", "bc57179d923fda2d88d4a395359c8df44399dde087bf9ff44fc0e40ab398e4d9"
    ),
    "webgpu-glue.js": RuntimeFile(
        "ort-wasm-simd-threaded.jspi.mjs", "270e2c6da9f297239d301d329782b6446641cb1e16a77967690adcfca35f3268"
    ),
    "webgpu.wasm": RuntimeFile(
        "ort-wasm-simd-threaded.jspi.wasm", "a54c76f86b0f0d9572380cf1c6292a7b3903716ffcbcd6b0e5c7050bf430eb93"
    ),
}  # fmt: skip


def find_runtime(
    given: Path | None = None, report: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Path]:
    """The release's files by the names that they take in a page's folder, checked.

    Args:
        given: the package's archive, or a folder that has the files, itself or in its dist or package/dist: what
            `npm pack` and `npm install` leave.  By default the archive is downloaded, once, and its files are kept in
            the user's cache folder.
        report: called with (bytes so far, bytes in all; 0 where unknown).

    Raises:
        ModelError: if what is given is not there, lacks a file, or has one of another release.
        DownloadError: if the archive cannot be had.
    """
    if given is not None and given.is_dir():
        return _checked(given)
    kept = settings.cache_folder() / f"onnxruntime-web-{VERSION}"
    with _one_at_a_time:
        if given is not None:
            _unpack(given, kept)
        elif not all(_is_whole(kept / file.name, file) for file in FILES.values()):
            archive = kept / ARCHIVE
            fetch_from_any(ADDRESSES, archive, report, ARCHIVE_SHA256, advice=f"get it elsewhere {_ADVICE}")
            _unpack(archive, kept)
            archive.unlink()
    return _checked(kept)


def _is_whole(path: Path, file: RuntimeFile) -> bool:
    return path.is_file() and digest(path) == file.sha256


def _unpack(archive: Path, folder: Path) -> None:
    """Take the files that are used out of the package's archive."""
    if not archive.is_file():
        raise ModelError(f"{archive} is not there; give the archive or the folder of onnxruntime-web {VERSION}.")
    if digest(archive) != ARCHIVE_SHA256:
        raise ModelError(f"{archive} is not the archive of onnxruntime-web {VERSION} (another sha256); {_GET}.")
    with tarfile.open(archive) as packed:
        for file in FILES.values():
            content = packed.extractfile(f"package/dist/{file.name}")
            assert content is not None  # its sha256 says that it is
            with written_beside(folder / file.name) as partial, partial.open("wb") as target:
                shutil.copyfileobj(content, target)


def _checked(folder: Path) -> dict[str, Path]:
    """The files in a folder or its subfolders, each with the sum that it should have."""
    places = [folder, folder / "dist", folder / "package" / "dist"]
    found = {}
    for name, file in FILES.items():
        path = next((place / file.name for place in places if (place / file.name).is_file()), None)
        if path is None:
            raise ModelError(f"{folder} has no {file.name}; {_GET}.")
        if not _is_whole(path, file):
            raise ModelError(f"{path} is not of onnxruntime-web {VERSION} (another sha256); {_GET}.")
        found[name] = path
    return found
