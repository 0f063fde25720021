"""Step ``synthesise``: put every style on every face of a split with a trained method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maskbench.artifacts import atomic_dir
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FACE_COLUMNS, FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSetWriter
from maskbench.registry import Block
from maskbench.synthesis.base import Method
from maskbench.synthesis.model import open_method


def synthesise(
    method: Block,
    model: Path,
    faces: Path,
    mask_pictures: Path,
    styles: Sequence[str],
    split: str,
    seed: int,
    out: Path,
    guides: Sequence[Path] = (),
    references: Path | None = None,
) -> None:
    """Write the MaskedSet ``out``: faces of the split outer, styles inner; one picture a face, of
    style "", by a method without styles.

    Args:
        method: its block; where the model's folder names other parameters, those count.
        model: the folder that ``train_synthesis`` wrote.
        faces: FaceSet of bare faces.
        mask_pictures: folder of the rasterised mask pictures.
        styles: styles to put on, seen in training or not.
        split: ``train``, ``val`` or ``test``.
        seed: of the training (it is recorded).
        out: the MaskedSet.
        guides: model folders of the spec's guides, in their order.
        references: MaskedSet of the real domain, for reference-guided methods.

    Raises:
        MaskbenchError: unreadable inputs, a model of another method, an empty split, an unwritable
            output.
    """
    bare = FaceSet.open(faces, lists=False)
    rows = bare.of_split(split).tolist()
    if not rows:
        raise MaskbenchError(faces, f"no faces of split {split}", "check datasets.*.shares")
    wanted = styles if method.spec.styled else [""]
    with atomic_dir(Path(out)) as tmp:
        write_masked(
            open_method(Path(model), method, guides, references), bare,
            MaskPictures.open(mask_pictures),
            [(row, style) for row in rows for style in wanted], seed, tmp,
        )  # fmt: skip


def write_masked(
    method: Method,
    faces: FaceSet,
    pictures: MaskPictures,
    pairs: Sequence[tuple[int, str]],
    seed: int,
    out: Path,
) -> None:
    """Put masks on faces and write a MaskedSet into the existing empty folder ``out``.

    Args:
        method: ready to be applied.
        pairs: row of ``faces`` and style of each picture, in the set's order.
        seed: recorded.
    """
    name = method.block.name
    with MaskedSetWriter(out, faces.size, {**faces.spec, "method": name, "seed": seed}) as writer:
        for row, style, picture, coverage in method.pictures_of(faces, pictures, pairs):
            own = faces.row(row)
            values = {column: own[column] for column in FACE_COLUMNS}
            bare_id = values["face_id"]
            values |= {"face_id": f"{bare_id}@{style or name}", "bare_id": bare_id}
            writer.add(picture, values | {"method": name, "style": style}, coverage)
