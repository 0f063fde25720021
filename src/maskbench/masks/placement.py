"""Where a mask picture goes on a face: anchor targets from 68 landmarks, and the maps to them.

Three fits. ``homography`` is MaskTheFace's (Anwar and Raychowdhury 2020): six correspondences, one
projective map. ``tps`` ties all anchors of the mask picture to the face by a thin-plate spline
(Bookstein 1989), so that the mask follows cheeks and chin, on the far side of a turned face too. A
mask is stiff: on a frontal face it bends only a part of the way from the best flat (projective)
fit to the face's own contour, and the whole way as the head turns. ``flat`` is the projective map
that comes nearest to ``tps``, by least squares over the anchors of the mask's body; the loops, thin
as they are, would pull the body away.
All maps go from face pixels to mask-picture pixels, the direction in which pictures are sampled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from scipy.interpolate import RBFInterpolator

Fit = Literal["tps", "homography", "flat"]

# Where a mask's edge lies on a frontal face; ear loops cover the rest. (Jaw landmark on the left,
# share of the way from the jaw line to the middle of the face.)
_EDGES = {"upper": (2.0, 0.195), "mid": (3.0, 0.16), "lower": (4.0, 0.165)}
_LOOPS = {"upper": 0.9, "lower": 1.4}  # jaw parameter beside which a loop goes behind the ear
_LOOP_OUTSET = 0.12  # how far outside the jaw line, as a share of the half face
_CLEARANCE = 0.05  # of the face's width, between the nose seen from the side and the mask's edge
_NOSE_BRIDGED = 0.5  # of how far a nose seen from the side juts out
_CHIN_OVERHANG = 0.04  # below the chin's tip, as a share of the length from bridge to chin
_BEND = 0.3  # share of the way from the flat fit to the contour on a frontal face
_TURNED = (0.44, 0.30)  # narrower half of the face: frontal above the first, turned below the other


def _along(line: np.ndarray, t: float) -> np.ndarray:
    """The point of a polyline at parameter ``t`` (vertex numbers)."""
    k = min(int(t), len(line) - 2)
    return line[k] + (t - k) * (line[k + 1] - line[k])


def _crossing(line: np.ndarray, point: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The first crossing of a polyline with the line through ``point``; else the nearest vertex."""
    normal = np.array([-direction[1], direction[0]])
    height = (line - point) @ normal
    for k in range(len(line) - 1):
        if height[k] == 0:
            return line[k]
        if height[k] * height[k + 1] < 0:
            return line[k] + height[k] / (height[k] - height[k + 1]) * (line[k + 1] - line[k])
    return line[int(np.argmin(np.abs(height)))]


def six_points(landmarks: np.ndarray) -> dict[str, np.ndarray]:
    """MaskTheFace's six target points for 68 landmarks of shape (68, 2).

    b: midpoint of 27 and 30. a, c: where the jaw line crosses the eye line lowered by the length
    from 27 to 30. d, f: the same at the lower lip. e: the jaw on the line from 27 to the lower lip.
    """
    points = np.asarray(landmarks, np.float64)
    jaw, bridge, tip, lip = points[:17], points[27], points[30], points[57]
    along = points[42:48].mean(0) - points[36:42].mean(0)
    left, right = jaw[:9], jaw[:7:-1]
    return {
        "upper_left": _crossing(left, tip, along),
        "nose_top": (bridge + tip) / 2,
        "upper_right": _crossing(right, tip, along),
        "lower_left": _crossing(left, lip, along),
        "chin_bottom": _crossing(jaw[5:12], bridge, lip - bridge),
        "lower_right": _crossing(right, lip, along),
    }


def targets(landmarks: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Where every anchor of a mask picture belongs on a face.

    Frontal faces get the mask's edges a little inside the jaw line. On the far side of a turned
    face the edge moves out to the contour, which hides what lies behind; where the nose itself is
    the contour (beyond about 50 degrees) the edge stays outside of the nose.

    Args:
        landmarks: (68, 2) as (x, y) in pixels.

    Returns:
        For the names of :data:`maskbench.masks.artwork.ANCHORS` a point (x, y), float64, without
        the loops of a side on which the head hides them; and how visible the loops of each side
        (``left``, ``right``) are, 0..1.
    """
    points = np.asarray(landmarks, np.float64)
    jaw = points[:17]
    middle = np.stack([(points[27] + points[30]) / 2, points[30], points[[62, 66]].mean(0), jaw[8]])
    across = points[42:48].mean(0) - points[36:42].mean(0)
    across /= np.linalg.norm(across) + 1e-9
    down = np.array([-across[1], across[0]])
    length = float(np.linalg.norm(jaw[8] - middle[0]))
    chin_ward = jaw[8] - points[57]
    chin_ward /= np.linalg.norm(chin_ward) + 1e-9
    out = {
        "nose_top": middle[0],
        "nose_tip": middle[1],
        "centre": middle[2],
        "chin_bottom": jaw[8] + _CHIN_OVERHANG * length * chin_ward,
    }
    # Half widths at the nose tip: 0.5 each on a frontal face, the far one goes to 0.
    half = {
        "left": float((middle[1] - jaw[2]) @ across),
        "right": float((jaw[14] - middle[1]) @ across),
    }
    whole = max(half["left"] + half["right"], 0.3 * length)
    # A nose seen from the side juts out of the face; the mask stretched over it bridges the hollow
    # beside it instead of following its root.
    far = float(np.clip((min(half.values()) / whole - 0.1) / 0.25, 0.0, 1.0))
    straight = middle[0] + (middle[2] - middle[0]) * 0.4
    jut = float((middle[1] - straight) @ across)
    out["nose_tip"] = middle[1] - _NOSE_BRIDGED * (1 - far) * jut * across
    out["nose_top"] = middle[0] + 0.5 * _NOSE_BRIDGED * (1 - far) * jut * across
    heights = middle @ down
    visible: dict[str, float] = {}
    for side, sign in (("left", -1.0), ("right", 1.0)):
        line = jaw if side == "left" else jaw[::-1]
        share = half[side] / whole
        nearness = float(np.clip((share - 0.25) / 0.25, 0.0, 1.0))

        # What the mask must reach around on this side: bridge, nose, lips, chin.
        rim = [middle[0] @ across] + [
            sign * float(np.max(sign * (points[part] @ across)))
            for part in (slice(30, 36), slice(48, 68), slice(8, 9))
        ]

        def outside(point: np.ndarray, sign: float = sign, rim: list[float] = rim) -> np.ndarray:
            """Push a point that the nose or the lips overtake out beyond them."""
            reach = sign * float(np.interp(float(point @ down), heights, rim)) + _CLEARANCE * whole
            return point + max(reach - sign * float(point @ across), 0.0) * sign * across

        for place, (at, inset) in _EDGES.items():
            edge = _along(line, at)
            axis = float(np.interp(edge @ down, heights, middle @ across))
            edge = edge + inset * nearness * (axis - edge @ across) * across
            out[f"{place}_{side}"] = outside(edge)
        chin = _along(line, 6.0)
        out[f"chin_{side}"] = outside(chin + 0.02 * length * (0.5 * sign * across + down))
        visible[side] = float(np.clip((nearness - 0.3) / 0.3, 0.0, 1.0))
        if visible[side] > 0:
            for place, at in _LOOPS.items():
                ear = _along(line, at) + sign * across * _LOOP_OUTSET * nearness * half[side]
                out[f"loop_{place}_{side}"] = ear
    return out, visible


def homography(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The projective map source -> target, least squares by the normalised direct linear
    transform (Hartley and Zisserman, algorithm 4.2).

    Own code: scikit-image's ProjectiveTransform normalises in another way, which moves an inexact
    fit by up to 0.06 pixels, and takes half as long again.

    Args:
        source: (N, 2), N >= 4.
        target: (N, 2).

    Returns:
        (3, 3) float64 with H[2, 2] = 1.
    """

    def normalisation(points: np.ndarray) -> np.ndarray:
        centre = points.mean(0)
        scale = np.sqrt(2) / (np.linalg.norm(points - centre, axis=1).mean() + 1e-12)
        return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])

    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    to_source, to_target = normalisation(source), normalisation(target)
    x, y = (source @ to_source[:2, :2].T + to_source[:2, 2]).T
    u, v = (target @ to_target[:2, :2].T + to_target[:2, 2]).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    rows = np.concatenate(
        [
            np.stack([-x, -y, -one, zero, zero, zero, u * x, u * y, u], 1),
            np.stack([zero, zero, zero, -x, -y, -one, v * x, v * y, v], 1),
        ]
    )
    solution = np.linalg.svd(rows)[2][-1].reshape(3, 3)
    matrix = np.linalg.inv(to_target) @ solution @ to_source
    return matrix / matrix[2, 2]


def thin_plate_spline(source: np.ndarray, target: np.ndarray) -> RBFInterpolator:
    """The interpolating thin-plate spline in the plane, source -> target (Bookstein 1989).

    SciPy's, not scikit-image's: that one solves in single precision, is up to 0.001 pixels off
    and takes twice as long.

    Args:
        source: (N, 2), N >= 3 and not in one line.
        target: (N, 2).
    """
    from scipy.interpolate import RBFInterpolator  # half a second, for those who draw no overlay

    return RBFInterpolator(source, target, kernel="thin_plate_spline")


class _Projective:
    """A projective map of points (..., 2); its matrix is (3, 3)."""

    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix

    def __call__(self, points: np.ndarray) -> np.ndarray:
        mapped = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        # Points behind the horizon are sent far away, where the mask picture is empty.
        depth = np.where(mapped[..., 2:] > 1e-6, mapped[..., 2:], 1e-6)
        return mapped[..., :2] / depth


Placement = Callable[[np.ndarray], np.ndarray]


def _narrower_half(landmarks: np.ndarray) -> float:
    """Share of the face's width that the narrower half has at the nose tip: 0.5 when frontal."""
    points = np.asarray(landmarks, np.float64)
    across = points[42:48].mean(0) - points[36:42].mean(0)
    left, right = (points[30] - points[2]) @ across, (points[14] - points[30]) @ across
    return float(min(left, right) / max(left + right, 1e-9))


def _bent(
    wanted: Mapping[str, np.ndarray],
    anchors: Mapping[str, tuple[float, float]],
    narrower: float,
) -> dict[str, np.ndarray]:
    """Targets of a stiff mask: between the best flat fit of its body and the face's contour."""
    body = [name for name in wanted if not name.startswith("loop")]
    drawn, contour = (np.array([points[name] for name in body]) for points in (anchors, wanted))
    if not np.isfinite(contour).all():
        return dict(wanted)  # such a face lies in no picture; the caller sees that
    # Point by point: what a point becomes shall not depend on how many there are.
    straight = _Projective(homography(drawn, contour))(drawn[:, None])[:, 0]
    high, low = _TURNED
    turned = float(np.clip((high - narrower) / (high - low), 0.0, 1.0))
    bend = _BEND + (1 - _BEND) * turned * turned * (3 - 2 * turned)
    moved = straight + bend * (contour - straight)
    return {**wanted, **dict(zip(body, moved, strict=True))}


def place(
    landmarks: np.ndarray, anchors: Mapping[str, tuple[float, float]], fit: Fit
) -> tuple[Placement, np.ndarray, dict[str, float]]:
    """Fit a mask picture to a face.

    Args:
        landmarks: (68, 2) face landmarks in face pixels.
        anchors: the picture's anchor points in its pixels.
        fit: ``tps``, ``homography`` or ``flat``.

    Returns:
        The map from face pixels (M, 2) to mask-picture pixels (M, 2); the target points (K, 2)
        in face pixels that the mask with its loops spans; how visible the loops are on each side.

    Raises:
        ValueError: unknown fit.
    """
    if fit == "homography":
        wanted = six_points(landmarks)
        forward, inverse = _both_ways(wanted, anchors)
        corners = forward(np.array(list(anchors.values()), np.float64))
        return inverse, corners, {"left": 1.0, "right": 1.0}
    if fit not in ("tps", "flat"):
        raise ValueError(f"fit: {fit!r}; known: tps, homography, flat")
    wanted, visible = targets(landmarks)
    wanted = _bent(wanted, anchors, _narrower_half(landmarks))
    knots = np.array(list(wanted.values()))
    if fit == "flat":
        body = {name: point for name, point in wanted.items() if not name.startswith("loop")}
        forward, inverse = _both_ways(body, anchors)
        return inverse, forward(np.array([anchors[name] for name in wanted])), visible
    return thin_plate_spline(knots, np.array([anchors[name] for name in wanted])), knots, visible


def _both_ways(
    wanted: Mapping[str, np.ndarray], anchors: Mapping[str, tuple[float, float]]
) -> tuple[_Projective, _Projective]:
    """The best projective map from the anchors to where they are wanted, and its inverse."""
    source, target = (np.array([points[name] for name in wanted]) for points in (anchors, wanted))
    forward = homography(source, target)
    inverse = np.linalg.inv(forward)
    # The sign is chosen such that the mask's own points lie before the horizon.
    inside = np.append(target.mean(0), 1.0)
    return _Projective(forward), _Projective(inverse / (inverse[2] @ inside))
