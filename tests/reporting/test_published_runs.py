"""The published run: what is written, whom it is set beside, and what the first page says of it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import maskbench
from maskbench import experiment
from maskbench.cli import app
from maskbench.config import merge, read_layers
from maskbench.errors import MaskbenchError
from maskbench.measurements import read_measurements, to_frame
from maskbench.reporting import published_runs
from maskbench.reporting.compare import compare, counts
from maskbench.reporting.judge_claims import judge_claims
from maskbench.reporting.make_index import make_index, span
from maskbench.reporting.papers import Paper
from maskbench.reporting.papers.claims import Claim, Quantity
from maskbench.reporting.publish import LARGEST, publish
from maskbench.reporting.published_runs import beside, configuration, published_of

ROOT = Path(maskbench.__file__).parents[2]
PARAMS = ROOT / "params.yaml"
FULL = [PARAMS, ROOT / "config" / "full.yaml"]


def configured(**overlay):
    return configuration(experiment.check(merge(read_layers([PARAMS]), overlay)))


@pytest.fixture
def published(tmp_path, monkeypatch, make_measurement, evaluation):
    """Publish three replicates of a run with the configuration of params.yaml; its rows. One claim
    is decided."""
    monkeypatch.setattr(published_runs, "FOLDER", tmp_path / "published")
    results = tmp_path / "results"
    bounds = {"ci_low": 0.7, "ci_high": 0.8, "mlflow_run_id": "abc"}
    rows = [
        make_measurement(method, seed, "placement_iou", value, fold=seed, **bounds)
        for method, value in (("gan_stn", 0.75), ("wgan_stn", 0.75), ("pywgan_div", 0.78))
        for seed in (0, 1, 2)
    ]
    shaken = np.linspace(-0.01, 0.01, 50)
    folders = [evaluation([row], {0: row.value + shaken}, f"evaluated/{row.seed}") for row in rows]
    sides = [Quantity(method=m, metric="placement_iou") for m in ("pywgan_div", "gan_stn")]
    claims = tuple(
        Claim(id=name, where="page 1", says=f"It is claim {name}.", left=sides[0], relation=">",
              right=right)
        for name, right in (("one", sides[1]), ("two", sides[0]))
    )  # fmt: skip
    paper = Paper(paper="A 2022", title="Its title", order=1, claims=claims)
    judge_claims(folders, results, {"paper": paper})
    to_frame(rows).to_csv(results / "measurements.csv", index=False)
    publish(results, FULL, commit="c0ffee", processor="A chip")
    return rows


def own_run(tmp_path, make_measurement, **values):
    """Files of a run of replicate 0: measurements and claims."""
    measurements, claims = tmp_path / "measurements.csv", tmp_path / "claims.csv"
    rows = [make_measurement(name, 0, "placement_iou", value) for name, value in values.items()]
    to_frame(rows).to_csv(measurements, index=False)
    table = pd.DataFrame({"paper": ["A 2022"], "id": ["one"], "verdict": ["undecided"]})
    table.to_csv(claims, index=False)
    return measurements, claims


def test_it_holds_what_the_run_measured(published, tmp_path):
    """But for the tracking run, which nobody else has."""
    (run,) = published_runs.published_runs()
    assert (run.name, run.commit, run.processor) == ("orl", "c0ffee", "A chip")
    assert run.replicates == (0, 1, 2) and re.fullmatch(r"\d{4}-\d\d-\d\d", run.date)
    found = read_measurements(run.files[0])
    assert counts(compare(found, to_frame(published)))["equal"] == len(found) == 9
    assert set(found["mlflow_run_id"]) == {""}
    assert published_of(found) == run.files[0]


def test_equal_runs_give_equal_bytes(published, tmp_path):
    before = {path.name: path.read_bytes() for path in published_runs.FOLDER.iterdir()}
    assert set(before) == {"orl.csv.gz", "orl_claims.csv.gz", "orl.json"}
    publish(tmp_path / "results", FULL, commit="c0ffee", processor="A chip")
    assert {path.name: path.read_bytes() for path in published_runs.FOLDER.iterdir()} == before


def test_one_replicate_stands_beside_all(published, tmp_path, make_measurement):
    """One number is the same, one within the published interval, one outside; six are of the other
    replicates."""
    values = {"gan_stn": 0.75, "wgan_stn": 0.8, "pywgan_div": 0.81}
    measurements, claims = own_run(tmp_path, make_measurement, **values)
    found = beside(configured(), read_measurements(measurements), pd.read_csv(claims))
    assert found.counts == {
        "equal": 1, "within the interval": 1, "outside it": 1, "without interval": 0,
        "only here": 0, "only there": 6,
    }  # fmt: skip
    assert found.both == 3
    assert [(row["method"], row["other"]) for row in found.far] == [("pywgan_div", 0.78)]
    assert list(found.claims["here"]) == ["undecided", ""]
    assert [row["id"] for row in found.decided] == ["one"]


def test_the_command_compares_with_it_where_no_file_is_named(published, tmp_path, make_measurement):
    values = {"gan_stn": 0.75, "wgan_stn": 0.8, "pywgan_div": 0.81}
    measurements, _ = own_run(tmp_path, make_measurement, **values)
    done = CliRunner().invoke(app, ["compare", "--measurements", str(measurements)])
    assert done.exit_code == 0, done.output
    for words in ("1 equal", "1 within the interval", "1 outside it", "6 only there"):
        assert words in done.output


def test_the_first_page_says_so(published, tmp_path, make_measurement):
    values = {"gan_stn": 0.75, "wgan_stn": 0.8, "pywgan_div": 0.81}
    files = own_run(tmp_path, make_measurement, **values)
    make_index(*files, tmp_path / "index.html", configuration=configured())
    text = re.sub(r"<[^>]*>", " ", (tmp_path / "index.html").read_text("utf-8"))
    text = re.sub(r"\s+", " ", text)
    assert "(replicates 0 to 2): 1 of 3 numbers that both have are equal" in text
    assert "1 lie within the published 95% interval, 1 outside it, and 0 have none" in text
    assert "commit c0ffee, A chip" in text and "24 test people" in text
    assert "Placement IoU of Py-WGAN-div on orl (seed 0) 0.81 0.78 0.7 to 0.8" in text
    assert "1 of 2 measurable 0 1 0" in text
    claim = "It is claim one. supported Placement IoU: 0.030 [0.030, 0.030]"
    assert f"{claim} 24 people and 3 trainings undecided" in text


def test_another_configuration_has_no_published_run(published, tmp_path, make_measurement):
    files = own_run(tmp_path, make_measurement, gan_stn=0.75)
    own = configured(faces={"size": 96}, synthesis={"methods": {"gan_stn": {"steps": 7}}})
    make_index(*files, tmp_path / "index.html", configuration=own)
    text = (tmp_path / "index.html").read_text("utf-8")
    assert "No published run of this configuration exists." in text
    assert "That of orl differs in faces, method gan_stn." in text
    assert beside({}, read_measurements(files[0]), pd.read_csv(files[1])) is None


@pytest.mark.parametrize(
    ("overlay", "differs"),
    [
        ({"run": {"replicates": 3}, "output": "elsewhere", "tracking": {"enabled": False}}, []),
        ({"run": {"methods": ["gan_stn"]}}, []),
        ({"recognition": {"recognisers": {"own": {"use": "arcface"}}}}, []),
        ({"datasets": {"orl": {"path": "elsewhere"}}}, []),
        ({"datasets": {"orl": {"max_identities": 20}}}, ["datasets"]),
        ({"synthesis": {"shared": {"placed": {"jitter": 0}}}},
         [f"method {name}" for name in ("dcgan_stn", "gan_stn", "pywgan_div", "wgan_stn")]),
        ({"metrics": {"weights": "packaged"}}, ["metrics"]),
    ],
)  # fmt: skip
def test_what_makes_another_configuration(published, overlay, differs):
    (run,) = published_runs.published_runs()
    assert run.differs(configured(**overlay)) == differs


def test_a_run_that_is_too_large_or_of_no_checkout_is_refused(published, tmp_path, monkeypatch):
    results = tmp_path / "results"
    with pytest.raises(MaskbenchError, match="no checkout of the code; name the --commit"):
        publish(results, [PARAMS])
    monkeypatch.setattr("maskbench.reporting.publish.LARGEST", 100)
    with pytest.raises(MaskbenchError, match="bytes when compressed, more than 100"):
        publish(results, [PARAMS], commit="c0ffee")
    with pytest.raises(MaskbenchError, match="no published run of lfw exists"):
        published_of(pd.DataFrame({"step": ["synthesis"], "dataset": ["lfw"]}))


def test_what_ships_is_whole_and_small():
    for run in published_runs.published_runs():
        assert sum(path.stat().st_size for path in run.files) <= LARGEST
        numbers = read_measurements(run.files[0])
        assert len(numbers) and set(numbers["seed"]) == set(run.replicates)
        assert set(published_runs.read_claims(run.files[1])["verdict"]) <= {
            "supported", "contradicted", "undecided", "not measured",
        }  # fmt: skip


def test_replicates_in_words():
    assert [span(n) for n in ([0], [0, 1], [0, 1, 2, 3, 4], [0, 2])] == [
        "0", "0 to 1", "0 to 4", "0, 2",
    ]  # fmt: skip
