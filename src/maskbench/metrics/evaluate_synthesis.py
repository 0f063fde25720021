"""The step ``evaluate_synthesis``: one method's masked test faces -> metrics with intervals.

What is compared with what:

- ``ssim``, ``psnr``, ``lpips``, ``placement_iou``: with the key-point overlay of the same face and
  style; ``fid``, ``kid``: with the set of these overlays. For the overlay itself they are left out.
- ``ssim_outside_mask``, ``identity_cosine``: with the bare face.
- ``is``, ``covers_nose_mouth``, ``leaves_eyes``: with nothing.

Each is measured with the styles of the figure (``seen``) and with those kept for the test
(``unseen``); the metrics of placement also for the subsets ``pose_frontal`` and ``pose_turned`` of
the former's pictures.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.measurements import ALL, NONE, SEEN, UNSEEN
from maskbench.metrics import bootstrap, kid
from maskbench.metrics.fid import FEWER, fid
from maskbench.metrics.inception_score import inception_score, probabilities, replicate_scores
from maskbench.metrics.numbers import Number, facts_of, mean_number, people_of, write_numbers
from maskbench.metrics.picture_metrics import Measured, Networks, measure_pictures

log = logging.getLogger(__name__)

REFERENCE_METHOD = "keypoint"
FRONTAL_YAW = 15.0
"""Degrees: a face turned by more is ``pose_turned``. The papers give no number."""
FRONTAL_PITCH = 15.0
"""Degrees: a head bowed by more is not ``pose_frontal``."""
PLACEMENT = ("placement_iou", "covers_nose_mouth", "leaves_eyes")
_CHUNK = 4_000_000  # weights held at a time when sets are resampled


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
    pictures, overlay, bare = MaskedSet.open(masked), MaskedSet.open(reference), FaceSet.open(faces)
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
            is_reference=method == REFERENCE_METHOD,
        )
        people = people_of(pictures)
        numbers = [
            replace(number, backbone=networks.backbones.get(number.metric, NONE))
            for part in _parts(pictures, unseen_styles)
            for number in _summarise(measured, people, part, config)
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
    }
    return [_Part(*name, np.flatnonzero(mask)) for name, mask in chosen.items() if mask.any()]


def _summarise(
    measured: Measured, people: np.ndarray, part: _Part, config: MetricsConfig
) -> list[Number]:
    """The numbers of one part; ``people``: (N,) who is on each picture."""
    names = [c for c in measured.pictures.columns if c not in ("face_id", "style")]
    if part.subset != ALL:
        names = [name for name in names if name in PLACEMENT]
    people = people[part.rows]
    faces, face = np.unique(measured.face[part.rows], return_inverse=True)
    draws = bootstrap.draw_faces(len(faces), config.bootstrap, config.bootstrap_seed)
    numbers = [
        mean_number(name, measured.pictures[name].to_numpy()[part.rows], face, draws, people)
        for name in names
    ]
    if part.subset == ALL:
        numbers += _set_numbers(measured, part.rows, face, len(np.unique(people)), draws)
    return [replace(n, styles=part.styles, subset=part.subset) for n in numbers]


def _set_numbers(
    measured: Measured, chosen: np.ndarray, face: np.ndarray, people: int, draws: np.ndarray
) -> list[Number]:
    """Inception Score, FID and KID of one part.

    FID has no interval: its value falls with the number of different pictures, which resampling
    with replacement lowers by a third, and a thousand of these distances take minutes.
    """
    n, nothing = len(chosen), np.empty(0)
    p = probabilities(measured.logits[chosen])
    scores = _replicates(draws, face, lambda w: replicate_scores(p, w))
    score = Number("is", inception_score(p), n, people, scores)
    if measured.reference_features is None:
        return [score]
    x, y = measured.features[chosen], measured.reference_features[chosen]
    flag = f"{FEWER} ({n} < {x.shape[1]})" if n < x.shape[1] else ""
    kid_replicates = nothing
    if n <= kid.SUBSET:
        kid_replicates = _replicates(
            draws, face, lambda w: kid.weighted_mmd2(x, y, w, w, face, face)
        )
    return [
        score,
        Number("fid", fid(x, y), n, people, nothing, flag),
        Number("kid", kid.kid(x, y, of_x=face, of_y=face), n, people, kid_replicates),
    ]


def _replicates(
    draws: np.ndarray, face: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """A set statistic in every resample; weights (r, N) are made a few resamples at a time.

    Resamples hold pictures twice, which shifts statistics of sets (not means of pictures): the
    replicates are moved so that their mean is the statistic of the pictures themselves.
    """
    step = max(1, _CHUNK // max(1, len(face)))
    parts = [statistic(draws[i : i + step][:, face]) for i in range(0, len(draws), step)]
    if not parts:
        return np.empty(0)
    replicates = np.concatenate(parts)
    return replicates - np.nanmean(replicates) + statistic(np.ones((1, len(face))))
