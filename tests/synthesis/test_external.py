"""Masked pictures of another tool go through the same masked set."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

import maskbench
from maskbench import experiment
from maskbench.errors import MaskbenchError
from maskbench.masks.maskedset import MaskedSet
from maskbench.synthesis.external_pictures import digest_of, files_in, matched
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.synthesise import synthesise
from maskbench.synthesis.synthesise_training import synthesise_training
from maskbench.synthesis.train_synthesis import train_synthesis

ROOT = Path(maskbench.__file__).parents[2]
PAGE = (ROOT / "docs" / "external_masks.md").read_text("utf-8")
JOURNEY = (ROOT / "docs" / "compare_a_method.md").read_text("utf-8")


@pytest.fixture(scope="module", name="tool")
def _tool(small, tmp_path_factory):
    """What a tool made of all crops: the overlay's pictures and coverages in folders, by face id,
    and the set of the test people that the overlay itself gives."""
    root = tmp_path_factory.mktemp("tool")
    block = METHODS.parse("keypoint", {})
    model = root / "model"
    train_synthesis(
        block, small.faces, small.masked, small.pictures, small.styles, 0, model, root / "scratch"
    )
    for split in ("train", "val", "test"):
        synthesise(block, model, small.faces, small.pictures, ["kn95"], split, 0, root / split)
        made = MaskedSet.open(root / split)
        for name, image, cover in zip(made.faces["bare_id"], made.images, made.masks, strict=True):
            for kind, pixels in (("pictures", image), ("coverage", cover)):
                path = (root / kind / name).with_suffix(".png")
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
    return root


def made_by(small, folder, out, **params):
    """The set of the test people by an external method."""
    given = {"use": "external", "pictures": str(folder), **params}
    block = METHODS.parse("fma3d", given)
    train_synthesis(
        block, small.faces, small.masked, small.pictures, small.styles, 0, out / "model",
        out / "scratch", external=digest_of(block),
    )  # fmt: skip
    synthesise(
        block, out / "model", small.faces, small.pictures, ["kn95", "striped"], "test", 0,
        out / "set",
    )  # fmt: skip
    return block, MaskedSet.open(out / "set")


def test_the_set_is_that_of_the_pictures(small, tool, tmp_path):
    own = MaskedSet.open(tool / "test")
    block, made = made_by(small, tool / "pictures", tmp_path, coverage=str(tool / "coverage"))
    np.testing.assert_array_equal(made.images, own.images)
    np.testing.assert_array_equal(made.masks, own.masks)
    assert made.faces["bare_id"].tolist() == own.faces["bare_id"].tolist()
    assert set(made.faces["method"]) == {"fma3d"} and set(made.faces["style"]) == {""}
    synthesise_training(
        block, tmp_path / "model", small.faces, small.pictures, small.styles, 2, 0,
        tmp_path / "training",
    )  # fmt: skip
    learnt = MaskedSet.open(tmp_path / "training")
    faces = small.opened()[0]
    assert len(learnt) == len(faces.of_split("train")) + len(faces.of_split("val"))
    of_val = [MaskedSet.open(tool / split).images for split in ("train", "val")]
    np.testing.assert_array_equal(learnt.images, np.concatenate(of_val))


def test_a_pixel_is_covered_where_the_picture_differs(small, tool, tmp_path):
    _, made = made_by(small, tool / "pictures", tmp_path, changed=0.05)
    faces, own = small.opened()[0], MaskedSet.open(tool / "test")
    bare = faces.images[faces.of_split("test")]
    differs = np.abs(own.images.astype(int) - bare).mean(-1) > 0.05 * 255
    np.testing.assert_array_equal(made.masks == 255, differs)
    assert set(np.unique(made.masks)) == {0, 255}


def test_pictures_of_the_whole_are_cropped_as_the_faces_were(small, tmp_path):
    faces = small.opened()[0]
    folder = tmp_path / "whole"
    for row in faces.of_split("test"):
        face = faces.faces.iloc[row]
        path = (folder / face["face_id"]).with_suffix(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.full((112, 92, 3), 200, np.uint8)
        _, top, _, bottom = (int(edge) for edge in face["crop_box"])
        middle = (top + bottom) // 2  # from here down the tool painted
        picture[middle:] = 10
        Image.fromarray(picture).save(path)
    _, made = made_by(small, folder, tmp_path, show="whole")
    half = faces.size // 2
    assert (made.images[:, : half - 1] == 200).all() and (made.images[:, half + 1 :] == 10).all()


def test_a_face_without_a_picture_is_refused_or_bare(small, tool, tmp_path):
    own = MaskedSet.open(tool / "test")
    first = own.faces["bare_id"].iloc[0]
    few = tmp_path / "few"
    for row in range(1, len(own)):
        path = (few / own.faces["bare_id"].iloc[row]).with_suffix(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(cv2.resize(own.images[row], (96, 96))).save(path)
    refused = rf"fma3d: 1 of {len(own)} faces have none: {first} .*missing: bare"
    with pytest.raises(MaskbenchError, match=refused):
        made_by(small, few, tmp_path / "a")
    _, made = made_by(small, few, tmp_path / "b", missing="bare")
    faces = small.opened()[0]
    np.testing.assert_array_equal(made.images[0], faces.images[faces.of_split("test")[0]])
    assert not made.masks[0].any() and made.masks[1].any()
    for folder, words in (("", "pictures: missing"), (str(tmp_path / "no"), "no such folder")):
        with pytest.raises(MaskbenchError, match=words):
            made_by(small, folder, tmp_path / "c")


def test_whose_a_picture_is(tmp_path):
    for name in ("ann/1.jpg", "bob/1.png", "2.webp", ".3.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    files = files_in(tmp_path)
    assert sorted(files) == ["2", "ann/1", "bob/1"]
    names = ["ann/1.pgm", "ann/2.pgm", "bob/3.pgm", "cy/1.pgm"]
    found = {name: path.name for name, path in matched(files, names).items()}
    assert found == {"ann/1.pgm": "1.jpg", "ann/2.pgm": "2.webp"}
    assert matched(files, [*names, "dot/2.pgm"]).keys() == {"ann/1.pgm"}  # whose is 2.webp?
    block = METHODS.parse("external", {"pictures": str(tmp_path)})
    before = digest_of(block)
    (tmp_path / "2.webp").write_bytes(b"other")
    assert before and digest_of(block) != before
    assert digest_of(METHODS.parse("keypoint", {})) == ""
    (tmp_path / "ann" / "1.png").write_bytes(b"twice")
    with pytest.raises(MaskbenchError, match=r"1\.png: stands beside 1\.jpg"):
        files_in(tmp_path)


def test_the_page_gives_a_tool_the_faces_and_names_its_folder(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(code.replace("results/faces/orl/fold0", str(small.faces)), {})
    _, made = made_by(small, tmp_path / "crops", tmp_path)  # a tool that does nothing
    faces = small.opened()[0]
    rows = faces.of_split("test")
    np.testing.assert_array_equal(made.images, faces.images[rows])
    assert not made.masks.any()
    points = np.loadtxt((tmp_path / "crops" / made.faces["bare_id"].iloc[0]).with_suffix(".txt"))
    own = np.reshape(faces.faces["landmarks"].iloc[rows[0]], (68, 2))
    np.testing.assert_allclose(points, own, atol=0.006)
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    (tmp_path / "own.yaml").write_text(block, "utf-8")
    known = experiment.load([ROOT / "params.yaml", tmp_path / "own.yaml"])
    assert known.methods["fma3d"].params.missing == "bare" and "fma3d" in known.running
    adapted = [row for row in known.recogniser_runs if row[1] == "fma3d"]
    assert adapted, "recognisers with `training: every` learn from it"


def test_the_page_on_comparing_a_method_masks_mouths_and_no_eyes(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", JOURNEY, re.S)
    exec(code.replace("results/smoke/faces/orl/fold0", str(small.faces)), {})
    folder = tmp_path / "polygon"
    _, made = made_by(small, folder / "masked", tmp_path, coverage=str(folder / "coverage"))
    for picture, mask, points in zip(made.images, made.masks, made.faces["landmarks"], strict=True):
        x, y = np.reshape(points, (68, 2)).round().astype(int).T
        mouth, eyes = slice(48, 68), slice(36, 48)
        assert (mask[y[mouth], x[mouth]] == 255).all() and not mask[y[eyes], x[eyes]].any()
        assert (picture[mask == 255] == 255).all()
    block, line = re.findall(r"```yaml\n(.*?)```", JOURNEY, re.S)
    (tmp_path / "own.yaml").write_text(block, "utf-8")
    files = [ROOT / "params.yaml", ROOT / "config" / "smoke.yaml", tmp_path / "own.yaml"]
    known = experiment.load(files)
    assert set(experiment.load(files[:2]).running) < set(known.running)
    assert ("arcface", "polygon", 0) in known.recogniser_runs
    (said,) = yaml.safe_load(line)
    ours = (ROOT / "src" / "maskbench" / "reporting" / "papers" / "ours.yaml").read_text("utf-8")
    (claim, _) = [one for one in yaml.safe_load(ours)["claims"] if "over_mean_pl" in one["id"]]
    assert said.keys() == claim["for_each"]["method"][0].keys()
    assert "&placing" in ours and said["method"] in known.running
