"""Bootstrap over people of everything that is measured on pairs.

Pairs of one person are not independent, nor are impostor pairs that share one, so people are drawn,
with replacement, and every pair goes with them: a genuine pair as often as its person was drawn, an
impostor pair as often as the product of both (Bolle, Ratha, Pankanti 2004, subsets bootstrap; Poh
and Bengio 2007). The draw is that of :mod:`maskbench.metrics.bootstrap`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from maskbench.recognition.roc import tar_name

_HELD = 300_000  # weights held at once: more do not fit into the cache and take thrice the time


def pair_replicates(
    scores: np.ndarray,
    same: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    draws: np.ndarray,
    fars: Sequence[float] = (),
) -> dict[str, np.ndarray]:
    """AUC, EER, best accuracy and TARs of every resample.

    Args:
        scores: (P,).
        same: (P,) bool, genuine pairs.
        first, second: (P,) int, the people of each pair: columns of ``draws``.
        draws: (R, people), how often each person stands in each resample; R may be 0.
        fars: false accept rates for ``tar_at_far_*``.

    Returns:
        (R,) each: ``auc``, ``eer``, ``accuracy_best_threshold`` and ``tar_at_far_1e-2`` and the
        like; NaN where a resample lacks genuine or impostor pairs, or impostors for that FAR.
    """
    same, scores = np.asarray(same, bool), np.asarray(scores, np.float64)
    first, second = np.asarray(first), np.asarray(second)
    # The curve turns at genuine scores alone: beyond the highest, at it, between it and the next...
    turns = np.unique(-scores[same])
    place = np.searchsorted(turns, -scores, "left") + np.searchsorted(turns, -scores, "right")
    groups, people = 2 * len(turns) + 1, draws.shape[1]
    genuines = _counts(place[same], first[same], groups, people)
    # Impostor pairs of the same two people have the same weight.
    low, high = np.minimum(first, second)[~same], np.maximum(first, second)[~same]
    codes, kind = np.unique(low.astype(np.int64) * people + high, return_inverse=True)
    low, high = np.divmod(codes, max(1, people))
    impostors = _counts(place[~same], kind, groups, len(codes))
    parts: list[dict[str, np.ndarray]] = []
    step = max(1, _HELD // max(groups, len(codes)))
    for start in range(0, max(1, len(draws)), step):
        some = np.asarray(draws[start : start + step], np.float64).T
        parts.append(_measured(genuines @ some, impostors @ (some[low] * some[high]), fars))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _counts(place: np.ndarray, kind: np.ndarray, groups: int, kinds: int) -> csr_array:
    """How many pairs of each kind are in each group: (groups, kinds)."""
    return csr_array((np.ones(len(place)), (place, kind)), shape=(groups, kinds))


def _measured(
    genuine: np.ndarray, impostor: np.ndarray, fars: Sequence[float]
) -> dict[str, np.ndarray]:
    """From the weights in each group of scores, the highest first: (groups, R) each."""
    start = np.zeros((1, genuine.shape[1]))
    accepted = np.concatenate([start, genuine.cumsum(0)])
    let_in = np.concatenate([start, impostor.cumsum(0)])
    genuines, impostors = accepted[-1], let_in[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        tar, far = accepted / genuines, let_in / impostors
        out = {
            "auc": ((tar[1:] + tar[:-1]) / 2 * np.diff(far, axis=0)).sum(0),
            "eer": _eer(far, 1 - tar),
            "accuracy_best_threshold": (accepted + impostors - let_in).max(0)
            / (genuines + impostors),
        }
    none = ~((genuines > 0) & (impostors > 0))
    for rate in fars:
        allowed = np.floor(rate * impostors * (1 + 1e-12))
        best = np.where(let_in <= allowed, tar, 0).max(0)
        out[tar_name(rate)] = np.where(allowed >= 1, best, np.nan)
    return {name: np.where(none, np.nan, values) for name, values in out.items()}


def _eer(far: np.ndarray, frr: np.ndarray) -> np.ndarray:
    """Where the rising FAR meets the falling FRR, on the line between the two points beside it."""
    after = np.argmax(far >= frr, axis=0)
    before = np.maximum(after - 1, 0)
    column = np.arange(far.shape[1])
    gap = (frr - far)[before, column], (frr - far)[after, column]
    share = np.where(gap[0] > gap[1], gap[0] / np.maximum(gap[0] - gap[1], 1e-300), 0.0)
    return far[before, column] + share * (far[after, column] - far[before, column])
