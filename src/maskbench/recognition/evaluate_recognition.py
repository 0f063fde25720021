"""Step ``evaluate_recognition``: one recogniser on one test set, by every protocol.

    metrics.json        a row a number
    resamples.parquet   variant, metric, resample, value: bootstrap replicates over people
    scores.parquet      protocol, first, second (face ids), same, score
    roc.parquet         protocol, far, tar: the exact curve
    cmc.parquet         protocol, rank, share of the probes
    embeddings.npy      float32 (N, dim), of length 1; pictures.parquet says of what

Variants: the training set where a recogniser has several, then the protocol where it is not the
standard one, joined by "/". Standard are official pairs where the data set has them, else bare
against masked pictures.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.metrics import bootstrap
from maskbench.metrics.numbers import Number, write_numbers
from maskbench.recognition import protocols
from maskbench.recognition.encoders import Absent
from maskbench.recognition.fitted import fitted
from maskbench.recognition.identification import cmc
from maskbench.recognition.params import Recogniser, Restored, variant_of
from maskbench.recognition.protocols import Identified, People
from maskbench.recognition.roc import roc_of, tar_name
from maskbench.recognition.test_set import (
    BARE,
    UNSEEN,
    WORN,
    Pairs,
    TestSet,
    masked_by_us,
    really_masked,
    refuse_known,
)
from maskbench.training.devices import place

log = logging.getLogger(__name__)

IMPOSTORS = 500_000
"""Impostor pairs of a protocol at most; they resolve a FAR of 1e-4 fifty times over."""
STANDARD, OFFICIAL = "bare_masked", "official"
KINDS = {
    "bare_bare": (BARE, BARE),
    "bare_masked": (BARE, WORN),
    "masked_masked": (WORN, WORN),
    "unseen_styles": (BARE, UNSEEN),
}


@dataclass(frozen=True)
class Test:
    """Where the pictures of a test come from.

    Attributes:
        faces: FaceSet.
        masked: MaskedSet of the same test people; None for a collection of really masked people.
        pictures: folder of the step ``fetch``, for such a collection.
        restored: the masked pictures (or the whole collection) with masks taken off, for
            recognisers of the kind ``restored``.
        styles: mask styles that each face wears; unseen_styles: those that no training has seen.
        folds: of people.
    """

    faces: Path
    masked: Path | None
    pictures: Path | None
    restored: Path | None
    styles: int
    unseen_styles: Sequence[str]
    folds: int

    def open(self, shown: Path | None) -> TestSet:
        """The test set; ``shown``: with these pictures."""
        if self.masked is not None:
            return masked_by_us(self.faces, self.masked, self.styles, self.unseen_styles, shown)
        assert self.pictures is not None
        return really_masked(self.faces, self.pictures, shown)


def evaluate_recognition(
    name: str,
    recogniser: Recogniser,
    training: str,
    seed: int,
    model: Path,
    test: Test,
    weights: Path,
    out: Path,
    config: MetricsConfig,
    run_id: str = "",
) -> None:
    """Measure a fitted recogniser.

    Args:
        name: the recogniser's name; it becomes the method of its rows.
        recogniser: its block in the configuration.
        training: its training set; ``seed``: of its training.
        model: the folder that ``train_recogniser`` wrote.
        test: the pictures.
        weights: folder of network weights.
        out: the folder to write.
        config: section ``metrics``: the bootstrap.
        run_id: tracking run.

    Raises:
        MaskbenchError: unreadable inputs; a person of the test was learnt from.
    """
    shown = test.restored if isinstance(recogniser, Restored) else None
    pictures = test.open(shown)
    prefix = variant_of(recogniser, training)
    facts = {
        "stage": "recognition", "dataset": pictures.dataset, "split": "test", "method": name,
        "seed": seed, "crop": pictures.crop, "mlflow_run_id": run_id,
    }  # fmt: skip
    with atomic_dir(out) as tmp:
        try:
            made = fitted(model, weights, str(place("float32").device))
        except Absent as why:
            log.warning("%s: %s", name, why)
            measured = _nothing(str(why))
            backbone = "absent"
        else:
            refuse_known(pictures, made.people, made.dataset)
            for dataset, people in _learnt_from(shown).items():
                refuse_known(pictures, frozenset(people), dataset)
            embeddings = pictures.embeddings(made.encoder).astype(np.float32)
            if not np.isfinite(embeddings).all():
                raise MaskbenchError(
                    model, "its embeddings are no numbers: the training diverged",
                    f"lower lr of recognition.recognisers.{name}",
                )  # fmt: skip
            measured = measure(embeddings, pictures, test.folds, config)
            backbone = made.backbone
            np.save(tmp / "embeddings.npy", embeddings)
        pictures.table.to_parquet(tmp / "pictures.parquet", index=False)
        numbers = {
            "/".join(filter(None, (prefix, variant))): [
                replace(number, backbone=backbone) for number in found
            ]
            for variant, found in measured.numbers.items()
        }
        count = write_numbers(tmp, numbers, facts)
        for table, frame in measured.tables.items():
            frame.to_parquet(tmp / f"{table}.parquet", index=False)
    log.info("%s on %s: %d numbers in %s", name, pictures.dataset, count, out)


def _learnt_from(shown: Path | None) -> dict[str, list[str]]:
    """Whom the networks that took the masks off learnt from, by data set.

    Raises:
        MaskbenchError: the pictures do not say.
    """
    if shown is None:
        return {}
    found = FaceSet.open(shown).spec.get("learnt_from")
    if found is None:
        raise MaskbenchError(shown, "does not say whom it was learnt from", "restore it again")
    return dict(found)


@dataclass(frozen=True)
class Measured:
    """Numbers by variant, and the tables ``scores``, ``roc`` and ``cmc``."""

    numbers: dict[str, list[Number]]
    tables: dict[str, pd.DataFrame]


_SCORES = ("protocol", "first", "second", "same", "score")
_ROC, _CMC = ("protocol", "far", "tar"), ("protocol", "rank", "share")


def _nothing(why: str) -> Measured:
    names = ["accuracy", "accuracy_best_threshold", "auc", "eer"]
    names += [*map(tar_name, protocols.FARS), *(f"rank_{k}" for k in protocols.RANKS)]
    columns = {"scores": _SCORES, "roc": _ROC, "cmc": _CMC}
    return Measured(
        {"": [Number(name, None, 0, note=why) for name in names]},
        {name: pd.DataFrame(columns=list(found)) for name, found in columns.items()},
    )


def measure(embeddings: np.ndarray, test: TestSet, folds: int, config: MetricsConfig) -> Measured:
    """Every protocol on embeddings of length 1, in the order of the test set's table."""
    names, of = np.unique(test.identities, return_inverse=True)
    draws = bootstrap.draw_faces(len(names), config.bootstrap, config.bootstrap_seed)
    people = People(of, draws)
    lists: dict[str, Pairs] = {} if test.official is None else {OFFICIAL: test.official}
    for name, (one, other) in KINDS.items():
        drawn = test.pairs(one, other, IMPOSTORS, config.bootstrap_seed)
        if len(drawn):
            lists[name] = drawn
    scores = {name: protocols.scores_of(embeddings, pairs) for name, pairs in lists.items()}
    empty = np.empty(0, np.float32)
    bare = lists.get("bare_bare")
    bare_impostors = empty if bare is None else scores["bare_bare"][~bare.same]
    standard = OFFICIAL if test.official is not None else STANDARD
    numbers: dict[str, list[Number]] = {"": []}
    for name, pairs in lists.items():
        found = protocols.verification(scores[name], pairs, people, folds, config.bootstrap_seed)
        if name != OFFICIAL:
            found += protocols.operating_points(scores[name], pairs, people, bare_impostors)
        numbers["" if name == standard else name] = found
    identified = _identified(embeddings, test, people)
    numbers[""] += identified.numbers
    if test.table["undetected"].any() or test.official is not None:
        missed = int(test.table["undetected"].sum())
        note = "pictures without a detected face, taken whole"
        numbers[""].append(Number("undetected", float(missed), len(test.table), note=note))
    own = _own_pictures(test, config.bootstrap_seed)
    if own is not None:
        found = protocols.same_picture(protocols.scores_of(embeddings, own), own, people)
        numbers["same_picture"] = found
    return Measured(numbers, _tables(lists, scores, test, identified))


def _identified(embeddings: np.ndarray, test: TestSet, people: People) -> Identified:
    """Bare gallery, masked probes.

    Where masks were put on by us a probe's photograph must not be in the gallery: of each person
    the first half of the photographs is the gallery, the masked pictures of the others are probes.
    """
    gallery, probes = test.of_kind(BARE), test.of_kind(WORN)
    if _by_us(test):
        table = test.table.iloc[gallery]
        half = table.groupby("identity", sort=False).cumcount().to_numpy() < (
            (table.groupby("identity")["photo"].transform("count").to_numpy() + 1) // 2
        )
        gallery = gallery[half]
        shown = set(test.table["photo"].iloc[gallery])
        probes = probes[~test.table["photo"].iloc[probes].isin(shown).to_numpy()]
    known = np.isin(people.of[probes], people.of[gallery])
    found = protocols.identification(embeddings, gallery, probes[known], people)
    lost = int((~known).sum())
    if not lost:
        return found
    said = f"{lost} probes left out: nobody of theirs in the gallery"
    told = [replace(n, note="; ".join(filter(None, (n.note, said)))) for n in found.numbers]
    return replace(found, numbers=told)


def _by_us(test: TestSet) -> bool:
    return bool(test.table["photo"].duplicated().any())


def _own_pictures(test: TestSet, seed: int) -> Pairs | None:
    """A bare face with its own masked pictures, and with those of other people (paper 3)."""
    if not _by_us(test):
        return None
    photo = test.table["photo"].to_numpy()
    bare_of = {photo[row]: row for row in test.of_kind(BARE)}
    second = test.of_kind(WORN)
    first = np.array([bare_of[photo[row]] for row in second], int)
    others = test.pairs(BARE, WORN, IMPOSTORS, seed)
    if not len(second) or others.same.all():
        return None
    apart = ~others.same
    return Pairs(
        np.concatenate([first, others.first[apart]]),
        np.concatenate([second, others.second[apart]]),
        np.concatenate([np.ones(len(first), bool), np.zeros(int(apart.sum()), bool)]),
    )


def _tables(
    lists: dict[str, Pairs], scores: dict[str, np.ndarray], test: TestSet, found: Identified
) -> dict[str, pd.DataFrame]:
    face = test.table["face_id"].to_numpy()
    listed, curves = [], []
    for name, pairs in lists.items():
        listed.append(
            pd.DataFrame(
                {
                    "protocol": pd.Categorical([name] * len(pairs), list(lists)),
                    "first": face[pairs.first],
                    "second": face[pairs.second],
                    "same": pairs.same,
                    "score": scores[name],
                }
            )
        )
        if pairs.same.any() and not pairs.same.all():
            far, tar = roc_of(scores[name][pairs.same], scores[name][~pairs.same]).curve()
            curves.append(pd.DataFrame({"protocol": name, "far": far, "tar": tar}))
    shares = cmc(found.rank, found.people) if len(found.rank) else np.empty(0)
    ranking = {"protocol": "identification", "rank": np.arange(1, len(shares) + 1), "share": shares}
    return {
        "scores": pd.concat(listed, ignore_index=True),
        "roc": pd.concat([pd.DataFrame(columns=list(_ROC)), *curves], ignore_index=True),
        "cmc": pd.DataFrame(ranking, columns=list(_CMC)),
    }
