"""Verdicts where the truth is known."""

import itertools

import numpy as np
import pandas as pd
import pytest

from maskbench.reporting.judge_claims import decide
from maskbench.reporting.papers.claims import RankCorrelation
from maskbench.reporting.replicates import spearman

from .conftest import RESAMPLES, quantity


def verdicts(found):
    return {name: one.verdict for name, one in found.items()}


def test_three_verdicts_where_the_truth_is_known(claim, judge, simulated):
    folders = simulated({"gan_stn": [0.7] * 3, "wgan_stn": [0.75] * 3, "own": [0.7001, 0.7, 0.7]})
    found = judge(
        [
            claim(quantity("wgan_stn"), ">", quantity("gan_stn"), "true_one"),
            claim(quantity("wgan_stn"), "<", quantity("gan_stn"), "false_one"),
            claim(quantity("own"), ">", quantity("gan_stn"), "too_close"),
        ],
        folders,
    )
    assert verdicts(found) == {
        "true_one": "supported", "false_one": "contradicted", "too_close": "undecided",
    }  # fmt: skip
    one = found["true_one"]
    assert one.difference == pytest.approx(0.05)
    assert 0.04 < one.ci_low < 0.05 < one.ci_high < 0.06  # what shakes both cancels


def test_counted_numbers_are_exact(claim, judge, evaluation, make_measurement):
    rows = [
        make_measurement("pywgan_div", 0, name, value, step="costs")
        for name, value in (("parameters", 90.0), ("plain_parameters", 100.0), ("same", 90.0))
    ]
    own, plain, same = (quantity("pywgan_div", row.metric, step="costs") for row in rows)
    found = judge(
        [
            claim(own, "<=", plain, "fewer"),
            claim(own, ">", plain, "more"),
            claim(own, "<=", same, "no_more"),
            claim(own, "<", same, "tie"),
        ],
        [evaluation(rows)],
    )
    assert verdicts(found) == {
        "fewer": "supported", "more": "contradicted", "no_more": "supported", "tie": "undecided",
    }  # fmt: skip
    assert (found["fewer"].ci_low, found["fewer"].ci_high) == (-10, -10)


def test_pairing_decides_what_unpaired_pictures_would_not(claim, judge, simulated):
    """A difference of 0.01 under a common shake of 0.02: only paired replicates see it."""
    folders = simulated({"gan_stn": [0.70] * 3, "wgan_stn": [0.71] * 3})
    found = judge([claim(quantity("wgan_stn"), ">", quantity("gan_stn"))], folders)
    assert found["claim"].verdict == "supported"


def test_seeds_that_disagree_leave_it_undecided(claim, judge, simulated):
    """Means differ by 0.04, yet one training of the better method is worse than the other's. The
    differences -.04, .06, .10 have a deviation of .07211: 4.30265 * .07211 / sqrt(3) = .17914."""
    folders = simulated({"gan_stn": [0.70, 0.70, 0.70], "wgan_stn": [0.66, 0.76, 0.80]})
    found = judge([claim(quantity("wgan_stn"), ">", quantity("gan_stn"))], folders)["claim"]
    assert found.verdict == "undecided"
    assert found.ci_low == pytest.approx(0.04 - 0.17914, abs=2e-3)
    assert found.ci_high == pytest.approx(0.04 + 0.17914, abs=2e-3)


def test_replicates_of_folds_are_paired_by_fold(claim, judge, evaluation, make_measurement):
    """Five folds, of which people differ by far more than the methods: in each of them one is ahead
    by about 0.02. Scores of folds count equally, means over pictures by their pictures."""
    rng = np.random.default_rng(0)
    folders = []
    for fold, level in enumerate((0.3, 0.5, 0.6, 0.8, 0.9)):
        people = rng.normal(0, 0.03, RESAMPLES)
        for method, value in (("wgan_stn", level + 0.02), ("gan_stn", level)):
            value += rng.normal(0, 0.001)
            n = 400 if fold else 100
            row = make_measurement(method, fold, "ssim", value, fold=fold, n=n)
            folders.append(evaluation([row], {0: value + people}))
    found = judge([claim(quantity("wgan_stn"), ">", quantity("gan_stn"))], folders)["claim"]
    assert (found.verdict, found.n_people) == ("supported", 40)
    assert found.resampled == "people and 5 trainings"
    assert found.right_value == pytest.approx((0.3 * 100 + 2.8 * 400) / 1700, abs=0.002)


def test_quantities_of_one_method_are_of_the_same_trainings(
    claim, judge, evaluation, make_measurement
):
    """Seeds differ much, but in each of them turned faces are harder by 0.05."""
    rng = np.random.default_rng(0)
    folders = []
    for seed, value in enumerate((0.5, 0.7, 0.9)):
        rows, replicates = [], {}
        for number, (subset, shift) in enumerate({"pose_frontal": 0, "pose_turned": -0.05}.items()):
            mean = value + shift
            rows.append(make_measurement("gan_stn", seed, "placement_iou", mean, subset=subset))
            replicates[number] = mean + rng.normal(0, 0.005, RESAMPLES)
        folders.append(evaluation(rows, replicates))
    turned, frontal = (
        quantity("gan_stn", "placement_iou", subset=subset)
        for subset in ("pose_turned", "pose_frontal")
    )
    assert judge([claim(turned, "<", frontal)], folders)["claim"].verdict == "supported"


@pytest.mark.parametrize(("seeds", "reason"), [(1, "one training"), (2, "two trainings"), (3, "")])
def test_what_is_trained_needs_three_trainings(claim, judge, simulated, seeds, reason):
    folders = simulated({"gan_stn": [0.70] * 3, "wgan_stn": [0.75] * seeds})
    found = judge([claim(quantity("wgan_stn"), ">", quantity("gan_stn"))], folders)["claim"]
    assert (found.verdict, found.reason) == ("undecided" if reason else "supported", reason)
    assert found.ci_low > 0


def test_what_learns_nothing_needs_no_other_training(claim, judge, simulated, recognised):
    folders = simulated({"keypoint": [0.75]})
    folders += recognised({("dlib_resnet", "none"): [0.7]})
    folders += recognised({("mrii", "none"): [0.7]}, restorer="edgeconnect", protocol="official")
    accuracy = {"metric": "accuracy"}
    found = judge(
        [
            claim(quantity("keypoint"), ">", 0.6, "overlay"),
            claim(quantity("dlib_resnet", **accuracy), ">", 0.5, "frozen"),
            claim(quantity("mrii", protocol="official", **accuracy), ">", 0.5, "restored"),
        ],
        folders,
    )
    assert verdicts(found) == {
        "overlay": "supported", "frozen": "supported", "restored": "undecided",
    }  # fmt: skip


def test_a_tie_at_the_ceiling_is_won_by_nobody(claim, judge, evaluation, make_measurement):
    folders = [
        evaluation(
            [make_measurement("dlib_resnet", 0, "auc", 1.0, step="recognition",
                              training_set="none", protocol=protocol)],
            {0: np.ones(50)},
            root=protocol,
        )
        for protocol in ("bare_bare", "bare_masked")
    ]  # fmt: skip
    masked, bare = (
        quantity("dlib_resnet", "auc", protocol=name) for name in ("bare_masked", "bare_bare")
    )
    found = judge([claim(masked, ">=", bare)], folders)["claim"]
    assert (found.verdict, found.reason) == ("undecided", "both at the ceiling")


def test_protocols_of_one_training_share_its_seed(claim, judge, recognised):
    name = ("arcface", "keypoint")
    folders = recognised({name: [0.60, 0.80, 0.70]}) + recognised(
        {name: [0.65, 0.85, 0.75]}, protocol="bare_bare"
    )
    masked = quantity("arcface", "accuracy", training_set="keypoint")
    bare = quantity("arcface", "accuracy", training_set="keypoint", protocol="bare_bare")
    assert judge([claim(bare, ">", masked)], folders)["claim"].verdict == "supported"


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
    for (method, values), seed in itertools.product(printed.items(), range(3)):
        rows = [
            make_measurement(method, seed, metric, value)
            for metric, value in zip(("is", "ssim"), values, strict=True)
        ]
        noise = rng.normal(0, 1e-4, RESAMPLES)
        folders.append(evaluation(rows, {n: value + noise for n, value in enumerate(values)}))
    side = RankCorrelation(rank_correlation=("is", "ssim"), methods=tuple(printed))
    found = judge([claim(side, "<", 0), claim(side, ">", 0, "opposite")], folders)
    assert found["claim"].left_value == pytest.approx(-0.8)
    assert verdicts(found) == {"claim": "supported", "opposite": "contradicted"}


def test_ranks_of_ties_are_their_mean():
    a, b = np.array([[1.0], [1.0], [2.0]]), np.array([[1.0], [2.0], [3.0]])
    assert spearman(a, b)[0] == pytest.approx(np.sqrt(3) / 2)
    assert np.isnan(spearman(np.ones((3, 1)), b)[0])


@pytest.mark.parametrize(
    ("low", "high", "relation", "verdict"),
    [
        (0.1, 0.2, ">", "supported"),
        (-0.2, -0.1, ">", "contradicted"),
        (-0.1, 0.1, ">", "undecided"),
        (0.0, 0.0, ">", "undecided"),
        (0.0, 0.0, ">=", "undecided"),
        (0.0, 0.0, "<=", "undecided"),
        (0.0, 0.1, ">=", "supported"),
        (-0.1, 0.0, "<=", "supported"),
        (-0.2, -0.1, "<", "supported"),
        (0.1, 0.2, "<", "contradicted"),
        (-0.2, 0.0, ">=", "undecided"),
    ],
)
def test_decide(low, high, relation, verdict):
    assert decide(low, high, relation) == verdict


def test_what_is_missing_is_said(claim, judge, evaluation, make_measurement):
    rows = [
        make_measurement("gan_stn", 0, "ssim", 0.5),
        make_measurement("gan_stn", 0, "fid", None, note="no reference"),
    ]
    folders = [evaluation(rows, {0: np.array([0.4, 0.5, 0.6])})]
    found = judge(
        [
            claim(quantity("wgan_stn"), ">", quantity("gan_stn"), "method"),
            claim(quantity("gan_stn", "fid"), "<", quantity("gan_stn", "lpips"), "metric"),
            claim(
                quantity("softmax", training_set="mfgan"), ">", quantity("gan_stn"), "training_set"
            ),
            claim(
                quantity("gan_stn", dataset="mfr2"),
                ">",
                quantity("gan_stn", dataset="mfr2"),
                "dataset",
            ),
            claim(quantity("gan_stn"), ">", 0.7, "nothing"),
        ],
        folders,
    )
    assert {name: one.reason for name, one in found.items()} == {
        "method": "wgan_stn did not run",
        "metric": "FID of gan_stn could not be measured (no reference); "
        "LPIPS of gan_stn was not measured",
        "training_set": "mfgan did not run",
        "dataset": "mfr2 is not a data set of this run (orl)",
        "nothing": "one training",
    }
    assert found.pop("nothing").verdict == "undecided"
    assert set(verdicts(found).values()) == {"not measured"}


def test_an_absent_network_gives_its_reason(claim, judge, evaluation, make_measurement):
    """Its rows are of the standard pairs alone, the claim is about others."""
    row = make_measurement(
        "vgg19", 0, "accuracy", None, step="recognition", backbone="absent", note="no weights"
    )
    side = quantity("vgg19", "auc", protocol="bare_bare")
    found = judge([claim(side, ">", 0.5)], [evaluation([row])])["claim"]
    assert (found.verdict, found.reason) == (
        "not measured", "no weights",
    )  # fmt: skip


def test_a_number_without_replicates_is_undecided(claim, judge, evaluation, make_measurement):
    folders = [evaluation([make_measurement("keypoint", 0, "fid", 50.0)])]
    found = judge([claim(quantity("keypoint", "fid"), ">", 10)], folders)["claim"]
    assert (found.verdict, found.reason) == ("undecided", "the difference has no interval")
    assert found.difference == 40


def test_each_data_set_is_judged_by_itself(claim, judge, recognised):
    folders = [
        *recognised({("facenet", "none"): [0.8], ("vgg19", "none"): [0.7]}, dataset="lfw"),
        *recognised({("facenet", "none"): [0.6], ("vgg19", "none"): [0.7]}, dataset="mfr2"),
        *recognised({("arcface", "bare"): [0.5] * 3}, dataset="mfr2"),
    ]
    left, right = (quantity(name, "accuracy") for name in ("facenet", "vgg19"))
    on_lfw = (quantity(name, "accuracy", dataset="lfw") for name in ("facenet", "vgg19"))
    found = judge(
        [
            claim(left, ">", right, "each"),
            claim(quantity("arcface", "accuracy"), ">", right, "one"),
            claim(next(on_lfw), ">", next(on_lfw), "named"),
        ],
        folders,
    )
    assert verdicts(found) == {
        "each@lfw": "supported",
        "each@mfr2": "contradicted",
        "one": "contradicted",
        "named": "supported",
    }


def test_conditions_are_not_mixed(claim, judge, simulated):
    """One name may put masks on and take them off."""
    folders = simulated({"cyclegan": [0.9] * 3}, metric="ssim")
    folders += simulated({("cyclegan", "x"): [0.7] * 3}, metric="ssim", step="restoration")
    found = judge(
        [
            claim(quantity("cyclegan"), ">", 0.8, "any"),
            claim(quantity("cyclegan", step="restoration"), "<", 0.8, "off"),
            claim(quantity("cyclegan", step="synthesis"), ">", 0.8, "on"),
        ],
        folders,
    )
    assert verdicts(found) == {"any": "undecided", "off": "supported", "on": "supported"}
    assert found["any"].reason == (
        "SSIM of cyclegan was measured with several values of step: restoration, synthesis"
    )


@pytest.mark.parametrize(("people", "verdict"), [(8, "not measured"), (50, "supported")])
def test_a_claim_about_ranks_needs_a_gallery(
    people, verdict, claim, judge, evaluation, make_measurement
):
    rows = [
        make_measurement("arcface", 0, metric, value, training_set="none", step="recognition")
        for metric, value in (("rank_5", 0.6), ("accuracy", 0.7))
    ]
    folder = evaluation(rows, {n: row.value + np.arange(4) / 1000 for n, row in enumerate(rows)})
    pd.DataFrame({"protocol": "identification", "rank": np.arange(1, people + 1), "share": 1.0}
                 ).to_parquet(folder / "cmc.parquet")  # fmt: skip
    rank, accuracy = (quantity("arcface", metric) for metric in ("rank_5", "accuracy"))
    asks = claim(rank, "<", accuracy, gallery_people=50)
    found = judge([asks, claim(rank, "<", accuracy, "asks_nothing")], [folder])
    assert verdicts(found) == {"claim": verdict, "asks_nothing": "supported"}
    if people < 50:
        assert found["claim"].reason == "Rank 5 among 8 people in the gallery; the claim needs 50"


@pytest.mark.parametrize(
    ("kept", "verdict", "reason"),
    [
        (0.5, "supported", ""),
        (
            0.304, "not measured",
            "gan_direct does not keep the face (SSIM outside the mask 0.30; the claim needs 0.5)",
        ),
        (None, "not measured", "SSIM outside the mask of gan_direct was not measured on orl"),
    ],
)  # fmt: skip
def test_a_claim_about_placement_needs_a_face(kept, verdict, reason, claim, judge, simulated):
    """On turned faces, too, where how far the face is kept is not measured by itself."""
    turned = {"subset": "pose_turned"}
    folders = simulated(
        {"gan_stn": [0.7] * 3, "gan_direct": [0.2] * 3}, metric="placement_iou", **turned
    )
    outside = {"gan_stn": [0.99] * 3} | ({} if kept is None else {"gan_direct": [kept] * 3})
    folders += simulated(outside, metric="ssim_outside_mask")
    sides = [quantity(name, "placement_iou", **turned) for name in ("gan_direct", "gan_stn")]
    asks = claim(sides[0], "<", sides[1], keeps_face=True)
    found = judge([asks, claim(sides[0], "<", sides[1], "asks_nothing")], folders)
    assert (found["claim"].verdict, found["claim"].reason) == (verdict, reason)
    assert found["asks_nothing"].verdict == "supported"


def test_how_far_the_face_is_kept_is_known_of_the_end_of_a_training(claim, judge, simulated):
    start = {"checkpoint": "start", "metric": "placement_iou"}
    folders = simulated({"gan_stn": [0.2] * 3, "gan_direct": [0.2] * 3}, **start)
    folders += simulated({"gan_stn": [0.99] * 3, "gan_direct": [0.3] * 3}, "ssim_outside_mask")
    sides = [quantity(name, "placement_iou", checkpoint="start") for name in
             ("gan_stn", "gan_direct")]  # fmt: skip
    found = judge([claim(side, "<", 0.9, side.method, keeps_face=True) for side in sides], folders)
    assert verdicts(found) == {"gan_stn": "supported", "gan_direct": "not measured"}


@pytest.mark.parametrize(
    ("shares", "verdict", "reason"),
    [
        ([1.0, 0.4, 0.3], "supported", ""),  # 10 of 30, one person's, in the first fold alone
        ([0.4, 0.4, 1.0], "not measured", "one person supplies 67% of"),
    ],
)
def test_half_of_a_subset_may_not_be_one_persons(
    shares, verdict, reason, claim, judge, evaluation, make_measurement
):
    """Over all folds together: of these each has other people; the last has four times as many."""
    folders = []
    for fold, (share, n) in enumerate(zip(shares, (10, 10, 40), strict=True)):
        for method, value in (("gan_stn", 0.6), ("wgan_stn", 0.7)):
            given = {"fold": fold, "n": n, "subset": "pose_bowed"}
            rows = [
                make_measurement(method, fold, "placement_iou", value + fold / 1000, **given),
                make_measurement(method, fold, "largest_share", share, **given),
            ]
            resamples = rows[0].value + np.linspace(-0.001, 0.001, 40)
            folders.append(evaluation([*rows], {0: resamples}, root=f"metrics/fold{fold}"))
    bowed = [quantity(m, "placement_iou", subset="pose_bowed") for m in ("wgan_stn", "gan_stn")]
    found = judge([claim(bowed[0], ">", bowed[1])], folders)["claim"]
    assert found.verdict == verdict and found.reason.startswith(reason)
