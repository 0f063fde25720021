"""The step ``evaluate_segmenter``: does the segmenter find the masks of people it has not seen?

``mean_iou``: intersection over union of the found mask with the known coverage, mean over pictures.
``mask_found_on_bare``: mean share of a bare face that is taken for a mask, where nothing should be.

Variants: "" (the styles of the figure, which training may have seen) and ``unseen_styles``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.metrics import bootstrap
from maskbench.metrics.numbers import facts_of, mean_number, write_numbers
from maskbench.metrics.picture_metrics import counterparts
from maskbench.metrics.placement import COVERED, placement_iou
from maskbench.restoration.segmenter import NAME, Segmenter
from maskbench.threads import one_thread

log = logging.getLogger(__name__)

_BATCH = 64
UNSEEN = "unseen_styles"


def evaluate_segmenter(
    segmenter: Path,
    masked: Path,
    faces: Path,
    out: Path,
    config: MetricsConfig,
    unseen_styles: Sequence[str],
    seed: int,
    run_id: str = "",
) -> None:
    """Measure a segmenter on overlays.

    Args:
        segmenter: folder written by ``train_segmenter``.
        masked: MaskedSet of people whom it has not learnt from, with known coverages.
        faces: FaceSet of the bare faces.
        out: folder to make: ``metrics.json``, ``per_picture.parquet`` (face_id, style, mean_iou),
            ``resamples.parquet``.
        config: section ``metrics``.
        unseen_styles: styles that no training has seen.
        seed: of the segmenter's training.
        run_id: tracking run.

    Raises:
        MaskbenchError: no segmenter, an empty set, sets that do not belong together.
    """
    find, pictures, bare = Segmenter.open(segmenter), MaskedSet.open(masked), FaceSet.open(faces)
    if len(pictures) == 0:
        raise MaskbenchError(masked, "no pictures", "make the set again")
    in_faces, face = np.unique(counterparts(pictures, bare, ["face_id"]), return_inverse=True)
    with one_thread():
        overlap = np.concatenate(
            [
                placement_iou(find.predict(np.array(pictures.images[b])), pictures.masks[b])
                for b in batches(np.arange(len(pictures)))
            ]
        )
        found = np.concatenate(
            [
                (find.predict(np.array(bare.images[b])) >= COVERED).mean(axis=(1, 2))
                for b in batches(in_faces)
            ]
        )
    draws = bootstrap.draw_faces(len(in_faces), config.bootstrap, config.bootstrap_seed)
    numbers = {
        variant: [mean_number("mean_iou", overlap[chosen], face[chosen], draws)]
        for variant, chosen in seen_and_unseen(pictures, unseen_styles).items()
    }
    numbers.setdefault("", []).append(
        mean_number("mask_found_on_bare", found, np.arange(len(found)), draws)
    )
    table = {"face_id": pictures.faces["of"].to_numpy(), "style": pictures.faces["style"]}
    with atomic_dir(Path(out)) as tmp:
        count = write_numbers(tmp, numbers, facts_of("restoration", pictures, NAME, seed, run_id))
        pd.DataFrame(table | {"mean_iou": overlap}).to_parquet(
            tmp / "per_picture.parquet", index=False
        )
    log.info("%s seed %d: %d numbers in %s", NAME, seed, count, out)


def batches(rows: np.ndarray) -> list[np.ndarray]:
    """Row numbers in runs of at most 64."""
    return [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]


def seen_and_unseen(pictures: MaskedSet, unseen_styles: Sequence[str]) -> dict[str, np.ndarray]:
    """Row numbers of the two variants; one without a picture is left out."""
    unseen = pictures.faces["style"].isin(list(unseen_styles)).to_numpy()
    rows = {"": np.flatnonzero(~unseen), UNSEEN: np.flatnonzero(unseen)}
    return {variant: chosen for variant, chosen in rows.items() if len(chosen)}
