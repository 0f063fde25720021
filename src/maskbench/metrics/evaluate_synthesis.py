"""The step ``evaluate_synthesis``: one method's masked test faces -> metrics with intervals.

What is compared with what:

- ``ssim``, ``psnr``, ``lpips``, ``placement_iou``: with the key-point overlay of the same face and
  style; ``fid``, ``kid``: with the set of these overlays. For the overlay itself they are left out.
- ``ssim_outside_mask``, ``identity_cosine``: with the bare face.
- ``is``, ``covers_nose_mouth``, ``leaves_eyes``, ``alpha_mean``, ``beyond_outline``: with nothing.

Each is measured with the styles of the figure (``seen``) and with those kept for the test
(``unseen``); the metrics of placement also for the subsets ``pose_frontal``, ``pose_turned`` and
``pose_bowed`` of the former's pictures, with ``largest_share``, that of the person who is on most
of them.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.config import REFERENCE, MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.measurements import ALL, NONE, SEEN, UNSEEN
from maskbench.metrics.bootstrap import People
from maskbench.metrics.catalogue import LARGEST_SHARE
from maskbench.metrics.chosen import Chosen
from maskbench.metrics.fid import FEWER, fid
from maskbench.metrics.inception_score import score_of_logits
from maskbench.metrics.kid import kid
from maskbench.metrics.numbers import Number, facts_of, mean_number, people_of, write_numbers
from maskbench.metrics.picture_metrics import Measured, Networks, measure_pictures

log = logging.getLogger(__name__)

FRONTAL_YAW = 15.0
"""Degrees: a face turned by more is ``pose_turned``. The papers give no number."""
FRONTAL_PITCH = 15.0
"""Degrees: a head bowed by more is ``pose_bowed``."""
PLACEMENT = ("placement_iou", "covers_nose_mouth", "leaves_eyes", "beyond_outline")


def evaluate_synthesis(
    masked: Path,
    reference: Path,
    faces: Path,
    weights: Path,
    out: Path,
    config: MetricsConfig,
    unseen_styles: Sequence[str],
    seed: int,
    method: str,
    run_id: str = "",
) -> None:
    """Measure one method's masked faces.

    Args:
        masked: MaskedSet of the method.
        reference: MaskedSet of the key-point overlay on the same faces with the same styles.
        faces: FaceSet of the bare faces.
        weights: folder of network weights.
        out: folder to make: ``metrics.json`` (rows), ``per_picture.parquet`` (face_id, style, a
            column a metric), ``resamples.parquet`` (row, resample, value).
        config: section ``metrics``.
        unseen_styles: styles that no training has seen; every other style counts as seen.
        seed: of the training that made the pictures.
        method: registry name.
        run_id: tracking run.

    Raises:
        MaskbenchError: sets that do not belong together, fewer than two pictures, no weights.
    """
    pictures, overlay = (MaskedSet.open(path, lists=False) for path in (masked, reference))
    bare = FaceSet.open(faces, lists=False)
    if len(pictures) < 2:
        raise MaskbenchError(masked, f"{len(pictures)} pictures", "set metrics need at least two")
    networks = Networks.open(weights, config.weights == "published", config.batch_size)
    with atomic_dir(out) as tmp, tempfile.TemporaryDirectory(dir=tmp) as scratch:
        measured = measure_pictures(
            pictures,
            overlay,
            bare,
            networks,
            Path(scratch),
            config.batch_size,
            is_reference=method == REFERENCE,
        )
        people = people_of(pictures, config)
        numbers = [
            replace(number, backbone=networks.backbones.get(number.metric, NONE))
            for part in _parts(pictures, unseen_styles)
            for number in _summarise(measured, people, part)
        ]
        count = write_numbers(tmp, numbers, facts_of("synthesis", pictures, method, seed, run_id))
        measured.pictures.to_parquet(tmp / "per_picture.parquet", index=False)
        del measured  # closes the memory maps before their folder goes
    log.info("%s seed %d: %d numbers in %s", method, seed, count, out)


@dataclass(frozen=True)
class _Part:
    """The rows (numbers in the MaskedSet) that are measured together."""

    styles: str
    subset: str
    rows: np.ndarray


def _parts(pictures: MaskedSet, unseen_styles: Sequence[str]) -> list[_Part]:
    """Those without a picture are left out."""
    unseen = pictures.faces["style"].isin(list(unseen_styles)).to_numpy()
    turned = pictures.faces["yaw"].abs().to_numpy() > FRONTAL_YAW
    bowed = pictures.faces["pitch"].to_numpy() > FRONTAL_PITCH
    chosen = {
        (SEEN, ALL): ~unseen,
        (UNSEEN, ALL): unseen,
        (SEEN, "pose_frontal"): ~unseen & ~turned & ~bowed,
        (SEEN, "pose_turned"): ~unseen & turned,
        (SEEN, "pose_bowed"): ~unseen & bowed,
    }
    return [_Part(*name, np.flatnonzero(mask)) for name, mask in chosen.items() if mask.any()]


def _summarise(measured: Measured, people: People, part: _Part) -> list[Number]:
    """The numbers of one part; ``people``: of all pictures."""
    names = [c for c in measured.pictures.columns if c not in ("face_id", "style")]
    if part.subset != ALL:
        names = [name for name in names if name in PLACEMENT]
    here = people.of(part.rows)
    numbers = [
        mean_number(name, measured.pictures[name].to_numpy()[part.rows], here) for name in names
    ]
    if part.subset == ALL:
        numbers += _set_numbers(measured, part.rows, here.count)
    else:
        share = np.bincount(here.person).max() / len(part.rows)
        numbers.append(Number(LARGEST_SHARE, float(share), len(part.rows), here.count))
    return [replace(n, styles=part.styles, subset=part.subset) for n in numbers]


def _set_numbers(measured: Measured, chosen: np.ndarray, people: int) -> list[Number]:
    """Inception Score, FID and KID of one part.

    None has an interval here. Each depends on how many different people are in the set, of which a
    resample has a third fewer: it shows this, not how the number would vary. Their interval is that
    over folds.
    """
    n = len(chosen)
    score = Number("is", score_of_logits(Chosen(measured.logits, chosen)), n, people)
    if measured.reference_features is None:
        return [score]
    x, y = (Chosen(part, chosen) for part in (measured.features, measured.reference_features))
    face = measured.face[chosen]
    flag = f"{FEWER} ({n} < {x.shape[1]})" if n < x.shape[1] else ""
    return [
        score,
        Number("fid", fid(x, y), n, people, note=flag),
        Number("kid", kid(x, y, of_x=face, of_y=face), n, people),
    ]
