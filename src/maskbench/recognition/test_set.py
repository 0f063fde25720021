"""The pictures that recognisers are tested on, and the pairs that each protocol makes of them.

Two kinds. *Masked by us*: bare faces of the test people, and the key-point overlay on each of them;
an overlay is never compared with its own photograph, nor with another overlay on it. *Really
masked*: one collection with a label for each picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from maskbench.datasets.compare_people import in_both
from maskbench.datasets.listing import stem
from maskbench.datasets.manifest import OFFICIAL, Pictures, read_table
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.recognition.pair_lists import drawn_pairs

if TYPE_CHECKING:
    from maskbench.recognition.encoders import Encoder

SPLIT = "test"
BARE, MASKED, UNSEEN, DETECTED = "bare", "masked", "unseen", "detected"
"""Kinds of pictures: in masks of seen and of unseen styles, and with their faces found on the
masked picture."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of pictures: rows ``first`` and ``second`` (P,), ``same`` (P,) bool.

    ``dropped``: impostor pairs left out because there are too many; ``official``: whether the list
    is the data set's own.
    """

    first: np.ndarray
    second: np.ndarray
    same: np.ndarray
    dropped: int = 0
    official: bool = False

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class TestSet:
    """What a recogniser is tested on.

    Attributes:
        dataset, crop: of the pictures.
        table: a row a picture: face_id, identity, kind (bare, masked, unseen: masked with a style
            that no training has seen, detected: found on the masked picture), photo (pictures made
            of one photograph share it), style, undetected.
        parts: (set, its rows) that hold the pictures in the order of ``table``.
        official: the data set's own pairs, if it has any.
        fold: whose test people they are.
        missed: masked pictures on which no face was found, where faces are sought on these.
    """

    dataset: str
    crop: str
    table: pd.DataFrame
    parts: tuple[tuple[FaceSet, np.ndarray], ...]
    official: Pairs | None
    fold: int = 0
    missed: tuple[str, ...] = ()

    @property
    def identities(self) -> np.ndarray:
        return self.table["identity"].to_numpy().astype(str)

    def of_kind(self, kind: str) -> np.ndarray:
        """Rows of one kind."""
        return np.flatnonzero((self.table["kind"] == kind).to_numpy())

    def embeddings(self, encoder: Encoder) -> np.ndarray:
        """(N, dim) float32 of any length, in the order of ``table``."""
        return np.concatenate([encoder(part, rows) for part, rows in self.parts])

    def pairs(self, one: str, other: str, limit: int, seed: int) -> Pairs:
        """All pairs of pictures of two kinds; never two pictures of one photograph.

        Args:
            one, other: kinds; if they are the same, every pair stands once.
            limit: impostor pairs at most; more are drawn from at random.
            seed: of this drawing.
        """
        photos = pd.factorize(self.table["photo"])[0]
        return Pairs(
            *drawn_pairs(
                self.identities, photos, self.of_kind(one), self.of_kind(other), limit, seed
            )
        )


def unit_rows(values: np.ndarray) -> np.ndarray:
    """Rows of length 1; rows of zeros stay zeros."""
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)


def open_test_set(
    faces: Path,
    masked: Path | None,
    pictures: Path | None,
    styles: int,
    unseen_styles: Sequence[str],
    restored: Path | None = None,
    detected: Path | None = None,
) -> TestSet:
    """What recognisers are tested on.

    Args:
        faces: FaceSet.
        masked: MaskedSet of its test people, every face with every measured style; None for a
            collection of really masked people.
        pictures: folder of the step ``fetch``, for such a collection.
        styles: of the seen and of the unseen styles, how many each face wears.
        unseen_styles: styles that no training has seen.
        restored: a set with the same rows as ``masked`` (or as the collection), whose pictures
            are tested in their place.
        detected: MaskedSet of the step ``detect_masked``, for masks put on by us.

    Raises:
        MaskbenchError: see :func:`masked_by_us` and :func:`really_masked`.
    """
    if masked is not None:
        return masked_by_us(faces, masked, styles, unseen_styles, restored, detected)
    if pictures is None:
        raise MaskbenchError(faces, "neither masked pictures nor labels", "give one of them")
    return really_masked(faces, pictures, restored)


def masked_by_us(
    faces: Path,
    masked: Path,
    styles: int | None = None,
    unseen_styles: Sequence[str] = (),
    shown: Path | None = None,
    detected: Path | None = None,
    split: str = SPLIT,
) -> TestSet:
    """The bare faces of a split's people, and as many dealt styles of masks on each.

    Args:
        faces: FaceSet of bare faces.
        masked: MaskedSet of these people among others.
        styles: how many of the seen, and how many of the unseen styles each face wears; None: all
            that there are.
        unseen_styles: styles that no training has seen.
        shown: a set with the same rows as ``masked`` whose pictures are tested in their place
            (masks taken off).
        detected: the same people with faces found on the masked pictures, tested apart.
        split: ``test``, or ``val`` for choices.

    Raises:
        MaskbenchError: no people, no masked pictures, sets that do not belong together.
    """
    bare, overlaid = FaceSet.open(faces), MaskedSet.open(masked)
    rows = bare.of_split(split)
    if not len(rows):
        raise MaskbenchError(faces, f"no {split} people", "check datasets.*.shares")
    replaced: FaceSet = overlaid if shown is None else _same_rows(overlaid, FaceSet.open(shown))
    is_unseen = overlaid.faces["style"].isin(list(unseen_styles)).to_numpy()
    theirs = (overlaid.faces["split"] == split).to_numpy()
    parts: list[tuple[FaceSet, np.ndarray]] = [(bare, rows)]
    tables = [_described(bare, rows, BARE, bare.faces["face_id"])]
    for kind, wanted in ((MASKED, ~is_unseen), (UNSEEN, is_unseen)):
        chosen = _dealt(overlaid.faces, np.flatnonzero(theirs & wanted), styles)
        if len(chosen):
            parts.append((replaced, chosen))
            tables.append(_described(overlaid, chosen, kind, overlaid.faces["bare_id"]))
    if len(parts) == 1:
        raise MaskbenchError(masked, "no masked pictures", "make the set again")
    missed: tuple[str, ...] = ()
    if detected is not None:
        found = FaceSet.open(detected)
        parts.append((found, np.arange(len(found))))
        tables.append(_described(found, parts[-1][1], DETECTED, found.faces["bare_id"]))
        missed = tuple(read_table(found.path / "rejects.parquet")["source"])
    table = pd.concat(tables, ignore_index=True)
    return TestSet(bare.dataset, bare.crop, table, tuple(parts), None, bare.fold, missed)


def really_masked(faces: Path, pictures: Path, shown: Path | None = None) -> TestSet:
    """A collection whose manifest says which pictures show a mask (its column ``mask``).

    Args:
        faces: FaceSet with all of its pictures, undetected faces too.
        pictures: folder of the step ``fetch``, with the official pairs if there are any.
        shown: a set with the same rows whose pictures are tested in their place.

    Raises:
        MaskbenchError: no labels, no test people, a picture of an official pair is missing.
    """
    found, opened = FaceSet.open(faces), Pictures.open(pictures)
    if "mask" not in opened.manifest:
        raise MaskbenchError(
            pictures, "does not say who wears a mask", "test on mfr2, rmfrd, or masks put on by us"
        )
    rows = found.of_split(SPLIT)
    if not len(rows):
        raise MaskbenchError(faces, "no test people", "set datasets.*.shares to test: 1")
    manifest = opened.manifest.set_index("source").loc[found.faces["source"]]
    table = _described(found, rows, BARE, manifest["sha256"])  # equal files are one photograph
    table["style"] = manifest["mask"].to_numpy()[rows]
    table["kind"] = np.where(table["style"] == "", BARE, MASKED)
    replaced = found if shown is None else _same_rows(found, FaceSet.open(shown))
    official = _official(opened.path / OFFICIAL, table, faces)
    return TestSet(found.dataset, found.crop, table, ((replaced, rows),), official, found.fold)


def _described(found: FaceSet, rows: np.ndarray, kind: str, photo: pd.Series) -> pd.DataFrame:
    picked = found.faces.iloc[rows]
    return pd.DataFrame(
        {
            "face_id": picked["face_id"].to_numpy(),
            "identity": picked["identity"].to_numpy(),
            "kind": kind,
            "photo": photo.iloc[rows].to_numpy(),
            "style": picked["style"].to_numpy() if "style" in picked else "",
            "undetected": picked["score"].to_numpy() == 0,
        }
    )


def _dealt(table: pd.DataFrame, rows: np.ndarray, count: int | None) -> np.ndarray:
    """Of the rows of each face ``count``, starting one style later with every next face; or all."""
    if count is None:
        return rows
    chosen: list[int] = []
    for number, (_, own) in enumerate(
        table.iloc[rows].groupby("bare_id", sort=False).indices.items()
    ):
        chosen += [int(rows[own[(number + k) % len(own)]]) for k in range(min(count, len(own)))]
    return np.array(sorted(chosen), int)


def _same_rows(wanted: FaceSet, shown: FaceSet) -> FaceSet:
    if list(wanted.faces["face_id"]) != list(shown.faces["face_id"]):
        raise MaskbenchError(shown.path, f"not the pictures of {wanted.path}", "make it again")
    return shown


def _official(path: Path, table: pd.DataFrame, faces: Path) -> Pairs | None:
    if not path.exists():
        return None
    row_of = {stem(face): row for row, face in enumerate(table["face_id"])}
    listed = read_table(path)
    absent = sorted({*listed["first"], *listed["second"]} - set(row_of))
    if absent:
        raise MaskbenchError(
            faces,
            f"lacks {absent[0]} and {len(absent) - 1} more pictures of the official pairs",
            "set undetected: whole, and shares to test: 1, for this data set",
        )
    return Pairs(
        listed["first"].map(row_of).to_numpy(),
        listed["second"].map(row_of).to_numpy(),
        listed["same"].to_numpy(),
        official=True,
    )


def refuse_known(test: TestSet, people: frozenset[str], dataset: str) -> None:
    """Testing on people who were learnt from would prove nothing.

    Names are compared by :func:`maskbench.datasets.compare_people.in_both`.

    Args:
        test: the test set.
        people: that a recogniser learnt from.
        dataset: that they belong to.

    Raises:
        MaskbenchError: a person is in both.
    """
    if both := in_both(test.identities.tolist(), people, dataset == test.dataset):
        raise MaskbenchError(
            f"{test.dataset}: {both[0]}",
            f"is among the people that were learnt from ({len(both)} in both)",
            f"name them in datasets.{dataset}.exclude",
        )
