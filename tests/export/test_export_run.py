"""A published run, read by the libraries of its formats."""

import hashlib
import json
import re
from pathlib import Path

import mlcroissant
import pandas as pd
import pytest
from huggingface_hub import ModelCard
from rocrate.rocrate import ROCrate
from typer.testing import CliRunner

import maskbench
from maskbench import experiment
from maskbench.artifacts import write_json
from maskbench.cli import app
from maskbench.export.croissant import columns_in_words
from maskbench.measurements import COLUMNS, to_frame

from ..reporting.conftest import measurement

ROOT = Path(maskbench.__file__).parents[2]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What a run leaves, of one method that was trained twice and one that learns nothing."""
    folder = tmp_path_factory.mktemp("run") / "results"
    (folder / "tables").mkdir(parents=True)
    (folder / "figures").mkdir()
    rows = [
        measurement("wgan_stn", 0, "placement_iou", 0.7, ci_low=0.6, ci_high=0.8),
        measurement("wgan_stn", 1, "placement_iou", 0.8, ci_low=0.75, ci_high=0.85),
        measurement("keypoint", 0, "lpips", None, note="no network"),
    ]
    to_frame(rows).to_csv(folder / "measurements.csv", index=False)
    for name in ("claims.csv", "claims.md", "tables/synthesis_quality.html", "index.html"):
        (folder / name).write_text("text")
    for name in ("cmc", "fig5"):  # a chart, and a sheet of faces
        (folder / "figures" / f"{name}.png").write_bytes(b"png")
    for method, seed, people in (
        ("wgan_stn", 0, ["anna", "ben"]), ("wgan_stn", 1, ["ben", "carl", "dora"]),
        ("keypoint", 0, []),
    ):  # fmt: skip
        note = {"use": method, "params": {"steps": 9, "train_size": 16}, "people": {"orl": people}}
        write_json(folder / "models" / "orl" / method / f"seed{seed}" / "params.json", note)
    write_json(folder / "pictures" / "orl" / "source.json", {"licence": "for research"})
    return folder


@pytest.fixture(scope="module")
def crate(results):
    out = results.with_name("crate")
    arguments = ["export", str(results), "--as", "crate", "--out", str(out), "--commit", "abc123"]
    overlay = results.with_name("own.yaml")
    overlay.write_text(
        "datasets: {own: {adapter: folder, path: /srv/ada/faces}}\n"
        "synthesis: {methods: {theirs: {use: external, pictures: /srv/ada/masked}}}",
        "utf-8",
    )
    arguments += ["--creator", "Ada Doe"]
    arguments += ["--params", str(ROOT / "params.yaml"), "--params", str(overlay)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return out


def test_it_is_an_ro_crate_of_all_files(crate):
    found = ROCrate(crate)
    files = {
        path.relative_to(crate).as_posix()
        for path in crate.rglob("*")
        if path.is_file() and path.name not in ("ro-crate-metadata.json", ".maskbench")
    }
    assert {entity.id for entity in found.data_entities} == files
    assert "figures/cmc.png" in files and "tables/synthesis_quality.html" in files
    for entity in found.data_entities:
        content = (crate / entity.id).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
        assert entity["contentSize"] == str(len(content))
    assert found.root_dataset["author"][0]["name"] == "Ada Doe"
    (run,) = [entity for entity in found.contextual_entities if entity.type == "CreateAction"]
    assert run["instrument"]["softwareVersion"] == "abc123"
    assert [entity.id for entity in run["object"]] == ["params.yaml"]
    assert {entity.id for entity in run["result"]} == files - {"params.yaml"}


def test_its_configuration_is_whole_and_names_no_place(crate):
    config = experiment.load([crate / "params.yaml"]).config
    assert config.datasets["own"].path == "faces"
    assert config.synthesis.methods["theirs"]["pictures"] == "masked"
    assert config.masks == experiment.load([ROOT / "params.yaml"]).config.masks


def test_nobody_is_seen_or_named_in_it(crate):
    files = [path for path in crate.rglob("*") if path.is_file()]
    assert [path.name for path in files if path.suffix == ".png"] == ["cmc.png"]
    assert not [path for path in files if path.name == "index.html"]
    for path in files:
        assert not re.search(rb"data:image|\bcarl\b|\bdora\b", path.read_bytes()), path


def test_croissant_is_valid_and_gives_the_numbers(crate):
    found = mlcroissant.Dataset(crate / "croissant.json")
    assert found.metadata.ctx.issues.report() == ""  # neither errors nor warnings
    assert found.metadata.ctx.conforms_to.value == "http://mlcommons.org/croissant/1.1"
    text = json.loads((crate / "croissant.json").read_text("utf-8"))
    assert "http://mlcommons.org/croissant/RAI/1.0" in text["conformsTo"]
    assert found.metadata.personal_sensitive_information and found.metadata.data_biases
    rows = pd.DataFrame(found.records("measurements"))
    assert [name.partition("/")[2] for name in rows] == list(COLUMNS)
    assert rows["measurements/value"].dropna().tolist() == [0.7, 0.8]
    assert rows["measurements/n_people"].tolist() == [8, 8, 8]


def test_every_column_is_explained():
    words = columns_in_words()
    assert set(words) == set(COLUMNS)
    assert (
        words["ci_high"]
        == words["ci_low"]
        == ("95% interval over people; None where it has no meaning.")
    )


def test_a_trained_method_has_a_model_card(crate):
    assert [path.parent.name for path in (crate / "models").rglob("README.md")] == ["wgan_stn"]
    card = ModelCard.load(crate / "models" / "orl" / "wgan_stn" / "README.md")
    (number,) = card.data.eval_results
    assert (number.metric_type, number.metric_value) == ("placement_iou", 0.75)
    assert (number.dataset_name, card.data.license) == ("orl", "other")
    for words in (
        "| orl | Placement IoU ↑ | 0.750 | [0.600, 0.850] | 8 |",
        "**orl**, 2 to 3 people a training",
        "Terms of the pictures: for research.",
        "Fewer than three trainings",
        "commit abc123",
        "9 steps from crops of 16 pixels",
    ):
        assert words in card.text, words


def test_half_a_run_is_refused(tmp_path):
    done = CliRunner().invoke(
        app, ["export", str(tmp_path), "--as", "crate", "--out", str(tmp_path / "out")]
    )
    assert done.exit_code == 1
    assert "measurements.csv: no such file; name the folder of a whole run" in done.stderr
