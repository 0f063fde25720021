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


def accuracy_at(scores: np.ndarray, same: np.ndarray, threshold: float) -> float:
    """Share of pairs judged rightly; NaN without pairs."""
    if not len(scores):
        return float("nan")
    return float(((np.asarray(scores) >= threshold) == np.asarray(same, bool)).mean())


@dataclass(frozen=True)
class Folds:
    """Which pairs a fold is tested on, and on which its threshold is chosen.

    Attributes:
        of: (P,) int, the fold that tests each pair; every pair is tested once.
        apart: (F, P) bool, the pairs that a fold may choose its threshold on.
    """

    of: np.ndarray
    apart: np.ndarray


def identity_folds(first: np.ndarray, second: np.ndarray, count: int, seed: int) -> Folds:
    """Folds of people, for pair lists that tie people of all folds together.

    People are dealt to ``count`` folds, as evenly as their pairs allow. A fold tests the pairs
    whose first person is its own, and chooses its threshold on pairs without any of its people, so
    that no threshold is applied to a person whom it was chosen on. (The second person of an
    impostor pair may be of another fold; pairs of :func:`pairs_within_folds` have none such.)

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
    of = np.array([fold_of[p] for p in first])
    partner = np.array([fold_of[p] for p in second])
    folds = np.arange(count)[:, None]
    return Folds(of, (of[None] != folds) & (partner[None] != folds))


def fold_accuracies(scores: np.ndarray, same: np.ndarray, folds: Folds) -> np.ndarray:
    """Accuracy of each fold at the threshold chosen on its other pairs: (F,).

    Raises:
        ValueError: a fold has no pair to choose a threshold on.
    """
    scores, same = np.asarray(scores), np.asarray(same, bool)
    found = []
    for fold, apart in enumerate(folds.apart):
        mine = folds.of == fold
        chosen = best_threshold(scores[apart], same[apart])
        found.append(accuracy_at(scores[mine], same[mine], chosen.value))
    return np.array(found)


def pairs_within_folds(
    identities: np.ndarray, folds: int, impostors_a_genuine: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All genuine pairs of a collection, and random impostor pairs that stay inside a fold.

    Args:
        identities: (N,) of the pictures.
        folds: people are dealt to so many.
        impostors_a_genuine: impostor pairs for each genuine pair of a fold, as far as there are.
        seed: of the dealing and the drawing.

    Returns:
        first, second: (P,) rows of pictures, first < second, no pair twice; fold: (P,).

    Raises:
        ValueError: fewer than two people a fold.
    """
    identities = np.asarray(identities)
    people = np.unique(identities)
    if len(people) < 2 * folds:
        raise ValueError(f"{len(people)} people: two a fold are needed for {folds} folds")
    rng = np.random.default_rng(seed)
    fold_of = dict(zip(rng.permutation(people), np.arange(len(people)) % folds, strict=True))
    fold = np.array([fold_of[person] for person in identities])
    found: list[np.ndarray] = []
    for number in range(folds):
        rows = np.flatnonzero(fold == number)
        a, b = np.triu_indices(len(rows), 1)
        pairs = np.stack([rows[a], rows[b], np.full(len(a), number)], 1)
        same = identities[pairs[:, 0]] == identities[pairs[:, 1]]
        others = pairs[~same]
        wanted = min(len(others), round(impostors_a_genuine * int(same.sum())))
        drawn = np.sort(rng.choice(len(others), wanted, replace=False))
        found += [pairs[same], others[drawn]]
    first, second, number = np.concatenate(found).T
    return first, second, number
