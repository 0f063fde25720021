"""Pictures of the results in a format that others read, with a page that says what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

import maskbench
from maskbench.artifacts import atomic_dir
from maskbench.export import image_folder, parquet, webdataset
from maskbench.export.pictures import Collection
from maskbench.faces.progress import pictures_progress
from maskbench.reporting.names import title_of
from maskbench.reporting.pages import render

MAKER = "maskbench export"
SHARD = 10_000
FILES = {
    "folder": "{split}/**",
    "parquet": "data/{split}-*.parquet",
    "webdataset": "{split}-*.tar",
}
"""The formats, and which files of each belong to a split."""


def export_pictures(
    folders: Sequence[Path],
    out: Path,
    form: str,
    splits: Sequence[str] = (),
    shard: int = SHARD,
) -> Collection:
    """Write pictures in one of the formats :data:`FILES`, and ``README.md``, their card.

    Args:
        folders: FaceSets or MaskedSets.
        out: a new or empty folder, or an earlier export.
        form: the format.
        splits: only these; none given: all.
        shard: pictures in a file of ``parquet`` and ``webdataset``.

    Returns:
        what was written.

    Raises:
        MaskbenchError: there is nothing to write, or it cannot be written.
    """
    found = Collection(folders, splits)
    with (
        atomic_dir(out, MAKER) as tmp,
        pictures_progress("Write pictures", found.count) as shown,
    ):

        def advance(pictures: int) -> None:
            shown(pictures, "")

        writers: dict[str, Callable[[], None]] = {
            "folder": lambda: image_folder.write(found, tmp, advance),
            "parquet": lambda: parquet.write(found, tmp, advance, shard),
            "webdataset": lambda: webdataset.write(found, tmp, advance, shard),
        }
        writers[form]()
        (tmp / "README.md").write_text(card(found, form) + "\n", encoding="utf-8")
    return found


def card(found: Collection, form: str) -> str:
    """The text of ``README.md``; its head is Hugging Face's metadata of a data set."""
    files = [{"split": split, "path": FILES[form].format(split=split)} for split in found.splits]
    methods = {
        name for one in found.sets if "method" in one.faces for name in one.faces["method"] if name
    }
    head: dict[str, Any] = {
        "pretty_name": " and ".join(found.terms),
        "license": "other",
        "license_name": "terms-of-the-collections",
        "tags": ["faces", "face masks", "maskbench"],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    return render(
        "pictures.md",
        head=yaml.safe_dump(head, sort_keys=False, allow_unicode=True),
        form=form,
        found=found,
        methods=[title_of(name) for name in sorted(methods)],
        crops=sorted({one.crop for one in found.sets}),
        version=maskbench.__version__,
    )
