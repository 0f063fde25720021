"""What a data set holds, where it lies, and the checksum of everything that is read of it.

The workflow asks for the checksum whenever it starts, since a local collection may change between
two runs. Files whose size and times are as they were are not read again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from maskbench.artifacts import atomic_file, read_json, sha256_of
from maskbench.config import DatasetConfig
from maskbench.datasets.adapters import ADAPTERS, PAIRS, Adapter, Pair, Row
from maskbench.datasets.download import at_home, from_package
from maskbench.datasets.listing import composed, natural_key, stem
from maskbench.errors import MaskbenchError, from_os_error, unknown_name

DATA = "MASKBENCH_DATA"
PLACES = "MASKBENCH_PLACES"
"""The environment variable by which the workflow says where its collections lie, as JSON."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Collection:
    """A data set's pictures.

    Attributes:
        name: of the data set.
        adapter: its reader.
        root: the folder of the pictures.
        listed: the paths of all pictures of the adapter's layout.
        rows: those that are used, in order.
        files: the lists that lie beside them.
    """

    name: str
    adapter: Adapter
    root: Path
    listed: frozenset[str]
    rows: tuple[Row, ...]
    files: tuple[str, ...]

    @classmethod
    def open(cls, name: str, config: DatasetConfig) -> Collection:
        """List a data set where its configuration says that it lies.

        Raises:
            MaskbenchError: the pictures are not there (with what to do), or the lists beside them
                name others.
        """
        adapter = ADAPTERS.get(config.adapter, f"datasets.{name}.adapter")
        if adapter.package is None:
            root = local_root(name, config.path or adapter.folder, config.adapter)
        else:
            root = from_package(adapter.package) / adapter.folder
        listed = adapter.rows(root)
        rows = choose(listed, config, place=f"datasets.{name}.exclude")
        if not rows:
            raise MaskbenchError(
                f"datasets.{name}: {root}",
                f"holds no pictures in the layout of the adapter {adapter.name}, {adapter.layout}",
                "choose another adapter (maskbench datasets lists them)",
            )
        found = cls(
            name=name,
            adapter=adapter,
            root=root,
            listed=frozenset(row.source for row in listed),
            rows=tuple(rows),
            files=tuple(file for file in adapter.files if (root / file).is_file()),
        )
        absent = sorted(found.named_by_lists() - {stem(row.source) for row in rows})
        if absent:
            raise MaskbenchError(
                f"datasets.{name}: {root}",
                f"the lists beside the pictures name {absent[0]} and {len(absent) - 1} more that "
                "are not there or left out",
                "bring them back, and set neither exclude nor a limit for this data set",
            )
        return found

    def named_by_lists(self) -> set[str]:
        """The pictures, by their stems, that the official pairs name."""
        return {one for pair in self.pairs() for one in (pair.first, pair.second)}

    def pairs(self) -> list[Pair]:
        """The data set's own pairs; none where it has none, or their list is not there."""
        listed = PAIRS in self.files
        return self.adapter.pairs(self.root) if listed and self.adapter.pairs else []

    def digests(self, digest: Callable[[Path], str] = sha256_of) -> list[str]:
        """The SHA-256 of each picture, and then of each list.

        Raises:
            MaskbenchError: a file cannot be read.
        """
        from rich.console import Console
        from rich.progress import track

        console = Console(stderr=True)
        found = []
        for name in track(
            [*(row.source for row in self.rows), *self.files],
            description=f"checksums of {self.name}",
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ):
            try:
                found.append(digest(self.root / name))
            except OSError as error:
                raise from_os_error(error, self.root / name) from error
        return found

    def checksum(self, digests: Iterable[str]) -> str:
        """One digest of names, people, labels and contents; where they lie is no part of it."""
        total = hashlib.sha256()
        names = [f"{row.source}\0{row.identity}" for row in self.rows] + [*self.files]
        labels = ["".join(f"\0{row.extra[k]}" for k in sorted(row.extra)) for row in self.rows]
        labels += [""] * len(self.files)
        for name, own, label in zip(names, digests, labels, strict=True):
            # A file's name may be no UTF-8.
            total.update(f"{name}\0{own}{label}\n".encode("utf-8", "surrogateescape"))
        return total.hexdigest()


def checksum_now(name: str, config: DatasetConfig, results: Path) -> str:
    """The checksum of a data set as it lies there now; "" for a package, which is pinned.

    The digest of each picture is kept with its size and times, in the folder ``.snakemake``.

    Args:
        name, config: of the data set.
        results: the folder of everything that a run makes.

    Returns:
        Where the collection cannot be read: that of the pictures that were fetched (results may
        outlive their pictures), or "".
    """
    if ADAPTERS.get(config.adapter).package is not None:
        return ""
    made = results / "pictures" / name / "source.json"
    memory = Path(".snakemake", "pictures", f"{name}.json")
    known = json.loads(memory.read_text("utf-8")) if memory.exists() else {}
    seen: dict[str, list[int | str]] = {}

    def remembered(path: Path) -> str:
        status, key = path.stat(), str(path)
        times = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
        old = known.get(key, [])
        seen[key] = old if old[:-1] == times else [*times, sha256_of(path)]
        return str(seen[key][-1])

    try:
        found = Collection.open(name, config)
        checksum = found.checksum(found.digests(remembered))
    except MaskbenchError as error:
        if not made.exists():
            return ""
        log.warning("%s; what was made of it stays", error)
        return str(read_json(made)["checksum"])
    if seen != known:
        with atomic_file(memory) as tmp:
            tmp.write_text(json.dumps(seen), "utf-8")
    return checksum


def places(datasets: Mapping[str, DatasetConfig]) -> str:
    """What the environment variable ``MASKBENCH_PLACES`` says: the path of each collection."""
    return json.dumps({name: config.path for name, config in datasets.items() if config.path})


def left_out_beside(results: Path, datasets: Iterable[str]) -> Iterator[str]:
    """A line for each data set whose folder held more than pictures, or pictures twice."""
    for name in datasets:
        folder = results / "pictures" / name
        facts = read_json(folder / "source.json") if folder.exists() else {}
        if count := facts.get("left_out"):
            yield f"{name}: {count} left out beside {facts['pictures']} pictures: see {folder}"


def choose(
    rows: Sequence[Row], config: DatasetConfig, place: str = "datasets.exclude"
) -> list[Row]:
    """Sort rows naturally (s2 before s10) and keep the first people and pictures asked for.

    Where identities are unknown each picture counts as a person.

    Raises:
        MaskbenchError: a person to leave out is not in the data set.
    """

    def key(row: Row) -> str:
        return row.identity or composed(row.source)

    excluded = {composed(name) for name in config.exclude}
    absent = sorted(excluded - {key(row) for row in rows})
    if absent and rows:
        raise unknown_name(place, "person", absent[0], {key(row) for row in rows})
    rows = [row for row in rows if key(row) not in excluded]
    people: dict[str, list[Row]] = {}
    for row in rows:
        people.setdefault(key(row), []).append(row)
    kept = sorted(people, key=natural_key)[: config.max_identities]
    # Person by person: the keys of all pictures together would take a kilobyte each.
    return [
        row
        for person in kept
        for row in sorted(people[person], key=lambda row: natural_key(row.source))[
            : config.max_pictures_per_identity
        ]
    ]


def data_home() -> Path:
    """The folder of local collections, ``MASKBENCH_DATA`` (default: data/ in the working
    directory)."""
    return at_home(os.environ.get(DATA) or "data", DATA, "write the whole path").absolute()


def local_root(dataset: str, folder: str, adapter: str = "folder") -> Path:
    """The absolute folder of a local collection.

    Relative paths are looked up in :func:`data_home`.

    Raises:
        MaskbenchError: no folder is given, or there is no such folder.
    """
    place = f"datasets.{dataset}"
    if not folder:
        raise MaskbenchError(
            f"{place}.path",
            f"missing; the adapter {adapter} needs a folder",
            f"set it to a folder, absolute or relative to {DATA}",
        )
    path = at_home(folder, f"{place}.path", "write the whole path")
    path = path if path.is_absolute() else data_home() / path
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise from_os_error(error, path) from error
    if not is_folder:
        what = "is not a folder" if path.exists() else "no such folder"
        way_out = (
            f"put the pictures there (maskbench datasets {adapter} says how), set {place}.path, or "
            f"point {DATA} at the folder above it"
        )
        raise MaskbenchError(f"{place}: {path}", what, way_out)
    return path
