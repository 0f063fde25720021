"""The step ``evaluate_restoration``: restored faces against the bare ones.

``psnr``, ``ssim``, ``lpips``: of the whole picture. ``psnr_in_hole``, ``ssim_in_hole``: where was
painted (the mean of the SSIM map there). ``identity_cosine``: embeddings of restored and bare face.

To compare with, the same of the masked pictures as they came, with the holes of the restored ones:
method ``unrestored``, with the restorer whose holes these are.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.guides.evaluate_guide import batches, seen_and_unseen
from maskbench.masks.maskedset import MaskedSet
from maskbench.metrics import identity, psnr, ssim
from maskbench.metrics.features import feature_extractor
from maskbench.metrics.identity import DlibRecogniser
from maskbench.metrics.lpips import perceptual_distance
from maskbench.metrics.numbers import (
    Number,
    facts_of,
    mean_number,
    people_of,
    write_numbers,
)
from maskbench.metrics.picture_metrics import counterparts
from maskbench.threads import one_thread

log = logging.getLogger(__name__)

UNRESTORED = "unrestored"
_BEFORE = "masked_"
METRICS = ("psnr", "ssim", "lpips", "psnr_in_hole", "ssim_in_hole", "identity_cosine")


def evaluate_restoration(
    restored: Path,
    masked: Path,
    faces: Path,
    weights: Path,
    out: Path,
    config: MetricsConfig,
    unseen_styles: Sequence[str],
    seed: int,
    restorer: str,
    run_id: str = "",
) -> None:
    """Measure one restorer's faces.

    Args:
        restored: MaskedSet written by ``restore``.
        masked: the MaskedSet that it was made from.
        faces: FaceSet of the bare faces.
        weights: folder of network weights.
        out: folder to make: ``metrics.json`` (rows), ``per_picture.parquet`` (face_id, style,
            a column a metric, ``masked_`` before those of the masked picture),
            ``resamples.parquet``.
        config: section ``metrics``.
        unseen_styles: styles that no training has seen; every other style counts as seen.
        seed: of the training that made the pictures.
        restorer: name of the block that made them.
        run_id: tracking run.

    Raises:
        MaskbenchError: sets that do not belong together, an empty set, no weights.
    """
    after, before, bare = MaskedSet.open(restored), MaskedSet.open(masked), FaceSet.open(faces)
    if len(after) == 0:
        raise MaskbenchError(restored, "no pictures", "make the set again")
    if list(after.faces["face_id"]) != list(before.faces["face_id"]):
        raise MaskbenchError(restored, f"was not made from {masked}", "restore that set again")
    values, backbones = _measure(after, before, bare, weights, config)
    people = people_of(after, config)
    numbers: list[Number] = []
    for styles, rows in seen_and_unseen(after, unseen_styles).items():
        for prefix, other in (("", {}), (_BEFORE, {"method": UNRESTORED})):
            numbers += [
                mean_number(
                    name, values[prefix + name][rows], people.of(rows),
                    backbone=backbones.get(name, "none"), styles=styles, other=other,
                )
                for name in METRICS
            ]  # fmt: skip
    table = {
        "face_id": after.faces["bare_id"].to_numpy(),
        "style": after.faces["style"].to_numpy(),
    }
    with atomic_dir(Path(out)) as tmp:
        facts = facts_of("restoration", after, restorer, seed, run_id, restorer=restorer)
        count = write_numbers(tmp, numbers, facts)
        pd.DataFrame(table | values).to_parquet(tmp / "per_picture.parquet", index=False)
    log.info("%s seed %d: %d numbers in %s", restorer, seed, count, out)


def _measure(
    after: MaskedSet, before: MaskedSet, bare: FaceSet, weights: Path, config: MetricsConfig
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Values (N,) by name, and the networks by metric."""
    rows = counterparts(after, bare, ["face_id"])
    counterparts(before, bare, ["face_id"])  # of the same size
    device = "cuda" if torch.cuda.is_available() else "cpu"
    published = config.weights == "published"
    recogniser = DlibRecogniser(weights, config.batch_size, device)
    features = feature_extractor(weights, False, config.batch_size, device)
    distance = perceptual_distance(weights, published, features)
    landmarks, wanted_landmarks = after.landmarks, bare.landmarks
    parts: list[dict[str, np.ndarray]] = []
    with one_thread():
        for batch in batches(np.arange(len(after))):
            wanted = np.array(bare.images[rows[batch]])
            embedded = recogniser(wanted, wanted_landmarks[rows[batch]])
            holes = np.array(after.masks[batch]) > 0
            part: dict[str, np.ndarray] = {}
            for prefix, pictures in (("", after), (_BEFORE, before)):
                images = np.array(pictures.images[batch])
                own = _pictures(images, wanted, holes)
                own["lpips"] = np.concatenate(
                    [
                        distance(images[b], wanted[b])
                        for b in np.array_split(
                            np.arange(len(images)), -(-len(images) // config.batch_size)
                        )
                    ]
                )
                own["identity_cosine"] = identity.cosine(
                    recogniser(images, landmarks[batch]), embedded
                )
                part |= {prefix + name: value for name, value in own.items()}
            parts.append(part)
    values = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    return values, {"identity_cosine": recogniser.name, "lpips": distance.name}


def _pictures(images: np.ndarray, wanted: np.ndarray, holes: np.ndarray) -> dict[str, np.ndarray]:
    """PSNR and SSIM of pictures and of their holes; NaN for a hole where nothing was painted."""
    similar, inside, within = [], [], []
    for image, truth, hole in zip(images, wanted, holes, strict=True):
        score = ssim.ssim_map(ssim.Moments.of(image), ssim.Moments.of(truth))
        similar.append(float(score[5:-5, 5:-5].mean()))
        inside.append(float(score[hole].mean()) if hole.any() else np.nan)
        error = (
            float(np.square(image[hole].astype(float) - truth[hole]).mean()) if hole.any() else 0
        )
        ratio = 10 * np.log10(255**2 / error) if error else psnr.CEILING
        within.append(min(ratio, psnr.CEILING) if hole.any() else np.nan)
    return {
        "psnr": psnr.psnr(images, wanted),
        "ssim": np.array(similar),
        "ssim_in_hole": np.array(inside),
        "psnr_in_hole": np.array(within),
    }
