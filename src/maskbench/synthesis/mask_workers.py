"""The parallel part of ``mask``: pictures in, masked pictures and their rows out, in order.

Pictures travel in runs of a fixed number whatever the number of processes, so networks see the
same batches and give the same bytes. Processes write their pictures themselves; only rows travel
back, and at most two runs a process are under way, so memory does not grow with the number.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from maskbench.config import FacesConfig
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError, from_os_error
from maskbench.faces.locate import FaceLocator
from maskbench.masks.wearing import wearing
from maskbench.synthesis.put_on import PutOn, Wish

RUN = 16  # pictures that travel together
_HELD_PIXELS = 24_000_000  # decoded pixels held at once, one larger picture excepted
_JPEG = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})


@dataclass(frozen=True)
class Task:
    """One picture.

    Attributes:
        source: its path relative to the source folder, with ``/``.
        path: where it lies.
        output: where the masked picture goes, relative to the output folder.
        coverage: where its coverage goes.
    """

    source: str
    path: str
    output: str
    coverage: str


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
    """

    out: str | None
    weights: str
    faces: FacesConfig
    put_on: PutOn
    styles: tuple[str, ...]
    seed: int
    all_faces: bool


Row = dict[str, Any]


def style_of(source: str, face: int, styles: Sequence[str], seed: int) -> str:
    """The style that a face wears: drawn from the picture's name, so neither the order of the
    pictures nor the others matter."""
    digest = hashlib.sha256(f"{seed}\0{face}\0{source}".encode()).digest()
    return styles[int.from_bytes(digest[:8], "big") % len(styles)]


def masked_rows(tasks: Sequence[Task], job: Job, workers: int) -> Iterator[tuple[Task, list[Row]]]:
    """Mask every picture; yields each task, in order, with a row for each face, or with a single
    row ``{"reason": ...}`` where none was masked.

    Raises:
        MaskbenchError: weights are missing, the disk is full, a process was killed.
    """
    runs = [list(tasks[start : start + RUN]) for start in range(0, len(tasks), RUN)]
    if min(workers, len(runs)) <= 1:
        with one_thread():
            locator = FaceLocator(Path(job.weights), job.faces)
            for run in runs:
                yield from zip(run, _work(run, job, locator), strict=True)
        return
    context = multiprocessing.get_context("spawn")  # forked processes share torch's locks
    pool = ProcessPoolExecutor(min(workers, len(runs)), context, initializer=_start)
    under_way: deque[tuple[list[Task], Future[list[list[Row]]]]] = deque()
    try:
        for run in runs:
            if len(under_way) == 2 * workers:
                done, future = under_way.popleft()
                yield from zip(done, future.result(), strict=True)
            under_way.append((run, pool.submit(_run, run, job)))
        while under_way:
            done, future = under_way.popleft()
            yield from zip(done, future.result(), strict=True)
    except BrokenProcessPool as error:
        raise MaskbenchError(
            "mask", "a worker process ended unexpectedly", "use fewer workers, check memory"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def one_thread() -> Iterator[None]:
    """As in a worker process, so that results do not depend on which of the two computes."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    _start()
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def _start() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


_locators: dict[tuple[str, FacesConfig], FaceLocator] = {}  # a worker process's own


def _run(run: list[Task], job: Job) -> list[list[Row]]:
    key = (job.weights, job.faces)
    if key not in _locators:
        _locators.clear()
        _locators[key] = FaceLocator(Path(job.weights), job.faces)
    return _work(run, job, _locators[key])


def _work(run: list[Task], job: Job, locator: FaceLocator) -> list[list[Row]]:
    """Read a run and mask it; large pictures are not gathered in memory."""
    rows: dict[int, list[Row]] = {}
    held: dict[int, np.ndarray] = {}
    pixels = 0
    for number, task in enumerate(run):
        try:
            image = read_picture(Path(task.path), job.faces.max_pixels)
        except MaskbenchError as error:
            rows[number] = [{"reason": f"unreadable: {error.what}"}]
            continue
        held[number] = image
        pixels += image.shape[0] * image.shape[1]
        if pixels >= _HELD_PIXELS:
            rows |= _mask(run, held, job, locator)
            held, pixels = {}, 0
    rows |= _mask(run, held, job, locator)
    return [rows[number] for number in range(len(run))]


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
    faces_of = dict(zip(held, found, strict=True))
    masked = dict(held)
    coverages = {n: np.zeros(image.shape[:2], np.uint8) for n, image in held.items() if faces_of[n]}
    # One face of each picture at a time: a later mask lies over an earlier one.
    for turn in range(max(map(len, found))):
        numbers = [number for number, faces in faces_of.items() if turn < len(faces)]
        wishes = [
            Wish(
                masked[n],
                faces_of[n][turn],
                style_of(run[n].source, turn, job.styles, job.seed),
            )
            for n in numbers
        ]
        for n, wish, (picture, coverage) in zip(numbers, wishes, job.put_on(wishes), strict=True):
            masked[n] = picture
            coverages[n] = np.maximum(coverages[n], coverage)
            rows[n].append(_row(wish, turn, coverage))
    if job.out is not None:
        for number, coverage in coverages.items():
            task = run[number]
            _write(Path(job.out) / task.output, masked[number])
            _write(Path(job.out) / task.coverage, coverage)
    return rows


def _row(wish: Wish, number: int, coverage: np.ndarray) -> Row:
    face = wish.face
    # The verdict is computed on the part of the picture that holds the face.
    low = np.maximum(np.floor(face.landmarks.min(0)).astype(int) - 2, 0)
    high = np.maximum(np.ceil(face.landmarks.max(0)).astype(int) + 3, low + 1)
    part = coverage[low[1] : high[1], low[0] : high[0]]
    verdict = wearing(part, face.landmarks - low) if part.size else None

    def text(values: np.ndarray) -> str:
        return " ".join(f"{value:.2f}" for value in np.ravel(values))

    row: Row = {
        "face": number,
        "style": wish.style,
        "box": text(face.box),
        "score": f"{face.score:.4f}",
        "landmarks": text(face.landmarks),
        "yaw": f"{face.pose.yaw:.1f}",
        "pitch": f"{face.pose.pitch:.1f}",
        "roll": f"{face.pose.roll:.1f}",
    }
    for name in ("nose_tip", "nostrils", "mouth", "chin", "covers", "eyes"):
        row[name] = "" if verdict is None else f"{float(getattr(verdict, name)[0]):.3f}"
    row["worn"] = "" if verdict is None else str(bool(verdict.worn[0])).lower()
    return row


def _write(path: Path, pixels: np.ndarray) -> None:
    """Write a picture in the format of its ending; JPEG and WebP at quality 95."""
    ending = path.suffix.lower()
    options: dict[str, Any] = {}
    if ending in _JPEG:
        options = {"format": "JPEG", "quality": 95, "subsampling": 0}
    elif ending == ".webp":
        options = {"quality": 95}
    elif ending == ".png":
        options = {"compress_level": 3}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, **options)
    except OSError as error:
        raise from_os_error(error, path) from error
