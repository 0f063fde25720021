"""How tables and figures call methods and metrics, and the order in which they stand.

The methods of the first paper stand in its order; every other method that the registry knows
follows by name, so that a new method needs no entry here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

FIRST = ("keypoint", "gan_direct", "gan_stn", "dcgan_stn", "wgan_stn", "pywgan_div")


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
}

VARIANTS: dict[str, str] = {
    "": "mask styles seen in training",
    "unseen_styles": "mask styles kept for the test",
    "pose_frontal": "frontal faces",
    "pose_turned": "turned faces",
}


def metric(name: str) -> Metric:
    """How ``name`` is shown; metrics without an entry keep their plain name."""
    return METRICS.get(name, Metric(name, "", 3))


def metric_order(names: Iterable[str]) -> list[str]:
    """Known metrics in the order above, then the others by name."""
    return _ordered(names, tuple(METRICS))


def variant_title(name: str) -> str:
    """Words for a variant."""
    return VARIANTS.get(name, name)


def variant_order(names: Iterable[str]) -> list[str]:
    """Known variants in the order above, then the others by name."""
    return _ordered(names, tuple(VARIANTS))


def method_order(names: Iterable[str]) -> list[str]:
    """The paper's methods in its order, then the others by name."""
    return _ordered(names, FIRST)


def method_title(name: str) -> str:
    """The registry's title of a method, its name where the registry does not know it."""
    return _titles().get(name, name)


def known_methods() -> tuple[str, ...]:
    """Names in the registry, sorted."""
    return tuple(sorted(_titles()))


@cache
def _titles() -> dict[str, str]:
    # Imported at the first call: the registry loads torch, which a table of names does not need.
    from maskbench.synthesis.base import methods

    return {name: method.title for name, method in methods().items()}


def _ordered(names: Iterable[str], first: tuple[str, ...]) -> list[str]:
    names = set(names)
    return [n for n in first if n in names] + sorted(names - set(first))
