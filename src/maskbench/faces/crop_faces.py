"""Step ``crop_faces``: every picture of a data set to a face crop, or to a named reject.

Detection by MTCNN, the large and central face of each picture, its box made square and enlarged
by the margin, 68 landmarks, pose. Works through the manifest in order, a few pictures at a
time, in one or several processes; the result is the same to the byte for any number of them.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from maskbench.artifacts import atomic_dir, read_json, sha256_of
from maskbench.config import FacesConfig
from maskbench.errors import MaskbenchError, from_os_error
from maskbench.faces.crop_workers import Outcome, Task, outcomes
from maskbench.faces.faceset import FaceSetWriter
from maskbench.faces.landmarks import PREDICTOR
from maskbench.faces.mtcnn import WEIGHT_FILES
from maskbench.faces.progress import pictures_progress

log = logging.getLogger(__name__)


def crop_faces(
    pictures: Path,
    splits: Path,
    weights: Path,
    out: Path,
    config: FacesConfig,
    max_reject_share: float,
    workers: int = 1,
) -> None:
    """Crop the faces of a data set.

    Args:
        pictures: folder with manifest.parquet (source, identity, ...) and source.json.
        splits: parquet file with the columns identity and split.
        weights: folder of network weights.
        out: the FaceSet to write, in the manifest's order.
        config: detector, margin and size.
        max_reject_share: rejecting more than this share of the pictures is an error.
        workers: processes; each computes with one thread.

    Raises:
        MaskbenchError: inputs are missing or disagree, weights are damaged, or too many pictures
            are rejected (with the commonest reasons).
    """
    manifest = _read_table(Path(pictures) / "manifest.parquet", ("source", "identity"))
    source = read_json(Path(pictures) / "source.json")
    split_of = _splits(Path(splits), manifest)
    if not len(manifest):
        raise MaskbenchError(pictures, "the data set has no pictures", "check its path")
    root = Path(source["root"])
    if not root.is_absolute():
        root = Path(pictures) / root
    tasks = [
        Task(root=str(root), source=str(row.source), identity=str(row.identity))
        for row in manifest.itertuples()
    ]
    reasons: Counter[str] = Counter()
    spec = _spec(source, config, Path(weights))
    with (
        atomic_dir(Path(out)) as tmp,
        FaceSetWriter(tmp, config.size, spec) as writer,
        pictures_progress("crop_faces", len(tasks)) as advance,
    ):
        for task, outcome in _in_order(tasks, Path(weights), config, workers):
            if outcome.image is None:
                writer.reject(task.source, task.identity, outcome.reason)
                reasons[outcome.reason] += 1
                if writer.rejected > max_reject_share * len(tasks):
                    raise _too_many(pictures, reasons, writer, len(tasks), max_reject_share)
            else:
                writer.add(outcome.image, _row(task, outcome, split_of[task.identity]))
            advance(1, f"{writer.rejected} rejected")
    log.info("%s: %d faces, %d rejected", out, writer.accepted, writer.rejected)
    for reason, count in reasons.most_common(5):
        log.warning("%s: %d rejected: %s", out, count, reason)


def _in_order(
    tasks: list[Task], weights: Path, config: FacesConfig, workers: int
) -> Iterator[tuple[Task, Outcome]]:
    return zip(tasks, outcomes(tasks, weights, config, workers), strict=True)


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
    for name in (*WEIGHT_FILES, PREDICTOR):
        if not (weights / name).is_file():
            raise MaskbenchError(weights / name, "no such file", "run maskbench fetch_weights")
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
        "weights_sha256": {name: sha256_of(weights / name) for name in (*WEIGHT_FILES, PREDICTOR)},
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


def _splits(path: Path, manifest: pd.DataFrame) -> dict[str, str]:
    table = _read_table(path, ("identity", "split"))
    split_of = dict(zip(table["identity"].astype(str), table["split"].astype(str), strict=True))
    unknown = sorted(set(manifest["identity"].astype(str)) - set(split_of))
    if unknown:
        raise MaskbenchError(
            path,
            f"no split for identity {unknown[0]!r} and {len(unknown) - 1} more",
            "run maskbench split again",
        )
    return split_of


def _read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, columns=list(columns))
    except OSError as error:
        raise from_os_error(error, path) from error
    except (ValueError, KeyError) as error:
        raise MaskbenchError(
            path, f"not a table of {columns} ({error})", "make it again"
        ) from error
