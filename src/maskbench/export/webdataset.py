"""WebDataset shards: ``{split}-000000.tar``, whose files of one picture share a key.

``{key}.png`` is the picture, ``{key}.coverage.png`` where its mask is, ``{key}.json`` what is known
of it and ``{key}.cls`` the number of its person in ``people.json``.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from maskbench.artifacts import write_json
from maskbench.export.pictures import Collection, Picture, as_json, png


def write(found: Collection, out: Path, advance: Callable[[int], None], shard: int) -> None:
    """Write all pictures of a collection into a folder, at most ``shard`` of them into a file."""
    write_json(out / "people.json", found.people)
    key = 0
    for split, count in found.splits.items():
        pictures = found.pictures(split)
        for number in range(-(-count // shard)):
            with tarfile.open(out / f"{split}-{number:06d}.tar", "w") as archive:
                for picture in islice(pictures, shard):
                    for kind, content in _files(picture):
                        entry = tarfile.TarInfo(f"{key:08d}.{kind}")  # without time and owner
                        entry.size = len(content)
                        archive.addfile(entry, io.BytesIO(content))
                    key += 1
                    advance(1)


def _files(picture: Picture) -> Iterator[tuple[str, bytes]]:
    yield "png", png(picture.image)
    if picture.coverage is not None:
        yield "coverage.png", png(picture.coverage)
    yield "json", as_json(picture.facts).encode()
    if picture.label is not None:
        yield "cls", str(picture.label).encode()
