"""Verification: are these two pictures of the same person?

Accuracies of pair lists as LFW's protocol defines them (Huang et al. 2007): ten folds, the
threshold of each chosen on the nine others. A pair is accepted at a score at or above a threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Threshold:
    """A threshold and what it reaches on the pairs that it was chosen on."""

    value: float
    accuracy: float


def best_threshold(scores: np.ndarray, same: np.ndarray) -> Threshold:
    """The threshold with the highest accuracy: half-way between two neighbouring different scores,
    or an infinity that accepts or refuses all. Of equally good ones the lowest.

    Args:
        scores: (P,) finite.
        same: (P,) bool, genuine pairs.

    Raises:
        ValueError: no pairs, or a score that is not finite.
    """
    scores, same = np.asarray(scores, np.float64), np.asarray(same, bool)
    if not len(scores) or not np.isfinite(scores).all():
        raise ValueError("scores: none, or not finite")
    order = np.argsort(scores, kind="stable")
    ranked, genuine = scores[order], same[order]
    # Threshold number k refuses the k lowest scores.
    right = np.concatenate([[0], np.cumsum(np.where(genuine, -1, 1))]) + int(same.sum())
    possible = np.concatenate([[True], ranked[1:] != ranked[:-1], [True]])
    k = int(np.argmax(np.where(possible, right, -1)))
    if k == 0:
        value = -np.inf
    elif k == len(ranked):
        value = np.inf
    else:
        value = ranked[k - 1] + (ranked[k] - ranked[k - 1]) / 2
        value = ranked[k] if value <= ranked[k - 1] else value  # neighbouring floats
    return Threshold(float(value), float(right[k] / len(ranked)))


@dataclass(frozen=True)
class Folds:
    """Which pairs a fold is tested on, and on which its threshold is chosen.

    Attributes:
        fold: (P,) int, the fold that tests each pair, -1 for none; no pair is tested twice.
        apart: (F, P) bool, the pairs that a fold may choose its threshold on.
    """

    fold: np.ndarray
    apart: np.ndarray


def identity_folds(first: np.ndarray, second: np.ndarray, count: int, seed: int) -> Folds:
    """Folds of people, for pair lists that tie people of all folds together.

    People are dealt to ``count`` folds, as evenly as their pairs allow. A fold tests the pairs
    whose first person is its own, and chooses its threshold on pairs without any of its people, so
    that no threshold is applied to a person whom it was chosen on. (The second person of an
    impostor pair may be of another fold; with :func:`folds_within` none is.)

    Args:
        first, second: (P,) the identities of each pair.
        count: folds.
        seed: of the dealing.

    Raises:
        ValueError: fewer people than folds.
    """
    first, second = np.asarray(first), np.asarray(second)
    people, pairs = np.unique(first, return_counts=True)
    if len(people) < count:
        raise ValueError(f"{len(people)} people do not fill {count} folds")
    order = np.random.default_rng(seed).permutation(len(people))
    order = order[np.argsort(-pairs[order], kind="stable")]
    load, fold_of = np.zeros(count, int), {}
    for person in order:  # the most pairs first, each to the fold with the fewest
        fold = int(np.argmin(load))
        fold_of[people[person]] = fold
        load[fold] += pairs[person]
    others = [p for p in np.unique(second) if p not in fold_of]  # never first: no fold's own
    fold_of |= dict.fromkeys(others, -1)
    tester = np.array([fold_of[p] for p in first])
    partner = np.array([fold_of[p] for p in second])
    folds = np.arange(count)[:, None]
    return Folds(tester, (tester[None] != folds) & (partner[None] != folds))


def folds_within(
    first: np.ndarray, second: np.ndarray, same: np.ndarray, count: int, seed: int
) -> Folds:
    """Folds of people that never meet, for pair lists that we draw ourselves.

    A fold tests as many genuine pairs of its people as impostor pairs between two of them; of the
    more frequent kind they are drawn at random. Its threshold is chosen on what the other
    folds test. All other pairs are left out (``fold`` is -1).

    Args:
        first, second: (P,) the identities of each pair.
        same: (P,) bool.
        count: folds.
        seed: of the dealing and the drawing.

    Raises:
        ValueError: fewer than two people a fold.
    """
    first, second, same = np.asarray(first), np.asarray(second), np.asarray(same, bool)
    people = np.union1d(first, second)
    if len(people) < 2 * count:
        raise ValueError(f"{len(people)} people: two a fold are needed for {count} folds")
    rng = np.random.default_rng(seed)
    fold_of = np.empty(len(people), int)
    fold_of[rng.permutation(len(people))] = np.arange(len(people)) % count
    one, other = (fold_of[np.searchsorted(people, names)] for names in (first, second))
    tester = np.where(one == other, one, -1)
    for fold in range(count):
        kinds = [np.flatnonzero((tester == fold) & (same == kind)) for kind in (False, True)]
        more = max(kinds, key=len)
        surplus = len(more) - min(map(len, kinds))
        if surplus:
            tester[rng.choice(more, surplus, replace=False)] = -1
    folds = np.arange(count)[:, None]
    return Folds(tester, (tester[None] != folds) & (tester[None] >= 0))


def fold_decisions(scores: np.ndarray, same: np.ndarray, folds: Folds) -> np.ndarray:
    """Whether each pair is judged rightly at the threshold of its fold: (P,) bool; False for pairs
    that no fold tests.

    Raises:
        ValueError: a fold has no pair to choose a threshold on.
    """
    scores, same = np.asarray(scores), np.asarray(same, bool)
    right = np.zeros(len(scores), bool)
    for fold, apart in enumerate(folds.apart):
        own = folds.fold == fold
        chosen = best_threshold(scores[apart], same[apart])
        right[own] = (scores[own] >= chosen.value) == same[own]
    return right
