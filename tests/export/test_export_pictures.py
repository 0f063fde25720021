"""Exported pictures, read by the libraries that they are for."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import webdataset
from torchvision.datasets import ImageFolder
from typer.testing import CliRunner

import datasets
from maskbench.artifacts import read_json, sha256_of, write_json
from maskbench.cli import app
from maskbench.errors import MaskbenchError
from maskbench.export.export_pictures import export_pictures
from maskbench.export.image_folder import folder_of
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet

PEOPLE = {"anna": "0007", "ben": "b/n: é"}
"""A name that looks like a number, and one that is no folder's."""


@pytest.fixture
def sets(faces, masked, tmp_path):
    """Bare and masked faces of the same people, and the licence of their data set."""
    folders = [faces, masked("keypoint")]
    for folder in folders:
        table = pd.read_parquet(folder / "faces.parquet").replace({"identity": PEOPLE})
        table["split"] = table["split"].where(table["identity"] != "emil", "val")
        table.to_parquet(folder / "faces.parquet", index=False)
    write_json(tmp_path / "pictures" / "tiny" / "source.json", {"licence": "for research"})
    return folders


@pytest.fixture
def wanted(sets):
    """Every picture by its ``face_id``: pixels, coverage and facts."""
    found = {}
    for one in (FaceSet.open(sets[0]), MaskedSet.open(sets[1])):
        masks = one.masks if isinstance(one, MaskedSet) else [None] * len(one)
        rows = one.faces.to_dict("records")
        for image, mask, row in zip(one.images, masks, rows, strict=True):
            found[row["face_id"]] = image, mask, row
    assert len(found) == 7 + 14
    return found


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()

    def from_disk(*given, **more):
        return datasets.load_dataset(*given, **more, cache_dir=str(tmp_path / "cache"))

    return from_disk


def same(picture, image):
    return (np.asarray(picture) == image).all()


def test_parquet_is_a_data_set_of_hugging_face(sets, wanted, load, tmp_path):
    out = tmp_path / "out"
    export_pictures(sets, out, "parquet", shard=9)
    names = sorted(path.name for path in (out / "data").iterdir())
    assert names == [
        "test-00000-of-00002.parquet", "test-00001-of-00002.parquet",
        "validation-00000-of-00001.parquet",
    ]  # fmt: skip
    files = {"test": str(out / "data" / "test-*"), "validation": str(out / "data" / "validation-*")}
    found = load("parquet", data_files=files)
    assert isinstance(found["test"].features["image"], datasets.Image)
    rows = [*found["test"], *found["validation"]]
    assert {row["face_id"] for row in rows} == set(wanted)
    for row in rows:
        image, mask, facts = wanted[row["face_id"]]
        assert same(row["image"], image)
        assert row["coverage"] is None if mask is None else same(row["coverage"], mask)
        assert row["identity"] == facts["identity"] and row["style"] == facts.get("style", "")
        assert row["box"] == facts["box"].tolist() and len(row["landmarks"]) == 136
        assert row["dataset"] == "tiny"
    assert load(str(out))["validation"].num_rows == 3  # its README.md says which files


def test_an_image_folder_is_read_by_two_libraries(sets, wanted, load, tmp_path):
    out = tmp_path / "out"
    export_pictures(sets, out, "folder")
    classes = ImageFolder(out / "test")
    assert sorted(classes.class_to_idx) == ["0007", "b%2Fn%3A é", "carl", "dora"]
    assert len(classes) == 18
    found = load("imagefolder", data_dir=str(out))
    rows = [*found["test"], *found["validation"]]
    assert {row["face_id"] for row in rows} == set(wanted)
    for row in rows:
        image, _, facts = wanted[row["face_id"]]
        assert same(row["image"], image) and row["identity"] == facts["identity"]


def test_shards_are_read_by_webdataset_and_do_not_change(sets, wanted, tmp_path):
    out = tmp_path / "out"
    export_pictures(sets, out, "webdataset", shard=9)
    shards = [str(path) for path in sorted(out.glob("*.tar"))]
    assert [path.rpartition("/")[2] for path in shards] == [
        "test-000000.tar", "test-000001.tar", "validation-000000.tar",
    ]  # fmt: skip
    people = json.loads((out / "people.json").read_text("utf-8"))
    reader = webdataset.WebDataset(shards, shardshuffle=False, empty_check=False)
    rows = list(reader.decode("rgb8"))
    assert {row["json"]["face_id"] for row in rows} == set(wanted)
    for row in rows:
        image, mask, facts = wanted[row["json"]["face_id"]]
        assert same(row["png"], image)
        assert people[row["cls"]] == facts["identity"]
        assert ("coverage.png" in row) == (mask is not None)
        assert mask is None or same(row["coverage.png"][..., 0], mask)
    before = sha256_of(out)
    export_pictures(sets, out, "webdataset", shard=9)
    assert sha256_of(out) == before


def test_the_card_says_whose_pictures_they_are(sets, tmp_path):
    export_pictures(sets, tmp_path / "out", "parquet", ["val"])
    text = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "**tiny**: for research" in text
    assert "| validation | 3 |" in text and "| test |" not in text


@pytest.mark.parametrize(
    ("given", "more", "words"),
    [
        (["faces/tiny", "faces/tiny"], [], "anna/0.png is in two of the sets; name each set once"),
        (["faces"], [], "is no set of faces (it holds no images.npy); name a set below it: "),
        (["nowhere"], [], "check the path"),
        (["mine"], [], "what maskbench mask wrote is a folder of pictures: hand it on as it is"),
        (["faces/tiny"], ["--split", "tests"], "tests: unknown split of these pictures; did you "),
    ],
)
def test_what_cannot_be_exported_is_said(sets, tmp_path, monkeypatch, given, more, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "manifest.csv").touch()
    done = CliRunner().invoke(app, ["export", *given, "--as", "folder", "--out", "out", *more])
    assert done.exit_code == 1
    assert words in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_somebody_s_files_are_left_alone(sets, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    with pytest.raises(MaskbenchError, match=r"holds mine\.txt"):
        export_pictures(sets, tmp_path / "out", "folder")


def test_people_of_two_data_sets_are_different_people(sets, tmp_path):
    other = shutil.copytree(sets[0], tmp_path / "faces" / "other")
    write_json(other / "spec.json", read_json(other / "spec.json") | {"dataset": "other"})
    alone = export_pictures(sets[:1], tmp_path / "alone", "webdataset").people
    both = export_pictures([sets[0], other], tmp_path / "both", "webdataset").people
    assert both == sorted(f"{name}/{person}" for name in ("tiny", "other") for person in alone)


def test_two_methods_on_the_same_faces(sets, masked, tmp_path):
    found = export_pictures([sets[1], masked("mean_placement")], tmp_path / "out", "folder")
    assert found.count == 2 * 14


def test_each_person_has_a_folder_of_their_own():
    names = ["a/b", "a%2Fb", ".a", "a.", "", "a:b", "A B", "é", "..", "unknown"]
    folders = [folder_of(name) for name in names]
    assert len(set(folders)) == len(names)
    assert folders[:3] == ["a%2Fb", "a%252Fb", "%2Ea"]
    assert folders[6:] == ["A B", "é", "%2E%2E", "unknown"]
