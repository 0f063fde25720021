"""Step ``crop_faces``: every picture of a data set to a face crop, or to a named reject.

Detection by MTCNN, the large and central face of each picture, its box made square and enlarged
by the margin, 68 landmarks, pose. Works through the manifest in order, a few pictures at a
time, in one or several processes; the result is the same to the byte for any number of them.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from maskbench.artifacts import atomic_dir, sha256_of
from maskbench.config import FacesConfig
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.split import group_keys, read_split
from maskbench.datasets.weights import weights_file
from maskbench.errors import MaskbenchError
from maskbench.faces.crop_workers import Outcome, Task, outcomes
from maskbench.faces.faceset import FaceSetWriter
from maskbench.faces.landmarks import PREDICTOR
from maskbench.faces.mtcnn import WEIGHT_FILES
from maskbench.faces.progress import pictures_progress

# A process must have this many pictures to do, else starting it takes longer than it saves.
_PAYS = 400

log = logging.getLogger(__name__)


def crop_faces(
    pictures: Path,
    splits: Path,
    weights: Path,
    out: Path,
    config: FacesConfig,
    max_reject_share: float,
    workers: int = 1,
    undetected: Literal["reject", "whole"] = "reject",
) -> None:
    """Crop the faces of a data set.

    Args:
        pictures: folder written by the step ``fetch``.
        splits: file written by the step ``split``.
        weights: folder of network weights.
        out: the FaceSet to write, in the manifest's order.
        config: detector, margin and size.
        max_reject_share: rejecting more than this share of the pictures is an error.
        workers: processes at most; each computes with one thread.
        undetected: what becomes of a picture without a detected face; ``whole``: a square in its
            middle, with the score 0.

    Raises:
        MaskbenchError: inputs are missing or disagree, weights are damaged, or too many pictures
            are rejected (with the commonest reasons).
    """
    opened = Pictures.open(Path(pictures))
    manifest = opened.manifest
    if not len(manifest):
        raise MaskbenchError(pictures, "the data set has no pictures", "check its path")
    split_of = _split_of(Path(splits), manifest)
    tasks = [
        Task(str(opened.root.absolute()), source, identity)
        for source, identity in zip(manifest["source"], manifest["identity"], strict=True)
    ]
    processes = min(workers, len(tasks) // _PAYS)
    reasons: Counter[str] = Counter()
    missed = 0
    spec = _spec(opened.source, config, Path(weights))
    with (
        atomic_dir(Path(out)) as tmp,
        FaceSetWriter(tmp, config.size, spec) as writer,
        pictures_progress("crop_faces", len(tasks)) as advance,
        closing(
            outcomes(tasks, Path(weights), config, processes, undetected == "whole")
        ) as results,
    ):
        for task, split, outcome in zip(tasks, split_of, results, strict=True):
            if outcome.image is None:
                writer.reject(task.source, task.identity, outcome.reason)
                reasons[outcome.reason] += 1
                if writer.rejected > max_reject_share * len(tasks):
                    raise _too_many(pictures, reasons, writer, len(tasks), max_reject_share)
            else:
                writer.add(outcome.image, _row(task, outcome, split))
            advance(1, f"{writer.rejected} rejected")
            missed += outcome.face is not None and outcome.face.score == 0
    log.info("%s: %d faces, %d rejected", out, writer.accepted, writer.rejected)
    if missed:
        log.warning("%s: %d pictures without a detected face are taken whole", out, missed)
    for reason, count in reasons.most_common(5):
        log.warning("%s: %d rejected: %s", out, count, reason)


def _row(task: Task, outcome: Outcome, split: str) -> dict[str, Any]:
    face = outcome.face
    assert face is not None and outcome.landmarks is not None
    return {
        "face_id": task.source,
        "identity": task.identity,
        "source": task.source,
        "split": split,
        "box": face.box,
        "score": face.score,
        "crop_box": face.crop_box,
        "landmarks": outcome.landmarks.reshape(-1),
        "yaw": face.pose.yaw,
        "pitch": face.pose.pitch,
        "roll": face.pose.roll,
    }


def _spec(source: dict[str, Any], config: FacesConfig, weights: Path) -> dict[str, Any]:
    """The crop's specification, stored with the crops and with every score measured on them."""
    files = {name: weights_file(weights, name) for name in (*WEIGHT_FILES, PREDICTOR)}
    return {
        "dataset": source["dataset"],
        "dataset_version": source["version"],
        "dataset_checksum": source["checksum"],
        "crop": f"mtcnn+{config.margin:g}/{config.size}",
        "size": config.size,
        "margin": config.margin,
        "alignment": "none: MTCNN box made square around its centre, side = longer side x "
        "(1 + margin), edge pixels repeated outside the picture, resized (area averages down, "
        "cubic up); no rotation",
        "detector": {"name": "mtcnn", **config.detector.model_dump(mode="json")},
        "weights_sha256": {name: sha256_of(file) for name, file in files.items()},
    }


def _too_many(
    pictures: Path, reasons: Counter[str], writer: FaceSetWriter, total: int, allowed: float
) -> MaskbenchError:
    seen = writer.accepted + writer.rejected
    commonest = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(3))
    return MaskbenchError(
        pictures,
        f"{writer.rejected} of the first {seen} of {total} pictures rejected, more than the "
        f"allowed share of {allowed:g} ({commonest})",
        "check the pictures, lower faces.detector.thresholds or raise max_reject_share",
    )


def _split_of(path: Path, manifest: pd.DataFrame) -> list[str]:
    """The split of each row of the manifest."""
    split_of, keys = read_split(path), group_keys(manifest)
    unknown = sorted(set(keys) - set(split_of))
    if unknown:
        raise MaskbenchError(
            path, f"no split for {unknown[0]!r} and {len(unknown) - 1} more", "run maskbench split"
        )
    return [split_of[key] for key in keys]
