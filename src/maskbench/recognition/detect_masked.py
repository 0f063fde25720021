"""Step ``detect_masked``: the test people's masks put on before their faces are sought.

Elsewhere a masked picture inherits the square of its bare face. Whoever photographs a person with a
mask has no bare picture: detector and landmarks see the mask (paper 2, section 3: masks are put on
the pictures, then MTCNN crops them). So here the key-point overlay lies on the whole picture, and
the face is found, squared and cropped there.

A MaskedSet of the pictures that recognisers are tested on, those of seen styles, whose boxes,
landmarks and pose are those found on the masked picture. Pictures without a find are in
``rejects.parquet``.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.config import FacesConfig
from maskbench.datasets.manifest import Pictures
from maskbench.faces.crop import crop_square
from maskbench.faces.faceset import FaceSet
from maskbench.faces.locate import FaceLocator, LocatedFace
from maskbench.faces.pose import Pose
from maskbench.faces.runs import in_runs, pictures_of
from maskbench.masks.maskedset import MaskedSetWriter
from maskbench.recognition.test_set import MASKED, masked_by_us
from maskbench.registry import Block
from maskbench.synthesis.put_on import ByKeypoints, Request

MISSED = "no face found on the masked picture"
_PAYS = 400  # pictures for which a further process pays

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A picture, its bare face in pixels of the picture, and the style of its mask."""

    path: Path
    face: LocatedFace
    style: str


def detect_masked(
    method: Block,
    pictures: Path,
    faces: Path,
    masked: Path,
    weights: Path,
    out: Path,
    config: FacesConfig,
    styles: int,
    unseen_styles: Sequence[str],
    workers: int = 1,
) -> None:
    """Write the MaskedSet ``out``.

    Args:
        method: the key-point overlay's block.
        pictures: folder of the step ``fetch``.
        faces, masked, styles, unseen_styles: as for
            :func:`maskbench.recognition.test_set.masked_by_us`, which deals the styles.
        weights: folder of network weights.
        out: the folder to write.
        config: section ``faces``.
        workers: processes at most.

    Raises:
        MaskbenchError: unreadable inputs, missing weights.
    """
    bare, opened = FaceSet.open(faces), Pictures.open(pictures)
    table = masked_by_us(faces, masked, styles, unseen_styles).table
    table = table[table["kind"] == MASKED]
    row_of = {face: row for row, face in enumerate(bare.faces["face_id"])}
    rows = [row_of[photo] for photo in table["photo"]]
    tasks = [
        Task(opened.file(bare.faces["source"].iloc[row]).absolute(), located(bare, row), style)
        for row, style in zip(rows, table["style"], strict=True)
    ]
    work = functools.partial(
        _work, put_on=ByKeypoints(method.params.fit, method.params.brightness), config=config
    )
    results = in_runs(
        tasks, work, weights=Path(weights), config=config,
        workers=min(workers, len(tasks) // _PAYS), step="detect_masked",
    )  # fmt: skip
    spec = {**bare.spec, "method": method.name}
    with (
        atomic_dir(Path(out)) as tmp,
        MaskedSetWriter(tmp, config.size, spec) as writer,
        closing(results),
    ):
        for row, task, found in zip(rows, tasks, results, strict=True):
            own = bare.faces.iloc[row]
            name = f"{own['face_id']}@{task.style}@{method.name}"
            if isinstance(found, str):
                writer.reject(name, own["identity"], found)
                continue
            face, image, coverage = found
            values: dict[str, Any] = {key: own[key] for key in ("identity", "source", "split")}
            values |= {
                "face_id": name,
                "bare_id": own["face_id"],
                "method": method.name,
                "style": task.style,
            }
            writer.add(image, values | face.columns(config.size), coverage)
        missed = writer.rejected
    log.info("%s: %d masked pictures, %d without a face", out, len(tasks), missed)


def located(faces: FaceSet, row: int) -> LocatedFace:
    """A face of a set in pixels of its picture."""
    own = faces.faces.iloc[row]
    square = np.asarray(own["crop_box"], np.float64)
    scale = (square[2] - square[0]) / faces.size
    points = np.asarray(own["landmarks"], np.float64).reshape(68, 2)
    return LocatedFace(
        box=np.asarray(own["box"], np.float32),
        score=float(own["score"]),
        crop_box=square.astype(np.float32),
        landmarks=((points + 0.5) * scale - 0.5 + square[:2]).astype(np.float32),
        pose=Pose(own["yaw"], own["pitch"], own["roll"]),
    )


Found = tuple[LocatedFace, np.ndarray, np.ndarray]


def _work(
    run: list[Task], locator: FaceLocator, put_on: ByKeypoints, config: FacesConfig
) -> list[Found | str]:
    """The face found on each masked picture, its crop and the mask's coverage there; or why not."""
    done: list[Found | str] = []
    for held in pictures_of([task.path for task in run], config.max_pixels):
        whole = {n: image for n, image in held.items() if not isinstance(image, str)}
        masked = put_on([Request(whole[n], run[n].face, run[n].style) for n in whole])
        faces = locator.locate([picture for picture, _ in masked])
        found = dict(zip(whole, zip(faces, masked, strict=True), strict=True))
        for n, image in held.items():
            if isinstance(image, str):
                done.append(image)
                continue
            face, (picture, coverage) = found[n]
            if face is None:
                done.append(MISSED)
                continue
            crops = [crop_square(part, face.crop_box, config.size) for part in (picture, coverage)]
            done.append((face, crops[0], crops[1]))
    return done
