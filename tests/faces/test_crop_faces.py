"""The step as users run it: real pictures, hostile files, any number of processes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from maskbench.config import DatasetConfig, FacesConfig, SplitShares
from maskbench.datasets.fetch import fetch
from maskbench.errors import MaskbenchError
from maskbench.faces import crop_faces as step
from maskbench.faces.faceset import FaceSet

CONFIG = FacesConfig(size=64)
DATASET = DatasetConfig(adapter="orl", max_identities=7, max_pictures_per_identity=3)


def prepare(folder: Path, config: DatasetConfig, name: str) -> dict[str, Path]:
    fetch(name, config, folder / "pictures")
    return {"pictures": folder / "pictures"}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return prepare(tmp_path_factory.mktemp("few"), DATASET, "orl")


@pytest.fixture(scope="module")
def faces(few, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> FaceSet:
    out = tmp_path_factory.mktemp("faces") / "orl"
    step.crop_faces(**few, weights=weights, out=out, config=CONFIG, max_reject_share=0)
    return FaceSet.open(out)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_every_picture_is_a_face_in_the_manifests_order(faces: FaceSet, few):
    manifest = pd.read_parquet(few["pictures"] / "manifest.parquet")
    assert list(faces.faces["source"]) == list(manifest["source"])
    assert list(faces.faces["identity"]) == list(manifest["identity"])
    assert faces.faces["face_id"].is_unique
    assert faces.images.shape == (21, 64, 64, 3) and faces.images.dtype == np.uint8


def test_landmarks_lie_in_the_crop_and_boxes_in_the_picture(faces: FaceSet):
    inner = faces.landmarks[:, 17:]  # without the jaw
    assert ((inner > 0) & (inner < 63)).all()
    eyes, mouth = faces.landmarks[:, 36:48, 1].mean(1), faces.landmarks[:, 48:, 1].mean(1)
    assert (mouth - eyes > 12).all() and (mouth - eyes < 40).all()
    boxes, squares = np.stack(faces.faces["box"]), np.stack(faces.faces["crop_box"])
    longer = (boxes[:, 2:] - boxes[:, :2]).max(1)
    assert np.abs((squares[:, 2] - squares[:, 0]) / longer - 1.2).max() < 0.02
    assert (faces.faces[["yaw", "pitch", "roll"]].abs() < 60).all().all()


def test_spec_tells_how_the_crops_were_made(faces: FaceSet, few):
    source = json.loads((few["pictures"] / "source.json").read_text())
    assert faces.spec["dataset"] == "orl" and faces.crop == "mtcnn+0.2/64" and faces.size == 64
    assert faces.spec["dataset_checksum"] == source["checksum"]
    assert faces.spec["detector"]["thresholds"] == [0.6, 0.7, 0.7]
    assert len(faces.spec["weights_sha256"]["mtcnn_onet.pt"]) == 64


def test_two_processes_write_the_same_bytes(faces: FaceSet, few, weights, tmp_path, monkeypatch):
    monkeypatch.setattr(step, "_PAYS", 1)  # two processes for so few pictures
    out = tmp_path / "orl"
    step.crop_faces(**few, weights=weights, out=out, config=CONFIG, max_reject_share=0, workers=2)
    assert contents(out) == contents(faces.path)


def hostile(folder: Path, good: Path) -> None:
    """One real face and files that cameras, crashes and strangers leave behind."""
    folder.mkdir()
    shutil.copy(good, folder / "a_face.pgm")
    picture = Image.open(good)
    (folder / "b_empty.jpg").write_bytes(b"")
    picture.convert("RGB").save(folder / "c_cut.jpg")
    (folder / "c_cut.jpg").write_bytes((folder / "c_cut.jpg").read_bytes()[:1500])
    (folder / "d_text.png").write_text("not a picture")
    Image.new("RGB", (1, 1)).save(folder / "e_dot.png")
    Image.new("RGB", (3000, 2)).save(folder / "f_line.png")
    Image.new("L", (2100, 2000)).save(folder / "g_huge.png")
    picture.convert("CMYK").save(folder / "h_cmyk.tif")
    deep = np.asarray(picture).astype(np.uint16) * 257
    Image.fromarray(deep).save(folder / "i_deep.png")
    clear = picture.convert("RGBA")
    clear.save(folder / "j_alpha.png")
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned a quarter clockwise
    turned.convert("RGB").save(folder / "k_turned.jpg", exif=exif, quality=95)


def test_hostile_pictures_are_read_right_or_rejected_by_name(orl: Path, weights, tmp_path):
    good = sorted((orl / "files").rglob("1.pgm"))[0]
    hostile(tmp_path / "mixed", good)
    shares = SplitShares(train=1, val=0, test=0)
    config = DatasetConfig(adapter="flat", path=str(tmp_path / "mixed"), shares=shares)
    inputs = prepare(tmp_path / "steps", config, "mixed")
    (tmp_path / "mixed" / "j_alpha.png").unlink()  # gone since it was listed
    out = tmp_path / "faces"
    limited = CONFIG.model_copy(update={"max_pixels": 4_000_000})
    step.crop_faces(**inputs, weights=weights, out=out, config=limited, max_reject_share=1)

    faces, rejects = FaceSet.open(out), pd.read_parquet(out / "rejects.parquet")
    assert set(faces.faces["source"]) == {"a_face.pgm", "h_cmyk.tif", "i_deep.png", "k_turned.jpg"}
    for other in range(1, 4):  # the same face every time
        assert np.abs(faces.landmarks[other] - faces.landmarks[0]).max() < 4
    reasons = dict(zip(rejects["source"], rejects["reason"], strict=True))
    for source, part in {
        "b_empty.jpg": "unreadable: is empty",
        "c_cut.jpg": "unreadable: cannot be read as a picture",
        "d_text.png": "unreadable: is not a picture",
        "e_dot.png": "no face found",
        "f_line.png": "no face found",
        "g_huge.png": "more than the 4,000,000 allowed",
        "j_alpha.png": "no such file",
    }.items():
        assert part in reasons.pop(source)
    assert not reasons


@pytest.fixture(scope="module")
def faceless(orl: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A face, two pictures without one (a wide and a high), and a file that is no picture."""
    folder = tmp_path_factory.mktemp("faceless")
    (folder / "own").mkdir()
    shutil.copy(sorted((orl / "files").rglob("1.pgm"))[0], folder / "own" / "a_face.pgm")
    step_ = np.linspace(0, 255, 120).astype(np.uint8)
    Image.fromarray(np.tile(step_, (80, 1))).save(folder / "own" / "b_wide.png")
    Image.fromarray(np.tile(step_[:, None], (1, 60))).save(folder / "own" / "c_high.png")
    (folder / "own" / "d_text.png").write_text("not a picture")
    shares = SplitShares(train=0, val=0, test=1)
    config = DatasetConfig(adapter="flat", path=str(folder / "own"), shares=shares)
    return prepare(folder, config, "own")


def test_undetected_pictures_are_taken_whole_where_a_protocol_needs_them(
    faceless, weights, tmp_path, caplog
):
    out = tmp_path / "own"
    step.crop_faces(
        **faceless, weights=weights, out=out, config=CONFIG, max_reject_share=0.25,
        undetected="whole",
    )  # fmt: skip
    found = FaceSet.open(out)
    assert list(found.faces["source"]) == ["a_face.pgm", "b_wide.png", "c_high.png"]
    assert (found.faces["score"] == 0).tolist() == [False, True, True]
    assert found.faces["score"].iloc[0] > 0.9
    assert "2 pictures without a detected face are taken whole" in caplog.text
    assert list(pd.read_parquet(out / "rejects.parquet")["source"]) == ["d_text.png"]
    # The square lies in the middle: 0.72 of the shorter side, and the margin around it.
    for row, (width, height) in ((1, (120, 80)), (2, (60, 120))):
        x0, y0, x1, y1 = found.faces["box"].iloc[row]
        assert ((x0 + x1) / 2, (y0 + y1) / 2) == (width / 2, height / 2)
        side = 0.72 * min(width, height)
        assert (x1 - x0, y1 - y0) == pytest.approx((side, side), rel=1e-6)
        a0, b0, a1, b1 = found.faces["crop_box"].iloc[row]
        assert a1 - a0 == b1 - b0 == pytest.approx(1.2 * side, abs=1)
        assert abs((a0 + a1 - width) / 2) <= 0.5 and abs((b0 + b1 - height) / 2) <= 0.5
        assert np.isfinite(found.landmarks[row]).all()
    # What is shown is the picture's middle: the ramp from left to right, and from top to bottom.
    across = found.images[1].astype(float).mean((0, 2))
    down = found.images[2].astype(float).mean((1, 2))
    for ramp, length, side in ((across, 120, 0.72 * 80), (down, 120, 0.72 * 60)):
        assert (np.diff(ramp) > -0.5).all() and abs(ramp.mean() - 127.5) < 3
        assert ramp[-1] - ramp[0] == pytest.approx(255 * 1.2 * side / length, rel=0.1)


def test_undetected_pictures_are_rejected_unless_asked_for(faceless, weights, tmp_path, caplog):
    assert DATASET.undetected == "reject"
    out = tmp_path / "own"
    step.crop_faces(**faceless, weights=weights, out=out, config=CONFIG, max_reject_share=1)
    assert list(FaceSet.open(out).faces["source"]) == ["a_face.pgm"]
    rejects = pd.read_parquet(out / "rejects.parquet").set_index("source")["reason"]
    assert rejects["b_wide.png"] == rejects["c_high.png"] == "no face found"
    assert "taken whole" not in caplog.text
    with pytest.raises(MaskbenchError, match="2 x no face found"):
        step.crop_faces(
            **faceless, weights=weights, out=tmp_path / "few", config=CONFIG, max_reject_share=0.5
        )


def test_too_many_rejects_stop_the_run_and_leave_nothing(few, weights, tmp_path):
    (tmp_path / "mixed").mkdir()
    for number in range(9):
        Image.new("L", (60, 60), 20 * number).save(tmp_path / "mixed" / f"{number}.png")
    (tmp_path / "mixed" / "9.png").write_bytes(b"")
    config = DatasetConfig(
        adapter="flat", path=str(tmp_path / "mixed"), shares=SplitShares(train=1, val=0, test=0)
    )
    inputs = prepare(tmp_path / "steps", config, "mixed")
    out = tmp_path / "faces"
    first = r"0\.png \(no face found\); 1\.png \(no face found\)"
    with pytest.raises(
        MaskbenchError,
        match=rf"of 10 pictures rejected.*0\.15 \(2 x no face found\): {first}; check",
    ):
        step.crop_faces(**inputs, weights=weights, out=out, config=CONFIG, max_reject_share=0.15)
    assert not out.exists() and not list(tmp_path.glob(".faces*"))


def test_people_without_a_face_are_named(orl: Path, weights, tmp_path, caplog):
    good = sorted((orl / "files").rglob("*.pgm"))
    for number, person in enumerate(("ann", "bob", "cy", "dot")):
        (tmp_path / "own" / person).mkdir(parents=True)
        for picture in range(2):
            to = tmp_path / "own" / person / f"{picture}.pgm"
            shutil.copy(good[2 * number + picture], to)
            if person == "dot":
                Image.new("L", (60, 60), 100 + picture).save(to)
    (tmp_path / "own" / "ann" / "IMG.cr2").write_bytes(b"x")
    config = DatasetConfig(adapter="folder", path=str(tmp_path / "own"))
    inputs = prepare(tmp_path, config, "own")
    out = tmp_path / "faces"
    step.crop_faces(**inputs, weights=weights, out=out, config=CONFIG, max_reject_share=1)
    why = "dot/0.pgm (no face found); dot/1.pgm (no face found)"
    rejects = pd.read_parquet(out / "rejects.parquet")
    assert f"no face of dot: {why}" in caplog.text
    assert rejects["source"].tolist() == ["dot/0.pgm", "dot/1.pgm", "ann/IMG.cr2"]
    assert ".cr2 is no ending" in rejects["reason"].iloc[2]


def test_weights_that_are_not_there_are_named(few, weights, tmp_path):
    with pytest.raises(MaskbenchError, match="mtcnn_pnet"):
        step.crop_faces(
            **few, weights=tmp_path, out=tmp_path / "out", config=CONFIG, max_reject_share=0
        )


def test_damaged_weights_are_one_clear_error_from_worker_processes_too(
    few, weights, tmp_path, monkeypatch
):
    monkeypatch.setattr(step, "_PAYS", 1)
    for file in weights.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "mtcnn_rnet.pt").unlink()
    (tmp_path / "mtcnn_rnet.pt").write_bytes(b"damaged")
    with pytest.raises(MaskbenchError, match="not the weights of RNet"):
        step.crop_faces(
            **few,
            weights=tmp_path,
            out=tmp_path / "out",
            config=CONFIG,
            max_reject_share=0,
            workers=2,
        )
    assert not (tmp_path / "out").exists()
