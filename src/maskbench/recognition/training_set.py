"""What a recogniser learns from: bare faces and their masked pictures, with people as labels.

The same two arrays of rows whether the network takes pictures or a frozen network's embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.imaging.resize import resized
from maskbench.masks.maskedset import MaskedSet

SPLIT = "train"


@dataclass(frozen=True)
class TrainingSet:
    """Pictures (N, S, S, 3) uint8 or embeddings (N, D) float32, bare ones first.

    Attributes:
        values: the pictures or embeddings.
        identities: (N,) names.
        masked: (N,) bool.
    """

    values: np.ndarray
    identities: np.ndarray
    masked: np.ndarray

    @property
    def people(self) -> list[str]:
        """Names in the order of the labels."""
        return sorted(set(self.identities.tolist()))

    @property
    def labels(self) -> np.ndarray:
        """(N,) int64, 0 to people - 1."""
        return np.unique(self.identities, return_inverse=True)[1].astype(np.int64)


def training_rows(found: FaceSet) -> np.ndarray:
    """The rows that are learnt from.

    Raises:
        MaskbenchError: there are none, or no people are known.
    """
    rows = found.of_split(SPLIT)
    if not len(rows) or (found.faces["identity"].iloc[rows] == "").any():
        raise MaskbenchError(
            found.path,
            "no training people with names",
            "recognition needs a data set with identities",
        )
    return rows


def of_pictures(faces: Path, masked: Path | None, size: int, folder: Path) -> TrainingSet:
    """A training set for a network that takes pictures of ``size`` pixels a side.

    They are read from a file that is made in ``folder``, since they may be larger than memory
    (46 GB for the published size of MaskFaceNet).
    """
    sets: list[FaceSet] = [FaceSet.open(faces, lists=False)]
    sets += [] if masked is None else [MaskedSet.open(masked, lists=False)]
    rows = [training_rows(found) for found in sets]
    folder.mkdir(parents=True, exist_ok=True)
    pictures = np.lib.format.open_memmap(
        folder / "pictures.npy", mode="w+", dtype=np.uint8,
        shape=(sum(map(len, rows)), size, size, 3),
    )  # fmt: skip
    for place, image in enumerate(_images(sets, rows)):
        pictures[place] = resized(image, size)
    names = [
        found.faces["identity"].to_numpy().astype(str)[own]
        for found, own in zip(sets, rows, strict=True)
    ]
    return TrainingSet(
        pictures,
        np.concatenate(names),
        np.concatenate([np.full(len(own), part > 0) for part, own in enumerate(rows)]),
    )


def _images(sets: list[FaceSet], rows: list[np.ndarray]) -> Iterator[np.ndarray]:
    for found, own in zip(sets, rows, strict=True):
        yield from (found.images[row] for row in own)
