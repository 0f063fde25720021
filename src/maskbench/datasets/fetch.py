"""Step ``fetch``: list a data set's pictures with their checksums, and copy packaged ones.

    manifest.parquet    a row a picture: source, identity, sha256, bytes (and an adapter's own)
    source.json         dataset, adapter, version, checksum, root, licence, counts
    pairs.txt ...       an adapter's protocol files, as they lie beside the pictures
    files/              the pictures themselves, for data sets that come from the package index

Pictures of local collections stay where they are; ``root`` in source.json is then absolute.
"""

from __future__ import annotations

import hashlib
import os
from itertools import groupby
from pathlib import Path, PurePosixPath

import pandas as pd
from rich.console import Console
from rich.progress import track

from maskbench.artifacts import atomic_dir, sha256_of, write_json
from maskbench.config import DatasetConfig
from maskbench.datasets.adapters import ADAPTERS, Adapter, Row
from maskbench.datasets.download import at_home, copy, from_package
from maskbench.datasets.listing import natural_key
from maskbench.datasets.manifest import MANIFEST_COLUMNS
from maskbench.errors import MaskbenchError, from_os_error, unknown_name

DATA = "MASKBENCH_DATA"


def fetch(name: str, config: DatasetConfig, out: Path) -> None:
    """Write the ``pictures/{dataset}`` folder ``out`` of the data set ``name``.

    Raises:
        MaskbenchError: the pictures are not there (with what to do), a checksum is wrong, the disk
            is full ...
    """
    source = ADAPTERS.get(config.adapter, f"datasets.{name}.adapter")
    out = Path(out)
    if source.package is None:
        root = local_root(name, config, source.folder)
    else:
        root = from_package(source.package) / source.folder
    rows = choose(source.rows(root), config, place=f"datasets.{name}.exclude")
    if not rows:
        raise MaskbenchError(
            f"datasets.{name}: {root}",
            f"holds no pictures in the layout of the adapter {source.name}",
            f"adapters: {', '.join(ADAPTERS.all())}; folder reads <identity>/<picture>, flat "
            "<picture>",
        )
    manifest = _manifest(name, root, rows)
    with atomic_dir(out) as tmp:
        if source.package is not None:
            for picture in manifest["source"]:
                copy(root / picture, tmp / "files" / picture, shown=out)
        for file in source.files:
            if (root / file).is_file():
                copy(root / file, tmp / file, shown=out)
        manifest.to_parquet(tmp / "manifest.parquet", index=False)
        write_json(tmp / "source.json", _description(name, source, root, manifest))


def choose(rows: list[Row], config: DatasetConfig, place: str = "datasets.exclude") -> list[Row]:
    """Sort rows naturally (s2 before s10) and keep the first people and pictures asked for.

    Where identities are unknown each picture counts as a person.

    Raises:
        MaskbenchError: a person to leave out is not in the data set.
    """

    def key(row: Row) -> str:
        return row.identity or row.source

    absent = sorted(set(config.exclude) - {key(row) for row in rows})
    if absent and rows:
        raise unknown_name(place, "person", absent[0], {key(row) for row in rows})
    rows = [row for row in rows if key(row) not in config.exclude]
    ordered = sorted(rows, key=lambda row: (natural_key(key(row)), natural_key(row.source)))
    people = [list(group) for _, group in groupby(ordered, key=key)]
    kept = people[: config.max_identities]
    return [row for person in kept for row in person[: config.max_pictures_per_identity]]


def _manifest(name: str, root: Path, rows: list[Row]) -> pd.DataFrame:
    records = []
    console = Console(stderr=True)
    for row in track(
        rows,
        description=f"checksums of {name}",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ):
        file = root / row.source
        try:
            row.source.encode("utf-8")
        except UnicodeEncodeError:
            raise MaskbenchError(ascii(str(file)), "its name is not UTF-8", "rename it") from None
        try:
            record = {"sha256": sha256_of(file), "bytes": file.stat().st_size}
        except OSError as error:
            raise from_os_error(error, file) from error
        records.append({"source": row.source, "identity": row.identity, **record, **row.extra})
    frame = pd.DataFrame.from_records(records)
    return frame[[*MANIFEST_COLUMNS, *sorted(set(frame.columns) - set(MANIFEST_COLUMNS))]]


def _description(name: str, source: Adapter, root: Path, manifest: pd.DataFrame) -> dict:
    digest = hashlib.sha256()
    for picture, identity, sha256 in zip(
        manifest["source"], manifest["identity"], manifest["sha256"], strict=True
    ):
        digest.update(f"{picture}\0{identity}\0{sha256}\n".encode())
    checksum = digest.hexdigest()
    return {
        "dataset": name,
        "adapter": source.name,
        "version": source.version or f"local {checksum[:12]}",
        "checksum": checksum,
        "root": "files" if source.package is not None else str(root),
        "licence": source.licence,
        "pictures": len(manifest),
        "identities": int(manifest.loc[manifest["identity"] != "", "identity"].nunique()),
        "suffixes": sorted({PurePosixPath(s).suffix.lower() for s in manifest["source"]}),
    }


def local_root(dataset: str, config: DatasetConfig, usual: str) -> Path:
    """The absolute folder of a local collection: ``config.path``, else the adapter's usual name.

    Relative paths are looked up in ``MASKBENCH_DATA`` (default: data/ in the working directory).

    Raises:
        MaskbenchError: no path is given, or there is no such folder.
    """
    place = f"datasets.{dataset}"
    named = config.path or usual
    if not named:
        raise MaskbenchError(
            f"{place}.path",
            f"missing; the adapter {config.adapter} needs a folder",
            f"set it to a folder, absolute or relative to {DATA}",
        )
    path = at_home(named, f"{place}.path", "write the whole path")
    if not path.is_absolute():
        path = at_home(os.environ.get(DATA) or "data", DATA, "write the whole path") / path
    path = path.absolute()
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise from_os_error(error, path) from error
    if not is_folder:
        what = "is not a folder" if path.exists() else "no such folder"
        raise MaskbenchError(
            f"{place}: {path}",
            what,
            f"put the pictures there, set {place}.path, or point {DATA} at the folder above it",
        )
    return path
