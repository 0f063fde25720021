"""The parallel part of ``mask``: pictures in, masked pictures and their rows out, in order.

Processes write their pictures themselves; only rows travel back.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from maskbench.config import FacesConfig
from maskbench.datasets.pictures import Form, form_of
from maskbench.datasets.write_picture import Unwritable, in_form, keeps_form, write
from maskbench.errors import MaskbenchError
from maskbench.faces.locate import FaceLocator, LocatedFace
from maskbench.faces.runs import in_runs, pictures_of
from maskbench.masks.wearing import wearing
from maskbench.synthesis.inputs import Task, digest_of
from maskbench.synthesis.journal import Row
from maskbench.synthesis.put_on import PutOn, Request

# A face for certain. Of the finds in 240 pictures of LFW, all that score more are faces; below lie
# hands, jackets and backs of heads (up to 0.9) among half-hidden faces.
SURE = 0.95


@dataclass(frozen=True)
class Job:
    """What a process needs to know.

    Attributes:
        out: the output folder; None: pictures are masked, but not written (for timing).
        weights: folder of the detector's and the landmark predictor's weights.
        faces: detection.
        put_on: puts masks on.
        styles: the styles drawn from.
        seed: of the drawing.
        all_faces: mask every face of a picture instead of the large central one.
        min_score: score from which a find is a face for certain.
        copies: masked pictures of each, every one in other styles.
    """

    out: str | None
    weights: str
    faces: FacesConfig
    put_on: PutOn
    styles: tuple[str, ...]
    seed: int
    all_faces: bool
    min_score: float = SURE
    copies: int = 1


def style_of(source: str, face: int, styles: Sequence[str], seed: int, copy: int = 0) -> str:
    """The style of a face: drawn from the picture's name, so neither the order of the pictures nor
    the others matter; another one in each copy."""
    left = list(styles)
    for earlier in range(copy + 1):
        text = f"{seed}\0{face}\0{source}" + (f"\0{earlier}" if earlier else "")
        digest = hashlib.sha256(text.encode()).digest()
        drawn = left.pop(int.from_bytes(digest[:8], "big") % len(left))
    return drawn


def masked_rows(
    tasks: Sequence[Task], job: Job, workers: int
) -> Generator[tuple[Task, list[Row]], None, None]:
    """Mask every picture; yields each task, in order, with a row for each face of each copy, and
    with a row that has a ``reason`` for each that was not masked, or for the whole picture.

    Raises:
        MaskbenchError: weights are missing, the disk is full, a process was killed.
    """
    work = functools.partial(_work, job=job)
    results = in_runs(
        tasks,
        work,
        weights=Path(job.weights),
        config=job.faces,
        workers=workers,
        step="mask",
        together=True,
    )
    with closing(results):
        yield from zip(tasks, results, strict=True)


def _work(run: list[Task], locator: FaceLocator, job: Job) -> list[list[Row]]:
    """Read a run and mask it."""
    # First: a file that changes while it is read must not pass for the one that was masked.
    files = [{"source": task.source, "sha256": digest_of(task.path)} for task in run]
    rows: dict[int, list[Row]] = {}
    for held in pictures_of([Path(task.path) for task in run], job.faces.max_pixels):
        images = {number: image for number, image in held.items() if not isinstance(image, str)}
        rows |= {n: [{"reason": reason}] for n, reason in held.items() if isinstance(reason, str)}
        rows |= _mask(run, images, job, locator)
    return [[file | row for row in rows[number]] for number, file in enumerate(files)]


def _mask(
    run: list[Task], held: dict[int, np.ndarray], job: Job, locator: FaceLocator
) -> dict[int, list[Row]]:
    if not held:
        return {}
    images = list(held.values())
    if job.all_faces:
        found = locator.locate_all(images)
    else:
        found = [[face] if face is not None else [] for face in locator.locate(images)]
    rows: dict[int, list[Row]] = {
        number: [] if faces else [{"reason": "no face found"}]
        for number, faces in zip(held, found, strict=True)
    }
    if job.all_faces:
        for number, faces in zip(held, found, strict=True):
            rows[number] += [_unsure(face, job) for face in faces if face.score < job.min_score]
        found = [[face for face in faces if face.score >= job.min_score] for faces in found]
    faces_of = dict(zip(held, found, strict=True))
    for copy in range(job.copies):
        masked, coverages = _copy(run, held, faces_of, job, copy, rows)
        for number, coverage in coverages.items() if job.out is not None else ():
            task = run[number]
            try:
                _write(Path(job.out or ""), task, copy, masked[number], coverage)
            except Unwritable as error:
                rows[number] = [{"reason": f"cannot be written: {error}"}]
                faces_of[number] = []  # neither are its other copies
                for name in (name for output in task.outputs for name in output):
                    with suppress(OSError):
                        Path(job.out or "", name).unlink()
    return rows


def _copy(
    run: list[Task],
    held: dict[int, np.ndarray],
    faces_of: dict[int, list[LocatedFace]],
    job: Job,
    copy: int,
    rows: dict[int, list[Row]],
) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
    """Masked pictures and coverages by number; adds a row for each face."""
    masked = dict(held)
    coverages = {n: np.zeros(held[n].shape[:2], np.uint8) for n in held if faces_of[n]}
    # One face of each picture at a time: a later mask lies over an earlier one.
    for turn in range(max(map(len, faces_of.values()))):
        numbers = [number for number, faces in faces_of.items() if turn < len(faces)]
        requests = [
            Request(
                masked[n],
                faces_of[n][turn],
                style_of(run[n].source, turn, job.styles, job.seed, copy),
            )
            for n in numbers
        ]
        for n, request, (picture, coverage) in zip(
            numbers, requests, job.put_on(requests), strict=True
        ):
            masked[n] = picture
            coverages[n] = np.maximum(coverages[n], coverage)
            output = dict(zip(("output", "mask"), run[n].outputs[copy], strict=True))
            rows[n].append(output | _row(request, turn, coverage, job.min_score))
    return masked, coverages


def _write(out: Path, task: Task, copy: int, picture: np.ndarray, coverage: np.ndarray) -> None:
    """Write a masked picture and its coverage, both as the bare one is stored."""
    output, mask = (out / name for name in task.outputs[copy])
    form = Form(1, Image.Exif(), None, None)
    with suppress(OSError, MaskbenchError):  # it is no longer as it was read
        form = form_of(task.path) if keeps_form(output) else form
    picture, form = in_form(picture, coverage, form)
    write(output, picture, form, scratch=out)
    turned = Form(form.orientation, Image.Exif(), None, None)
    write(mask, coverage, turned, scratch=out)


def _unsure(face: LocatedFace, job: Job) -> Row:
    box = " ".join(f"{edge:.0f}" for edge in face.box)
    return {"reason": f"a find at {box} of score {face.score:.3f}, below {job.min_score:g}"}


def _row(request: Request, number: int, coverage: np.ndarray, min_score: float) -> Row:
    face = request.face
    # The verdict is computed on the part of the picture that holds the face.
    low = np.maximum(np.floor(face.landmarks.min(0)).astype(int) - 2, 0)
    high = np.maximum(np.ceil(face.landmarks.max(0)).astype(int) + 3, low + 1)
    part = coverage[low[1] : high[1], low[0] : high[0]]
    verdict = wearing(part, face.landmarks - low) if part.size else None

    def text(values: np.ndarray) -> str:
        return " ".join(f"{value:.2f}" for value in values.ravel().tolist())

    row: Row = {
        "face": number,
        "style": request.style,
        "box": text(face.box),
        "score": f"{face.score:.4f}",
        "landmarks": text(face.landmarks),
        "yaw": f"{face.pose.yaw:.1f}",
        "pitch": f"{face.pose.pitch:.1f}",
        "roll": f"{face.pose.roll:.1f}",
    }
    for name in ("nose_tip", "nostrils", "mouth", "chin", "covers", "eyes"):
        row[name] = "" if verdict is None else f"{float(getattr(verdict, name)[0]):.3f}"
    judged = verdict is not None and face.score >= min_score
    row["correct"] = str(bool(verdict.correct[0])).lower() if verdict and judged else ""
    return row
