"""Every protocol on a recogniser's embeddings of a test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from maskbench.config import MetricsConfig
from maskbench.measurements import SEEN, STANDARD, UNSEEN
from maskbench.metrics.bootstrap import People
from maskbench.metrics.numbers import Number, noted
from maskbench.recognition import protocols, test_set
from maskbench.recognition.identification import cmc
from maskbench.recognition.nearest import NAME, accuracy_1nn
from maskbench.recognition.official import confounds, of_one_bare_picture
from maskbench.recognition.protocols import Identified
from maskbench.recognition.roc import roc_of, tar_name
from maskbench.recognition.test_set import BARE, MASKED, Pairs, TestSet

IMPOSTORS = 500_000
"""Impostor pairs of a protocol at most; they resolve a FAR of 1e-4 fifty times over."""
OFFICIAL, BARE_BARE, BARE_MASKED = "official", "bare_bare", "bare_masked"
UNSEEN_STYLES, MASKED_DETECTION = "unseen_styles", "masked_detection"
VALIDATION = "validation"
KINDS = {
    BARE_BARE: (BARE, BARE),
    BARE_MASKED: (BARE, MASKED),
    "masked_masked": (MASKED, MASKED),
    UNSEEN_STYLES: (BARE, test_set.UNSEEN),
    MASKED_DETECTION: (BARE, test_set.DETECTED),
}
"""Lists of pairs, as the tables ``scores`` and ``roc`` name them."""


@dataclass(frozen=True)
class Measured:
    """The numbers, the tables ``scores``, ``roc`` and ``cmc``, and the embeddings behind them."""

    numbers: list[Number]
    tables: dict[str, pd.DataFrame]
    embeddings: np.ndarray | None = None


_SCORES = ("protocol", "first", "second", "same", "score")
_ROC, _CMC = ("protocol", "far", "tar"), ("protocol", "rank", "share")


def nothing(why: str) -> Measured:
    """Numbers of a recogniser that is not there."""
    names = [NAME, "accuracy", "accuracy_best_threshold", "auc", "eer"]
    names += [*map(tar_name, protocols.FARS), *(f"rank_{k}" for k in protocols.RANKS)]
    columns = {"scores": _SCORES, "roc": _ROC, "cmc": _CMC}
    return Measured(
        [Number(name, None, 0, note=why, backbone="absent") for name in names],
        {name: pd.DataFrame(columns=list(found)) for name, found in columns.items()},
    )


def measure(
    embeddings: np.ndarray, test: TestSet, folds: int, config: MetricsConfig, backbone: str
) -> Measured:
    """Every protocol on embeddings of length 1, in the order of the test set's table; ``backbone``
    made them.

    ``standard`` are pairs of a bare with a masked picture: those of the official list where the
    data set has one (whose whole is ``official``), else all that can be made.
    """
    people = People.drawn(test.identities, config.bootstrap, config.bootstrap_seed)
    lists: dict[str, Pairs] = {}
    standard, remark = BARE_MASKED, ""
    if test.official is not None:
        standard, remark = STANDARD, confounds(test.official, test)
        lists = {STANDARD: of_one_bare_picture(test.official, test), OFFICIAL: test.official}
    for name, (one, other) in KINDS.items():
        drawn = test.pairs(one, other, IMPOSTORS, config.bootstrap_seed)
        if len(drawn) or name == standard:
            lists[name] = drawn
    scores = {name: protocols.scores_of(embeddings, pairs) for name, pairs in lists.items()}
    empty = np.empty(0, np.float32)
    bare = lists.get(BARE_BARE)
    bare_impostors = empty if bare is None else scores[BARE_BARE][~bare.same]
    numbers: list[Number] = []
    for name, pairs in lists.items():
        found = protocols.verification(scores[name], pairs, people, folds, config.bootstrap_seed)
        found += protocols.operating_points(scores[name], pairs, people, bare_impostors)
        if name == OFFICIAL:
            found = [noted(number, remark) for number in found]
        if name == MASKED_DETECTION:
            nearest = accuracy_1nn(
                embeddings, test, people, config.bootstrap_seed, test_set.DETECTED
            )
            found = [noted(number, _failures(test)) for number in (*found, nearest)]
        protocol = STANDARD if name in (standard, UNSEEN_STYLES) else name
        styles = UNSEEN if name == UNSEEN_STYLES else SEEN
        rows = np.concatenate([pairs.first, pairs.second])
        numbers += _labelled(found, people, rows, protocol=protocol, styles=styles)
    identified, probes = _identified(embeddings, test, people)
    numbers += _labelled(identified.numbers, people, probes)
    nearest = accuracy_1nn(embeddings, test, people, config.bootstrap_seed)
    numbers += _labelled([nearest], people, np.concatenate([*map(test.of_kind, (BARE, MASKED))]))
    if test.table["undetected"].any() or test.official is not None:
        missed = int(test.table["undetected"].sum())
        note = "pictures without a detected face, taken whole"
        numbers.append(
            Number("undetected", float(missed), len(test.table), people.count, note=note)
        )
    if test.missed or len(test.of_kind(test_set.DETECTED)):
        n = len(test.of_kind(test_set.DETECTED)) + len(test.missed)
        count = Number("undetected", float(len(test.missed)), n, note=_failures(test))
        numbers.append(replace(count, n_people=people.count, protocol=MASKED_DETECTION))
    own = _own_pictures(test, config.bootstrap_seed)
    if own is not None:
        found = protocols.same_picture(protocols.scores_of(embeddings, own), own, people)
        rows = np.concatenate([own.first, own.second])
        numbers += _labelled(found, people, rows, protocol="same_picture")
    numbers = [replace(number, backbone=backbone) for number in numbers]
    return Measured(numbers, _tables(lists, scores, test, identified), embeddings)


def validation_auc(
    embeddings: np.ndarray, people: TestSet, config: MetricsConfig, backbone: str
) -> Number:
    """The AUC of bare against masked pictures of validation people: whether a training got
    anywhere."""
    drawn = People.drawn(people.identities, config.bootstrap, config.bootstrap_seed)
    pairs = people.pairs(BARE, MASKED, IMPOSTORS, config.bootstrap_seed)
    scores = protocols.scores_of(embeddings, pairs)
    found = protocols.verification(scores, pairs, drawn, 1, config.bootstrap_seed)
    (auc,) = [number for number in found if number.metric == "auc"]
    return replace(
        auc, n_people=drawn.count, protocol=VALIDATION, other={"split": "val"}, backbone=backbone
    )


def _failures(test: TestSet) -> str:
    """How many faces were not found on masked pictures, and which first."""
    pictures = len(test.of_kind(test_set.DETECTED)) + len(test.missed)
    if not test.missed:
        return f"a face was found on all {pictures} masked pictures"
    shown, more = ", ".join(test.missed[:3]), len(test.missed) - 3
    rest = f" and {more} more" if more > 0 else ""
    return f"no face was found on {len(test.missed)} of {pictures} masked pictures: {shown}{rest}"


def _labelled(
    numbers: Sequence[Number], people: People, rows: np.ndarray, **labels: str
) -> list[Number]:
    """Numbers with their protocol, and how many people the pictures behind them show."""
    n_people = people.of(rows).count
    return [replace(number, n_people=n_people, **labels) for number in numbers]  # type: ignore[arg-type]


def _identified(
    embeddings: np.ndarray, test: TestSet, people: People
) -> tuple[Identified, np.ndarray]:
    """Bare gallery, masked probes; and the rows of the probes.

    A probe's photograph must not be in the gallery. Where masks were put on by us the first half of
    each person's photographs is the gallery, the masked pictures of the others are probes.
    """
    gallery, probes = test.of_kind(BARE), test.of_kind(MASKED)
    if _by_us(test):
        table = test.table.iloc[gallery]
        half = table.groupby("identity", sort=False).cumcount().to_numpy() < (
            (table.groupby("identity")["photo"].transform("count").to_numpy() + 1) // 2
        )
        gallery = gallery[half]
    shown = set(test.table["photo"].iloc[gallery])
    probes = probes[~test.table["photo"].iloc[probes].isin(shown).to_numpy()]
    known = np.isin(people.person[probes], people.person[gallery])
    found = protocols.identification(embeddings, gallery, probes[known], people)
    if lost := int((~known).sum()):
        remark = f"{lost} probes left out: their people are not in the gallery"
        found = replace(found, numbers=[noted(number, remark) for number in found.numbers])
    return found, probes[known]


def _by_us(test: TestSet) -> bool:
    """Whether masked pictures were made of bare ones of the set."""
    masked = test.table["kind"] != BARE
    return bool(test.table["photo"][masked].isin(test.table["face_id"][~masked]).any())


def _own_pictures(test: TestSet, seed: int) -> Pairs | None:
    """A bare face with its own masked pictures, and with those of other people (paper 3)."""
    if not _by_us(test):
        return None
    photo = test.table["photo"].to_numpy()
    bare_of = {photo[row]: row for row in test.of_kind(BARE)}
    second = test.of_kind(MASKED)
    first = np.array([bare_of[photo[row]] for row in second], int)
    others = test.pairs(BARE, MASKED, IMPOSTORS, seed)
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
