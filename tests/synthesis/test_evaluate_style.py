"""Masks after photographs: how far apart they are, by hand and for a method that copies."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from skimage.color import rgb2lab

from maskbench.config import MetricsConfig
from maskbench.measurements import read_metrics
from maskbench.metrics.bootstrap import People
from maskbench.synthesis.evaluate_style import evaluate_style, numbers_of
from maskbench.synthesis.synthesise_by_reference import photographs

from .test_references import _trained as trained  # noqa: F401 (a fixture)


def test_distances_ratio_and_agreement_by_hand():
    people = People.drawn(["ann", "bob"], 50, 0)
    whole, wanted = np.zeros((2, 2, 4)), np.zeros((2, 4))
    whole[0, 1] = wanted[1] = 3, 4, 0, 0  # 5 apart, as the photographs are
    whole[1, 1] = 0, 0, 0, 3  # 3 apart, in another way
    cut = whole + np.array([0, 0, 2, 0])
    found = {number.metric: number for number in numbers_of(whole, cut, wanted, people)}
    assert {name: number.value for name, number in found.items()} == pytest.approx(
        {
            "style_distance": 4, "style_distance_of_crops": 2, "style_ratio": 2,
            "style_agreement": 0.5, "style_distance_of_photographs": 5,
        }
    )  # fmt: skip
    assert set(found["style_ratio"].replicates) == {1.5, 2, 2.5}  # who is drawn
    assert {number.n_people for number in found.values()} == {2}


def test_masks_that_ignore_their_photographs_have_no_ratio():
    people, same = People.drawn(["ann", "bob"], 5, 0), np.ones((2, 3, 4))
    distance, crops, ratio, agreement, _ = numbers_of(same, same, np.eye(3, 4), people)
    assert distance.value == crops.value == 0
    assert ratio.value is None and "no mask depends" in ratio.note
    assert agreement.value is None


def test_a_method_that_copies_is_as_far_apart_as_what_it_copies(small, trained, tmp_path):  # noqa: F811
    evaluate_style(
        *trained, small.faces, small.masked, small.pictures, MetricsConfig(bootstrap=20), 3,
        tmp_path / "out",
    )  # fmt: skip
    rows = {row.metric: row for row in read_metrics(tmp_path / "out")}
    _, domain, _ = small.opened()
    shown = photographs(domain, 7)
    halves = [rgb2lab(domain.images[row][domain.size // 2 :]) for row in shown]
    looks = [np.array([*h.mean((0, 1)), h[..., 0].std()]) for h in halves]
    wanted = np.mean([np.linalg.norm(a - b) for a, b in itertools.combinations(looks, 2)])
    assert rows["style_distance"].value == pytest.approx(wanted, rel=1e-6)
    assert 0 < rows["style_distance_of_crops"].value < wanted
    assert {(row.step, row.split, row.seed) for row in rows.values()} == {("synthesis", "test", 3)}
