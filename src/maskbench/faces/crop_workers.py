"""The parallel part of ``crop_faces``: pictures in, crops and reasons out, in order."""

from __future__ import annotations

import functools
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maskbench.config import FacesConfig
from maskbench.faces.crop import crop_square, to_crop
from maskbench.faces.locate import FaceLocator, LocatedFace
from maskbench.faces.runs import in_runs, pictures_of


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
    tasks: list[Task], weights: Path, config: FacesConfig, workers: int, whole: bool = False
) -> Generator[Outcome, None, None]:
    """Yield an outcome for each task, in order.

    Args:
        whole: a picture without a detected face gives its middle.

    Raises:
        MaskbenchError: weights are missing or damaged; a worker process was killed.
    """
    work = functools.partial(_work, config=config, whole=whole)
    return in_runs(tasks, work, weights=weights, config=config, workers=workers, step="crop_faces")


def _work(run: list[Task], locator: FaceLocator, config: FacesConfig, whole: bool) -> list[Outcome]:
    """Read a run of pictures and crop them."""
    paths = [Path(task.root) / task.source for task in run]
    done: list[Outcome] = []
    for held in pictures_of(paths, config.max_pixels):
        done += _crop(list(held.values()), locator, config, whole)
    return done


def _crop(
    held: list[np.ndarray | str], locator: FaceLocator, config: FacesConfig, whole: bool
) -> list[Outcome]:
    images = [entry for entry in held if not isinstance(entry, str)]
    faces = iter(locator.locate(images))
    done = []
    for entry in held:
        if isinstance(entry, str):
            done.append(Outcome(entry))
            continue
        face = next(faces)
        if face is None and whole:
            face = locator.whole(entry)
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
