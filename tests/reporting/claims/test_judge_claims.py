"""The files of verdicts, and numbers that are not compared."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from maskbench.reporting.judge_claims import judge_claims
from maskbench.reporting.papers import Paper, papers
from maskbench.reporting.papers.orders import with_orders

from .conftest import quantity


@pytest.fixture
def judged(tmp_path):
    """Write the files of some claims of one paper; the rows of claims.csv by id."""

    def run(claims, folders, out=tmp_path / "out"):
        paper = Paper(paper="A paper", title="Its title", order=1, claims=tuple(claims))
        judge_claims(folders, out, {"paper": paper})
        return pd.read_csv(out / "claims.csv", keep_default_na=False).set_index("id")

    return run


def test_sides_stand_in_columns(claim, judged, evaluation, make_measurement):
    """What is measured, as measurements.csv has it; what is not, as the claim has it."""
    row = make_measurement(
        "maskfacenet", 0, "accuracy", 0.8, training_set="keypoint", step="recognition",
        backbone="iresnet18",
    )  # fmt: skip
    folders = [evaluation([row], {0: 0.8 + np.arange(5) / 100})]
    other = quantity("softmax", "accuracy", training_set="mfgan", protocol="bare_bare")
    found = judged([claim(quantity("maskfacenet", "accuracy"), ">", other)], folders).loc["claim"]
    assert (found["verdict"], found["reason"]) == ("not measured", "mfgan did not run")
    for column, left, right in (
        ("step", "recognition", ""),
        ("dataset", "orl", ""),
        ("method", "maskfacenet", "softmax"),
        ("training_set", "keypoint", "mfgan"),
        ("protocol", "standard", "bare_bare"),
        ("styles", "seen", "seen"),
        ("metric", "accuracy", "accuracy"),
        ("network", "iresnet18", ""),
        ("seeds", 1, 0),
        ("value", "0.8", ""),
    ):
        assert (str(found[f"left_{column}"]), str(found[f"right_{column}"])) == (
            str(left), str(right),
        )  # fmt: skip


def test_seeds_and_what_the_interval_is_over(claim, judged, evaluation, make_measurement):
    folders = []
    trainings = [*(("arcface", "keypoint", seed) for seed in range(3)), ("arcface", "bare", 0)]
    for method, training_set, seed in [*trainings, ("dlib_resnet", "none", 0)]:
        value = 0.6 if training_set == "none" else 0.7
        row = make_measurement(
            method, seed, "accuracy", value, training_set=training_set, step="recognition"
        )
        folders.append(evaluation([row], {0: value + np.arange(5) / 100}, root=training_set))
    masked, bare = (quantity("arcface", "accuracy", training_set=t) for t in ("keypoint", "bare"))
    frozen = quantity("dlib_resnet", "accuracy")
    found = judged(
        [
            claim(bare, ">", frozen, "one_seed"),
            claim(masked, ">", 0.5, "three_seeds"),
            claim(masked, ">", frozen, "mixed"),
            claim(frozen, ">", 0.5, "nothing_trained"),
        ],
        folders,
    )
    assert found["resampled"].to_dict() == {
        "one_seed": "people only",
        "three_seeds": "people and 3 trainings",
        "mixed": "people and 3 trainings",
        "nothing_trained": "people",
    }
    assert found["reason"].to_dict() == {
        "one_seed": "one training", "three_seeds": "", "mixed": "", "nothing_trained": "",
    }  # fmt: skip
    assert list(found["left_seeds"]) == [1, 3, 3, 1] and list(found["right_seeds"]) == [1, 0, 1, 0]
    assert set(found["n_people"]) == {8}


def test_the_page_counts_first_and_says_what_is_shared_once(claim, judged, simulated, tmp_path):
    folders = simulated({"gan_stn": [0.70] * 3, "wgan_stn": [0.75] * 3})
    judged(
        [
            claim(quantity("wgan_stn"), ">", quantity("gan_stn"), "a", printed=(0.11, 0.205)),
            claim(quantity("wgan_stn"), "<", quantity("gan_stn"), "b"),
            claim(quantity("mfgan"), ">", quantity("gan_stn"), "c"),
            claim(quantity("iamgan"), ">", quantity("mfgan"), "d"),
        ],
        folders,
    )
    for name in ("claims.md", "claims.html"):
        page = (tmp_path / "out" / name).read_text()
        counts = "1 of 2 measurable supported, 1 contradicted, 0 undecided, 2 not measured"
        assert page.index(f"4 claims: {counts}.") < page.index("In our words.")
        shared = "data set orl; 3 seeds; 8 people; interval over people and 3 trainings"
        assert page.count(shared) == 1
        assert "0.110 and 0.205" in page
        assert "iamgan and mfgan did not run" in page
        assert "0.050 [" in page


def test_a_counted_difference_stands_without_an_interval(
    claim, judged, evaluation, make_measurement, tmp_path
):
    rows = [
        make_measurement("pywgan_div", 0, name, value, step="costs", n=1, n_people=1)
        for name, value in (("parameters", 1200.0), ("plain_parameters", 1500.0))
    ]
    own, plain = (quantity("pywgan_div", row.metric, step="costs") for row in rows)
    found = judged([claim(own, "<=", plain)], [evaluation(rows)]).loc["claim"]
    assert (found["verdict"], found["difference"]) == ("supported", -300)
    for name in ("claims.md", "claims.html"):
        page = (tmp_path / "out" / name).read_text("utf-8")
        assert "−300" in page and "[−300" not in page


def test_splits_of_one_method_are_named(claim, judged, evaluation, make_measurement, tmp_path):
    rows = [
        make_measurement("own", 0, "fid", value, split=split, checkpoint="last")
        for split, value in (("train", 31.0), ("test", 30.0))
    ]
    train, test = (quantity("own", "fid", split=row.split, checkpoint="last") for row in rows)
    judged([claim(train, ">=", test)], [evaluation(rows)])
    page = (tmp_path / "out" / "claims.md").read_text("utf-8")
    assert "31.000 own, train people" in page and "30.000 own, test people" in page


def test_same_bytes_whatever_the_order(claim, judged, simulated, tmp_path):
    folders = simulated({"gan_stn": [0.70, 0.72], "own": [0.71]})
    claims = [claim(quantity("gan_stn"), ">", quantity("own"))]
    judged(claims, folders, tmp_path / "a")
    judged(claims, folders[::-1], tmp_path / "b")
    for name in ("claims.csv", "claims.md", "claims.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_projects_claims_where_little_is_measured(simulated, tmp_path):
    judge_claims(simulated({"gan_stn": [0.7]}), tmp_path)
    table = pd.read_csv(tmp_path / "claims.csv", keep_default_na=False)
    written = [with_orders(paper.claims, (*paper.tables.values(),)) for paper in papers().values()]
    assert len(table) == sum(map(len, written)) >= 185
    assert set(table["verdict"]) == {"not measured"}
    assert table["reason"].str.len().min() > 0
    on_mfr2 = table[table["left_dataset"] == "mfr2"]
    assert len(on_mfr2) == 24
    assert set(on_mfr2["reason"]) == {"mfr2 is not a data set of this run (orl)"}


def test_no_measurements_at_all(tmp_path):
    judge_claims([], tmp_path)
    assert (tmp_path / "claims.html").exists()


def test_starts_without_heavy_libraries():
    code = (
        "import sys, maskbench.reporting.judge_claims; "
        "print({'torch', 'mlflow', 'matplotlib', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(("metric", "verdict"), [("fid", "not measured"), ("kid", "supported")])
def test_an_fid_is_compared_with_one_of_equally_many_pictures(
    claim, judge, evaluation, make_measurement, metric, verdict
):
    """FID falls with the number of pictures, KID does not (Bińkowski et al. 2018)."""
    folders = [
        evaluation([make_measurement(name, fold, metric, value + fold / 1000, n=n, fold=fold)])
        for name, value, n in (("cyclegan", 0.9, 80), ("mfgan", 0.5, 400), ("iamgan", 0.5, 80))
        for fold in range(5)
    ]
    ids = {"mfgan": verdict, "iamgan": "supported"}
    found = judge(
        [claim(quantity(m, metric), "<", quantity("cyclegan", metric), m) for m in ids], folders
    )
    assert {name: one.verdict for name, one in found.items()} == ids
    if metric == "fid":
        assert found["mfgan"].reason == "FID of 400 and of 80 pictures"
