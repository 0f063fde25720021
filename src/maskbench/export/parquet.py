"""Parquet as Hugging Face ``datasets`` writes it: ``data/{split}-00000-of-00001.parquet``.

The pictures are PNG in columns of its type ``Image``, which the file's own metadata declare, so
that ``load_dataset("parquet", ...)`` gives pictures without being told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from maskbench.export.pictures import FACTS, LISTS, NUMBERS, Collection, Picture, png

GROUP = 200
"""Pictures that are written at a time."""
IMAGE = pa.struct({"bytes": pa.binary(), "path": pa.string()})


def write(found: Collection, out: Path, advance: Callable[[int], None], shard: int) -> None:
    """Write all pictures of a collection into a folder, at most ``shard`` of them into a file."""
    (out / "data").mkdir()
    layout = schema(found.covered)
    for split, count in found.splits.items():
        files = -(-count // shard)
        pictures = found.pictures(split)
        for number in range(files):
            path = out / "data" / f"{split}-{number:05d}-of-{files:05d}.parquet"
            own = islice(pictures, shard)
            with parquet.ParquetWriter(path, layout) as writer:
                while group := list(islice(own, GROUP)):
                    writer.write_table(pa.Table.from_pylist(list(_rows(group)), layout))
                    advance(len(group))


def schema(covered: bool) -> pa.Schema:
    """The columns, and what Hugging Face calls their types.

    Args:
        covered: whether there is a column ``coverage``.
    """
    columns: dict[str, tuple[pa.DataType, dict[str, Any]]] = {}
    for name in ("image", "coverage") if covered else ("image",):
        columns[name] = IMAGE, {"_type": "Image"}
    for name in FACTS:
        kind = "float32" if name in (*LISTS, *NUMBERS) else "string"
        value = {"dtype": kind, "_type": "Value"}
        of = pa.float32() if kind == "float32" else pa.string()
        if name in LISTS:
            columns[name] = pa.list_(of), {"feature": value, "_type": "Sequence"}
        else:
            columns[name] = of, value
    features = {name: feature for name, (_, feature) in columns.items()}
    return pa.schema(
        {name: kind for name, (kind, _) in columns.items()},
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )


def _rows(pictures: list[Picture]) -> Iterator[dict[str, Any]]:
    for picture in pictures:
        yield {
            "image": _image(picture.image),
            "coverage": _image(picture.coverage),
            **picture.facts,
        }


def _image(picture: np.ndarray | None) -> dict[str, Any] | None:
    return None if picture is None else {"bytes": png(picture), "path": None}
