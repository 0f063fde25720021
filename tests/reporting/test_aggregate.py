import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from maskbench.measurements import to_frame
from maskbench.reporting.aggregate import interval, number, over_seeds, with_spread


def only(measurements):
    """The one result of these rows."""
    (result,) = over_seeds(to_frame(measurements)).itertuples()
    return result


def test_mean_and_spread_by_hand(make_measurement):
    rows = [
        make_measurement("m", seed, "ssim", value, n=n, ci_low=value - 0.05, ci_high=value + 0.01)
        for seed, value, n in ((0, 0.80, 400), (1, 0.82, 390), (2, 0.84, 400))
    ]
    result = only(rows)
    assert result.mean == pytest.approx(0.82)
    assert result.sd == pytest.approx(0.02)  # sqrt((.02^2 + 0 + .02^2) / 2)
    assert (result.ci_low, result.ci_high) == (pytest.approx(0.75), pytest.approx(0.85))
    assert (result.seeds, result.n) == (3, 390)
    assert with_spread(result.mean, result.sd, 3) == "0.820 ± 0.020"
    assert interval(result.ci_low, result.ci_high, 3) == "[0.750, 0.850]"


def test_folds_are_pooled_by_hand(make_measurement):
    """Two folds of 100 and 300 pictures of other people; the second was trained for twice."""
    rows = [
        make_measurement("m", seed, metric, value, fold=fold, n=n, n_people=n // 10, **bounds)
        for metric in ("ssim", "fid")
        for seed, fold, n, value in ((0, 0, 100, 0.6), (1, 1, 300, 0.79), (3, 1, 300, 0.81))
        for bounds in ({"ci_low": value - 0.04, "ci_high": value + 0.08},)
    ]
    table = over_seeds(to_frame(rows)).set_index("metric")
    ssim, fid = table.loc["ssim"], table.loc["fid"]
    assert ssim["mean"] == pytest.approx(0.25 * 0.6 + 0.75 * 0.8)  # over all people's pictures
    assert fid["mean"] == pytest.approx(0.7)  # of sets: the folds count alike
    assert (ssim["n_people"], ssim["n"], ssim["seeds"]) == (40, 400, 3)
    low = math.hypot(0.25 * 0.04, 0.75 * 0.05)  # of fold 1: 0.8 - 0.75
    assert ssim["ci_low"] == pytest.approx(ssim["mean"] - low)
    assert ssim["ci_high"] == pytest.approx(ssim["mean"] + math.hypot(0.25 * 0.08, 0.75 * 0.09))


def test_metrics_of_sets_have_the_interval_of_their_mean_over_folds(make_measurement):
    values = [2.0, 2.2, 2.1, 2.3, 2.4]
    rows = [make_measurement("m", fold, "is", v, fold=fold) for fold, v in enumerate(values)]
    expected = scipy.stats.t.interval(0.95, 4, np.mean(values), scipy.stats.sem(values))
    result = only(rows)
    assert (result.ci_low, result.ci_high) == pytest.approx(expected)
    assert pd.isna(only(rows[:2]).ci_low)


def test_scores_of_recognition_are_averaged_over_folds(make_measurement):
    rows = [
        make_measurement("m", fold, "auc", value, fold=fold, n=n, step="recognition")
        for fold, n, value in ((0, 10, 0.9), (1, 1000, 0.7))
    ]
    assert only(rows).mean == pytest.approx(0.8)
    assert pd.isna(only(rows).ci_low)


def test_one_seed_has_no_spread(make_measurement):
    result = only([make_measurement("m", 0, "fid", 61.5)])
    assert with_spread(result.mean, result.sd, 2) == "61.50"
    assert interval(result.ci_low, result.ci_high, 2) == ""


def test_what_could_not_be_measured_says_why(make_measurement):
    rows = [make_measurement("m", seed, "fid", None, note="no reference") for seed in (0, 1)]
    result = only(rows)
    assert (result.seeds, result.note) == (0, "no reference")
    assert with_spread(result.mean, result.sd, 2) == ""


def test_a_seed_without_a_number_is_not_counted(make_measurement):
    rows = [make_measurement("m", 0, "is", 2.0), make_measurement("m", 1, "is", None)]
    result = only(rows)
    assert (result.mean, result.seeds) == (2.0, 1)


def test_networks_are_never_mixed(make_measurement):
    rows = [make_measurement("m", s, "is", 2.0 + s, backbone=f"net{s}") for s in (0, 1)]
    results = over_seeds(to_frame(rows))
    assert list(zip(results["backbone"], results["mean"], strict=True)) == [
        ("net0", 2.0),
        ("net1", 3.0),
    ]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (-0.0001, 3, "0.000"),
        (-1.25, 2, "−1.25"),
        (0.0004, 4, "0.0004"),
        (12.0, 0, "12"),
        (-1277560.5, 1, "−1,277,560.5"),
        (-0.4, 0, "0"),
    ],
)
def test_numbers(value, digits, text):
    assert number(value, digits) == text


def test_folds_without_a_number_are_not_behind_it(make_measurement):
    rows = [
        make_measurement("m", fold, "placement_iou", value, fold=fold, n=n, n_people=n // 4)
        for fold, n, value in ((0, 8, 0.5), (1, 8, None), (2, 24, 0.7))
    ]
    result = only(rows)
    assert result.mean == pytest.approx(0.65) and (result.n, result.n_people) == (32, 8)
    nothing = only([make_measurement("m", f, "fid", None, fold=f, n=8) for f in range(2)])
    assert nothing.n == 16 and pd.isna(nothing.mean)


def test_a_count_is_summed_over_folds(make_measurement):
    rows = [
        make_measurement("m", fold, "undetected", value, fold=fold, step="recognition")
        for fold, value in enumerate((1.0, 0.0, 2.0))
    ]
    assert only(rows).mean == 3
