"""FaceSet: a folder of equally sized face crops with everything known about each of them.

images.npy        uint8, N x H x W x 3 RGB, opened memory-mapped
faces.parquet     a row a face, in the order of images.npy
rejects.parquet   every picture that was not taken, and why (columns: source, identity, reason)
spec.json         data set name, version and checksum; crop and alignment specification; the fold
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from maskbench.artifacts import GrowingArray, read_json, write_json
from maskbench.datasets.manifest import read_table
from maskbench.errors import MaskbenchError
from maskbench.faces.people import People, together
from maskbench.faces.table import ROWS, TableReader, TableWriter

FACE_COLUMNS = (
    "face_id",  # str, unique in the set
    "identity",  # str; "" where the data set knows none
    "source",  # str, the picture's path relative to the data set's root
    "split",  # str: train, val or test, in the spec's fold; "" before faces are divided
    "box",  # 4 x float32: x0 y0 x1 y1 of the detector, in source pixels
    "score",  # float32: the detector's confidence, 0..1
    "crop_box",  # 4 x float32: the square that was cropped, in source pixels
    "landmarks",  # 136 x float32: 68 (x, y) in crop pixels; pixel centres at integers
    "yaw",  # float32 degrees; > 0: the face looks to the picture's right
    "pitch",  # float32 degrees; > 0: the head is bowed
    "roll",  # float32 degrees; > 0: turned clockwise in the picture
)
REJECT_COLUMNS = ("source", "identity", "reason")
LISTS = ("box", "crop_box", "landmarks")
"""The columns that are lists of numbers: in memory they take 1.6 kilobytes a face."""
TABLE = "faces.parquet"


@dataclass
class FaceSet:
    """An opened FaceSet. ``images`` is a read-only memory map, (N, H, W, 3) uint8 RGB.

    ``faces`` is in memory, without :data:`LISTS` where the set was opened so; :meth:`row` and
    :meth:`landmarks_of` then read them from the file.
    """

    path: Path
    images: np.ndarray
    faces: pd.DataFrame
    spec: dict[str, Any]

    @classmethod
    def open(cls, path: Path, lists: bool = True) -> Self:
        """Open a FaceSet folder.

        Args:
            path: the folder.
            lists: whether ``faces`` has the columns :data:`LISTS`. Without them it takes about 100
                bytes a face.

        Raises:
            MaskbenchError: the folder is not a FaceSet, or its parts disagree.
        """
        path = Path(path)
        images = open_array(path / "images.npy")
        faces = read_table(path / TABLE, () if lists else LISTS)
        if len(images) != len(faces):
            raise MaskbenchError(
                path, f"{len(images)} images but {len(faces)} rows", "make the set again"
            )
        return cls(path, images, faces, read_json(path / "spec.json"))

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def _table(self) -> TableReader:
        found = TableReader(self.path / TABLE)
        if len(found) != len(self.faces):
            raise MaskbenchError(
                self.path, f"{len(self.faces)} faces, {len(found)} in its file", "open it whole"
            )
        return found

    def row(self, row: int) -> dict[str, Any]:
        """A row of the table with all its columns."""
        if LISTS[0] not in self.faces:
            return self._table.row(row)
        return {str(name): self.faces[name].iloc[row] for name in self.faces}

    def landmarks_of(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """(len(rows), 68, 2) float32 in crop pixels."""
        rows = np.asarray(rows, int)
        if len(rows) == 0:
            return np.zeros((0, 68, 2), np.float32)
        if "landmarks" in self.faces:
            found = list(self.faces["landmarks"].iloc[rows])
        else:
            found = self._table.values("landmarks", rows)
        return np.stack(found).astype(np.float32).reshape(-1, 68, 2)

    @property
    def landmarks(self) -> np.ndarray:
        """(N, 68, 2) float32 in crop pixels."""
        return self.landmarks_of(np.arange(len(self)))

    @property
    def size(self) -> int:
        """Side of the crops in pixels."""
        return int(self.images.shape[1])

    @property
    def dataset(self) -> str:
        return str(self.spec["dataset"])

    @property
    def fold(self) -> int:
        """Whose split the faces have; 0 where people are divided once."""
        return int(self.spec.get("fold", 0))

    @property
    def crop(self) -> str:
        """Short name of the crop specification, for the ``crop`` column of measurements."""
        return str(self.spec["crop"])

    @property
    def persons(self) -> pd.Series:
        """Who is on each picture; where that is unknown, each bare face counts as a person."""
        table = self.faces
        faces = table["bare_id" if "bare_id" in table else "face_id"]
        return table["identity"].where(table["identity"] != "", faces)

    def people_of(self, split: str) -> People:
        """The people of a split."""
        names = self.faces["identity"].to_numpy()[self.of_split(split)]
        return together({self.dataset: names.tolist()})

    def of_split(self, split: str) -> np.ndarray:
        """Row numbers of one split, ascending."""
        return np.flatnonzero((self.faces["split"] == split).to_numpy())


class FaceSetWriter:
    """Write a FaceSet picture by picture; memory does not grow with N but for the rejects.

    Use inside :func:`maskbench.artifacts.atomic_dir`::

        with atomic_dir(out) as tmp, FaceSetWriter(tmp, size=144, spec=spec) as writer:
            writer.add(image, {...FACE_COLUMNS...})
            writer.reject(source, identity, reason)
    """

    columns: tuple[str, ...] = FACE_COLUMNS

    def __init__(self, folder: Path, size: int, spec: dict[str, Any]) -> None:
        self.folder, self.spec = Path(folder), spec
        self._images = GrowingArray(self.folder / "images.npy", (size, size, 3))
        self._table = TableWriter(self.folder / TABLE)
        self._rows: list[dict[str, Any]] = []
        self.rejects: list[dict[str, str]] = []

    def add(self, image: np.ndarray, row: dict[str, Any]) -> None:
        """Add one crop (H, W, 3 uint8) and its row (exactly the keys ``columns``)."""
        if set(row) != set(self.columns):
            raise ValueError(f"row keys differ from {self.columns}: {sorted(row)}")
        self._images.append(image[None])
        self._rows.append(row)
        if len(self._rows) == ROWS:
            self._write_rows()

    def reject(self, source: str, identity: str, reason: str) -> None:
        """Note a picture that is not taken."""
        self.rejects.append({"source": source, "identity": identity, "reason": reason})

    @property
    def accepted(self) -> int:
        return self._images.length

    @property
    def rejected(self) -> int:
        return len(self.rejects)

    def _write_rows(self) -> None:
        self._table.write(pd.DataFrame(self._rows, columns=list(self.columns)))
        self._rows = []

    def close(self) -> None:
        self._images.close()
        if self._rows or not self.accepted:
            self._write_rows()
        self._table.close()
        rejects = pd.DataFrame(self.rejects, columns=list(REJECT_COLUMNS))
        rejects.to_parquet(self.folder / "rejects.parquet", index=False)
        write_json(self.folder / "spec.json", self.spec)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._images.close()
            self._table.close()


def open_array(path: Path) -> np.ndarray:
    """A ``.npy`` file as a read-only memory map.

    Raises:
        MaskbenchError: it is missing or damaged.
    """
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise MaskbenchError(
            path, f"not a readable array ({error})", "make the set again"
        ) from error
