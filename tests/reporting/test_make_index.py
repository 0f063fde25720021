"""The first page: right numbers, honest words, one file without a network."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from maskbench.errors import MaskbenchError
from maskbench.measurements import read_metrics, to_frame
from maskbench.reporting import answers
from maskbench.reporting.make_index import interval, make_index, pictures, shown
from maskbench.reporting.replicates import Evaluations


def shaken(value, half, seed):
    """Replicates around a value, the same resamples for equal seeds."""
    return value + half * np.random.default_rng(seed).normal(size=400)


@pytest.fixture
def evaluations(evaluation, make_measurement):
    return run(evaluation, make_measurement, seeds=1)


def run(evaluation, make_measurement, seeds):
    """Four methods' placement, and two recognisers on bare faces and two methods' masks."""
    folders = []
    for method, iou in (
        ("pywgan_div", 0.8),
        ("wgan_stn", 0.79),
        ("mean_placement", 0.6),
        ("gan_stn", 0.5),
    ):
        low, high = iou - 0.02, iou + 0.02
        found = make_measurement(method, 0, "placement_iou", iou, ci_low=low, ci_high=high)
        kept = make_measurement(method, 0, "placement_iou", iou / 2, styles="unseen")
        folders.append(evaluation([found, kept], {0: shaken(iou, 0.01, len(method))}))
    for method, kept in (("best_homography", 1.0), ("gan_direct", 0.3)):
        quality = {"placement_iou": 0.9, "ssim_outside_mask": kept}.items()
        folders.append(evaluation([make_measurement(method, 0, *each) for each in quality]))
    folders.append(evaluation([make_measurement("keypoint", 0, "covers_nose_mouth", 1.0)]))
    worn = make_measurement("wgan_stn", 0, "style_distance_of_photographs", 9.0, n_people=21)
    folders.append(evaluation([worn], root="metrics/style"))  # of training people
    auc = {"bare": 0.7, "keypoint": 0.8, "gan_stn": 0.7}
    for recogniser, more in (("softmax", 0.0), ("arcface", 0.1)):
        for training_set, value in auc.items():
            # Resamples of people are shared, so that differences are much surer than their sides.
            replicates = shaken(value + more, 0.05, 7) + shaken(0.0, 0.005, len(training_set))
            for seed in range(seeds):
                found = make_measurement(
                    recogniser, seed, "auc", value + more, step="recognition",
                    training_set=training_set, ci_low=value + more - 0.1,
                    ci_high=value + more + 0.1, backbone="net",
                )  # fmt: skip
                folders.append(evaluation([found], {0: replicates}, root=f"metrics/{training_set}"))
    return folders


@pytest.fixture
def measurements(tmp_path, evaluations):
    path = tmp_path / "measurements.csv"
    frame = to_frame([row for folder in evaluations for row in read_metrics(folder)])
    frame.to_csv(path, index=False)
    return frame


@pytest.fixture
def claims(tmp_path):
    words = ["supported", "supported", "contradicted", "not measured"]
    table = pd.DataFrame(
        {"paper": ["A & B 2022"] * 3 + ["C"], "id": ["a", "b", "c", "d"], "verdict": words}
    )
    table.to_csv(tmp_path / "claims.csv", index=False)
    return tmp_path / "claims.csv"


VOID = ("meta", "img", "br", "line", "circle")


class Page(HTMLParser):
    """Rows of the tables as text (a drawn interval is ``•``), addresses, and the whole text."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.addresses, self.text, self.open = [], [], [], []
        self.feed(text)
        assert not self.open, "a tag is not closed"

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.addresses += [value for name, value in attrs if name in ("href", "src")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "svg":
            self.rows[-1][-1] += "•"

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += re.sub(r"\s+", " ", data).strip()


@pytest.fixture
def page(tmp_path, measurements, evaluations, claims, masked):
    sets = [masked("keypoint"), masked("gan_stn")]
    out = tmp_path / "index.html"
    (tmp_path / "tables").mkdir()
    tables = [tmp_path / "tables" / "synthesis_quality.html"]
    figures = [tmp_path / "figures" / "fig5.png"]
    given = (tmp_path / "measurements.csv", claims)
    make_index(*given, out, evaluations, tables, figures, sets)
    again = tmp_path / "again.html"
    make_index(*given, again, evaluations[::-1], tables, figures, sets)
    assert out.read_bytes() == again.read_bytes()
    return Page(out.read_text("utf-8"))


def test_the_tables_hold_the_measured_numbers(page):
    rows = {row[0]: row[1:] for row in page.rows}
    assert rows["Py-WGAN-div"][0] == "0.800[0.780, 0.820]•"
    assert rows["Py-WGAN-div"][1] == "0.400"
    assert rows["bare faces"][:3] == ["–", "–", "0.750"]
    gain, _, mean = rows["Key-point matching"][:3]
    assert gain.startswith("+0.100[+0.0") and mean == "0.850"
    assert rows["A & B 2022"] == ["2 of 3 measurable", "1", "0", "0"]
    assert rows["C"] == ["0 of 0 measurable", "0", "0", "1"]


def test_the_answers_say_what_is_not_decided(page):
    text = re.sub(r"\s+", " ", " ".join(page.text))
    assert re.search(r"Py-WGAN-div : its masks overlap .* 0\.800", text)
    assert re.search(r"ahead of WGAN \+ STN by \+0\.010 \[.*not decided \(one training\)", text)
    assert re.search(r"mean placement of .* is \+0\.200 \[.*not decided \(one training\)", text)
    assert "0 of 2 training sets are decided to gain (one training)" in text
    assert "8 test people" in text and "21 test people" not in text
    assert "Everything was trained once by one replicate" in text
    assert "this page decides no difference between trained methods" in text


def test_references_and_what_loses_the_face_are_shown_and_not_ranked(page):
    text = re.sub(r"\s+", " ", " ".join(page.text))
    assert "Synthesis: 6 methods" in text
    rows = {row[0]: row[1:] for row in page.rows}
    assert rows["Best homographyreference: sees the landmarks"][0] == "0.900•"
    assert rows["GAN without STNdoes not keep the face"][0] == "0.900•"


def test_it_needs_no_network_and_links_to_results(page):
    outside = [address for address in page.addresses if "://" in address]
    assert outside == []
    files = {address.partition("#")[0] for address in page.addresses}
    there = {address for address in files if not address.startswith("data:")}
    assert there == {
        "report.html", "claims.html", "measurements.csv", "curves.csv",
        "tables/synthesis_quality.html", "figures/fig5.png",
    }  # fmt: skip


def test_gains_are_paired(evaluation, make_measurement):
    """The replicates of both sides are the same resamples of people: their spread cancels."""
    folders = run(evaluation, make_measurement, seeds=3)
    measurements = to_frame([row for folder in folders for row in read_metrics(folder)])
    found = answers.recognition(measurements, Evaluations(folders), "orl")
    assert found.recognisers == ["arcface", "softmax"]
    assert [one.name for one in found.sets] == ["keypoint", "bare", "gan_stn"]
    assert [one.name for one in found.helpful] == ["keypoint"]
    gain = found.sets[0].gains["auc"]
    assert gain.mean == pytest.approx(0.1)
    assert 0.08 < gain.low < 0.1 < gain.high < 0.12
    assert found.sets[1].gains == {}
    assert found.lead.mean == pytest.approx(0.1)  # over gan_stn, the next with a gain


def test_an_empty_run_has_a_page(tmp_path, claims):
    to_frame([]).to_csv(tmp_path / "measurements.csv", index=False)
    make_index(tmp_path / "measurements.csv", claims, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text("utf-8")
    assert "Placement was not measured" in text and "Recognition was not measured" in text


def test_pictures_are_of_the_same_faces(masked):
    found = pictures([masked("keypoint"), masked("gan_stn"), masked("keypoint", root="other")])
    assert set(found) == {"keypoint", "gan_stn"}
    assert len(found["keypoint"]) == 2
    # The fixture's methods give the same pictures.
    assert found["keypoint"] == found["gan_stn"]
    assert pictures([]) == {}


def test_a_file_that_holds_no_claims_is_named(tmp_path, measurements):
    (tmp_path / "claims.csv").write_text("a,b\n")
    with pytest.raises(MaskbenchError, match=r"claims\.csv: not a table of claims"):
        make_index(tmp_path / "measurements.csv", tmp_path / "claims.csv", tmp_path / "i.html")


def test_numbers_in_words():
    assert (shown(-0.5), shown(0.25), shown(0.25, "+")) == ("−0.500", "0.250", "+0.250")
    drawn = interval(answers.Value(0.0, -1.0, 1.0), -1.0, 1.0)
    assert drawn == {"low": 0.0, "mid": 60.0, "high": 120.0, "zero": 60.0}
    assert interval(answers.Value(5.0), 0.0, 1.0)["mid"] is None
