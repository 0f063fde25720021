"""Step ``restore``: faces in, the same faces without their masks out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from maskbench.artifacts import atomic_dir, read_json
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.faces.people import people_behind, together
from maskbench.guides.model import PARAMS, trained_params
from maskbench.guides.segmenter import Segmenter
from maskbench.masks.maskedset import MASKED_COLUMNS, REAL, MaskedSet, MaskedSetWriter
from maskbench.registry import Block
from maskbench.restoration.base import Restorer, unmask
from maskbench.restoration.specs import RestorerParams
from maskbench.synthesis.model import open_method

log = logging.getLogger(__name__)

_BATCH = 64


def restore(
    restorer: Block,
    model: Path,
    segmenter: Path | None,
    masked: Path,
    out: Path,
) -> None:
    """Write the set ``out``: the rows of ``masked``, in their order, with restored pictures.

    Args:
        restorer: a block of ``restoration.restorers``; the keys of ``RestorerParams`` count, all
            others are the model's own. Or a synthesis method with the role ``unmasker``, of whose
            block the same keys count: a picture with a mask is replaced by the whole of what the
            method makes of it.
        model: folder written by ``train_restorer``, or by ``train_synthesis`` for a method.
        segmenter: model folder of the guide ``segmenter``; None where every coverage is known and
            ``masks_from`` is ``coverage``.
        masked: a MaskedSet, or a FaceSet of people some of whom may wear masks.
        out: a MaskedSet: rows, ids and columns of ``masked`` (a FaceSet's get an empty
            ``bare_id``, ``method`` and ``style``), so that it can stand in its place; ``masks.npy``
            holds what was painted over, 0..255.

    Raises:
        MaskbenchError: unreadable inputs, a segmenter that is needed and absent.
    """
    params, remove_masks = _opened(restorer, Path(model), segmenter)
    given = open_set(Path(masked))
    known = has_coverage(given, params.masks_from)
    if segmenter is None and not known.all():
        raise MaskbenchError(
            masked, "its masks must be found, but no segmenter is given",
            "give the model folder of the guide segmenter",
        )  # fmt: skip
    needed = None if known.all() else segmenter
    find = None if needed is None else Segmenter.open(Path(needed))
    spec = {**given.spec, "restored_by": restorer.name, "masks_from": params.masks_from}
    models = [Path(model), *([] if needed is None else [Path(needed)])]
    notes = [path / PARAMS for path in models]
    # Restored faces must not be tested on these people.
    spec["learnt_from"] = together(*(people_behind(read_json(note), note) for note in notes))
    bare = 0
    with atomic_dir(Path(out)) as tmp, MaskedSetWriter(tmp, given.size, spec) as writer:
        for start in range(0, len(given), _BATCH):
            part = slice(start, min(start + _BATCH, len(given)))
            images = np.array(given.images[part])
            masks = coverages(given, part, known[part], find)
            restored, holes = remove_masks(images, masks)
            bare += int((~holes.any(axis=(1, 2))).sum())
            rows = given.faces.iloc[part].to_dict("records")
            for image, hole, row in zip(restored, holes, rows, strict=True):
                values = {name: row.get(name, "") for name in MASKED_COLUMNS}
                writer.add(image, {str(k): v for k, v in values.items()}, hole)
    log.info(
        "%s: %d pictures restored, %d left as they were, %s",
        restorer.name, len(given) - bare, bare, out,
    )  # fmt: skip


RemoveMasks = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Pictures (B, H, W, 3) and coverages (B, H, W), uint8 -> restored pictures and holes, uint8."""


def _opened(
    restorer: Block, model: Path, segmenter: Path | None
) -> tuple[RestorerParams, RemoveMasks]:
    """How masks are found, and what takes them off."""
    if "unmasker" in getattr(restorer.spec, "roles", ()):
        params: RestorerParams = restorer.params
        take_off = open_method(model, restorer).take_off  # guides are for putting masks on

        def whole(images: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            restored, holes = unmask(lambda some, _: some, images, masks, params)
            rows = np.flatnonzero(holes.any(axis=(1, 2)))
            if len(rows):
                restored[rows] = take_off(images[rows])
            return restored, holes

        return params, whole
    now = {key: getattr(restorer.params, key) for key in RestorerParams.model_fields}
    own = trained_params(model, restorer.spec, **now)
    made: Restorer = restorer.spec.load()
    painter = made.open(model, own)
    return own, lambda images, masks: unmask(painter, images, masks, own)


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
