"""The parallel part of ``crop_faces``: pictures in, crops and reasons out, in order.

Tasks are cut into fixed runs of :data:`RUN` pictures whatever the number of processes, so the
networks see the same batches and give the same bytes. At most two runs a process are under way,
so memory does not grow with the number of pictures.
"""

from __future__ import annotations

import functools
import multiprocessing
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from maskbench.config import FacesConfig
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.crop import crop_square, to_crop
from maskbench.faces.locate import FaceLocator, LocatedFace

RUN = 16  # pictures that travel together
_HELD_PIXELS = 24_000_000  # decoded pixels held at once, one larger picture excepted


@dataclass(frozen=True)
class Task:
    """One picture: root / source."""

    root: str
    source: str
    identity: str


@dataclass(frozen=True)
class Outcome:
    """A crop with its face, or the reason why there is none (``face`` is None).

    Attributes:
        reason: "" where a face was found.
        face: the face in picture pixels.
        image: (size, size, 3) uint8.
        landmarks: (68, 2) float32 in crop pixels.
    """

    reason: str
    face: LocatedFace | None = None
    image: np.ndarray | None = None
    landmarks: np.ndarray | None = None


def outcomes(
    tasks: list[Task], weights: Path, config: FacesConfig, workers: int
) -> Generator[Outcome, None, None]:
    """Yield an outcome for each task, in order.

    Raises:
        MaskbenchError: weights are missing or damaged; a worker process was killed.
    """
    runs = [tasks[start : start + RUN] for start in range(0, len(tasks), RUN)]
    if min(workers, len(runs)) <= 1:
        with _one_thread():
            locator = FaceLocator(weights, config)
            for run in runs:
                yield from _work(run, locator, config)
        return
    context = multiprocessing.get_context("spawn")  # forked processes share torch's locks
    pool = ProcessPoolExecutor(min(workers, len(runs)), context, initializer=_start)
    under_way: deque[Future[list[Outcome]]] = deque()
    try:
        for run in runs:
            if len(under_way) == 2 * workers:
                yield from under_way.popleft().result()
            under_way.append(pool.submit(_run, run, weights, config))
        while under_way:
            yield from under_way.popleft().result()
    except BrokenProcessPool as error:
        raise MaskbenchError(
            "crop_faces", "a worker process ended unexpectedly", "use fewer workers, check memory"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


@functools.lru_cache(maxsize=1)
def _locator(weights: Path, config: FacesConfig) -> FaceLocator:
    """The worker process's own. Opened by its first run, which can report damaged weights."""
    return FaceLocator(weights, config)


def _run(run: list[Task], weights: Path, config: FacesConfig) -> list[Outcome]:
    return _work(run, _locator(weights, config), config)


@contextmanager
def _one_thread() -> Iterator[None]:
    """As in a worker process, so that results do not depend on which of the two computes."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def _work(run: list[Task], locator: FaceLocator, config: FacesConfig) -> list[Outcome]:
    """Read a run of pictures and crop them; large pictures are not gathered in memory."""
    done: list[Outcome] = []
    held: list[np.ndarray | str] = []  # a picture, or why it cannot be read
    pixels = 0
    for task in run:
        try:
            image = read_picture(Path(task.root) / task.source, config.max_pixels)
        except MaskbenchError as error:
            held.append(f"unreadable: {error.what}")
            continue
        pixels += image.shape[0] * image.shape[1]
        held.append(image)
        if pixels >= _HELD_PIXELS:
            done += _crop(held, locator, config)
            held, pixels = [], 0
    return done + _crop(held, locator, config)


def _crop(held: list[np.ndarray | str], locator: FaceLocator, config: FacesConfig) -> list[Outcome]:
    images = [entry for entry in held if not isinstance(entry, str)]
    faces = iter(locator.locate(images))
    done = []
    for entry in held:
        if isinstance(entry, str):
            done.append(Outcome(entry))
            continue
        face = next(faces)
        if face is None:
            done.append(Outcome("no face found"))
            continue
        done.append(
            Outcome(
                "",
                face,
                crop_square(entry, face.crop_box, config.size),
                to_crop(face.landmarks, face.crop_box, config.size),
            )
        )
    return done
