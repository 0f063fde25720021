"""Geometry of the overlay: homography, thin-plate spline, targets on a face."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.masks.artwork import ANCHORS, parse_anchors
from maskbench.masks.placement import homography, place, six_points, targets, thin_plate_spline
from maskbench.masks.styles import svg_source

from .faces68 import frontal_face, mirrored, turned

FLAT = parse_anchors(svg_source("surgical_blue"), 144)
finite = st.floats(-1, 1, allow_nan=False, width=32)


@given(st.lists(finite, min_size=8, max_size=8))
@settings(max_examples=50, deadline=None)
def test_homography_of_four_points_is_opencvs(shifts: list[float]) -> None:
    source = np.array([[0, 0], [10, 0], [10, 8], [0, 8]], np.float32)
    target = source * 3 + np.array(shifts, np.float32).reshape(4, 2) + 5
    ours = homography(source, target)
    theirs = cv2.getPerspectiveTransform(source, target)
    corners = np.append(source, np.ones((4, 1)), 1)
    for matrix in (ours, theirs):
        mapped = corners @ matrix.T
        assert mapped[:, :2] / mapped[:, 2:] == pytest.approx(target, abs=1e-3)
    assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-3)


def test_homography_of_six_exact_points() -> None:
    truth = np.array([[1.1, 0.2, 7], [-0.1, 0.9, 3], [1e-3, -5e-4, 1]])
    source = np.random.default_rng(0).uniform(0, 144, (6, 2))
    mapped = np.append(source, np.ones((6, 1)), 1) @ truth.T
    target = mapped[:, :2] / mapped[:, 2:]
    assert homography(source, target) == pytest.approx(truth, abs=1e-9)
    theirs, _ = cv2.findHomography(source, target, 0)
    assert homography(source, target) == pytest.approx(theirs, abs=1e-5)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_spline_interpolates_its_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(4), np.arange(4)), -1).reshape(-1, 2) * 20.0
    source = grid + rng.uniform(-6, 6, grid.shape)
    target = rng.uniform(0, 144, grid.shape)
    assert thin_plate_spline(source, target)(source) == pytest.approx(target, abs=1e-6)


def test_spline_of_an_affine_map_is_that_map() -> None:
    rng = np.random.default_rng(1)
    source = rng.uniform(0, 100, (12, 2))
    matrix, shift = np.array([[1.3, 0.4], [-0.2, 0.8]]), np.array([5.0, -3.0])
    spline = thin_plate_spline(source, source @ matrix.T + shift)
    points = rng.uniform(-50, 150, (40, 2))
    assert spline(points) == pytest.approx(points @ matrix.T + shift, abs=1e-6)


@pytest.mark.parametrize("fit", ["tps", "homography", "flat"])
def test_a_face_whose_targets_are_the_anchors_gives_the_identity(fit: str) -> None:
    face = frontal_face()
    if fit != "homography":
        own, _ = targets(face)
    else:  # the six points name all that the fit uses
        own = {name: np.zeros(2) for name in ANCHORS} | six_points(face)
    anchors = {name: tuple(map(float, own[name])) for name in ANCHORS}
    placement, _, _ = place(face, anchors, fit)
    points = np.random.default_rng(0).uniform(30, 110, (50, 2))
    assert placement(points) == pytest.approx(points, abs=1e-6)


@pytest.mark.parametrize("yaw", [0, 25])
def test_the_flat_fit_is_a_homography_near_the_spline(yaw: float) -> None:
    """As near to the points of the mask's body as OpenCV's least-squares homography."""
    face = turned(frontal_face(), yaw)
    spline, knots, _ = place(face, FLAT, "tps")
    flat, _, _ = place(face, FLAT, "flat")
    knots = knots[[not name.startswith("loop") for name in targets(face)[0]]]
    anchors = spline(knots)
    theirs = cv2.perspectiveTransform(
        knots[None], np.linalg.inv(cv2.findHomography(anchors, knots, 0)[0])
    )[0]
    gaps = [np.linalg.norm(mapped - anchors, axis=1).mean() for mapped in (flat(knots), theirs)]
    assert gaps[0] == pytest.approx(gaps[1], rel=0.05)
    line = flat(np.array([[40.0, 60.0], [72.0, 75.0], [104.0, 90.0]]))
    (ax, ay), (bx, by) = line[1] - line[0], line[2] - line[0]
    assert ax * by - ay * bx == pytest.approx(0, abs=1e-6)


def test_six_points_of_masktheface() -> None:
    face = frontal_face()
    six = six_points(face)
    assert six["nose_top"] == pytest.approx((face[27] + face[30]) / 2)
    for side in ("left", "right"):
        assert six[f"upper_{side}"][1] == pytest.approx(face[30, 1])
        assert six[f"lower_{side}"][1] == pytest.approx(face[57, 1])
    assert six["chin_bottom"] == pytest.approx(face[8], abs=1e-6)


def test_six_points_follow_a_rolled_head() -> None:
    face = frontal_face()
    angle = np.radians(25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    upright, rolled = six_points(face), six_points(face @ turn.T)
    for name, point in upright.items():
        assert rolled[name] == pytest.approx(point @ turn.T, abs=1e-6)


@pytest.mark.parametrize("angle", [-40, -15, 30])
def test_targets_follow_roll_scale_and_shift(angle: float) -> None:
    face = frontal_face()
    a = np.radians(angle)
    turn = 2.5 * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    upright, _ = targets(face)
    moved, _ = targets(face @ turn.T + [300, 40])
    for name, point in upright.items():
        assert moved[name] == pytest.approx(point @ turn.T + [300, 40], abs=1e-4)


@pytest.mark.parametrize("yaw", [0, 20, 45, 60])
def test_mirrored_faces_have_mirrored_targets(yaw: float) -> None:
    face = turned(frontal_face(), yaw)
    one, seen = targets(face)
    other, seen_other = targets(mirrored(face, 144))
    assert seen["left"] == pytest.approx(seen_other["right"])
    for name, (x, y) in one.items():
        twin = name.replace("left", "?").replace("right", "left").replace("?", "right")
        assert other[twin] == pytest.approx((143 - x, y), abs=1e-6)


@pytest.mark.parametrize("yaw", [-60, -40, 40, 60])
def test_far_side_of_a_turned_face(yaw: float) -> None:
    face = turned(frontal_face(), yaw)
    points, visible = targets(face)
    far, near = ("right", "left") if yaw > 0 else ("left", "right")
    assert visible[far] == 0 and visible[near] == 1
    assert f"loop_upper_{far}" not in points and f"loop_upper_{near}" in points
    sign = 1 if yaw > 0 else -1
    for place_ in ("upper", "mid", "lower"):
        # The far edge lies at or beyond contour, nose and mouth.
        edge = points[f"{place_}_{far}"][0] * sign
        assert edge >= points["centre"][0] * sign + 1
    assert max(points[f"{p}_{far}"][0] * sign for p in ("upper", "mid")) > face[30, 0] * sign


def test_unknown_fit() -> None:
    with pytest.raises(ValueError, match="homography"):
        place(frontal_face(), FLAT, "affine")  # type: ignore[arg-type]
