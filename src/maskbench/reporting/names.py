"""How tables and figures call methods and metrics, and the order in which they stand.

The methods of the first paper stand in its order; every other method that the registry knows
follows by name, so that a new method needs no entry here. Recognisers have their own names in
:mod:`maskbench.reporting.recognition_names`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

FIRST = ("keypoint", "gan_direct", "gan_stn", "dcgan_stn", "wgan_stn", "pywgan_div")
FURTHER: dict[str, str] = {
    "cyclegan": "CycleGAN",
    "simgan": "SimGAN",
    "stargan": "StarGAN",
    "attgan": "AttGAN",
    "sagan": "SaGAN",
    "iamgan": "IAMGAN",
    "mfgan": "MFGAN",
    "mfgan_wo_inv": "MFGAN without L_inv",
    "mfgan_wo_cor": "MFGAN without λ_cor",
    "mfgan_wo_sty": "MFGAN without L_sty",
    "half_mask": "Half mask",
    "occlusion": "Occlusion",
}
"""Methods of the other papers: their rows and claims stand before the registry knows them."""
RESTORERS: dict[str, str] = {"segmenter": "Mask segmenter", "edgeconnect": "EdgeConnect"}


@dataclass(frozen=True)
class Metric:
    """How a metric is shown.

    Attributes:
        title: words for a table's heading.
        better: ``higher``, ``lower`` or "" where neither is meant.
        digits: decimals shown.
    """

    title: str
    better: str
    digits: int

    @property
    def arrow(self) -> str:
        """What follows the title in a heading: where better numbers lie."""
        return {"higher": " ↑", "lower": " ↓", "": ""}[self.better]


METRICS: dict[str, Metric] = {
    "placement_iou": Metric("Placement IoU", "higher", 3),
    "covers_nose_mouth": Metric("Covers nose and mouth", "higher", 3),
    "leaves_eyes": Metric("Leaves the eyes free", "higher", 3),
    "identity_cosine": Metric("Identity cosine", "higher", 3),
    "ssim": Metric("SSIM", "higher", 3),
    "ssim_outside_mask": Metric("SSIM outside the mask", "higher", 3),
    "psnr": Metric("PSNR (dB)", "higher", 2),
    "lpips": Metric("LPIPS", "lower", 3),
    "fid": Metric("FID", "lower", 2),
    "kid": Metric("KID", "lower", 4),
    "is": Metric("Inception Score", "higher", 3),
    "psnr_in_hole": Metric("PSNR where restored (dB)", "higher", 2),
    "ssim_in_hole": Metric("SSIM where restored", "higher", 3),
    "mean_iou": Metric("Mean IoU of the mask", "higher", 3),
    "mask_found_on_bare": Metric("Share of a bare face taken for a mask", "lower", 4),
    "accuracy": Metric("Accuracy", "higher", 3),
    "accuracy_best_threshold": Metric("Accuracy at the best threshold", "higher", 3),
    "auc": Metric("AUC", "higher", 3),
    "eer": Metric("EER", "lower", 3),
    "tar_at_far_1e-2": Metric("TAR at FAR 1e-2", "higher", 3),
    "tar_at_far_1e-3": Metric("TAR at FAR 1e-3", "higher", 3),
    "tar_at_far_1e-4": Metric("TAR at FAR 1e-4", "higher", 3),
    "rank_1": Metric("Rank 1", "higher", 3),
    "rank_5": Metric("Rank 5", "higher", 3),
    "genuine_mean": Metric("Genuine mean", "higher", 3),
    "impostor_mean": Metric("Impostor mean", "lower", 3),
    "fdr": Metric("FDR", "higher", 2),
    "fmr100_fmr": Metric("FMR at FMR100", "lower", 4),
    "fmr100_fnmr": Metric("FNMR at FMR100", "lower", 3),
    "fmr1000_fmr": Metric("FMR at FMR1000", "lower", 4),
    "fmr1000_fnmr": Metric("FNMR at FMR1000", "lower", 3),
    "undetected": Metric("Pictures without a detected face", "lower", 0),
    "cos_same_mean": Metric("Cosine, same face", "higher", 3),
    "cos_same_sd": Metric("Cosine, same face: deviation", "lower", 3),
    "cos_diff_mean": Metric("Cosine, different faces", "lower", 3),
    "cos_diff_sd": Metric("Cosine, different faces: deviation", "lower", 3),
    "sigma_separation": Metric("Difference in σ", "higher", 3),
    "error_rate_gaussian": Metric("Error rate, Gaussian", "lower", 3),
    "error_rate_empirical": Metric("Error rate, empirical", "lower", 3),
}

VARIANTS: dict[str, str] = {
    "": "mask styles seen in training",
    "unseen_styles": "mask styles kept for the test",
    "pose_frontal": "frontal faces",
    "pose_turned": "turned faces",
    "masked": "the masked pictures themselves, nothing restored",
    "masked_unseen_styles": "the same, mask styles kept for the test",
}


def metric(name: str) -> Metric:
    """How ``name`` is shown; metrics without an entry keep their plain name."""
    return METRICS.get(name, Metric(name, "", 3))


def metric_order(names: Iterable[str]) -> list[str]:
    """Known metrics in the order above, then the others by name."""
    return in_order(names, tuple(METRICS))


def variant_title(name: str) -> str:
    """Words for a variant."""
    return VARIANTS.get(name, name)


def variant_order(names: Iterable[str]) -> list[str]:
    """Known variants in the order above, then the others by name."""
    return in_order(names, tuple(VARIANTS))


def method_order(names: Iterable[str]) -> list[str]:
    """The paper's methods in its order, then the others by name."""
    return in_order(names, FIRST)


def method_title(name: str) -> str:
    """The registry's title of a method, its name where nobody knows it."""
    return _titles().get(name) or FURTHER.get(name) or RESTORERS.get(name, name)


def known_methods() -> tuple[str, ...]:
    """Names in the registry and those of the papers' further methods, sorted."""
    return tuple(sorted({*_titles(), *FURTHER}))


@cache
def _titles() -> dict[str, str]:
    # Imported at the first call: the registry loads torch, which a table of names does not need.
    from maskbench.synthesis.specs import METHODS

    return {name: method.title for name, method in METHODS.all().items()}


def in_order(names: Iterable[str], first: tuple[str, ...]) -> list[str]:
    """The names of ``first`` that are there, in its order, then the others sorted."""
    names = set(names)
    return [n for n in first if n in names] + sorted(names - set(first))
