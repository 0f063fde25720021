"""Step ``fetch``: list a data set's pictures with their checksums, and copy packaged ones.

    manifest.parquet    a row a picture: source, identity, sha256, bytes (and an adapter's own)
    left_out.csv        what else lies there: source, reason
    source.json         dataset, adapter, version, checksum, root, licence, counts
    pairs.txt ...       an adapter's lists, as they lie beside the pictures
    official.parquet    a row an official pair, if there are any: first, second, same
    files/              the pictures themselves, for data sets that come from the package index

Pictures of local collections stay where they are, which the configuration says (``root_of``).
Files of equal content are one photograph: the first is taken, the others are left out by name, but
for those that official pairs name.
"""

from __future__ import annotations

import logging
from pathlib import Path, PurePosixPath

import pandas as pd

from maskbench.artifacts import atomic_dir, write_json
from maskbench.config import DatasetConfig
from maskbench.datasets.collection import Collection
from maskbench.datasets.download import copy
from maskbench.datasets.listing import left_out, named, stem
from maskbench.datasets.manifest import LEFT_OUT, MANIFEST_COLUMNS, OFFICIAL, PACKAGED
from maskbench.errors import MaskbenchError

log = logging.getLogger(__name__)


def fetch(name: str, config: DatasetConfig, out: Path, listing: str = "") -> None:
    """Write the ``pictures/{dataset}`` folder ``out`` of the data set ``name``.

    Args:
        name, config: of the data set.
        out: the folder to write.
        listing: the collection's checksum when the workflow started, for its triggers alone.

    Raises:
        MaskbenchError: the pictures are not there (with what to do), a checksum is wrong, the disk
            is full ...
    """
    found, out = Collection.open(name, config), Path(out)
    digests = found.digests()
    manifest = _manifest(found, digests)
    without: dict[str, str] = {}
    packaged = found.adapter.package is not None
    if not packaged:
        without = left_out(found.root, found.listed, found.adapter.files, found.adapter.sampled)
    manifest, copies = _apart(manifest, found.named_by_lists())
    without |= copies
    without = dict(sorted(without.items(), key=lambda item: not item[0].endswith("/")))
    if without:
        log.warning(
            "datasets.%s: %d beside %d pictures left out: %s",
            name, len(without), len(manifest), named(without),
        )  # fmt: skip
    with atomic_dir(out) as tmp:
        if packaged:
            for picture in manifest["source"]:
                copy(found.root / picture, tmp / PACKAGED / picture, shown=out)
        for file in found.files:
            copy(found.root / file, tmp / file, shown=out)
        manifest.to_parquet(tmp / "manifest.parquet", index=False)
        if pairs := found.pairs():
            pd.DataFrame(pairs).to_parquet(tmp / OFFICIAL, index=False)
        rows = pd.DataFrame(without.items(), columns=["source", "reason"], dtype=str)
        rows.to_csv(tmp / LEFT_OUT, index=False)
        write_json(
            tmp / "source.json", _description(found, config, digests, manifest, len(without))
        )


def _manifest(found: Collection, digests: list[str]) -> pd.DataFrame:
    sizes = []
    for row in found.rows:
        file = found.root / row.source
        try:
            row.source.encode("utf-8")
        except UnicodeEncodeError:
            raise MaskbenchError(ascii(str(file)), "its name is not UTF-8", "rename it") from None
        sizes.append(file.stat().st_size)
    rows = found.rows
    values = ([r.source for r in rows], [r.identity for r in rows], digests[: len(rows)], sizes)
    names = sorted({name for row in rows for name in row.extra})
    extra = {name: [row.extra.get(name) for row in rows] for name in names}
    return pd.DataFrame(dict(zip(MANIFEST_COLUMNS, values, strict=True)) | extra)


def _apart(manifest: pd.DataFrame, kept: set[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """The pictures without copies of earlier ones; and the copies, with whose they are.

    Args:
        manifest: of all pictures.
        kept: stems of pictures that stay in any case.
    """
    alike = manifest[manifest["sha256"].duplicated(keep=False)]
    first = alike.groupby("sha256")["source"].transform("first")
    gone = alike[(first != alike["source"]) & ~alike["source"].map(stem).isin(kept)]
    copies = zip(gone["source"], first[gone.index], strict=True)
    reasons = {source: f"the same picture as {earlier}" for source, earlier in copies}
    left = manifest.drop(gone.index)
    people = set(manifest["identity"].unique()) - set(left["identity"].unique())
    reasons |= {f"{person}/": "a person of copies alone" for person in sorted(people)}
    return left.reset_index(drop=True), reasons


def _description(
    found: Collection,
    config: DatasetConfig,
    digests: list[str],
    manifest: pd.DataFrame,
    left_out: int,
) -> dict:
    adapter, checksum = found.adapter, found.checksum(digests)
    return {
        "dataset": found.name,
        "adapter": adapter.name,
        "version": adapter.version or f"local {checksum[:12]}",
        "checksum": checksum,
        "root": PACKAGED if adapter.package is not None else config.path or adapter.folder,
        "licence": adapter.licence,
        "pictures": len(manifest),
        "left_out": left_out,
        "identities": int(manifest.loc[manifest["identity"] != "", "identity"].nunique()),
        "suffixes": sorted({PurePosixPath(s).suffix.lower() for s in manifest["source"]}),
    }
