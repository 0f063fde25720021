"""Step ``synthesise_training``: people to learn from, wearing a method's masks.

Every face of the training and validation people wears ``copies`` different styles of those that
training may use, dealt evenly. Recognisers, restorers and the segmenter learn from these pictures.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MASKED_COLUMNS, MaskedSet, MaskedSetWriter
from maskbench.synthesis.base import method as method_of
from maskbench.synthesis.masked_domain import styles_of_faces
from maskbench.synthesis.trained_with import own_params

SPLITS = ("train", "val")
log = logging.getLogger(__name__)


def synthesise_training(
    method: str,
    model: Path,
    faces: Path,
    pictures: Path,
    params: Any,
    styles: Sequence[str],
    copies: int,
    seed: int,
    out: Path,
) -> None:
    """Write the MaskedSet ``out``: faces outer, their styles inner.

    Args:
        method: registry name.
        model: the folder that ``train_synthesis`` wrote.
        faces: FaceSet of bare faces.
        pictures: folder of the rasterised mask pictures.
        params: the ``Params`` for a model whose folder does not name those of its training.
        styles: the styles that training may use.
        copies: styles that each face wears.
        seed: of the method's training; the dealing of styles is the same for all methods and seeds,
            so that recognisers trained on two methods' pictures differ by the method alone.
        out: the MaskedSet.

    Raises:
        MaskbenchError: unreadable inputs, a model of another method, no faces, more copies than
            styles.
    """
    bare = FaceSet.open(faces)
    rows = np.flatnonzero(bare.faces["split"].isin(SPLITS).to_numpy())
    if not len(rows):
        raise MaskbenchError(faces, "no faces to learn from", "check datasets.*.shares")
    if copies > len(styles):
        raise MaskbenchError(
            "synthesis.copies",
            f"{copies} different styles a face, but there are {len(styles)}",
            "ask for fewer copies",
        )
    chosen, masks = method_of(method), MaskPictures.open(pictures)
    params = own_params(Path(model), method, params)
    worn = styles_of_faces(len(rows), len(styles), copies, 0)
    with atomic_dir(Path(out)) as tmp, tempfile.TemporaryDirectory(dir=tmp) as scratch:
        parts: dict[int, MaskedSet] = {}
        for number, style in enumerate(styles):
            mine = rows[(worn == number).any(1)].tolist()
            if not mine:
                continue
            folder = Path(scratch) / style
            folder.mkdir()
            chosen.apply(
                Path(model), bare, masks, params,
                rows=mine, styles=[style], seed=seed, out=folder,
            )  # fmt: skip
            parts[number] = MaskedSet.open(folder)
        written = _merge(parts, worn, bare.size, tmp)
        parts.clear()  # closes the memory maps before their folder goes
    log.info("%s seed %d: %d masked pictures of %d faces", method, seed, written, len(rows))


def _merge(parts: dict[int, MaskedSet], worn: np.ndarray, size: int, out: Path) -> int:
    """Put the sets of single styles into the order of the faces; the number of pictures."""
    at = dict.fromkeys(parts, 0)
    spec = next(iter(parts.values())).spec
    with MaskedSetWriter(out, size, spec) as writer:
        for numbers in worn:
            for number in numbers.tolist():
                part, row = parts[number], at[number]
                values = part.faces.iloc[row]
                image, mask = np.array(part.images[row]), np.array(part.masks[row])
                writer.add(image, {column: values[column] for column in MASKED_COLUMNS}, mask)
                at[number] += 1
        return writer.accepted
