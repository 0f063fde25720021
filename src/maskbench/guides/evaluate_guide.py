"""Step ``evaluate_guide``: measure a guide on people that it has not learnt from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.measurements import SEEN, UNSEEN
from maskbench.metrics.numbers import facts_of, write_numbers
from maskbench.registry import Block

log = logging.getLogger(__name__)

_BATCH = 64


def evaluate_guide(
    guide: Block,
    model: Path,
    masked: Path,
    faces: Path,
    out: Path,
    config: MetricsConfig,
    unseen_styles: Sequence[str],
    seed: int,
    run_id: str = "",
) -> None:
    """Measure one guide.

    Args:
        guide: a block of ``guides``.
        model: folder written by ``train_guide``.
        masked: MaskedSet of people that it has not learnt from, with known coverages.
        faces: FaceSet of the bare faces.
        out: folder to make: ``metrics.json``, ``resamples.parquet``, and ``per_picture.parquet``
            with face_id, style and a column a metric.
        config: section ``metrics``.
        unseen_styles: styles that no training has seen.
        seed: of the guide's training.
        run_id: tracking run.

    Raises:
        MaskbenchError: no model, an empty set, sets that do not belong together.
    """
    pictures, bare = MaskedSet.open(masked), FaceSet.open(faces)
    if len(pictures) == 0:
        raise MaskbenchError(masked, "no pictures", "make the set again")
    numbers, per_picture = guide.spec.load().measure(
        Path(model), pictures, bare, config, unseen_styles
    )
    with atomic_dir(Path(out)) as tmp:
        count = write_numbers(tmp, numbers, facts_of("guides", pictures, guide.name, seed, run_id))
        per_picture.to_parquet(tmp / "per_picture.parquet", index=False)
    log.info("%s seed %d: %d numbers in %s", guide.name, seed, count, out)


def batches(rows: np.ndarray) -> list[np.ndarray]:
    """Row numbers, at most 64 at a time."""
    return [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]


def seen_and_unseen(pictures: MaskedSet, unseen_styles: Sequence[str]) -> dict[str, np.ndarray]:
    """Row numbers of the styles ``seen`` and ``unseen``; one without a picture is left out."""
    unseen = pictures.faces["style"].isin(list(unseen_styles)).to_numpy()
    rows = {SEEN: np.flatnonzero(~unseen), UNSEEN: np.flatnonzero(unseen)}
    return {styles: chosen for styles, chosen in rows.items() if len(chosen)}
