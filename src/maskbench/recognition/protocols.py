"""The numbers of each protocol, with their bootstrap over people (docs/protocols/recognition.md).

Every function takes embeddings of length 1 or scores of pairs and gives
:class:`maskbench.metrics.numbers.Number` values. What cannot be measured is a number without a
value that says why.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from maskbench.metrics.bootstrap import People
from maskbench.metrics.numbers import Number
from maskbench.recognition.identification import ranks
from maskbench.recognition.intervals import pair_replicates
from maskbench.recognition.roc import Roc, power, roc_of, tar_name
from maskbench.recognition.separation import separation, transferred
from maskbench.recognition.test_set import Pairs
from maskbench.recognition.verification import (
    best_threshold,
    fold_decisions,
    folds_within,
    identity_folds,
)

FARS = (1e-2, 1e-3, 1e-4)
OPERATING = {"fmr100": 1e-2, "fmr1000": 1e-3}
"""FMR100 and FMR1000: the highest FMR of each."""
RANKS = (1, 5)
SAME_PICTURE = (
    "cos_same_mean", "cos_same_sd", "cos_diff_mean", "cos_diff_sd",
    "sigma_separation", "error_rate_gaussian", "error_rate_empirical",
)  # fmt: skip


def _number(name: str, value: float, n: int, replicates: np.ndarray) -> Number:
    return Number(name, value, n, replicates=replicates)


def scores_of(embeddings: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Cosines (P,) float32 of pairs of embeddings of length 1."""
    out = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), 100_000):
        part = slice(start, start + 100_000)
        out[part] = (embeddings[pairs.first[part]] * embeddings[pairs.second[part]]).sum(1)
    return out


def verification(
    scores: np.ndarray, pairs: Pairs, people: People, folds: int, seed: int
) -> list[Number]:
    """AUC, EER, TARs, FMR100 and FMR1000, best accuracy, and the accuracy of folds of people.

    ``fmr100`` is the lowest FNMR at an FMR of at most 1% of these very pairs, 1 - TAR, as the
    competition MFR 2021 has it (Boutros et al. 2021).

    Args:
        scores: (P,) of the pairs.
        folds: wanted; fewer where there are fewer than two people a fold (the note has it).
        seed: of the dealing of people to folds.
    """
    n, same = len(pairs), pairs.same
    note = f"{pairs.dropped} impostor pairs left out at random" if pairs.dropped else ""
    if not same.any() or same.all():
        why = "no genuine pairs" if not same.any() else "no impostor pairs"
        names = ["accuracy", "accuracy_best_threshold", "auc", "eer", *map(tar_name, FARS)]
        names += OPERATING
        return [Number(name, None, n, note=why) for name in names]
    first, second = people.person[pairs.first], people.person[pairs.second]
    found = pair_replicates(scores, same, first, second, people.draws, FARS)
    roc = roc_of(scores[same], scores[~same])
    values: dict[str, float | None] = {
        "auc": roc.auc(),
        "eer": roc.eer(),
        "accuracy_best_threshold": best_threshold(scores, same).accuracy,
    }
    notes = dict.fromkeys(values, note)
    if pairs.dropped:  # how many kinds there are of each would decide it
        values["accuracy_best_threshold"] = None
    for far in FARS:
        name, enough = tar_name(far), roc.resolves(far)
        values[name] = roc.tar_at(far) if enough else None
        notes[name] = note if enough else _unresolved(roc, far)
    for name, fmr in OPERATING.items():
        tar = values[tar_name(fmr)]
        values[name] = None if tar is None else 1 - tar
        notes[name], found[name] = notes[tar_name(fmr)], 1 - found[tar_name(fmr)]
    numbers = [
        Number(
            name,
            value,
            n,
            replicates=found[name] if value is not None else np.empty(0),
            note=notes[name],
        )
        for name, value in values.items()
    ]
    return [_folded(scores, pairs, people, folds, seed, note), *numbers]


def _unresolved(roc: Roc, far: float) -> str:
    return f"{roc.impostors} impostor pairs do not resolve a FAR of {far:g}"


def _folded(
    scores: np.ndarray, pairs: Pairs, people: People, folds: int, seed: int, note: str
) -> Number:
    """Accuracy with each fold's threshold chosen on other people's pairs."""
    first, second = people.person[pairs.first], people.person[pairs.second]
    dealt_people = first if pairs.official else np.union1d(first, second)
    count = min(folds, len(np.unique(dealt_people)) // 2)
    if count < 2:
        return Number("accuracy", None, len(pairs), note="too few people for two folds")
    if pairs.official:
        dealt = identity_folds(first, second, count, seed)
    else:
        dealt = folds_within(first, second, pairs.same, count, seed)
    tested = np.flatnonzero(dealt.fold >= 0)
    try:
        right = fold_decisions(scores, pairs.same, dealt)[tested]
    except ValueError:
        return Number("accuracy", None, len(pairs), note="no pairs to choose a threshold on")
    chosen = Pairs(pairs.first[tested], pairs.second[tested], pairs.same[tested])
    fewer = f"{count} folds of people" if count != folds else ""
    return Number(
        "accuracy",
        float(right.mean()),
        len(tested),
        replicates=weighted_means(right, chosen, people),
        note="; ".join(filter(None, (fewer, note))),
    )


def weighted_means(values: np.ndarray, pairs: Pairs, people: People) -> np.ndarray:
    """The mean of something of pairs in every resample: (R,).

    A genuine pair weighs as often as its person was drawn, an impostor pair as the product.
    """
    weight = _PairWeights(pairs, people)
    total = weight.sums(np.ones(len(pairs)))
    return np.divide(weight.sums(values), total, out=np.full(len(total), np.nan), where=total > 0)


class _PairWeights:
    """Sums over pairs in every resample, by way of sums over pairs of people: fast and exact."""

    def __init__(self, pairs: Pairs, people: People) -> None:
        self.same, self.draws = pairs.same, people.draws
        count = people.draws.shape[1]
        self.count = count
        self.person = people.person[pairs.first][pairs.same]
        a, b = people.person[pairs.first][~pairs.same], people.person[pairs.second][~pairs.same]
        self.place = a * count + b

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(R,) weighted sums of values (P,)."""
        return self.genuine(values[self.same]) + self.impostor(values[~self.same])

    def genuine(self, values: np.ndarray) -> np.ndarray:
        return self.draws @ np.bincount(self.person, values, self.count)

    def impostor(self, values: np.ndarray) -> np.ndarray:
        square = np.bincount(self.place, values, self.count**2).reshape(self.count, -1)
        return ((self.draws @ square) * self.draws).sum(1)


def operating_points(
    scores: np.ndarray, pairs: Pairs, people: People, bare_impostors: np.ndarray
) -> list[Number]:
    """Means of genuine and impostor scores, FDR, and what thresholds set on bare impostor pairs do
    here: ``fnmr_at_bare_fmr_1e-2``, ``fmr_at_bare_fmr_1e-2``, and the same for 1e-3.

    So NIST reports masked faces (Ngan, Grother, Hanaoka 2020, NISTIR 8311): a system in use keeps
    the threshold that it had before anybody wore a mask.
    """
    same, n = pairs.same, len(pairs)
    if not same.any() or same.all():
        return []
    weight = _PairWeights(pairs, people)
    both = _moments(weight, scores, same)
    numbers = [
        _number("genuine_mean", float(scores[same].mean()), int(same.sum()), both[0][0]),
        _number("impostor_mean", float(scores[~same].mean()), int((~same).sum()), both[1][0]),
    ]
    try:
        whole = separation(scores[same], scores[~same])
        numbers.append(_number("fdr", whole.fdr, n, _sigma(both) ** 2))
    except ValueError as why:
        numbers.append(Number("fdr", None, n, note=str(why)))
    for fmr in OPERATING.values():
        numbers += _transferred(fmr, scores, same, weight, bare_impostors)
    return numbers


def _transferred(
    fmr: float,
    scores: np.ndarray,
    same: np.ndarray,
    weight: _PairWeights,
    bare_impostors: np.ndarray,
) -> list[Number]:
    """One threshold set on bare pairs; intervals at the same threshold."""
    fnmr_here, fmr_here = (f"{kind}_at_bare_fmr_{power(fmr)}" for kind in ("fnmr", "fmr"))
    counts = {fnmr_here: int(same.sum()), fmr_here: int((~same).sum())}
    try:
        point = transferred(bare_impostors, scores[same], scores[~same], fmr)
    except ValueError:
        few = f"{len(bare_impostors)} bare impostor pairs do not resolve an FMR of {fmr:g}"
        return [Number(name, None, n, note=few) for name, n in counts.items()]
    accepted = (scores >= point.threshold).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        let_in = weight.impostor(accepted[~same]) / weight.impostor(np.ones(counts[fmr_here]))
        refused = weight.genuine(1 - accepted[same]) / weight.genuine(np.ones(counts[fnmr_here]))
    return [
        _number(fnmr_here, point.fnmr, counts[fnmr_here], refused),
        _number(fmr_here, point.fmr, counts[fmr_here], let_in),
    ]


def _moments(
    weight: _PairWeights, scores: np.ndarray, same: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """((mean, deviation) of genuine scores, of impostor scores) in every resample."""
    found = []
    for of_kind, values in ((weight.genuine, scores[same]), (weight.impostor, scores[~same])):
        values = values.astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            total = of_kind(np.ones(len(values)))
            mean = of_kind(values) / total
            spread = np.sqrt(np.maximum(of_kind(values**2) / total - mean**2, 0))
        found.append((mean, spread))
    return found[0], found[1]


def _sigma(both: tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    (same_mean, same_sd), (other_mean, other_sd) = both
    with np.errstate(invalid="ignore", divide="ignore"):
        return (same_mean - other_mean) / np.hypot(same_sd, other_sd)


def same_picture(scores: np.ndarray, pairs: Pairs, people: People) -> list[Number]:
    """Paper 3, Table 3: a face against its own masked picture (``same``) and against other people's
    masked pictures."""
    same = pairs.same
    try:
        found = separation(scores[same], scores[~same])
    except ValueError as why:
        return [Number(name, None, len(pairs), note=str(why)) for name in SAME_PICTURE]
    weight = _PairWeights(pairs, people)
    both = _moments(weight, scores, same)
    wrong = np.where(same, scores < found.threshold, scores >= found.threshold).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        (same_mean, same_sd), (other_mean, other_sd) = both
        gaussian = ndtr(-(same_mean - other_mean) / (same_sd + other_sd))
        missed = weight.genuine(wrong[same]) / weight.genuine(np.ones(int(same.sum())))
        let_in = weight.impostor(wrong[~same]) / weight.impostor(np.ones(int((~same).sum())))
    genuine, impostor, n = int(same.sum()), int((~same).sum()), len(pairs)
    values = [
        (found.same_mean, genuine, same_mean),
        (found.same_sd, genuine, same_sd),
        (found.different_mean, impostor, other_mean),
        (found.different_sd, impostor, other_sd),
        (found.sigma, n, _sigma(both)),
        (found.error_gaussian, n, gaussian),
        (found.error_empirical, n, (missed + let_in) / 2),
    ]
    return [_number(name, *value) for name, value in zip(SAME_PICTURE, values, strict=True)]


@dataclass(frozen=True)
class Identified:
    """The rank of each probe's person, and how many people the gallery holds."""

    numbers: list[Number]
    rank: np.ndarray
    people: int


def identification(
    embeddings: np.ndarray,
    gallery: np.ndarray,
    probes: np.ndarray,
    people: People,
) -> Identified:
    """Closed set: bare gallery, masked probes; rank-1 and rank-5.

    Args:
        embeddings: (N, dim) of length 1.
        gallery, probes: rows; the people of the probes are all in the gallery.
    """
    if not len(gallery) or not len(probes):
        none = [Number(f"rank_{k}", None, 0, note="no gallery or no probes") for k in RANKS]
        return Identified(none, np.empty(0, int), 0)
    rank = ranks(
        embeddings[gallery], people.person[gallery], embeddings[probes], people.person[probes]
    )
    count = len(np.unique(people.person[gallery]))
    numbers = []
    for k in RANKS:
        if k >= count:
            numbers.append(
                Number(f"rank_{k}", None, len(probes), note=f"{count} people in the gallery")
            )
            continue
        hit = (rank <= k).astype(float)
        numbers.append(
            Number(
                f"rank_{k}",
                float(hit.mean()),
                len(probes),
                replicates=people.of(probes).means(hit),
                note=f"{count} people in the gallery",
            )
        )
    return Identified(numbers, rank, count)
