"""Step ``crop_faces``: every picture of a data set to a face crop, or to a named reject.

Detection by MTCNN, the large and central face of each picture, its box made square and enlarged
by the margin, 68 landmarks, pose. Works through the manifest in order, a few pictures at a
time, in one or several processes; the result is the same to the byte for any number of them.
"""

from __future__ import annotations

import functools
import logging
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from maskbench.artifacts import atomic_dir, sha256_of
from maskbench.config import FacesConfig
from maskbench.datasets.listing import named
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.weights import weights_file
from maskbench.errors import MaskbenchError
from maskbench.faces.crop import crop_name, crop_square
from maskbench.faces.faceset import FaceSetWriter
from maskbench.faces.landmarks import PREDICTOR
from maskbench.faces.locate import FaceLocator, LocatedFace
from maskbench.faces.mtcnn import WEIGHT_FILES
from maskbench.faces.progress import pictures_progress
from maskbench.faces.runs import in_runs, pictures_of

# A process must have this many pictures to do, else starting it takes longer than it saves.
_PAYS = 400

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Crop:
    """A face and its pixels.

    Attributes:
        face: in pixels of the picture.
        image: (size, size, 3) uint8.
    """

    face: LocatedFace
    image: np.ndarray


def crop_faces(
    pictures: Path,
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
        weights: folder of network weights.
        out: the FaceSet to write, in the manifest's order.
        config: detector, margin and size.
        max_reject_share: rejecting more than this share of the pictures is an error.
        workers: processes at most; each computes with one thread.
        undetected: what becomes of a picture without a detected face; ``whole``: a square in its
            middle, with the score 0.

    Raises:
        MaskbenchError: inputs are missing or disagree, weights are damaged, or too many pictures
            are rejected (with the first names and reasons).
    """
    opened = Pictures.open(Path(pictures), digests=False)
    manifest = opened.manifest
    if not len(manifest):
        raise MaskbenchError(pictures, "the data set has no pictures", "check its path")
    sources = manifest["source"].tolist()
    work = functools.partial(
        _crop, root=opened.root.absolute(), config=config, whole=undetected == "whole"
    )
    reasons: Counter[str] = Counter()
    missed = 0
    with (
        atomic_dir(Path(out)) as tmp,
        FaceSetWriter(tmp, config.size, _spec(opened.source, config, Path(weights))) as writer,
        pictures_progress("crop_faces", len(sources)) as advance,
        closing(
            in_runs(
                sources,
                work,
                weights=Path(weights),
                config=config,
                workers=min(workers, len(sources) // _PAYS),
                step="crop_faces",
            )
        ) as crops,
    ):
        for source, identity, crop in zip(sources, manifest["identity"], crops, strict=True):
            if isinstance(crop, str):
                writer.reject(source, identity, crop)
                reasons[crop] += 1
                if writer.rejected > max_reject_share * len(sources):
                    raise _too_many(pictures, reasons, writer, len(sources), max_reject_share)
            else:
                names = {"face_id": source, "identity": identity, "source": source, "split": ""}
                writer.add(crop.image, names | crop.face.columns(config.size))
                missed += crop.face.score == 0
            advance(1, f"{writer.rejected} rejected")
        _name_people_without_faces(manifest, _reasons(writer.rejects))
        without = opened.left_out
        for source, reason in without.items():
            writer.reject(source, "", reason)
    rejected = writer.rejected - len(without)
    log.info("%s: %d faces, %d rejected", out, writer.accepted, rejected)
    if rejected:
        log.warning("%s: rejected: %s", out, named(_reasons(writer.rejects[:rejected])))
    if missed:
        log.warning("%s: %d pictures without a detected face are taken whole", out, missed)
    for reason, count in reasons.most_common(5):
        log.warning("%s: %d rejected: %s", out, count, reason)


def _crop(
    run: list[str], locator: FaceLocator, root: Path, config: FacesConfig, whole: bool
) -> list[Crop | str]:
    """Read pictures below ``root`` and crop their faces; a str says why there is no crop.

    With ``whole`` a picture without a detected face gives its middle.
    """
    done: list[Crop | str] = []
    for held in pictures_of([root / source for source in run], config.max_pixels):
        faces = iter(
            locator.locate([image for image in held.values() if not isinstance(image, str)])
        )
        for image in held.values():
            if isinstance(image, str):
                done.append(image)
                continue
            face = next(faces)
            if face is None and whole:
                face = locator.whole(image)
            if face is None:
                done.append("no face found")
                continue
            done.append(Crop(face, crop_square(image, face.crop_box, config.size)))
    return done


def _spec(source: dict[str, Any], config: FacesConfig, weights: Path) -> dict[str, Any]:
    """The crop's specification, stored with the crops and with every score measured on them."""
    files = {name: weights_file(weights, name) for name in (*WEIGHT_FILES, PREDICTOR)}
    return {
        "dataset": source["dataset"],
        "dataset_version": source["version"],
        "dataset_checksum": source["checksum"],
        "crop": crop_name(config.margin, config.size),
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
    first = named(_reasons(writer.rejects))
    return MaskbenchError(
        pictures,
        f"{writer.rejected} of the first {seen} of {total} pictures rejected, more than the "
        f"allowed share of {allowed:g} ({commonest}): {first}",
        "check the pictures, lower faces.detector.thresholds or raise max_reject_share",
    )


def _name_people_without_faces(manifest: pd.DataFrame, reasons: dict[str, str]) -> None:
    table = manifest.assign(taken=~manifest["source"].isin(list(reasons)))
    people = table[table["identity"] != ""].groupby("identity")["taken"].any()
    if gone := people.index[~people].to_list():
        of_them = table["source"][table["identity"].isin(gone)]
        why = named({source: reasons[source] for source in of_them})
        log.warning("no face of %s: %s", ", ".join(gone), why)


def _reasons(rejects: list[dict[str, str]]) -> dict[str, str]:
    return {row["source"]: row["reason"] for row in rejects}
