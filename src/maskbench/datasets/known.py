"""The data sets by name: what is known of each, whether it is here, and how it gets here.

``python -m maskbench.datasets.known`` prints the tables of docs/data.md.
"""

from __future__ import annotations

import fcntl
import glob
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.progress import track

from maskbench.artifacts import remove, sha256_of
from maskbench.config import DatasetConfig
from maskbench.datasets.adapters import ADAPTERS, Adapter
from maskbench.datasets.collection import Collection, data_home, local_root
from maskbench.datasets.download import at_home, from_package
from maskbench.datasets.unpack import tops, unpack
from maskbench.datasets.url import cached, from_url
from maskbench.errors import MaskbenchError, from_os_error

PIECES = 4  # of a download, side by side
UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"))
ACCESS = {
    "packaged": "from the package index",
    "open": "by `--download`",
    "public": "by hand, from its page",
    "request": "on request",
    "own": "",
}


def size_of(adapter: Adapter) -> str:
    """Bytes to download in words; "" where nobody has said."""
    size = adapter.size or 0
    return next((f"{size / unit:.3g} {name}" for unit, name in UNITS if size >= unit), "")


def terms_of(adapter: Adapter) -> str:
    """The licence without the data set's name before it."""
    return adapter.licence.partition(": ")[2]


def counted(number: int | None) -> str:
    """A published count; "" where there is none."""
    return "" if number is None else f"{number:,}"


def is_here(adapter: Adapter, path: str | None = None) -> bool:
    """Whether there is such a folder; its contents are not looked at."""
    if adapter.package is not None:
        return True
    try:
        local_root(adapter.name, path or adapter.folder, adapter.name)
    except MaskbenchError:
        return False
    return True


def verified(name: str, config: DatasetConfig) -> str:
    """What of a data set is here, against what was published, after its layout was read.

    Raises:
        MaskbenchError: it is not here, or its layout is broken.
    """
    whole = config.model_copy(update={"max_identities": None, "max_pictures_per_identity": None})
    found = Collection.open(name, whole)
    adapter = found.adapter
    people = len({row.identity for row in found.rows} - {""})
    said = [_of(len(found.rows), None if adapter.sampled else adapter.pictures, "pictures")]
    said += [_of(people, adapter.people, "people")] if people else []
    said += [_of(len(found.pairs()), None, "official pairs")] if adapter.pairs else []
    sums = adapter.sums(found.root) if adapter.sums else None
    said += [_compared(found, sums)] if sums is not None else []
    return f"{', '.join(said)}, in the published layout: {found.root}"


def _compared(found: Collection, sums: Mapping[str, tuple[int, str]]) -> str:
    """That all files have the published sizes and MD5 sums.

    Raises:
        MaskbenchError: a file has not, or is not listed.
    """
    rows = track(found.rows, f"MD5 of {found.name}", console=Console(stderr=True), transient=True)
    for row in rows:
        file = found.root / row.source
        size, digest = sums.get(row.source, (None, ""))
        if size is None:
            raise MaskbenchError(file, "is not on the data set's own list", "remove it")
        here = file.stat().st_size
        if here != size:
            what = f"has {here:,} bytes, published are {size:,}"
            raise MaskbenchError(file, what, "fetch it again")
        with open(file, "rb") as stream:
            if hashlib.file_digest(stream, "md5").hexdigest() != digest:
                raise MaskbenchError(file, "has another MD5 than published", "fetch it again")
    return "all files with the published MD5"


def _of(here: int, published: int | None, what: str) -> str:
    return f"{here:,}{f' of {published:,}' if published else ''} {what}"


def described(adapter: Adapter) -> Iterator[tuple[str, str]]:
    """All that is known of a data set, as lines of a name and a text."""
    yield "data set", " - ".join(filter(None, (adapter.title, adapter.citation)))
    yield "licence", adapter.licence
    yield "size", size_of(adapter) or "not known"
    yield "people", counted(adapter.people) or "not known"
    yield "pictures", counted(adapter.pictures) or "not known"
    yield "layout", adapter.layout
    if adapter.page:
        yield "page", adapter.page
    if adapter.access == "open":
        yield "to get it", f"maskbench datasets {adapter.name} --download (sha256 {adapter.sha256})"
    if adapter.access in ("public", "request"):
        first = "ask its owners for" if adapter.access == "request" else "take from its page"
        yield "to get it", f"{first}: {adapter.place or 'all files'}"
        yield "place it in", f"{data_home() / adapter.folder} (or anywhere, as datasets.*.path)"
        sums = "size and MD5 of each file" if adapter.sums else "no checksum is published"
        yield "checked by", f"counts and layout; {sums}"


def download(name: str, path: str | None = None) -> Path:
    """Fetch a data set that anybody may have, and return its folder.

    Args:
        name: of the adapter.
        path: of the folder; None: the usual one.

    Raises:
        MaskbenchError: it is not to be had so (with what to do), it is here already, the server
            does not answer, the checksum is wrong, the disk is full ...
    """
    adapter = ADAPTERS.get(name)
    if adapter.package is not None:
        return from_package(adapter.package) / adapter.folder
    if adapter.url is None or adapter.sha256 is None:
        raise MaskbenchError(name, "cannot be downloaded by maskbench", _by_hand(adapter))
    file = f"{name}.tgz"
    if is_here(adapter, path):
        where = _target(adapter, path)
        with _alone(where):
            remove(cached(file))  # left by a kill, as what _alone removes
        raise MaskbenchError(where, "is there already", "move it away")
    archive = from_url(adapter.url, file, adapter.sha256, pieces=PIECES)
    folder = place(name, archive, path)
    remove(archive)
    return folder


def place(name: str, archive: Path, path: str | None = None) -> Path:
    """Unpack an archive of a data set into its folder, and return this.

    What the archive has is added to what is there, and replaces nothing.

    Args:
        name: of the adapter.
        archive: a tar or zip file.
        path: of the folder; None: the usual one.

    Raises:
        MaskbenchError: see :func:`maskbench.datasets.unpack.unpack`; or a file is there already.
    """
    adapter = ADAPTERS.get(name)
    if not (path or adapter.folder) or adapter.package is not None:
        raise MaskbenchError(name, "has no archives", "name one of the data sets with a page")
    target = _target(adapter, path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            _alone(target),
            tempfile.TemporaryDirectory(prefix=_prefix(target), dir=target.parent) as tmp,
        ):
            unpacked = Path(tmp, target.name)
            unpacked.mkdir()
            unpack(archive, unpacked)
            _settle(_root(adapter, unpacked), target)
    except OSError as error:
        raise from_os_error(error, error.filename or target, writing=True) from error
    return target


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Hold the folder that a data set lies in, whoever shares it, after removing what killed
    processes were unpacking there."""
    held = os.open(target.parent, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks, as some network ones
            fcntl.flock(held, fcntl.LOCK_EX)
        for stale in target.parent.glob(f"{glob.escape(_prefix(target))}*"):
            remove(stale)
        yield
    finally:
        os.close(held)


def _target(adapter: Adapter, path: str | None) -> Path:
    """The folder that a data set is in, or will be."""
    place = f"datasets.{adapter.name}.path"
    return data_home() / at_home(path or adapter.folder, place, "write the whole path")


def _prefix(target: Path) -> str:
    return f".{target.name}.unpacking."


def _root(adapter: Adapter, unpacked: Path) -> Path:
    """The folder of an unpacked archive in which the layout begins."""
    for folder in tops(unpacked):
        try:
            if adapter.rows(folder):
                return folder
        except MaskbenchError:
            continue
    return unpacked  # a part: its lists, or other parts, come apart


def _settle(root: Path, target: Path) -> None:
    if not target.exists():
        root.replace(target)
        return
    coming = list(root.iterdir())
    there = [path for path in coming if (target / path.name).exists()]
    for path in there:
        # What is the same was moved by a process that was killed between two moves.
        if there == coming or sha256_of(path) != sha256_of(target / path.name):
            raise MaskbenchError(target / path.name, "is there already", "move it away")
    for path in coming:
        if path not in there:
            path.replace(target / path.name)


def _by_hand(adapter: Adapter) -> str:
    wanted = ("page", "to get it", "place it in")
    lines = [f"{name}: {text}" for name, text in described(adapter) if name in wanted]
    return "; ".join(lines) or "put your pictures into a folder"


def table() -> str:
    """The data sets as docs/data.md lists them, in Markdown."""
    rows = [
        "| data set | adapter | layout | people | pictures | size | how to get it |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, adapter in ADAPTERS.all().items():
        title = f"[{adapter.title}]({adapter.page})" if adapter.page else adapter.title
        facts = (counted(adapter.people), counted(adapter.pictures), size_of(adapter))
        cells = (title, f"`{name}`", f"`{adapter.layout}`", *facts, ACCESS[adapter.access])
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def terms() -> str:
    """Whom to cite, and what is allowed, as docs/data.md says it."""
    named = (adapter for adapter in ADAPTERS.all().values() if adapter.citation)
    return "\n".join(f"- **{a.title}**: {a.citation}. Terms: {terms_of(a)}." for a in named)


if __name__ == "__main__":
    print(table(), terms(), sep="\n\n")
