"""How every metric is called and shown, and which end of it is better.

Tables, figures and claims read it; a metric without an entry keeps its plain name.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """How a metric is shown.

    Attributes:
        title: words.
        better: ``higher``, ``lower`` or "" where neither is meant.
        digits: decimals shown.
        short: heading of a column; the title where none is given.
        over: what it is computed over, in recognition.
    """

    title: str
    better: Literal["higher", "lower", ""]
    digits: int
    short: str = ""
    over: Literal["pairs", "probes"] = "pairs"

    @property
    def arrow(self) -> str:
        """What follows the title in a heading: where better numbers lie."""
        return {"higher": " ↑", "lower": " ↓", "": ""}[self.better]


KEEPS_FACE = 0.5
"""The least ``ssim_outside_mask`` of pictures that still show the face: below it there is no face
on which a mask has a place. This project's choice; overlays reach 1, noise 0.4."""

LARGEST_SHARE = "largest_share"
"""Of the pictures of a subset, those of the person who is on most of them."""

METRICS: dict[str, Metric] = {
    "placement_iou": Metric("Placement IoU", "higher", 3),
    "covers_nose_mouth": Metric("Covers nose and mouth", "higher", 3, "Covers"),
    "leaves_eyes": Metric("Leaves the eyes free", "higher", 3, "Eyes free"),
    "alpha_mean": Metric("Mean opacity of the mask", "higher", 3, "Opacity"),
    "beyond_outline": Metric("Mask beyond the face's outline", "lower", 3, "Beyond outline"),
    LARGEST_SHARE: Metric("Largest share of one person", "", 3),
    "ssim": Metric("SSIM", "higher", 3),
    "ssim_outside_mask": Metric("SSIM outside the mask", "higher", 3, "SSIM outside"),
    "psnr": Metric("PSNR (dB)", "higher", 2),
    "lpips": Metric("LPIPS", "lower", 3),
    "fid": Metric("FID", "lower", 2),
    "kid": Metric("KID", "lower", 4),
    "is": Metric("Inception Score", "higher", 3),
    "human_real_rate": Metric("Judged real by people", "higher", 3, "Judged real"),
    "krippendorff_alpha": Metric("Krippendorff's alpha of the raters", "", 3, "Alpha"),
    "identity_cosine": Metric("Identity cosine", "higher", 3),
    "style_distance": Metric("Distance of masks after two photographs", "higher", 2, "Photographs"),
    "style_distance_of_crops": Metric(
        "Distance of masks after two crops of one photograph", "lower", 2, "Crops"
    ),
    "style_ratio": Metric("Distance after photographs over that after crops", "higher", 2, "Ratio"),
    "style_agreement": Metric("Agreement with the photographs", "higher", 3, "Agreement"),
    "style_distance_of_photographs": Metric(
        "Distance of the masks in two photographs", "", 2, "Originals"
    ),
    "parameters": Metric("Parameters", "lower", 0),
    "multiply_adds": Metric("Multiply-adds a picture", "lower", 0, "Multiply-adds"),
    "plain_parameters": Metric(
        "Parameters with 3x3 convolutions for pyramids", "lower", 0, "Parameters, 3x3"
    ),
    "plain_multiply_adds": Metric(
        "Multiply-adds with 3x3 convolutions for pyramids", "lower", 0, "Multiply-adds, 3x3"
    ),
    "psnr_in_hole": Metric("PSNR where restored (dB)", "higher", 2, "PSNR in hole"),
    "ssim_in_hole": Metric("SSIM where restored", "higher", 3, "SSIM in hole"),
    "mean_iou": Metric("Mean IoU of the mask", "higher", 3),
    "mask_found_on_bare": Metric("Share of a bare face taken for a mask", "lower", 4, "False mask"),
    "ap50": Metric("Average precision at an IoU of 0.5", "higher", 3, "AP50"),
    "hidden_accuracy": Metric("Accuracy of hidden or seen", "higher", 3, "Hidden, acc."),
    "hidden_auc": Metric("AUC of hidden against seen", "higher", 3, "Hidden, AUC"),
    "accuracy": Metric("Accuracy", "higher", 3),
    "accuracy_1nn": Metric(
        "Accuracy of the nearest neighbour", "higher", 3, "Accuracy, 1-NN", over="probes"
    ),
    "accuracy_best_threshold": Metric("Accuracy at the best threshold", "higher", 3, "Best acc."),
    "auc": Metric("AUC", "higher", 3),
    "eer": Metric("EER", "lower", 3),
    "tar_at_far_1e-2": Metric("TAR at FAR 1e-2", "higher", 3, "TAR 1e-2"),
    "tar_at_far_1e-3": Metric("TAR at FAR 1e-3", "higher", 3, "TAR 1e-3"),
    "tar_at_far_1e-4": Metric("TAR at FAR 1e-4", "higher", 3, "TAR 1e-4"),
    "rank_1": Metric("Rank 1", "higher", 3, over="probes"),
    "rank_5": Metric("Rank 5", "higher", 3, over="probes"),
    "genuine_mean": Metric("Genuine mean", "higher", 3, "Genuine"),
    "impostor_mean": Metric("Impostor mean", "lower", 3, "Impostor"),
    "fdr": Metric("FDR", "higher", 2),
    "fmr100": Metric("FNMR at an FMR of 1e-2", "lower", 3, "FMR100"),
    "fmr1000": Metric("FNMR at an FMR of 1e-3", "lower", 3, "FMR1000"),
    "fnmr_at_bare_fmr_1e-2": Metric("FNMR at a bare FMR of 1e-2", "lower", 3, "FNMR, bare 1e-2"),
    "fmr_at_bare_fmr_1e-2": Metric("FMR at a bare FMR of 1e-2", "lower", 4, "FMR, bare 1e-2"),
    "fnmr_at_bare_fmr_1e-3": Metric("FNMR at a bare FMR of 1e-3", "lower", 3, "FNMR, bare 1e-3"),
    "fmr_at_bare_fmr_1e-3": Metric("FMR at a bare FMR of 1e-3", "lower", 4, "FMR, bare 1e-3"),
    "undetected": Metric("Pictures without a detected face", "lower", 0, "Undetected"),
    "cos_same_mean": Metric("Cosine, same face", "higher", 3, "Cos. same"),
    "cos_same_sd": Metric("Cosine, same face: deviation", "lower", 3),
    "cos_diff_mean": Metric("Cosine, different faces", "lower", 3, "Cos. different"),
    "cos_diff_sd": Metric("Cosine, different faces: deviation", "lower", 3),
    "sigma_separation": Metric("Difference in σ", "higher", 3, "Diff. in σ"),
    "error_rate_gaussian": Metric("Error rate, Gaussian", "lower", 3, "Error, Gauss"),
    "error_rate_empirical": Metric("Error rate, empirical", "lower", 3, "Error, emp."),
    "rank_correlation": Metric("Rank correlation", "", 3),
}

SETS = ("fid", "kid", "is")
"""Metrics of a set of pictures as a whole, which are no means over pictures."""
_SHARES = (
    "placement_iou", "covers_nose_mouth", "leaves_eyes", "alpha_mean", "beyond_outline",
    "mean_iou", "mask_found_on_bare", "ap50", "hidden_", "accuracy", "auc", "eer", "tar_at_far_",
    "rank_1", "rank_5", "human_real_rate", "fmr100", "error_rate_", "fmr_at_bare_", "fnmr_at_bare_",
)  # fmt: skip
"""How the names of metrics from 0 to 1 begin."""


def bounds(name: str) -> tuple[float, float]:
    """The least and the greatest value of a metric."""
    return (0.0, 1.0) if name.startswith(_SHARES) else (-inf, inf)


def best(name: str) -> float:
    """The value that a metric cannot pass; NaN where there is none."""
    low, high = bounds(name)
    return {"higher": high, "lower": low, "": nan}[metric(name).better]


def metric(name: str) -> Metric:
    """How ``name`` is shown."""
    return METRICS.get(name, Metric(name, "", 3))
