"""What the networks see in training: faces, mask pictures and real masked faces at the training
resolution, drawn in an order that a seed fixes and a training state carries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.imaging.augmentation import augment
from maskbench.imaging.ranges import Augmentation
from maskbench.imaging.tensors import as_tensor, resize
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet
from maskbench.synthesis.base import mask_textures
from maskbench.synthesis.specs.adversarial import Match
from maskbench.training.seeding import Order


def load(
    images: np.ndarray, rows: np.ndarray, size: int, chunk: int = 64, file: Path | None = None
) -> Tensor:
    """Rows of a memory-mapped picture array at the training resolution, kept as uint8.

    Args:
        images: (N, H, W, 3) uint8.
        rows: of them.
        size: the training resolution.
        chunk: pictures that are resized at a time.
        file: is written and mapped into memory, since the pictures may be more than fit there;
            None: they are held in memory.

    Returns:
        (len(rows), 3, size, size) uint8.
    """
    shape = (len(rows), 3, size, size)
    if file is None:
        out = torch.empty(shape, dtype=torch.uint8)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)  # of a training that was stopped
        out = torch.from_file(str(file), True, math.prod(shape), dtype=torch.uint8).view(shape)
    for start in range(0, len(rows), chunk):
        part = rows[start : start + chunk]
        out[start : start + len(part)] = (
            resize(as_tensor(images[part]), size).mul(255).round().to(torch.uint8)
        )
    return out


class Batch(NamedTuple):
    """Pictures for one step.

    Attributes:
        faces: (B, 3, size, size) in [0, 1], bare, or borrowed from the real domain.
        maps: (B, 3, 3), how each of them was moved (:func:`maskbench.imaging.augmentation.move`).
        styles: (B,) the number of the style of each face.
        real: (B, 3, size, size) masked faces of the real domain.
        rows: (B,) which training faces they are; counted on, which pictures of the real domain.
        worn: (B,) the number of the style that each picture of ``real`` shows; -1: unknown.
    """

    faces: Tensor
    maps: Tensor
    styles: Tensor
    real: Tensor
    rows: np.ndarray
    worn: np.ndarray


class Batches:
    """Batches of the two domains, both from training people only.

    Args:
        faces: bare faces; only rows of split ``train`` are read.
        masked: the real domain; rows of split ``train`` only, of the given styles only (rows of
            really masked people have no style and all count).
        pictures: the mask pictures.
        styles: styles that training may use.
        size: side of the pictures.
        match: what the real and the fake pictures of a batch have in common (:data:`Match`);
            where the real domain does not know it, the next weaker one is taken.
        ranges: the random geometry of both domains.
        borrow: share of the faces of a batch that are pictures of the real domain, unless
            ``match`` is ``faces``.
        seed: of the order and of the augmentation.
        device: where batches are.
        scratch: folder for the pictures at this size (:func:`load`).

    Raises:
        MaskbenchError: a domain is empty.
    """

    def __init__(
        self,
        faces: FaceSet,
        masked: MaskedSet,
        pictures: MaskPictures,
        *,
        styles: Sequence[str],
        size: int,
        match: Match,
        ranges: Augmentation,
        borrow: float = 0.0,
        seed: int,
        device: torch.device,
        scratch: Path | None = None,
    ) -> None:
        known = masked.faces["style"].to_numpy()
        allowed = (masked.faces["split"] == "train").to_numpy(copy=True)
        allowed &= np.isin(known, [*styles, ""])
        face_rows, real_rows = faces.of_split("train"), np.flatnonzero(allowed)
        for place, rows in ((faces.path, face_rows), (masked.path, real_rows)):
            if len(rows) == 0:
                raise MaskbenchError(
                    place, "no picture of split train and a training style", "check the split"
                )
        self.face_rows, self.real_rows, self.ranges = face_rows, real_rows, ranges
        self.borrow, self.device = borrow, device
        files = [None if scratch is None else scratch / f"{name}.raw" for name in ("bare", "real")]
        self.faces = load(faces.images, face_rows, size, file=files[0])
        self.real = load(masked.images, real_rows, size, file=files[1])
        self.textures = mask_textures(pictures, styles, size).to(device)
        self.generator = torch.Generator().manual_seed(seed)
        numbers = {style: number for number, style in enumerate(styles)}
        #: for each real picture the number of its style and of its bare face; -1: unknown
        self.style_of = np.array([numbers.get(str(s), -1) for s in known[real_rows]])
        bare, own = masked.faces["bare_id"].iloc[real_rows], faces.faces["face_id"].iloc[face_rows]
        places = pc.index_in(pa.array(bare, pa.string()), pa.array(own, pa.string()))
        self.face_of = places.fill_null(-1).to_numpy().astype(np.int64)
        rows_of = [np.flatnonzero(self.style_of == number) for number in range(len(styles))]
        if match == "faces" and ((self.face_of < 0) | (self.style_of < 0)).any():
            match = "styles"
        if match == "styles" and not all(len(rows) for rows in rows_of):
            match = "nothing"
        self.match, self._rows_of = match, rows_of
        reals = len(real_rows)
        counts = [len(face_rows), len(styles), reals, *map(len, rows_of), reals]
        streams = np.random.SeedSequence(seed).spawn(len(counts))
        self._orders = [
            Order(count, np.random.default_rng(stream))
            for count, stream in zip(counts, streams, strict=True)
        ]

    def draw(self, count: int) -> Batch:
        """The next batch."""
        by_face, by_style, by_real, *by_row, by_borrowed = self._orders
        if self.match == "faces":
            chosen = np.array(by_real.take(count))
            rows, styles = self.face_of[chosen], self.style_of[chosen]
            both = torch.cat([self.faces[rows], self.real[chosen]], dim=1)
            moved, maps = self._moved(both)
            faces, real = moved.chunk(2, dim=1)
        else:
            borrowed = [
                len(self.faces) + row for row in by_borrowed.take(round(self.borrow * count))
            ]
            rows = np.array(by_face.take(count - len(borrowed)) + borrowed)
            styles = np.array(by_style.take(count))
            if self.match == "styles":
                chosen = np.array(
                    [self._rows_of[style][by_row[style].take(1)[0]] for style in styles]
                )
            else:
                chosen = np.array(by_real.take(count))
            faces, maps = self._moved(self._pictures(rows))
            real, _ = self._moved(self.real[chosen])
        return Batch(faces, maps, torch.from_numpy(styles), real, rows, self.style_of[chosen])

    def again(self, batch: Batch, ranges: Augmentation) -> tuple[Tensor, Tensor]:
        """The faces of a batch once more, moved otherwise: pictures and maps."""
        faces = self._pictures(batch.rows).to(self.device).float() / 255
        return augment(faces, ranges, self.generator)

    def _pictures(self, rows: np.ndarray) -> Tensor:
        """Bare faces; rows beyond them are borrowed."""
        own = len(self.faces)
        if (rows < own).all():
            return self.faces[rows]
        return torch.stack([self.faces[r] if r < own else self.real[r - own] for r in rows])

    def _moved(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return augment(images.to(self.device).float() / 255, self.ranges, self.generator)

    def state_dict(self) -> dict[str, Any]:
        return {
            "generator": self.generator.get_state(),
            "orders": [order.state_dict() for order in self._orders],
        }

    def load_state_dict(self, values: dict[str, Any]) -> None:
        self.generator.set_state(values["generator"])
        for order, value in zip(self._orders, values["orders"], strict=True):
            order.load_state_dict(value)
