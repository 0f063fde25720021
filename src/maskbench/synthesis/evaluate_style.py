"""Step ``evaluate_style``: do a method's masks look like the photographs that they are made after?

Each test person wears masks after several photographs, and after another crop of each. Masks of a
method that follows its references differ between photographs, as the masks in these do, and hardly
between the crops of one.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.faces.faceset import FaceSet
from maskbench.imaging.resize import resized
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import REAL, MaskedSet
from maskbench.metrics.bootstrap import People
from maskbench.metrics.numbers import Number, facts_of, mean_number, write_numbers
from maskbench.metrics.style import look
from maskbench.registry import Block
from maskbench.synthesis.model import open_method
from maskbench.synthesis.synthesise_by_reference import (
    PHOTOGRAPHS,
    Photographs,
    frontal,
    photographs,
)
from maskbench.threads import one_thread

PEOPLE = 40  # at most
CUT = 0.1  # of a photograph's side
log = logging.getLogger(__name__)


class OtherCrops(Photographs):
    """The same photographs without their upper and left tenth, enlarged to their size."""

    def of(self, face: np.ndarray, style: str, pictures: MaskPictures) -> np.ndarray:
        whole = super().of(face, style, pictures)
        cut = round(CUT * len(whole))
        return resized(whole[cut:, cut:], len(whole))


def evaluate_style(
    method: Block,
    model: Path,
    faces: Path,
    references: Path,
    mask_pictures: Path,
    config: MetricsConfig,
    seed: int,
    out: Path,
    guides: Sequence[Path] = (),
    run_id: str = "",
) -> None:
    """Write ``metrics.json`` and ``resamples.parquet``.

    Args:
        method: block of a reference-guided method.
        model, faces, references, mask_pictures, guides: as for :func:`.synthesise_by_reference`.
        config: section ``metrics``.
        seed: of the training.
        out: folder to make.
        run_id: tracking run.

    Raises:
        MaskbenchError: unreadable inputs, no test people, a model of another method.
    """
    bare, masked = FaceSet.open(faces), MaskedSet.open(references)
    rows, shown = frontal(bare, "test", PEOPLE), photographs(masked, PHOTOGRAPHS)
    pictures = MaskPictures.open(mask_pictures)
    table = bare.faces.iloc[rows]
    who = table["identity"].where(table["identity"] != "", table["face_id"])
    people = People.drawn(who.to_numpy().astype(str), config.bootstrap, config.bootstrap_seed)
    with one_thread():
        painter: Any = open_method(Path(model), method, guides, references)
        looks = []
        for worn in (Photographs(masked, shown), OtherCrops(masked, shown)):
            pairs = list(itertools.product(rows, worn.names))
            made = [found[2:] for found in painter.pictures_of(bare, pictures, pairs, worn)]
            looks.append(look(*map(np.stack, zip(*made, strict=True))))
        images, coverages = masked.images[shown], masked.masks[shown]
        if (masked.faces["method"].iloc[shown] == REAL).any():
            coverages = painter.segmenter.predict(images)
    whole, cut = (found.reshape(len(rows), len(shown), -1) for found in looks)
    numbers = numbers_of(whole, cut, look(images, coverages), people)
    facts = facts_of("synthesis", bare, method.name, seed, run_id) | {"split": "test"}
    with atomic_dir(Path(out)) as tmp:
        write_numbers(tmp, numbers, facts)
    log.info("%s seed %d: %d photographs, %s", method.name, seed, len(shown), out)


def numbers_of(
    whole: np.ndarray, cut: np.ndarray, wanted: np.ndarray, people: People
) -> list[Number]:
    """The numbers of looks.

    Args:
        whole, cut: (F, R, 4) of each face's mask after each photograph, and after its other crop.
        wanted: (R, 4) of the masks in the photographs.
        people: of the F faces.
    """
    first, second = np.triu_indices(len(wanted), 1)
    made, theirs = whole[:, first] - whole[:, second], wanted[first] - wanted[second]
    lengths, their_lengths = np.linalg.norm(made, axis=-1), np.linalg.norm(theirs, axis=-1)
    apart, same = _mean(lengths), _mean(np.linalg.norm(whole - cut, axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        agreement = _mean((made * theirs).sum(-1) / (lengths * their_lengths))
        ratios = people.means(apart) / people.means(same)
    distance = mean_number("style_distance", apart, people)
    crops = mean_number("style_distance_of_crops", same, people)
    known = distance.value is not None and crops.value
    ratio = float(_mean(apart) / _mean(same)) if known else None
    return [
        distance,
        crops,
        Number(
            "style_ratio", ratio, distance.n,
            distance.n_people, ratios, "" if known else "no mask depends on its photograph",
        ),
        mean_number("style_agreement", agreement, people),
        Number(
            "style_distance_of_photographs", float(_mean(their_lengths)) if len(first) else None,
            len(first), len(wanted), note="masks of training people",
        ),
    ]  # fmt: skip


def _mean(values: np.ndarray) -> np.ndarray:
    """The mean over the last axis of what is defined; NaN where nothing is."""
    found: np.ndarray = np.ma.masked_invalid(values).mean(-1)
    return np.ma.filled(found, np.nan)
