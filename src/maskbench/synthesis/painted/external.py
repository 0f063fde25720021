"""Pictures of another tool in the place of a method: what it made of each face is looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from maskbench.datasets.listing import named
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.crop import crop_square
from maskbench.faces.faceset import FaceSet
from maskbench.imaging.resize import resized
from maskbench.masks.artwork import MaskPictures
from maskbench.synthesis.base import Faces, Method, References, Styles
from maskbench.synthesis.external_pictures import files_in, folder_of, matched


class External(Method):
    """A folder of masked pictures. Its parameters are
    :class:`.specs.external.ExternalParams`."""

    @cached_property
    def pictures(self) -> Mapping[str, Path]:
        """The pictures by name.

        Raises:
            MaskbenchError: there is no such folder, or two files have one name.
        """
        return self._files("pictures")

    @cached_property
    def coverages(self) -> Mapping[str, Path] | None:
        """Their coverage maps, as :attr:`pictures`; None where there are none."""
        return self._files("coverage") if self.params.coverage else None

    def _files(self, key: str) -> Mapping[str, Path]:
        place = f"synthesis.methods.{self.block.name}.{key}"
        return files_in(folder_of(getattr(self.params, key), place))

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
            box = np.asarray(faces.row(row)["crop_box"], np.float32)
            return crop_square(picture, box, faces.size)
        if picture.shape[0] != picture.shape[1]:
            height, width = picture.shape[:2]
            what = f"is {width}x{height}, no square crop"
            raise MaskbenchError(path, what, "mask the crops, or set show: whole")
        return resized(picture, faces.size)
