from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from maskbench.errors import MaskbenchError
from maskbench.reporting.judge_claims import decide, judge_claims

ROOT = Path(__file__).parents[3]
RESAMPLES = 400


@pytest.fixture
def simulated(evaluation, make_measurement):
    """Trainings whose true means are known; pictures shake all methods alike (``common``)."""

    def make(means, metric="ssim", shake=0.02, own=0.002, variant="", root="metrics"):
        rng = np.random.default_rng(3)
        common = rng.normal(0, shake, RESAMPLES)
        folders = []
        for method, seeds in means.items():
            for seed, value in enumerate(seeds):
                replicates = value + common + rng.normal(0, own, RESAMPLES)
                row = make_measurement(method, seed, metric, value, variant=variant)
                folders.append(evaluation([row], {(variant, metric): replicates}, root=root))
        return folders

    return make


def test_three_verdicts_where_the_truth_is_known(claim, judge, simulated):
    folders = simulated({"gan_stn": [0.70, 0.70], "wgan_stn": [0.75, 0.75], "own": [0.7001, 0.70]})
    table = judge(
        [
            claim(("wgan_stn", "ssim"), ">", ("gan_stn", "ssim"), "true_one"),
            claim(("wgan_stn", "ssim"), "<", ("gan_stn", "ssim"), "false_one"),
            claim(("own", "ssim"), ">", ("gan_stn", "ssim"), "too_close"),
        ],
        folders,
    )
    assert list(table["verdict"]) == ["supported", "contradicted", "undecided"]
    assert table["difference"].astype(float)[0] == pytest.approx(0.05)
    low, high = float(table["ci_low"][0]), float(table["ci_high"][0])
    assert 0.04 < low < 0.05 < high < 0.06  # own noise only: what shakes both cancels


def test_pairing_decides_what_unpaired_pictures_would_not(claim, judge, simulated):
    """A difference of 0.01 under a common shake of 0.02: only paired replicates see it."""
    folders = simulated({"gan_stn": [0.70], "wgan_stn": [0.71]})
    table = judge([claim(("wgan_stn", "ssim"), ">", ("gan_stn", "ssim"))], folders)
    assert table["verdict"][0] == "supported"


def test_seeds_that_disagree_leave_it_undecided(claim, judge, simulated):
    """Means differ by 0.04, yet one training of the better method is worse than the other's."""
    folders = simulated({"gan_stn": [0.70, 0.70, 0.70], "wgan_stn": [0.66, 0.76, 0.80]})
    table = judge([claim(("wgan_stn", "ssim"), ">", ("gan_stn", "ssim"))], folders)
    assert table["verdict"][0] == "undecided"
    assert float(table["ci_low"][0]) == pytest.approx(-0.04, abs=0.01)
    assert float(table["ci_high"][0]) == pytest.approx(0.10, abs=0.01)


def test_one_training_is_drawn_for_all_variants_of_a_method(
    claim, judge, evaluation, make_measurement
):
    """Seeds differ much, but in each of them turned faces are harder by 0.05."""
    rng = np.random.default_rng(0)
    folders = []
    for seed, value in enumerate((0.5, 0.7, 0.9)):
        rows, replicates = [], {}
        for variant, shift in (("pose_frontal", 0.0), ("pose_turned", -0.05)):
            name = "placement_iou"
            rows.append(make_measurement("gan_stn", seed, name, value + shift, variant=variant))
            noise = rng.normal(0, 0.005, RESAMPLES)
            replicates[variant, name] = value + shift + noise
        folders.append(evaluation(rows, replicates))
    turned, frontal = (
        ("gan_stn", "placement_iou", variant) for variant in ("pose_turned", "pose_frontal")
    )
    table = judge([claim(turned, "<", frontal)], folders)
    assert table["verdict"][0] == "supported"


def test_rank_correlation_by_hand(claim, judge, evaluation, make_measurement):
    """The printed Tables 1 and 2: squared rank differences 9 + 1 + 4 + 4, so 1 - 6 * 18 / 60."""
    printed = {
        "gan_stn": (2.641, 0.625),
        "dcgan_stn": (2.492, 0.793),
        "wgan_stn": (2.185, 0.907),
        "pywgan_div": (2.297, 0.941),
    }
    rng = np.random.default_rng(0)
    folders = []
    for method, (score, ssim) in printed.items():
        rows = [make_measurement(method, 0, "is", score), make_measurement(method, 0, "ssim", ssim)]
        noise = rng.normal(0, 1e-4, RESAMPLES)
        folders.append(evaluation(rows, {("", "is"): score + noise, ("", "ssim"): ssim + noise}))
    side = {"rank_correlation": ["is", "ssim"], "methods": list(printed)}
    table = judge([claim(side, "<", 0), claim(side, ">", 0, "opposite")], folders)
    assert table["left"].astype(float)[0] == pytest.approx(-0.8)
    assert list(table["verdict"]) == ["supported", "contradicted"]


def test_missing_measurements_are_undecided_with_the_reason(
    claim, judge, evaluation, make_measurement
):
    rows = [
        make_measurement("gan_stn", 0, "ssim", 0.5),
        make_measurement("gan_stn", 0, "fid", None, note="no reference"),
    ]
    folders = [evaluation(rows, {("", "ssim"): np.array([0.4, 0.5, 0.6])})]
    table = judge(
        [
            claim(("wgan_stn", "ssim"), ">", ("gan_stn", "ssim"), "a"),
            claim(("gan_stn", "fid"), "<", ("gan_stn", "lpips"), "b"),
            claim(("gan_stn", "ssim"), ">", 0.7, "c"),
        ],
        folders,
    )
    assert list(table["verdict"]) == ["undecided", "undecided", "contradicted"]
    assert table["reason"][0] == "ssim of wgan_stn was not measured"
    assert table["reason"][1] == (
        "fid of gan_stn could not be measured (no reference); lpips of gan_stn was not measured"
    )


def test_an_absent_network_gives_its_reason(claim, judge, evaluation, make_measurement):
    """Its rows are of the standard pairs alone, the claim is about others."""
    row = make_measurement(
        "vgg19", 0, "accuracy", None, stage="recognition", backbone="absent", note="no weights"
    )
    table = judge([claim(("vgg19", "auc", "bare_bare"), ">", 0.5)], [evaluation([row])])
    assert table["reason"][0] == "auc of vgg19 (bare_bare) was not measured (no weights)"


def test_a_number_without_replicates_is_undecided(claim, judge, evaluation, make_measurement):
    folders = [evaluation([make_measurement("gan_stn", 0, "fid", 50.0)])]
    table = judge([claim(("gan_stn", "fid"), ">", 10)], folders)
    assert table["verdict"][0] == "undecided"
    assert table["reason"][0] == "fid of gan_stn has no bootstrap replicates"


def test_two_data_sets_are_not_mixed(claim, judge, evaluation, make_measurement):
    few = {("", "ssim"): np.array([0.5, 0.6])}
    folders = [
        evaluation([make_measurement("gan_stn", 0, "ssim", 0.5, dataset=d)], few, root=d)
        for d in ("orl", "lfw")
    ]
    chosen = {"method": "gan_stn", "metric": "ssim", "dataset": "orl"}
    table = judge(
        [claim(("gan_stn", "ssim"), ">", 0.1, "any"), claim(chosen, ">", 0.1, "one")], folders
    )
    assert list(table["verdict"]) == ["undecided", "supported"]
    assert table["reason"][0] == "ssim of gan_stn was measured on several: lfw, orl"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ((("gan_stn", "sim"), ">", 0), "sim: unknown metric; did you mean ssim"),
        ((("gan_sn", "ssim"), ">", 0), "gan_sn: unknown method; did you mean gan_stn"),
        ((("gan_stn", "ssim", "unseen_style"), ">", 0), "did you mean unseen_styles"),
        ((("gan_stn", "ssim"), "=", 0), "claims.0.relation"),
        ((("gan_stn", "ssim"), ">", "0.5"), "claim.right: not a quantity"),
        (({"method": "gan_stn", "metrik": "ssim"}, ">", 0), "did you mean metric"),
        (
            ({"rank_correlation": ["is", "sim"], "methods": ["gan_stn"] * 3}, "<", 0),
            "sim: unk",
        ),
    ],
)
def test_a_wrong_claim_names_the_place(claim, judge, simulated, wrong, message):
    with pytest.raises(MaskbenchError, match=message):
        judge([claim(*wrong)], simulated({"gan_stn": [0.7]}))


def test_an_id_stands_once(claim, judge, simulated):
    one = claim(("gan_stn", "ssim"), ">", 0)
    with pytest.raises(MaskbenchError, match="the id claim stands twice"):
        judge([one, one], simulated({"gan_stn": [0.7]}))


@pytest.mark.parametrize(
    ("low", "high", "relation", "verdict"),
    [
        (0.1, 0.2, ">", "supported"),
        (-0.2, -0.1, ">", "contradicted"),
        (-0.1, 0.1, ">", "undecided"),
        (0.0, 0.0, ">", "undecided"),
        (0.0, 0.0, ">=", "supported"),
        (0.0, 0.0, "<=", "supported"),
        (-0.2, -0.1, "<", "supported"),
        (0.1, 0.2, "<", "contradicted"),
        (-0.2, 0.0, ">=", "undecided"),
    ],
)
def test_decide(low, high, relation, verdict):
    assert decide(low, high, relation) == verdict


def test_same_bytes_whatever_the_order(claim, tmp_path, simulated):
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump({"claims": [claim(("gan_stn", "ssim"), ">", ("own", "ssim"))]}))
    folders = simulated({"gan_stn": [0.70, 0.72], "own": [0.71]})
    judge_claims(path, folders, tmp_path / "a")
    judge_claims(path, folders[::-1], tmp_path / "b")
    for name in ("claims.csv", "claims.md", "claims.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_projects_claims_are_well_formed(tmp_path, simulated):
    """Its methods, metrics and variants exist; with nothing measured all is undecided."""
    judge_claims(ROOT / "claims.yaml", simulated({"gan_stn": [0.7]}), tmp_path)
    table = pd.read_csv(tmp_path / "claims.csv", keep_default_na=False)
    assert len(table) > 15
    assert set(table["verdict"]) == {"undecided"}
    assert table["reason"].str.len().min() > 0
    page = (tmp_path / "claims.md").read_text()
    assert page.count("\n| undecided |") == len(table)


def test_stages_are_not_mixed(claim, judge, evaluation, make_measurement):
    """One name may put masks on and take them off."""
    folders = [
        evaluation(
            [make_measurement("cyclegan", 0, "ssim", value, stage=stage)],
            {("", "ssim"): value + np.array([0.0, 0.001])},
            root=stage,
        )
        for stage, value in (("synthesis", 0.9), ("restoration", 0.7))
    ]
    side = {"method": "cyclegan", "metric": "ssim"}
    table = judge(
        [
            claim(side, ">", 0.8, "any"),
            claim(side | {"stage": "restoration"}, "<", 0.8, "off"),
            claim(side | {"stage": "synthesis"}, ">", 0.8, "on"),
        ],
        folders,
    )
    assert list(table["verdict"]) == ["undecided", "supported", "supported"]
    assert "several: restoration, synthesis" in table["reason"][0]


def test_one_evaluation_may_hold_two_methods_of_different_metrics(
    claim, judge, evaluation, make_measurement
):
    """As mask removal: a segmenter and a restorer."""
    rows = [
        make_measurement("segmenter", 0, "mean_iou", 0.95, stage="restoration"),
        make_measurement("edgeconnect", 0, "ssim", 0.8, stage="restoration"),
    ]
    values = {("", "mean_iou"): np.array([0.94, 0.96]), ("", "ssim"): np.array([0.7, 0.9])}
    folders = [evaluation(rows, values)]
    table = judge(
        [
            claim(("segmenter", "mean_iou"), ">", 0.92, "a"),
            claim(("edgeconnect", "ssim"), ">", 0.95, "b"),
        ],
        folders,
    )
    assert list(table["verdict"]) == ["supported", "contradicted"]


def test_replicates_of_two_methods_under_one_name_are_refused(
    claim, judge, evaluation, make_measurement
):
    rows = [make_measurement(name, 0, "ssim", 0.5) for name in ("gan_stn", "wgan_stn")]
    folders = [evaluation(rows, {("", "ssim"): np.array([0.4, 0.6])})]
    with pytest.raises(MaskbenchError, match="ssim of several values of method"):
        judge([claim(("gan_stn", "ssim"), ">", 0)], folders)


@pytest.mark.parametrize(
    ("for_each", "message"),
    [
        ({"loss": []}, "claim.for_each: not lists of values"),
        (["softmax"], "claim.for_each: not lists of values"),
        ({"los": ["softmax"]}, "loss: unknown name; did you mean los"),
    ],
)
def test_a_wrong_for_each_names_the_place(claim, judge, simulated, for_each, message):
    wrong = claim(("{loss}", "ssim"), ">", 0) | {"for_each": for_each}
    with pytest.raises(MaskbenchError, match=message):
        judge([wrong], simulated({"gan_stn": [0.7]}))
