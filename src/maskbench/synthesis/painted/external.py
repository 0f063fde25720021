"""Pictures of another tool in the place of a method: what it made of each face is looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from maskbench.datasets.listing import named
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.crop import crop_square
from maskbench.faces.faceset import FaceSet
from maskbench.imaging.resize import resized
from maskbench.masks.artwork import MaskPictures
from maskbench.registry import Block
from maskbench.synthesis.base import Faces, Method, References, Styles
from maskbench.synthesis.external_pictures import files_in, folder_of, matched


class External(Method):
    """A folder of masked pictures. Its parameters are
    :class:`.specs.external.ExternalParams`."""

    pictures: Mapping[str, Path]
    coverages: Mapping[str, Path] | None

    def open(
        self,
        block: Block,
        model: Path | None,
        guides: Sequence[Path] = (),
        references: Path | None = None,
        stage: str | None = None,
    ) -> Self:
        """List the pictures.

        Raises:
            MaskbenchError: there is no such folder, or two files have one name.
        """
        super().open(block, model, guides, references, stage)
        place, params = f"synthesis.methods.{block.name}", block.params
        self.pictures = files_in(folder_of(params.pictures, f"{place}.pictures"))
        self.coverages = None
        if params.coverage:
            self.coverages = files_in(folder_of(params.coverage, f"{place}.coverage"))
        return self

    def put_on(self, faces: Faces, styles: Styles | None) -> tuple[np.ndarray, np.ndarray]:
        raise MaskbenchError(
            self.block.name, "has masked pictures of known faces only", "use another method"
        )

    def pictures_of(
        self,
        faces: FaceSet,
        pictures: MaskPictures,
        pairs: Sequence[tuple[int, str]],
        worn: References | None = None,
    ) -> Iterator[tuple[int, str, np.ndarray, np.ndarray]]:
        """As of every method; a face without a picture is refused, or stays bare.

        Raises:
            MaskbenchError: faces without a picture or coverage, or one that cannot be read or has
                the wrong shape.
        """
        ids = faces.faces["face_id"].astype(str).tolist()
        found = matched(self.pictures, ids)
        maps = None if self.coverages is None else matched(self.coverages, ids)
        absent = {ids[row]: "no picture" for row, _ in pairs if ids[row] not in found}
        if absent and self.params.missing == "refuse":
            raise MaskbenchError(
                f"synthesis.methods.{self.block.name}",
                f"{len(absent)} of {len(pairs)} faces have none: {named(absent)}",
                "make them, or set missing: bare",
            )
        for row, style in pairs:
            bare, name = np.array(faces.images[row]), ids[row]
            if name in absent:
                yield row, style, bare, np.zeros(bare.shape[:2], np.uint8)
                continue
            picture = self._crop(found[name], faces, row)
            if maps is None:
                change = np.abs(picture.astype(np.float32) - bare).mean(-1) / 255
                coverage = np.where(change > self.params.changed, 255, 0).astype(np.uint8)
            elif name in maps:
                coverage = self._crop(maps[name], faces, row)[..., 0]
            else:
                raise MaskbenchError(found[name], "has no coverage map", "make it")
            yield row, style, picture, coverage

    def _crop(self, path: Path, faces: FaceSet, row: int) -> np.ndarray:
        """The face in a file, (n, n, 3) uint8."""
        picture = read_picture(path)
        if self.params.show == "whole":
            box = np.asarray(faces.faces["crop_box"].iloc[row], np.float32)
            return crop_square(picture, box, faces.size)
        if picture.shape[0] != picture.shape[1]:
            height, width = picture.shape[:2]
            what = f"is {width}x{height}, no square crop"
            raise MaskbenchError(path, what, "mask the crops, or set show: whole")
        return resized(picture, faces.size)
