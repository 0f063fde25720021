"""Step ``evaluate_progress``: where masks sit on test people as a training goes on.

``placement_iou``, as at the end of the training, of the networks that it kept on the way; the
column ``checkpoint`` names the place (:data:`maskbench.synthesis.adversarial.ON_THE_WAY`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet
from maskbench.metrics.numbers import facts_of, mean_number, people_of, write_numbers
from maskbench.metrics.placement import placement_iou
from maskbench.registry import Block
from maskbench.synthesis.adversarial import ON_THE_WAY
from maskbench.synthesis.model import open_method


def evaluate_progress(
    method: Block,
    model: Path,
    faces: Path,
    reference: Path,
    mask_pictures: Path,
    styles: Sequence[str],
    config: MetricsConfig,
    seed: int,
    out: Path,
    guides: Sequence[Path] = (),
    references: Path | None = None,
    run_id: str = "",
) -> None:
    """Write ``metrics.json`` and ``resamples.parquet``.

    Args:
        method: its block.
        model: the folder that ``train_synthesis`` wrote.
        faces: FaceSet of bare faces.
        reference: MaskedSet of the key-point overlay on its test people.
        mask_pictures: folder of the rasterised mask pictures.
        styles: to put on.
        config: section ``metrics``.
        seed: of the training.
        out: folder to make.
        guides, references: as for :func:`.synthesise.synthesise`.
        run_id: tracking run.

    Raises:
        MaskbenchError: unreadable inputs, a model of another method or without snapshots.
    """
    bare, overlay = FaceSet.open(faces), MaskedSet.open(reference)
    pictures = MaskPictures.open(mask_pictures)
    shown = overlay.faces
    rows = np.flatnonzero(shown["style"].isin(list(styles)).to_numpy())
    row_of = {face: row for row, face in enumerate(bare.faces["face_id"])}
    pairs = [(row_of[shown["bare_id"].iloc[i]], str(shown["style"].iloc[i])) for i in rows]
    people = people_of(overlay, config).of(rows)
    numbers = []
    for name in ON_THE_WAY:
        made = open_method(Path(model), method, guides, references, name)
        found = [
            placement_iou(coverage[None], overlay.masks[i : i + 1])[0]
            for i, (*_, coverage) in zip(rows, made.pictures_of(bare, pictures, pairs), strict=True)
        ]
        numbers.append(mean_number("placement_iou", np.array(found), people, checkpoint=name))
    facts = facts_of("synthesis", overlay, method.name, seed, run_id)
    with atomic_dir(Path(out)) as tmp:
        write_numbers(tmp, numbers, facts)
