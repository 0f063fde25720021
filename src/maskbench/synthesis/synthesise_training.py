"""Step ``synthesise_training``: people to learn from with a method's masks.

Every face of the training and validation people gets ``copies`` different styles of those that
training may use, dealt evenly. Recognisers, restorers and the segmenter learn from these pictures.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.dealing import styles_of_faces
from maskbench.registry import Block
from maskbench.synthesis.model import open_method
from maskbench.synthesis.synthesise import write_masked

SPLITS = ("train", "val")
log = logging.getLogger(__name__)


def synthesise_training(
    method: Block,
    model: Path,
    faces: Path,
    mask_pictures: Path,
    styles: Sequence[str],
    copies: int,
    seed: int,
    out: Path,
    guides: Sequence[Path] = (),
    references: Path | None = None,
) -> None:
    """Write the MaskedSet ``out``: faces outer, their styles inner; one picture a face by a method
    without styles.

    Args:
        method: its block; where the model's folder names other parameters, those count.
        model: the folder that ``train_synthesis`` wrote.
        faces: FaceSet of bare faces.
        mask_pictures: folder of the rasterised mask pictures.
        styles: the styles that training may use.
        copies: styles of each face.
        seed: of the method's training; the dealing of styles is the same for all methods and seeds,
            so that recognisers trained on two methods' pictures differ by the method alone.
        out: the MaskedSet.
        guides: model folders of the spec's guides, in their order.
        references: MaskedSet of the real domain, for reference-guided methods.

    Raises:
        MaskbenchError: unreadable inputs, a model of another method, no faces, more copies than
            styles.
    """
    bare = FaceSet.open(faces, lists=False)
    rows = np.flatnonzero(bare.faces["split"].isin(SPLITS).to_numpy()).tolist()
    if not rows:
        raise MaskbenchError(faces, "no faces to learn from", "check datasets.*.shares")
    if copies > len(styles):
        raise MaskbenchError(
            "synthesis.copies",
            f"{copies} different styles a face, but there are {len(styles)}",
            "ask for fewer copies",
        )
    dealt = styles_of_faces(len(rows), len(styles), copies, 0).tolist()
    pairs = [
        (row, style)
        for row, numbers in zip(rows, dealt, strict=True)
        for style in ([styles[n] for n in numbers] if method.spec.styled else [""])
    ]
    with atomic_dir(Path(out)) as tmp:
        write_masked(
            open_method(Path(model), method, guides, references), bare,
            MaskPictures.open(mask_pictures),
            pairs, seed, tmp,
        )  # fmt: skip
    log.info("%s seed %d: %d masked pictures of %d faces", method.name, seed, len(pairs), len(rows))
