"""An overlay made real: SimGAN whose input is the key-point overlay in place of the bare face.

It is of no paper. SimGAN was published to make synthetic pictures look real (Shrivastava et al.
2017), and on few pictures it is easier to repair a mask than to invent one. It is of use where the
real domain holds photographs of people who wear masks; where that is made of overlays too, there is
nothing to repair.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from maskbench.faces.faceset import FaceSet
from maskbench.imaging.tensors import as_images, as_tensor, resize
from maskbench.masks.dealing import styles_of_faces
from maskbench.registry import Block
from maskbench.synthesis.base import Faces, Styles, TrainingData
from maskbench.synthesis.painted.simgan import SimGan
from maskbench.synthesis.painted.translation import GENERATOR
from maskbench.synthesis.placed.keypoint import overlays


class Refine(SimGan):
    """Its coverage is the overlay's."""

    def start(self, block: Block, data: TrainingData, seed: int) -> None:
        super().start(block, replace(data, faces=overlaid(data, block.params, seed)), seed)
        self.data = data  # sheets begin with the bare faces

    def put_on(self, faces: Faces, styles: Styles | None) -> tuple[np.ndarray, np.ndarray]:
        pictures, coverages = overlays(faces, styles, self.params)
        return self.translated(self.applied[GENERATOR], pictures), coverages


def overlaid(data: TrainingData, params: Any, seed: int) -> FaceSet:
    """The training faces, each with ``copies`` masks of different styles, at the training size."""
    rows, size = data.faces.of_split("train"), params.train_size
    copies = min(params.copies, len(data.styles))
    small = [np.zeros((0, size, size, 3), np.uint8)]
    dealt = styles_of_faces(len(rows), len(data.styles), copies, seed)
    for row, numbers in zip(rows.tolist(), dealt.tolist(), strict=True):
        styles = Styles([data.styles[number] for number in numbers], data.pictures)
        pictures, _ = overlays(Faces.of(data.faces, [row] * copies), styles, params)
        small.append(as_images(resize(as_tensor(pictures), size)))
    table = data.faces.faces.iloc[np.repeat(rows, copies)].reset_index(drop=True)
    return replace(data.faces, images=np.concatenate(small), faces=table)
