"""What a recogniser learns from: bare faces and their masked pictures, with people as labels.

The same two arrays of rows whether the network takes pictures or a frozen network's embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.recognition.encoders import resized
from maskbench.recognition.params import Augmentation

SPLIT = "train"


@dataclass(frozen=True)
class Lessons:
    """Pictures (N, S, S, 3) uint8 or embeddings (N, D) float32, bare ones first.

    Attributes:
        values: the pictures or embeddings.
        identities: (N,) names.
        masked: (N,) bool.
        labels: (N,) int64, 0 to people - 1.
        people: names in the order of the labels.
    """

    values: np.ndarray
    identities: np.ndarray
    masked: np.ndarray

    @property
    def people(self) -> list[str]:
        return sorted(set(self.identities.tolist()))

    @property
    def labels(self) -> np.ndarray:
        return np.unique(self.identities, return_inverse=True)[1].astype(np.int64)


def training_sets(faces: Path, dressed: Path | None) -> tuple[FaceSet, MaskedSet | None]:
    """Open the bare faces and, if there are any, the masked ones.

    Raises:
        MaskbenchError: unreadable, or no people are known.
    """
    bare = FaceSet.open(faces)
    rows = bare.of_split(SPLIT)
    if not len(rows) or (bare.faces["identity"].iloc[rows] == "").any():
        raise MaskbenchError(
            faces, "no training people with names", "recognition needs a data set with identities"
        )
    return bare, None if dressed is None else MaskedSet.open(dressed)


def sets_of_rows(
    bare: FaceSet, dressed: MaskedSet | None
) -> Iterator[tuple[FaceSet, np.ndarray, bool]]:
    """(set, its training rows, whether they are masked)."""
    yield bare, bare.of_split(SPLIT), False
    if dressed is not None:
        yield dressed, dressed.of_split(SPLIT), True


def of_pictures(faces: Path, dressed: Path | None, size: int, folder: Path) -> Lessons:
    """Lessons for a network that takes pictures of ``size`` pixels a side.

    They are read from a file that is made in ``folder``, since they may be larger than memory
    (46 GB for the published size of MaskFaceNet).
    """
    parts = list(sets_of_rows(*training_sets(faces, dressed)))
    count = sum(len(rows) for _, rows, _ in parts)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = np.lib.format.open_memmap(
        folder / "pictures.npy", mode="w+", dtype=np.uint8, shape=(count, size, size, 3)
    )
    done = 0
    for found, rows, _ in parts:
        for start in range(0, len(rows), 256):
            some = rows[start : start + 256]
            pictures[done : done + len(some)] = resized(np.asarray(found.images[some]), size)
            done += len(some)
    return Lessons(
        pictures,
        np.concatenate([_names(found)[rows] for found, rows, _ in parts]),
        np.concatenate([np.full(len(rows), worn) for _, rows, worn in parts]),
    )


def _names(found: FaceSet) -> np.ndarray:
    return found.faces["identity"].to_numpy().astype(str)


def augmented(pixels: Tensor, params: Augmentation, random: torch.Generator) -> Tensor:
    """Float pictures (B, 3, S, S) in 0..255, mirrored, moved and relit at random.

    Random numbers are drawn on the CPU whatever the device, so that runs are alike.
    """
    count, size = len(pixels), pixels.shape[-1]

    def drawn(*shape: int) -> Tensor:
        return torch.rand(shape, generator=random)

    mirror = drawn(count) < 0.5
    moves = drawn(count, 2) * 2 - 1
    gain, offset = (drawn(count, 2) * 2 - 1).unbind(1)
    if params.mirror:
        pixels = torch.where(mirror.to(pixels.device)[:, None, None, None], pixels.flip(3), pixels)
    reach = round(params.shift * size)
    if reach:
        padded = F.pad(pixels, (reach,) * 4, mode="replicate")
        corners = ((moves + 1) / 2 * (2 * reach + 1)).long().clamp(0, 2 * reach).tolist()
        pixels = torch.stack(
            [p[:, y : y + size, x : x + size] for p, (y, x) in zip(padded, corners, strict=True)]
        )
    if params.light:
        gain = (1 + params.light * gain).to(pixels.device)[:, None, None, None]
        offset = (255 * params.light / 2 * offset).to(pixels.device)[:, None, None, None]
        pixels = ((pixels - 127.5) * gain + 127.5 + offset).clamp(0, 255)
    return pixels
