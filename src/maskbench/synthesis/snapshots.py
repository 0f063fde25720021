"""Placement sheets: the same validation faces in the same styles, again and again in training."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from torch import nn

from maskbench.artifacts import atomic_file
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures

if TYPE_CHECKING:
    from maskbench.synthesis.adversarial import AdversarialMethod

FACES, STYLES = 4, 5


def spread(items: Sequence[Any], count: int) -> list[Any]:
    """At most ``count`` items, evenly spread over the sequence, the first one among them."""
    count = min(count, len(items))
    return [items[index * len(items) // count] for index in range(count)]


class Snapshots:
    """Writes ``step_XXXXXX.png`` into ``folder``: a row a face, a column a style.

    Faces are of split ``val`` (of ``train`` where there are none), styles those of training.
    """

    def __init__(
        self,
        method: AdversarialMethod,
        faces: FaceSet,
        pictures: MaskPictures,
        params: Any,
        styles: Sequence[str],
        folder: Path,
        every: int,
    ) -> None:
        rows = faces.of_split("val")
        self.rows = spread((rows if len(rows) else faces.of_split("train")).tolist(), FACES)
        self.styles = spread(styles, STYLES)
        self.method, self.faces, self.pictures, self.params = method, faces, pictures, params
        self.folder, self.every = Path(folder), every

    def maybe_write(self, step: int, generator: nn.Module) -> None:
        """Write the sheet of a step at every ``every``-th one (0 among them)."""
        if self.every == 0 or step % self.every:
            return
        images = [
            image
            for _, _, image, _ in self.method.pictures_of(
                generator, self.faces, self.pictures, self.params, self.rows, self.styles
            )
        ]
        width = len(self.styles)
        lines = [np.concatenate(images[i : i + width], 1) for i in range(0, len(images), width)]
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(self.folder / f"step_{step:06d}.png") as tmp:
            Image.fromarray(np.concatenate(lines, 0)).save(tmp, format="PNG")

    def copy_to(self, folder: Path) -> None:
        """Copy all sheets (those made before a resumed training was stopped, too)."""
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(self.folder.glob("step_*.png")) if self.folder.exists() else []:
            shutil.copyfile(file, folder / file.name)
