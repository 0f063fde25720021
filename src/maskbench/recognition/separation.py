"""How far the scores of same and of different people lie apart.

Two literatures' numbers: the third paper's Table 3 (means, their difference in sigma, error rate
under normal distributions), and the masked-face benchmarks' operating points, whose thresholds are
set on bare pairs and applied to masked ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr  # scipy.stats takes a second to import

from maskbench.recognition.roc import roc_of


@dataclass(frozen=True)
class Separation:
    """What :func:`separation` finds.

    Attributes:
        same_mean, same_sd, different_mean, different_sd: of the scores (population deviations).
        sigma: difference of the means over the root of the summed variances. The paper does not
            define it; from its printed means and deviations this gives five of the six rows of its
            Table 3 up to their rounding (VGG19: 0.199 / sqrt(0.064^2 + 0.079^2) = 1.957), and for
            VGG19 with the mask removed 3.484, where it prints 3.352.
        fdr: Fisher's discriminant ratio, the square of ``sigma``.
        threshold: equally many deviations from both means.
        error_gaussian: share on the wrong side of it were both normal; the same for both.
        error_empirical: the mean of the shares of scores that really lie on the wrong side.
    """

    same_mean: float
    same_sd: float
    different_mean: float
    different_sd: float
    sigma: float
    fdr: float
    threshold: float
    error_gaussian: float
    error_empirical: float


def separation(same: np.ndarray, different: np.ndarray) -> Separation:
    """Paper 3, Table 3.

    Args:
        same, different: scores of pairs of the same person and of different people.

    Raises:
        ValueError: fewer than two scores of a kind, or all scores of both kinds alike.
    """
    same, different = np.asarray(same, np.float64), np.asarray(different, np.float64)
    if min(len(same), len(different)) < 2:
        raise ValueError("two scores of each kind are needed")
    means = same.mean(), different.mean()
    sds = same.std(), different.std()
    if not sum(sds):
        raise ValueError("all scores of each kind are alike: there is no sigma")
    gap = means[0] - means[1]
    threshold = (means[0] * sds[1] + means[1] * sds[0]) / sum(sds)
    sigma = gap / np.hypot(*sds)
    wrong = (same < threshold).mean(), (different >= threshold).mean()
    return Separation(
        same_mean=float(means[0]),
        same_sd=float(sds[0]),
        different_mean=float(means[1]),
        different_sd=float(sds[1]),
        sigma=float(sigma),
        fdr=float(sigma**2),
        threshold=float(threshold),
        error_gaussian=float(ndtr(-gap / sum(sds))),
        error_empirical=float(np.mean(wrong)),
    )


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold set on bare pairs, and what it does to masked ones.

    Attributes:
        threshold: the lowest with a false match rate on bare pairs of at most the wanted one.
        fmr: false match rate of masked impostor pairs there.
        fnmr: false non-match rate of masked genuine pairs there.
    """

    threshold: float
    fmr: float
    fnmr: float


def transferred(
    bare_impostors: np.ndarray,
    masked_genuine: np.ndarray,
    masked_impostors: np.ndarray,
    fmr: float,
) -> OperatingPoint:
    """Set a threshold on bare pairs, apply it to masked ones.

    Raises:
        ValueError: fewer bare impostor pairs than ``1 / fmr``; no pairs.
    """
    threshold = roc_of(np.zeros(1), bare_impostors).threshold_at(fmr)
    if not len(masked_genuine) or not len(masked_impostors):
        raise ValueError("no masked pairs")
    return OperatingPoint(
        threshold,
        float((np.asarray(masked_impostors) >= threshold).mean()),
        float((np.asarray(masked_genuine) < threshold).mean()),
    )
