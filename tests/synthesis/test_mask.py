"""The command mask on pictures as users have them."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maskbench.artifacts import LISTING, UNFINISHED, sha256_of
from maskbench.config import FacesConfig
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.crop import crop_square
from maskbench.masks.artwork import MaskPictures
from maskbench.registry import Block
from maskbench.synthesis.journal import JOURNAL
from maskbench.synthesis.mask import MaskReport, mask
from maskbench.synthesis.mask_workers import style_of
from maskbench.synthesis.put_on import paste_back
from maskbench.synthesis.specs import METHODS
from maskbench.synthesis.train_synthesis import train_synthesis

STYLES = ("surgical_blue", "kn95", "striped")


@pytest.fixture(scope="module")
def album(orl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as users have them: subfolders, mixed endings, damaged and foreign files."""
    root = Pictures.open(orl).root
    found = sorted(root.rglob("*.pgm"))
    folder = tmp_path_factory.mktemp("album")
    (folder / "ann" / "summer").mkdir(parents=True)
    faces = [Image.open(path).convert("RGB") for path in found[:40:8]]
    faces[0].save(folder / "ann" / "one.jpeg")
    faces[1].resize((552, 672)).save(folder / "ann" / "summer" / "two.PNG")
    shutil.copy(found[16], folder / "three.pgm")
    faces[3].save(folder / "same.png")
    faces[4].save(folder / "same.jpg", quality=95)
    both = Image.new("RGB", (250, 130), (120, 120, 120))
    both.paste(faces[0], (15, 9))
    both.paste(faces[2], (140, 9))
    both.save(folder / "both.png")
    Image.new("RGB", (80, 80), (90, 120, 60)).save(folder / "meadow.png")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "torn.png").write_bytes((folder / "both.png").read_bytes()[:900])
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(b"x")
    return folder


def table(folder: Path) -> list[dict[str, str]]:
    """The rows of masked faces."""
    return [row for row in manifest(folder) if not row["reason"]]


def rejects(folder: Path) -> dict[str, str]:
    """Why what was left out."""
    return {row["source"]: row["reason"] for row in manifest(folder) if row["reason"]}


def manifest(folder: Path) -> list[dict[str, str]]:
    with open(folder / "manifest.csv", newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def contents(folder: Path) -> dict[str, str]:
    """The digest of each file of a result, but for its settings."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {p.name: sha256_of(p) for p in files if p.name not in (LISTING, "settings.json")}


def run(source: Path, out: Path, weights: Path, **options: Any) -> MaskReport:
    return mask([source], out, weights, styles=STYLES, faces=FacesConfig(), **options)


def test_a_whole_folder(album: Path, weights: Path, tmp_path: Path) -> None:
    report = run(album, tmp_path / "out", weights)
    rows = {row["source"]: row for row in table(tmp_path / "out")}
    assert list(rows) == sorted(rows)
    assert set(rows) == {
        "ann/one.jpeg", "ann/summer/two.PNG", "three.pgm", "same.png", "same.jpg", "both.png",
    }  # fmt: skip
    assert report == MaskReport(pictures=6, faces=6, rejected=4)
    left = rejects(tmp_path / "out")
    assert set(left) == {"meadow.png", "empty.jpg", "torn.png", "notes.txt"}
    assert left["meadow.png"] == "no face found"
    assert left["empty.jpg"].startswith("unreadable") and "0 bytes" in left["empty.jpg"]
    assert left["torn.png"].startswith("unreadable")
    assert left["notes.txt"] == "not named as a picture"
    outputs = [row["output"] for row in rows.values()] + [row["mask"] for row in rows.values()]
    assert len(outputs) == len(set(outputs))
    for name, row in rows.items():
        bare = read_picture(album / name)
        masked = read_picture(tmp_path / "out" / row["output"])
        with Image.open(tmp_path / "out" / row["mask"]) as picture:
            coverage = np.asarray(picture)
        assert masked.shape == bare.shape and coverage.shape == bare.shape[:2]
        assert row["style"] in STYLES and row["correct"] == "true" and float(row["covers"]) > 0.95
        assert len(row["landmarks"].split()) == 136
        changed = np.abs(masked.astype(int) - bare).max(-1)
        assert (coverage > 200).mean() > 0.03
        if row["output"].lower().endswith(".png"):
            assert changed[coverage == 0].max() == 0
        else:
            assert changed[coverage == 0].mean() < 3  # JPEG
    assert rows["three.pgm"]["output"] == "three.pgm.png"
    assert rows["ann/one.jpeg"]["output"] == "ann/one.jpeg"


def test_workers_change_nothing(album: Path, weights: Path, tmp_path: Path) -> None:
    run(album, tmp_path / "one", weights, workers=1)
    run(album, tmp_path / "two", weights, workers=2)
    assert sha256_of(tmp_path / "one") == sha256_of(tmp_path / "two")


def test_all_faces(album: Path, weights: Path, tmp_path: Path) -> None:
    report = mask([album / "both.png"], tmp_path / "out", weights, styles=["kn95"], all_faces=True)
    assert report == MaskReport(pictures=1, faces=2, rejected=0)
    rows = table(tmp_path / "out")
    assert [row["face"] for row in rows] == ["0", "1"]
    with Image.open(tmp_path / "out" / rows[0]["mask"]) as picture:
        coverage = np.asarray(picture)
    assert (coverage[:, :125] > 200).sum() > 500 and (coverage[:, 125:] > 200).sum() > 500


def test_what_is_no_face_for_certain(album: Path, weights: Path, tmp_path: Path) -> None:
    """Of all faces it is listed, not masked; of one it is masked, and the mask is not judged."""
    source, one, options = album / "both.png", tmp_path / "one", {"styles": ["kn95"]}
    mask([source], tmp_path / "all", weights, all_faces=True, min_score=0, **options)
    rows = table(tmp_path / "all")
    low, high = sorted(float(row["score"]) for row in rows)
    assert low < high
    between = (low + high) / 2
    report = mask([source], one, weights, all_faces=True, min_score=between, **options)
    assert report == MaskReport(pictures=1, faces=1, rejected=0)
    assert [float(row["score"]) for row in table(one)] == [high]
    assert f"of score {low:.3f}, below" in rejects(one)["both.png"]
    with pytest.raises(MaskbenchError, match=r"no picture could be masked .* below 1"):
        mask([source], tmp_path / "none", weights, all_faces=True, min_score=1, **options)
    mask([source], one, weights, min_score=1, **options)
    (row,) = table(one)
    assert float(row["covers"]) > 0.9 and row["correct"] == ""


def test_one_file_that_cannot_be_written_or_named(
    album: Path, weights: Path, tmp_path: Path
) -> None:
    """It is left out, or gets an escaped name; the others are masked."""
    source, out = tmp_path / "album", tmp_path / "out"
    source.mkdir()
    shutil.copy(album / "same.png", source / "good.png")
    shutil.copy(album / "same.png", os.fsencode(source) + b"/Z\xfcrich.png")
    long = "n" * 251 + ".gif"  # its masked picture is a PNG: four bytes too many
    Image.open(album / "same.png").save(source / long)
    (source / "manifest.csv").mkdir()
    shutil.copy(album / "same.png", source / "manifest.csv" / "a.png")
    report = run(source, out, weights)
    assert report == MaskReport(pictures=2, faces=2, rejected=2)
    outputs = {row["source"]: row["output"] for row in table(out)}
    assert outputs == {name: name for name in ("good.png", r"Z\xfcrich.png")}
    assert all(read_picture(out / name).shape == (112, 92, 3) for name in outputs.values())
    left = rejects(out)
    assert left[long] == "cannot be written: file name too long"
    assert left["manifest.csv/a.png"].startswith("cannot be written")
    assert {path.name for path in out.iterdir()} == {
        "good.png", r"Z\xfcrich.png", "masks", "manifest.csv", "settings.json", LISTING,
    }  # fmt: skip


def test_an_unreadable_folder_inside_is_listed(
    album: Path, tmp_path: Path, unprivileged: list[str]
) -> None:
    source = tmp_path / "album"
    (source / "lost+found").mkdir(parents=True)
    shutil.copy(album / "same.png", source / "good.png")
    (source / "lost+found").chmod(0)
    code = """
import sys
from pathlib import Path
from maskbench.errors import one_line_errors
from maskbench.synthesis.inputs import listing
for source in map(Path, sys.argv[1:]):
    with one_line_errors():
        tasks, left_out = listing([source], Path("out"))
        print([task.source for task in tasks], left_out)
"""
    paths = [source, source / "lost+found"]
    end = subprocess.run(
        [*unprivileged, sys.executable, "-c", code, *map(str, paths)],
        capture_output=True,
        text=True,
    )
    assert end.stdout == "['good.png'] {'lost+found': 'unreadable: permission denied'}\n"
    assert end.stderr == (
        f"error {paths[1]}: permission denied; change its permissions, so that you may read it\n"
    )


def test_an_interrupt_is_one_line_that_says_what_is_kept(
    album: Path, weights: Path, tmp_path: Path
) -> None:
    """Ctrl-C reaches all processes of a terminal."""
    source, out = tmp_path / "album", tmp_path / "out"
    source.mkdir()
    for number in range(400):
        os.link(album / "same.png", source / f"{number}.png")
    command = ["mask", str(source), "--out", str(out), "--weights", str(weights), "--workers", "2"]
    code = """
import signal
from maskbench.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background of a shell
main()
"""
    running = subprocess.Popen(
        [sys.executable, "-c", code, *command],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    journal = out / UNFINISHED / JOURNAL
    while running.poll() is None and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)
    lines = [line for line in running.communicate()[1].splitlines() if "━" not in line]
    assert running.returncode == 130
    assert lines[-1] == "interrupted; the same command goes on from there"
    assert not [line for line in lines if "Traceback" in line or "Interrupt" in line]
    assert [path.name for path in out.iterdir()] == [UNFINISHED]


def test_style_hangs_on_name_and_seed_alone() -> None:
    names = [f"person{k}/photo.jpg" for k in range(300)]
    drawn = [style_of(name, 0, STYLES, 0) for name in names]
    assert all(70 < drawn.count(style) < 130 for style in STYLES)
    assert drawn != [style_of(name, 0, STYLES, 1) for name in names]
    assert drawn[7] == style_of("person7/photo.jpg", 0, STYLES, 0)


def test_what_is_refused(album: Path, weights: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letter.txt").write_text("keep me")
    for options in ({}, {"dry_run": True}):
        with pytest.raises(MaskbenchError, match="not written by"):
            run(album, precious, weights, **options)
    assert (precious / "letter.txt").read_text() == "keep me"
    with pytest.raises(MaskbenchError, match="pictures themselves"):
        run(album, album, weights)
    with pytest.raises(MaskbenchError, match="pictures themselves"):
        run(album / "ann", album, weights)
    with pytest.raises(MaskbenchError, match="no such file"):
        run(album / "nothing", tmp_path / "out", weights)
    with pytest.raises(MaskbenchError, match="did you mean kn95"):
        mask([album], tmp_path / "out", weights, styles=["kn59"])
    with pytest.raises(MaskbenchError, match="no face found"):
        run(album / "meadow.png", tmp_path / "out", weights)
    with pytest.raises(MaskbenchError, match="holds no pictures"):
        run(precious, tmp_path / "out", weights)
    with pytest.raises(MaskbenchError, match="--model"):
        run(album, tmp_path / "out", weights, method="pywgan_div")
    assert not (tmp_path / "out").exists()


def train(method: Block, small: Any, folder: Path) -> Path:
    """A model folder, trained for as long as ``params`` say."""
    model = folder / "model"
    train_synthesis(
        method, small.faces, small.masked, small.pictures, styles=small.styles, seed=0,
        out=model, scratch=folder / "scratch",
    )  # fmt: skip
    return model


def test_a_trained_model_on_pictures_of_any_size(
    album: Path, weights: Path, small: Any, tmp_path: Path
) -> None:
    """The crop's mask is carried back into the picture; where no mask lies nothing changes."""
    tiny = {"train_size": 24, "steps": 3, "batch_size": 4, "critic_warmup": 1}
    method = METHODS.parse("pywgan_div", tiny | {"checkpoint_every": 0, "sheet_every": 0})
    model = train(method, small, tmp_path)
    out = tmp_path / "out"
    report = run(album, out, weights, method=method, model=model)
    assert report == MaskReport(pictures=6, faces=6, rejected=4)
    for row in table(out):
        if not row["output"].lower().endswith(".png"):
            continue
        bare, masked = read_picture(album / row["source"]), read_picture(out / row["output"])
        with Image.open(out / row["mask"]) as picture:
            coverage = np.asarray(picture)
        assert masked.shape == bare.shape and coverage.shape == bare.shape[:2]
        changed = np.abs(masked.astype(int) - bare).max(-1)
        assert changed[coverage == 0].max() == 0
        assert (coverage > 200).sum() > 500 and changed[coverage > 200].mean() > 5


def test_a_model_is_applied_with_what_it_was_trained_with(
    album: Path, weights: Path, small: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As when `mask` is called in a folder without any configuration, or with another one."""
    tiny = {"train_size": 24, "steps": 2, "batch_size": 4, "critic_warmup": 1, "updates": 2}
    method = METHODS.parse("wgan_stn", tiny | {"checkpoint_every": 0, "sheet_every": 0})
    model = train(method, small, tmp_path)
    source = album / "both.png"
    options: dict[str, Any] = {"styles": STYLES}
    mask([source], tmp_path / "own", weights, method="wgan_stn", model=model, **options)
    silent = shutil.copytree(model, tmp_path / "silent")
    (silent / "params.json").unlink()
    mask(
        [source], tmp_path / "given", weights, model=silent, method=method, mask_size=48,
        faces=FacesConfig(size=48), **options,
    )  # fmt: skip
    assert contents(tmp_path / "own") == contents(tmp_path / "given")
    shutil.copytree(model, tmp_path / "results" / "models" / "orl" / "wgan_stn" / "seed0")
    options |= {"results": tmp_path / "results"}
    mask([source], tmp_path / "named", weights, method="wgan_stn", **options)
    assert contents(tmp_path / "own") == contents(tmp_path / "named")
    assert "other parameters" not in caplog.text
    other = METHODS.parse("wgan_stn", tiny | {"updates": 1, "checkpoint_every": 0})
    mask([source], tmp_path / "other", weights, model=model, method=other, **options)
    assert contents(tmp_path / "own") == contents(tmp_path / "other")
    assert "other parameters (sheet_every: 0, updates: 2)" in caplog.text
    mask([source], tmp_path / "wrong", weights, model=silent, method=other, **options)
    assert contents(tmp_path / "own") != contents(tmp_path / "wrong")  # so they do count
    with pytest.raises(MaskbenchError, match=r"model: is a model of wgan_stn, not of pywgan_div"):
        run(album, tmp_path / "out", weights, method="pywgan_div", model=model)
    with pytest.raises(MaskbenchError, match=r"silent: does not say .* --params"):
        run(album, tmp_path / "out", weights, method="wgan_stn", model=silent)
    with pytest.raises(MaskbenchError, match=r"silent: its weights of generator .* train again"):
        run(
            album, tmp_path / "out", weights, model=silent, method=METHODS.parse("pywgan_div", {}),
        )  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_an_earlier_result_is_replaced_and_never_masked_again(
    album: Path, weights: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(album / "same.png", source / "me.png")
    for _ in range(2):
        report = run(source, source / "masked", weights)
        assert report == MaskReport(pictures=1, faces=1, rejected=0)
    assert sorted(p.name for p in source.iterdir()) == ["masked", "me.png"]
    (source / "masked" / "notes.txt").write_text("own")
    with pytest.raises(MaskbenchError, match=r"holds notes\.txt, not written by `mask`"):
        run(source, source / "masked", weights)
    assert (source / "masked" / "notes.txt").read_text() == "own"
    assert len(table(source / "masked")) == 1


@pytest.mark.parametrize("box", [(10, 20, 154, 164), (-30, 40, 258, 328), (5, 5, 77, 77)])
def test_paste_back_brings_the_mask_and_nothing_else(box: tuple[int, int, int, int]) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(60, 200, (240, 220, 3), np.uint8)
    crop = crop_square(image, np.array(box, np.float32), 144)
    rgba, _ = MaskPictures.draw(144, ["surgical_white"]).picture("surgical_white")
    coverage = rgba[..., 3]
    alpha = coverage[..., None] / 255
    masked = np.rint(crop * (1 - alpha) + rgba[..., :3] * alpha).astype(np.uint8)
    out, covered = paste_back(image, np.array(box), crop, masked, coverage)
    assert np.array_equal(out[covered == 0], image[covered == 0])
    inside = covered == 255
    assert inside.sum() > 500
    expected = np.full_like(image, 0)
    x0, y0, x1, _ = box
    scaled = np.asarray(Image.fromarray(rgba[..., :3]).resize((x1 - x0, x1 - x0), 2))
    left, top = max(x0, 0), max(y0, 0)
    part = scaled[top - y0 :, left - x0 :][: 240 - top, : 220 - left]
    expected[top : top + part.shape[0], left : left + part.shape[1]] = part
    assert np.abs(out[inside].astype(int) - expected[inside]).mean() < 4
