"""Rows and resamples that an evaluation writes, read back."""

import numpy as np
import pytest

from maskbench.errors import MaskbenchError
from maskbench.measurements import read_metrics, read_resamples
from maskbench.metrics.bootstrap import People
from maskbench.metrics.numbers import Number, mean_number, write_numbers

FACTS = {
    "step": "restoration", "dataset": "orl", "split": "test", "method": "edgeconnect",
    "restorer": "edgeconnect", "seed": 3, "crop": "mtcnn+0.2/144",
}  # fmt: skip


def test_rows_and_resamples_fit_together(tmp_path):
    replicates = np.linspace(0, 1, 41)
    numbers = [
        Number("psnr", 20.0, 6, 2),
        Number("ssim", 0.5, 6, 8, replicates, styles="unseen", protocol="twice/joined"),
        Number("ssim", 0.25, 6, 2, replicates / 2, other={"method": "unrestored"}),
    ]
    assert write_numbers(tmp_path, numbers, FACTS) == 3
    psnr, unseen, unrestored = read_metrics(tmp_path)
    assert (psnr.method, psnr.restorer, psnr.styles) == ("edgeconnect", "edgeconnect", "seen")
    assert (psnr.ci_low, psnr.ci_high) == (None, None)
    assert (unseen.styles, unseen.protocol, unseen.n, unseen.n_people) == (
        "unseen", "twice/joined", 6, 8,
    )  # fmt: skip
    assert (unrestored.method, unrestored.restorer) == ("unrestored", "edgeconnect")
    half = 0.475 * 1.28976  # of eight people: see test_bootstrap.py
    assert (unseen.ci_low, unseen.ci_high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-5)
    found = read_resamples(tmp_path)
    assert set(found) == {1, 2}
    np.testing.assert_array_equal(found[1], replicates)
    np.testing.assert_array_equal(found[2], replicates / 2)


def test_a_mean_counts_defined_pictures_and_their_people():
    values = np.array([1.0, 2.0, np.nan, 6.0])
    people = People.drawn(["ann", "ann", "ben", "carl"], 10, 0)
    number = mean_number("ssim", values, people, styles="unseen")
    assert (number.value, number.n, number.n_people, number.styles) == (3.0, 3, 2, "unseen")
    assert number.note == "not defined for 1 pictures"


def test_the_interval_of_a_share_ends_where_shares_end(tmp_path):
    write_numbers(tmp_path, [Number("auc", 0.5, 6, 8, np.linspace(0, 1, 41))], FACTS)
    (row,) = read_metrics(tmp_path)
    assert (row.ci_low, row.ci_high) == (0, 1)


def test_rows_of_an_earlier_version_are_refused(tmp_path):
    (tmp_path / "metrics.json").write_text('[{"stage": "synthesis", "variant": ""}]')
    with pytest.raises(MaskbenchError, match=r"metrics.json: lacks step, .*; measure it again"):
        read_metrics(tmp_path)
