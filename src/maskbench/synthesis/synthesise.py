"""Step ``synthesise``: put every style on every face of a split with a trained method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maskbench.artifacts import atomic_dir
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.synthesis.base import method as method_of
from maskbench.synthesis.trained_with import own_params


def synthesise(
    method: str,
    model: Path,
    faces: Path,
    pictures: Path,
    params: Any,
    styles: Sequence[str],
    split: str,
    seed: int,
    out: Path,
) -> None:
    """Write the MaskedSet ``out``: faces of the split outer, styles inner.

    Args:
        method: registry name.
        model: the folder that ``train_synthesis`` wrote.
        faces: FaceSet of bare faces.
        pictures: folder of the rasterised mask pictures.
        params: the ``Params`` for a model whose folder does not name those of its training.
        styles: styles to put on, seen in training or not.
        split: ``train``, ``val`` or ``test``.
        seed: of the training (it is recorded; methods that draw nothing need none).
        out: the MaskedSet.

    Raises:
        MaskbenchError: unreadable inputs, a model of another method, an empty split, an unwritable
            output.
    """
    bare = FaceSet.open(faces)
    rows = bare.of_split(split).tolist()
    if not rows:
        raise MaskbenchError(faces, f"no faces of split {split}", "check datasets.*.shares")
    chosen = method_of(method)
    params = own_params(Path(model), method, params)
    with atomic_dir(Path(out)) as tmp:
        chosen.apply(
            Path(model), bare, MaskPictures.open(pictures), params,
            rows=rows, styles=list(styles), seed=seed, out=tmp,
        )  # fmt: skip
