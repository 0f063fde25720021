"""The folder of pictures that another tool has made: where it is, what it holds, whose they are."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from maskbench.artifacts import sha256_of
from maskbench.datasets.collection import DATA, data_home
from maskbench.datasets.download import at_home
from maskbench.datasets.listing import is_picture_name, stem
from maskbench.errors import MaskbenchError
from maskbench.registry import Block


def folder_of(folder: str, place: str) -> Path:
    """The absolute folder that a key of the configuration names.

    Raises:
        MaskbenchError: it names none, or none is there.
    """
    if not folder:
        raise MaskbenchError(place, "missing", "set it to a folder of masked pictures")
    path = data_home() / at_home(folder, place, "write the whole path")  # an absolute one stays
    if not path.is_dir():
        what = f"no such folder: {path}"
        raise MaskbenchError(place, what, f"put the pictures there, or set {DATA}")
    return path


def files_in(folder: Path) -> dict[str, Path]:
    """Picture files by their path below a folder, without the ending.

    Raises:
        MaskbenchError: two files have the same.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in PurePosixPath(name).parts)
        if hidden or not is_picture_name(path) or not path.is_file():
            continue
        if stem(name) in found:
            other = found[stem(name)].name
            raise MaskbenchError(path, f"stands beside {other}", "leave one of them in the folder")
        found[stem(name)] = path
    return found


def matched(files: Mapping[str, Path], names: Iterable[str]) -> dict[str, Path]:
    """The file of each name that has one: under the same path, or under the file's name alone
    where there is only one such file and one such name.

    Args:
        files: as :func:`files_in` finds them.
        names: of the bare pictures, relative, with ``/``.
    """
    names = list(names)
    last_of = {name: PurePosixPath(stem(name)).name for name in names}
    asked = Counter(last_of.values())
    alone = Counter(PurePosixPath(name).name for name in files)
    by_last = {PurePosixPath(name).name: path for name, path in files.items()}
    found = {}
    for name, last in last_of.items():
        if stem(name) in files:
            found[name] = files[stem(name)]
        elif asked[last] == alone[last] == 1:
            found[name] = by_last[last]
    return found


def digest_of(method: Block) -> str:
    """The digest of an external method's pictures, which makes what follows from them stale; "" of
    other methods, and where they cannot be read."""
    if method.spec.name != "external":
        return ""
    total = hashlib.sha256()
    try:
        for key in ("pictures", "coverage"):
            if folder := getattr(method.params, key):
                for name, path in files_in(folder_of(folder, key)).items():
                    total.update(f"{key}\0{name}\0{sha256_of(path)}\n".encode())
    except (MaskbenchError, OSError):
        return ""
    return total.hexdigest()
