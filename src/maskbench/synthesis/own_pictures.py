"""What ``mask`` needs beside a trained model: its guides, and the photograph of a mask to wear."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from maskbench.config import FacesConfig
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.locate import FaceLocator
from maskbench.masks.maskedset import REAL, MaskedSetWriter
from maskbench.registry import Block
from maskbench.synthesis.put_on import Request, crop_and_row
from maskbench.threads import one_thread


def guides_of(block: Block, model: Path, folder: Path | None) -> tuple[Path, ...]:
    """Model folders of the spec's guides, in their order. Only those that put masks on are looked
    for, not those that training alone needs.

    Args:
        block: the method, with the parameters of the model's training.
        model: its folder. A run keeps ``models/{dataset}/{method}/{seed}`` beside
            ``guides/{dataset}/{guide}/{seed}``.
        folder: holds a model folder of each guide under the guide's name; None: those of the run.

    Raises:
        MaskbenchError: a guide is missing.
    """
    found = []
    for guide in block.spec.guides:
        path = _of_run(model, guide) if folder is None else Path(folder) / guide
        if guide == getattr(block.params, "coverage_from", "") and not path.is_dir():
            raise MaskbenchError(
                path,
                f"no such folder; method {block.name} needs a trained {guide} to put masks on",
                f"name a folder that holds {guide}/ with --guides",
            )
        found.append(path)
    return tuple(found)


def _of_run(model: Path, guide: str) -> Path:
    path = Path(model).resolve()
    root = path.parents[min(3, len(path.parents) - 1)]
    return root / "guides" / path.parent.parent.name / guide / path.name


def photograph_among(styles: Sequence[str] | None) -> Path | None:
    """The photograph named in the place of a style: what has an ending or a folder.

    Raises:
        MaskbenchError: it is not the only style.
    """
    for style in styles or ():
        if Path(style).suffix or Path(style).name != style:
            if len(set(styles or ())) > 1:
                raise MaskbenchError(
                    style, "is a photograph beside other styles", "name it as the only --style"
                )
            return Path(style)
    return None


@contextmanager
def worn_in(photograph: Path, weights: Path, faces: FacesConfig) -> Iterator[Path]:
    """A MaskedSet of the one face of a photograph, of unknown style; it stands for every style.

    Args:
        photograph: of somebody who wears a mask.
        weights: folder written by ``fetch_weights``.
        faces: detection, and the size and margin of the model's crops.

    Raises:
        MaskbenchError: it cannot be read, or no face is found.
    """
    image = read_picture(photograph, faces.max_pixels)
    with one_thread():  # as for the pictures to mask
        face = FaceLocator(weights, faces).locate([image])[0]
    if face is None:
        raise MaskbenchError(
            photograph, "no face found", "name a photograph that shows a masked face larger"
        )
    crop, row = crop_and_row(Request(image, face, ""), faces.size)
    row |= {"split": "train", "bare_id": "", "method": REAL, "style": ""}
    with tempfile.TemporaryDirectory(prefix="maskbench-") as name:
        with MaskedSetWriter(Path(name), faces.size, {"dataset": "pictures"}) as writer:
            writer.add(crop, row, np.zeros(crop.shape[:2], np.uint8))
        yield Path(name)
