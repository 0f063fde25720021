"""The wearing check: does a mask sit as it should? Judged from landmarks and coverage.

Sampling rule. A landmark counts as covered where the coverage at its nearest pixel reaches the
threshold. Chin landmarks (7 to 9) lie on the jaw's edge, where half a pixel decides: they are
sampled a tenth of the way towards the lower lip (57). A landmark outside of the picture can be
neither covered nor free and is left out of the shares; a part with no landmark in the picture has
share NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

PARTS: dict[str, tuple[int, ...]] = {
    "nose_tip": (30,),
    "nostrils": tuple(range(31, 36)),
    "mouth": tuple(range(48, 68)),
    "chin": (7, 8, 9),
}
EYES = tuple(range(36, 48))
_BELOW = tuple(index for part in PARTS.values() for index in part)
_CHIN_INWARD = 0.1
THRESHOLD = 128


@dataclass(frozen=True)
class Wearing:
    """The verdict on N pictures; every field has shape (N,).

    Attributes:
        nose_tip, nostrils, mouth, chin: share of the part's landmarks covered, 0..1 or NaN.
        covers: share of all these landmarks covered.
        eyes: share of the eye landmarks covered.
    """

    nose_tip: np.ndarray
    nostrils: np.ndarray
    mouth: np.ndarray
    chin: np.ndarray
    covers: np.ndarray
    eyes: np.ndarray

    @property
    def eyes_free(self) -> np.ndarray:
        """No eye landmark is covered (bool)."""
        return ~(self.eyes > 0)

    @property
    def correct(self) -> np.ndarray:
        """Most of each part's landmarks in the picture are covered and the eyes are free (bool).
        False where none of them lies in the picture."""
        parts = np.stack([self.nose_tip, self.nostrils, self.mouth, self.chin])
        return np.all(~(parts < 0.5), axis=0) & ~np.isnan(self.covers) & self.eyes_free


def wearing(coverage: np.ndarray, landmarks: np.ndarray, threshold: int = THRESHOLD) -> Wearing:
    """Judge how masks sit.

    Args:
        coverage: (N, H, W) or (H, W) uint8, 0..255.
        landmarks: (N, 68, 2) or (68, 2) as (x, y) in pixels, of the bare face.
        threshold: coverage from which a pixel counts as covered.

    Returns:
        The verdict, with N = 1 for a single picture.

    Raises:
        ValueError: shapes disagree.
    """
    coverage, points = np.asarray(coverage), np.array(landmarks, np.float64)
    if coverage.ndim == 2:
        coverage = coverage[None]
    if points.ndim == 2:
        points = points[None]
    if coverage.ndim != 3 or points.shape != (len(coverage), 68, 2):
        raise ValueError(f"coverage {coverage.shape} and landmarks {points.shape} do not fit")
    chin = list(PARTS["chin"])
    points[:, chin] += _CHIN_INWARD * (points[:, 57:58] - points[:, chin])
    finite = np.asarray(np.isfinite(points).all(axis=-1))
    pixels = np.floor(np.where(finite[..., None], points, -9) + 0.5).astype(int)
    height, width = coverage.shape[1:]
    x, y = pixels[..., 0], pixels[..., 1]
    inside = finite & (x >= 0) & (x < width) & (y >= 0) & (y < height)
    row = np.arange(len(coverage))[:, None]
    value = coverage[row, y.clip(0, height - 1), x.clip(0, width - 1)]
    covered = np.where(inside, value >= threshold, np.nan)

    def share(indices: tuple[int, ...]) -> np.ndarray:
        chosen = covered[:, list(indices)]
        count = np.isfinite(chosen).sum(1)
        total = np.nansum(chosen, axis=1)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    parts = {name: share(indices) for name, indices in PARTS.items()}
    return Wearing(**parts, covers=share(_BELOW), eyes=share(EYES))


def covers_nose_mouth(coverage: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Per picture, the share of nose-tip, nostril, mouth and chin landmarks covered: (N,),
    0..1, NaN where none lies in the picture. Its mean is the metric ``covers_nose_mouth``."""
    return wearing(coverage, landmarks).covers


def leaves_eyes(coverage: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Per picture, 1.0 where no eye landmark is covered, else 0.0: (N,). Its mean is the metric
    ``leaves_eyes``."""
    verdict = wearing(coverage, landmarks)
    return np.where(np.isnan(verdict.eyes), np.nan, verdict.eyes_free.astype(np.float64))


def beyond_outline(coverage: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Per picture, the share of a mask's coverage that lies beyond the outline of the face: (N,),
    0..1, NaN without any coverage or with a landmark that is not finite. Its mean is the metric
    ``beyond_outline``.

    The outline is the jaw line, landmarks 0 to 16, which goes on straight up at both ends, at right
    angles to the line between them: a mask over eyes or forehead is not beyond it.

    Args:
        coverage: (N, H, W) uint8.
        landmarks: (N, 68, 2) as (x, y) in pixels, of the bare face.
    """
    return np.array([_beyond(*one) for one in zip(coverage, landmarks, strict=True)])


def _beyond(coverage: np.ndarray, landmarks: np.ndarray) -> float:
    jaw, total = landmarks[:17].astype(np.float64), coverage.sum(dtype=np.float64)
    if total == 0 or not np.isfinite(jaw).all():
        return float("nan")
    (x, y), chin = jaw[16] - jaw[0], jaw[8] - jaw[0]
    up = np.array([y, -x]) / max(np.hypot(x, y), 1e-9) * sum(coverage.shape)  # out of the picture
    if up @ chin > 0:  # a face upside down, or mirrored
        up = -up
    outline = np.concatenate([jaw, [jaw[16] + up, jaw[0] + up]])
    inside = np.zeros(coverage.shape, np.uint8)
    cv2.fillPoly(inside, [np.round(outline).astype(np.int32)], 1)
    return float(coverage[inside == 0].sum(dtype=np.float64) / total)
