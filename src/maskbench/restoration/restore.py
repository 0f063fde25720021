"""Step ``restore``: faces in, the same faces without their masks out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.artifacts import atomic_dir, read_json
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MASKED_COLUMNS, MaskedSet, MaskedSetWriter
from maskbench.restoration.base import PARAMS, own_params, unmask
from maskbench.restoration.base import restorer as restorer_of
from maskbench.restoration.segmenter import Segmenter

log = logging.getLogger(__name__)

_BATCH = 64
REAL = "real"
"""``method`` of really masked people in a MaskedSet; their coverage is unknown."""


def restore(
    restorer: str,
    model: Path,
    segmenter: Path | None,
    masked: Path,
    params: Any,
    out: Path,
) -> None:
    """Write the set ``out``: the rows of ``masked``, in their order, with restored pictures.

    Args:
        restorer: registry name.
        model: folder written by ``train_restorer``.
        segmenter: folder written by ``train_segmenter``; None where every coverage is known and
            ``params.masks_from`` is ``coverage``.
        masked: a MaskedSet, or a FaceSet of people some of whom may wear masks.
        params: the restorer's ``Params``; the keys of ``RestorerParams`` count, all others are the
            model's own.
        out: a MaskedSet: rows, ids and columns of ``masked`` (a FaceSet's get an empty ``of``,
            ``method`` and ``style``), so that it can stand in its place; ``masks.npy`` holds what
            was painted, 0..255.

    Raises:
        MaskbenchError: unreadable inputs, a segmenter that is needed and absent.
    """
    params = own_params(Path(model), restorer, params)
    painter = restorer_of(restorer).open(Path(model), params)
    given = open_set(Path(masked))
    known = has_coverage(given, params.masks_from)
    if segmenter is None and not known.all():
        raise MaskbenchError(
            masked, "its masks must be found, but no segmenter is given",
            "give --segmenter, made by: maskbench train_segmenter",
        )  # fmt: skip
    needed = None if known.all() else segmenter
    find = None if needed is None else Segmenter.open(Path(needed))
    spec = {**given.spec, "restored_by": restorer, "masks_from": params.masks_from}
    spec["learnt_from"] = learnt_from([Path(model), *([] if needed is None else [Path(needed)])])
    bare = 0
    with atomic_dir(Path(out)) as tmp, MaskedSetWriter(tmp, given.size, spec) as writer:
        for start in range(0, len(given), _BATCH):
            part = slice(start, min(start + _BATCH, len(given)))
            images = np.array(given.images[part])
            masks = coverages(given, part, known[part], find)
            restored, holes = unmask(painter, images, masks, params)
            bare += int((~holes.any(axis=(1, 2))).sum())
            rows = given.faces.iloc[part].to_dict("records")
            for image, hole, row in zip(restored, holes, rows, strict=True):
                values = {name: row.get(name, "") for name in MASKED_COLUMNS}
                writer.add(image, {str(k): v for k, v in values.items()}, hole)
    log.info(
        "%s: %d pictures restored, %d left as they were, %s", restorer, len(given) - bare, bare, out
    )


def learnt_from(models: Sequence[Path]) -> dict[str, list[str]]:
    """Whom the models of a restoration learnt from, by data set: who tests with restored faces must
    not test on them."""
    found: dict[str, set[str]] = {}
    for model in models:
        note = read_json(model / PARAMS)
        found.setdefault(str(note.get("dataset", "")), set()).update(note.get("people", []))
    return {dataset: sorted(people) for dataset, people in found.items()}


def open_set(path: Path) -> FaceSet | MaskedSet:
    """A MaskedSet where there are masks, else a FaceSet."""
    return MaskedSet.open(path) if (path / "masks.npy").exists() else FaceSet.open(path)


def has_coverage(given: FaceSet | MaskedSet, masks_from: str) -> np.ndarray:
    """(N,) bool: the rows whose coverage is known and shall be used."""
    if masks_from == "segmenter" or not isinstance(given, MaskedSet):
        return np.zeros(len(given), bool)
    return (given.faces["method"] != REAL).to_numpy(copy=True)


def coverages(
    given: FaceSet | MaskedSet, part: slice, known: np.ndarray, find: Segmenter | None
) -> np.ndarray:
    """Coverages (B, H, W) uint8 of some rows, known or found."""
    images = np.array(given.images[part])
    masks = np.zeros(images.shape[:3], np.uint8)
    if isinstance(given, MaskedSet):
        masks[known] = given.masks[part][known]
    if find is not None and not known.all():
        masks[~known] = find.predict(images[~known])
    return masks
