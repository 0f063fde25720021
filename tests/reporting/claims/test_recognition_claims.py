"""Claims about recognisers: pairing, training sets, data sets, and the papers' own claims."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from maskbench.reporting.claims import Quantity, read_claims
from maskbench.reporting.judge_claims import judge_claims
from maskbench.reporting.paper_table import reported

ROOT = Path(__file__).parents[3]
RESAMPLES = 400


def of(method, metric, variant="", dataset=None):
    side = {"method": method, "metric": metric, "variant": variant}
    return side | ({"dataset": dataset} if dataset else {})


@pytest.fixture
def recognisers_of(evaluation, make_measurement):
    """Write recognition evaluations: {(method, variant, dataset): accuracies of the seeds}."""

    def make(values, own=0.002):
        rng = np.random.default_rng(1)
        shake = {d: rng.normal(0, 0.03, RESAMPLES) for d in ("orl", "lfw", "mfr2")}
        folders = []
        for (method, variant, dataset), seeds in values.items():
            for seed, value in enumerate(seeds):
                row = make_measurement(
                    method, seed, "accuracy", value,
                    variant=variant, dataset=dataset, stage="recognition",
                )  # fmt: skip
                replicates = value + shake[dataset] + rng.normal(0, own, RESAMPLES)
                root = f"{dataset}/{variant or 'none'}"
                folders.append(evaluation([row], {(variant, "accuracy"): replicates}, root=root))
        return folders

    return make


def test_recognisers_of_one_test_set_are_paired(claim, judge, recognisers_of):
    """Differences of 0.02 under a shake of 0.03 that people give to all recognisers alike."""
    folders = recognisers_of(
        {
            ("arcface", "keypoint", "orl"): [0.80, 0.81],
            ("arcface", "bare", "orl"): [0.77, 0.78],
            ("dlib_resnet", "", "orl"): [0.77],
        }
    )
    masked, bare = (of("arcface", "accuracy", v) for v in ("keypoint", "bare"))
    frozen = of("dlib_resnet", "accuracy")
    table = judge(
        [claim(masked, ">", bare, "a"), claim(masked, ">", frozen, "b"), claim(bare, ">", 0.9)],
        folders,
    )
    assert list(table["verdict"]) == ["supported", "supported", "contradicted"]


def test_training_sets_of_a_recogniser_are_trainings_of_their_own(claim, judge, recognisers_of):
    """The second seed of either is far better: were one seed drawn for both, every replicate would
    favour masks by 0.02; drawn apart, one may meet the other's better training."""
    folders = recognisers_of(
        {("arcface", "keypoint", "orl"): [0.62, 0.82], ("arcface", "bare", "orl"): [0.60, 0.80]}
    )
    sides = [of("arcface", "accuracy", v) for v in ("keypoint", "bare")]
    table = judge([claim(sides[0], ">", sides[1])], folders)
    assert table["verdict"][0] == "undecided"
    assert float(table["ci_low"][0]) == pytest.approx(-0.18, abs=0.01)


def test_protocols_of_one_training_share_its_seed(claim, judge, recognisers_of):
    folders = recognisers_of(
        {
            ("arcface", "keypoint", "orl"): [0.60, 0.80],
            ("arcface", "keypoint/bare_bare", "orl"): [0.65, 0.85],
        }
    )
    sides = [of("arcface", "accuracy", v) for v in ("keypoint/bare_bare", "keypoint")]
    assert judge([claim(sides[0], ">", sides[1])], folders)["verdict"][0] == "supported"


def test_a_claim_can_be_judged_on_each_data_set(claim, judge, recognisers_of):
    folders = recognisers_of(
        {
            ("mrii", "", "lfw"): [0.8],
            ("mrii", "", "mfr2"): [0.6],
            ("dlib_resnet", "", "lfw"): [0.7],
            ("dlib_resnet", "", "mfr2"): [0.7],
            ("arcface", "bare", "mfr2"): [0.5],
        }
    )
    left, right = (of(name, "accuracy") for name in ("mrii", "dlib_resnet"))
    each = claim(left, ">", right, "each") | {"each_dataset": True}
    one = claim(of("arcface", "accuracy", "bare"), ">", right, "one")
    table = judge([each, claim(left, ">", right), one | {"each_dataset": True}], folders)
    assert list(table["id"]) == ["each@lfw", "each@mfr2", "claim", "one"]
    assert list(table["verdict"]) == ["supported", "contradicted", "undecided", "contradicted"]
    assert table["inequality"][0] == "accuracy of mrii, lfw > accuracy of dlib_resnet, lfw"
    assert table["reason"][2].startswith("accuracy of mrii was measured on several: lfw, mfr2")


def test_a_data_set_that_is_not_in_the_run_is_said(claim, judge, recognisers_of):
    folders = recognisers_of({("dlib_resnet", "", "orl"): [0.7], ("mrii", "", "lfw"): [0.7]})
    table = judge(
        [
            claim(of("dlib_resnet", "accuracy", "", dataset), ">", 0.5, dataset)
            for dataset in ("mfr2", "lfw")
        ],
        folders,
    )
    assert list(table["reason"]) == [
        "accuracy of dlib_resnet was not measured: mfr2 is not a data set of this run (lfw, orl)",
        "accuracy of dlib_resnet was not measured on lfw",
    ]


def test_for_each_combination_a_claim(claim, judge, recognisers_of):
    folders = recognisers_of(
        {("arcface", "keypoint", "orl"): [0.8], ("softmax", "keypoint", "orl"): [0.7]}
    )
    several = claim(
        {"method": "{better}", "metric": "{metric}", "variant": "{masks}"},
        ">",
        {"method": "{worse}", "metric": "{metric}", "variant": "{masks}"},
        "{metric}_{better}_over_{worse}",
    ) | {
        "for_each": {
            "pair": [
                {"better": "arcface", "worse": "softmax"},
                {"better": "softmax", "worse": "arcface"},
            ],
            "metric": ["accuracy", "tar_at_far_1e-3"],
            "masks": ["keypoint"],
        }
    }
    table = judge([several], folders).set_index("id")
    assert table["verdict"].to_dict() == {
        "accuracy_arcface_over_softmax": "supported",
        "tar_at_far_1e3_arcface_over_softmax": "undecided",
        "accuracy_softmax_over_arcface": "contradicted",
        "tar_at_far_1e3_softmax_over_arcface": "undecided",
    }
    assert table["inequality"]["accuracy_arcface_over_softmax"] == (
        "accuracy of arcface (keypoint) > accuracy of softmax (keypoint)"
    )


def test_claims_of_all_four_papers_stand_in_the_file(tmp_path):
    judge_claims(ROOT / "claims.yaml", [], tmp_path)
    table = pd.read_csv(tmp_path / "claims.csv", keep_default_na=False)
    papers = table.groupby("paper").size()
    assert papers["Li (Facial Recognition for People Wearing Masks)"] >= 3
    assert papers["Mumford 2021"] >= 15
    assert papers["Xiong et al. 2022 (MFGAN)"] >= 60
    assert table["id"].is_unique
    on_mfr2 = table[table["inequality"].str.contains("mfr2")]
    assert len(on_mfr2) == 18
    assert on_mfr2["reason"].str.contains("mfr2 is not a data set of this run").all()


def test_printed_orders_are_those_of_the_papers_tables(tmp_path):
    """Each claim about two rows of a printed table points the way the printed numbers do."""
    tables = reported()
    printed = {}
    for name in ("table2_mfgan", "table3_cyclegan"):
        for row in tables[name]["rows"]:
            variant = row.get("training_sets", ["same_picture"])[0]
            for key, value in row.items():
                if isinstance(value, float):
                    printed[row["method"], key, variant] = value
    for row in tables["table3_mfgan"]["rows"]:
        for key in ("accuracy", "tar_at_far_1e-3", "rank_5"):
            printed["table3", key, row["training_sets"][0]] = row[key]
    read = read_claims(ROOT / "claims.yaml", AnyName(), AnyName(), AnyName())
    checked = 0
    for each in read:
        sides = []
        for side in (each.left, each.right):
            if isinstance(side, Quantity):
                method = "table3" if each.id.startswith("table3_") else side.method
                sides.append(printed.get((method, side.metric, side.variant)))
        if len(sides) == 2 and None not in sides:
            checked += 1
            assert (sides[0] > sides[1]) == (each.relation == ">"), each.id
    assert checked >= 80


class AnyName(list):
    def __contains__(self, name):
        return True


def test_the_page_says_networks_seeds_and_what_the_interval_is_over(
    claim, judge, evaluation, make_measurement, tmp_path
):
    """One seed: people alone. Several: people and seeds, of the side that has them."""
    folders = []
    trainings = [("arcface", "keypoint", 0), ("arcface", "keypoint", 1), ("arcface", "bare", 0)]
    for method, variant, seed in [*trainings, ("dlib_resnet", "", 0)]:
        backbone = "dlib" if method == "dlib_resnet" else "iresnet18"
        row = make_measurement(
            method, seed, "accuracy", 0.7, variant=variant, backbone=backbone, stage="recognition"
        )
        values = {(variant, "accuracy"): 0.7 + np.arange(5) / 100}
        folders.append(evaluation([row], values, root=variant or "none"))
    masked, bare = (of("arcface", "accuracy", v) for v in ("keypoint", "bare"))
    frozen = of("dlib_resnet", "accuracy")
    table = judge(
        [
            claim(bare, ">", frozen, "one_seed"),
            claim(masked, ">", 0.5, "two_seeds"),
            claim(masked, ">", frozen, "mixed"),
            claim(masked, ">", bare, "same_network"),
            claim(frozen, ">", of("softmax", "accuracy"), "half_measured"),
        ],
        folders,
    )
    assert list(table["resampled"]) == [
        "people alone: one training a side",
        "people and seeds",
        "people, and seeds of the left side: one training of the other",
        "people, and seeds of the left side: one training of the other",
        "",
    ]
    assert list(table["left_network"]) == ["iresnet18"] * 4 + ["dlib"]
    assert list(table["right_network"]) == ["dlib", "", "dlib", "iresnet18", ""]
    assert list(table["left_seeds"]) == [1, 2, 2, 2, 1]
    assert list(table["right_seeds"]) == [1, 0, 1, 1, 0]
    page = (tmp_path / "out" / "claims.md").read_text()
    assert "| left: iresnet18, 1 seed; right: dlib, 1 seed |" in page
    assert "| iresnet18, 2 seeds |" in page
    assert "| left: dlib, 1 seed |" in page
    assert "4 differences have an interval" in page
    assert "about 5% appear decided by chance" in page


@pytest.mark.parametrize(("people", "verdict"), [(8, "undecided"), (50, "supported")])
def test_a_claim_about_ranks_needs_a_gallery(
    people, verdict, claim, judge, evaluation, make_measurement
):
    rows = [
        make_measurement("arcface", 0, metric, value, variant="bare", stage="recognition")
        for metric, value in (("rank_5", 0.6), ("accuracy", 0.7))
    ]
    values = {("bare", row.metric): row.value + np.arange(4) / 1000 for row in rows}
    folder = evaluation(rows, values)
    pd.DataFrame({"protocol": "identification", "rank": np.arange(1, people + 1), "share": 1.0}
                 ).to_parquet(folder / "cmc.parquet")  # fmt: skip
    rank, accuracy = (of("arcface", metric, "bare") for metric in ("rank_5", "accuracy"))
    asks = claim(rank, "<", accuracy) | {"gallery_people": 50}
    table = judge([asks, claim(rank, "<", accuracy, "asks_nothing")], [folder])
    assert list(table["verdict"]) == [verdict, "supported"]
    if people < 50:
        assert table["reason"][0] == (
            "not measurable here: rank_5 among 8 people in the gallery, the claim needs 50"
        )
