"""Builds what the local stack deploys: the layer as folders, each function as a zip with a `bootstrap`.

On AWS the layer is built by layers/common/Makefile with pip for arm64. Here the same packages, in the same versions,
are already installed in the running environment, so the layer is a folder of links to exactly the packages of its lock
(and to the same few botocore services), next to a copy of `duly`. A function sees its own code, that layer, the runtime
client that Lambda brings, and the standard library: a package missing from the layer's lock is missing here too.
"""

from __future__ import annotations

import compileall
import hashlib
import importlib.metadata
import io
import os
import py_compile
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local.emulator import ROOT, RUN_FOLDER, LocalStackError

LAYER_FOLDER = ROOT / "layers" / "common"
RUNTIME_PACKAGES = ("awslambdaric", "snapshot-restore-py", "simplejson")
"""What AWS's own Python runtime brings: the client that fetches events and reports results."""

KEPT_BUILDS = 10

_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_ZIP_DATE = (2020, 1, 1, 0, 0, 0)
_EXECUTABLE = 0o755 << 16
_READABLE = 0o644 << 16
_IGNORED = shutil.ignore_patterns("__pycache__", "*.egg-info")

_BOOTSTRAP = """#!/bin/sh
# AWS's runtime client on this machine's Python. -S: no site-packages, so only what the layer holds can be imported.
export PYTHONPATH="$LAMBDA_TASK_ROOT:{path}"
export AWS_LAMBDA_LOG_FORMAT=JSON
exec {python} -S -m awslambdaric "$_HANDLER"
"""


@dataclass(frozen=True, slots=True)
class Layer:
    """The import path of the functions, in order: our package, third-party packages, the runtime client."""

    folders: tuple[Path, ...]

    def bootstrap(self) -> str:
        """The shell script that starts a function with this layer."""
        return _BOOTSTRAP.format(path=":".join(str(folder) for folder in self.folders), python=sys.executable)


def build_layer(build_folder: Path = RUN_FOLDER / "build", *, layer_folder: Path = LAYER_FOLDER) -> Layer:
    """Makes the layer's folders, or finds those made earlier for the same content.

    Raises LocalStackError when an installed package's version is not the lock's.
    """
    build_folder.mkdir(parents=True, exist_ok=True)
    lock = locked_versions((layer_folder / "requirements.txt").read_text(encoding="utf-8"))
    services = _listed(layer_folder / "botocore-services.txt")
    own = _made_once(
        build_folder, "duly", _digest_of_tree(layer_folder / "duly"), lambda into: _copy_duly(layer_folder, into)
    )
    seed = f"{sys.executable} {sorted(lock.items())} {services}".encode()
    packages = _made_once(build_folder, "packages", seed, lambda into: _link_packages(lock, services, into))
    runtime = {name: importlib.metadata.version(name) for name in RUNTIME_PACKAGES}
    seed = f"{sys.executable} {sorted(runtime.items())}".encode()
    client = _made_once(build_folder, "runtime", seed, lambda into: _link_packages(runtime, (), into))
    return Layer((own, packages, client))


def package_function(code_folder: Path, layer: Layer) -> bytes:
    """The zip of one function: its files and the bootstrap. The same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in _files(code_folder):
            _add(archive, path.relative_to(code_folder).as_posix(), path.read_bytes(), _READABLE)
        _add(archive, "bootstrap", layer.bootstrap().encode(), _EXECUTABLE)
    return buffer.getvalue()


def empty_layer_zip() -> bytes:
    """The emulator does not apply layers to functions with a bootstrap; the layer resource only needs some content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, "python/README", b"The layer's folders are in each function's bootstrap.\n", _READABLE)
    return buffer.getvalue()


def locked_versions(requirements: str) -> dict[str, str]:
    """Names and versions of a pip-compiled lock."""
    return dict(_LOCKED.findall(requirements))


def _listed(path: Path) -> tuple[str, ...]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _add(archive: zipfile.ZipFile, name: str, data: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(name, _ZIP_DATE)
    entry.external_attr = mode
    archive.writestr(entry, data)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _digest_of_tree(folder: Path) -> bytes:
    digest = hashlib.sha256(sys.executable.encode())
    for path in _files(folder):
        digest.update(f"\0{path.relative_to(folder)}\0".encode())
        digest.update(path.read_bytes())
    return digest.digest()


def _made_once(build_folder: Path, kind: str, seed: bytes, make: Callable[[Path], None]) -> Path:
    """A folder named by its content's digest: made beside and renamed, so that parallel processes do not collide."""
    target = build_folder / f"{kind}-{hashlib.sha256(seed).hexdigest()[:16]}"
    if target.is_dir():
        os.utime(target)
        return target
    _forget_old(build_folder, kind)
    workshop = Path(tempfile.mkdtemp(prefix=f".{kind}-", dir=build_folder))
    make(workshop)
    workshop.chmod(0o755)
    try:
        workshop.rename(target)
    except OSError:
        shutil.rmtree(workshop)
        if not target.is_dir():
            raise
    return target


def _forget_old(build_folder: Path, kind: str) -> None:
    """Keeps the few folders used last: each change of the code makes a new one, and running stacks use recent ones."""
    by_use = sorted(build_folder.glob(f"{kind}-*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in by_use[KEPT_BUILDS:]:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_duly(layer_folder: Path, into: Path) -> None:
    shutil.copytree(layer_folder / "duly", into / "duly", ignore=_IGNORED)
    # without .pyc every cold start compiles, twice the time; unchecked, because the copy never changes
    compileall.compile_dir(into / "duly", quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def _link_packages(versions: dict[str, str], services: tuple[str, ...], into: Path) -> None:
    for name, version in versions.items():
        distribution = importlib.metadata.distribution(name)
        if distribution.version != version:
            raise LocalStackError(
                f"{name} {distribution.version} is installed, the layer's lock says {version}; run `make clean`"
            )
        for top in _top_level(distribution.files or ()):
            source = Path(str(distribution.locate_file(top)))
            if top == "botocore":
                _link_botocore(source, services, into / top)
            elif source.exists() and not (into / top).exists():
                (into / top).symlink_to(source)


def _top_level(files: Iterable[importlib.metadata.PackagePath]) -> list[str]:
    """First parts of the paths, without scripts (`../../bin/x`) and shared caches."""
    return sorted({path.parts[0] for path in files} - {"..", "__pycache__"})


def _link_botocore(source: Path, services: tuple[str, ...], into: Path) -> None:
    """botocore with the layer's services alone, so that a call of another service fails here as it would on AWS."""
    (into / "data").mkdir(parents=True)
    for entry in os.scandir(source):
        if entry.name not in ("data", "__pycache__"):
            (into / entry.name).symlink_to(entry.path)
    for entry in os.scandir(source / "data"):
        if entry.is_file() or entry.name in services:
            (into / "data" / entry.name).symlink_to(entry.path)
    compileall.compile_dir(into, maxlevels=0, quiet=2)
