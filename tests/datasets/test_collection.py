"""What is read of a collection, by whatever name, and when it is read again."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from maskbench.config import DatasetConfig
from maskbench.datasets import collection
from maskbench.datasets.adapters import ADAPTERS
from maskbench.datasets.collection import PLACES, checksum_now
from maskbench.datasets.compare_people import compare_people, in_both
from maskbench.datasets.fetch import fetch
from maskbench.datasets.listing import natural_key
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.split import split
from maskbench.errors import MaskbenchError

NFC, NFD = (unicodedata.normalize(form, "José_Müller") for form in ("NFC", "NFD"))


def picture(file: Path, shade: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), shade).save(file)
    return file


def people(root: Path, names: tuple[str, ...] = ("ann", "bob", "cy"), shade: int = 0) -> Path:
    """Two pictures a person, all different."""
    for place, name in enumerate(names):
        for number in range(2):
            picture(root / name / f"{number}.png", shade + 2 * place + number)
    return root


def fetched(root: Path, out: Path, **config) -> Pictures:
    fetch("own", DatasetConfig(**{"adapter": "folder", "path": str(root), **config}), out)
    return Pictures.open(out)


def test_one_person_in_composed_and_decomposed_letters(tmp_path):
    """As folders of macOS and of Linux, unpacked side by side."""
    root = people(tmp_path / "own", (NFC, NFD, "bob"))
    found = fetched(root, tmp_path / "out").manifest
    assert found.groupby("identity").size().to_dict() == {NFC: 4, "bob": 2}
    assert all((root / source).is_file() for source in found["source"])
    for written in (NFC, NFD):
        left = fetched(root, tmp_path / "left", exclude=(written,)).manifest
        assert set(left["identity"]) == {"bob"}


@pytest.mark.parametrize("folder", [NFC, NFD])
@pytest.mark.parametrize("listed", [NFC, NFD])
def test_lists_and_folders_may_differ_in_how_letters_are_written(tmp_path, folder, listed):
    root = tmp_path / "mfr2"
    for number in (1, 2):
        picture(root / folder / f"{folder}_{number:04d}.png", number)
    (root / "mfr2_labels.txt").write_text(f"{listed}, 1, KN95\n{listed}, 2, no-mask\n", "utf-8")
    (root / "pairs.txt").write_text(f"{listed} 1 2\n", "utf-8")
    found = fetched(root, tmp_path / "out", adapter="mfr2").manifest
    assert found["mask"].tolist() == ["KN95", ""] and set(found["identity"]) == {NFC}


def test_numbers_of_other_scripts_are_text():
    names = ["s10", "s2", "۱۲/1.jpg", "²x", "5²", "①"]
    assert sorted(names, key=natural_key)[:3] == ["5²", "s2", "s10"]


def test_a_folder_of_unmasked_people_is_bare(tmp_path):
    for name in ("masked", "Unmasked", "non-masked", "with_mask_not_masked"):
        (tmp_path / name / "ann").mkdir(parents=True)
        (tmp_path / name / "ann" / "1.jpg").touch()
    (tmp_path / "pairs.txt").touch()
    found = {
        row.source.split("/")[0]: row.extra["mask"] for row in ADAPTERS.get("rmfvd").rows(tmp_path)
    }
    assert {name for name, worn in found.items() if worn} == {"masked"}


def test_names_between_data_sets():
    assert in_both([NFD, "Ann_Lee"], ["JoseMuller"], same_dataset=False) == [NFD]
    assert in_both([NFD], [NFC], same_dataset=True) == [NFD]
    assert in_both(["Jose_Muller"], [NFC], same_dataset=True) == []
    assert in_both(["s3"], ["s3"], same_dataset=False) == []
    assert in_both(["कि"], ["का"], same_dataset=False) == []  # these marks are letters


def compared(tmp_path: Path, trained: Path, tested: Path, **config) -> dict:
    whole = {
        "train": {"shares": {"train": 1, "val": 0, "test": 0}, **config},
        "test": {"shares": {"train": 0, "val": 0, "test": 1}},
    }
    pictures, splits = [], []
    for name, root in (("train", trained), ("test", tested)):
        own = DatasetConfig(adapter="folder", path=str(root), **whole[name])
        pictures.append(tmp_path / name)
        splits.append(tmp_path / f"{name}.parquet")
        fetch(name, own, pictures[-1])
        split(pictures[-1], own, splits[-1])
    compare_people(pictures, splits, ["train"], ["test"], tmp_path / "compared.json")
    return json.loads((tmp_path / "compared.json").read_text())


def test_people_who_are_learnt_from_and_tested_are_refused_right_after_the_split(tmp_path):
    trained = people(tmp_path / "a", ("ann", NFD))
    tested = people(tmp_path / "b", ("bob", NFC), shade=50)
    with pytest.raises(MaskbenchError, match=rf"test: {NFC}: is among.*datasets\.train\.exclude"):
        compared(tmp_path, trained, tested)
    assert compared(tmp_path, trained, tested, exclude=[NFC]) == {
        "learnt": {"train": 1},
        "tested": {"test": 2},
    }


def test_a_photograph_that_is_learnt_from_and_tested_is_refused(tmp_path):
    trained = people(tmp_path / "a", ("ann", "cy"))
    tested = people(tmp_path / "b", ("bob",), shade=50)
    shutil.copy(trained / "cy" / "1.png", tested / "bob" / "x.jpg")
    with pytest.raises(MaskbenchError, match=r"test: bob/x\.jpg: is a picture of cy of train"):
        compared(tmp_path, trained, tested)


def test_equal_files_are_one_photograph_wherever_they_lie(tmp_path, caplog):
    root = people(tmp_path / "own")
    shutil.copy(root / "ann" / "0.png", root / "ann" / "copy.png")
    shutil.copy(root / "ann" / "1.png", root / "cy" / "0.jpg")
    shutil.copytree(root / "bob", root / "bobby")
    found = fetched(root, tmp_path / "out")
    assert found.manifest["sha256"].is_unique and len(found.manifest) == 6
    assert found.left_out == {
        "bobby/": "a person of copies alone",
        "ann/copy.png": "the same picture as ann/0.png",
        "bobby/0.png": "the same picture as bob/0.png",
        "bobby/1.png": "the same picture as bob/1.png",
        "cy/0.jpg": "the same picture as ann/1.png",
    }
    assert "5 beside 6 pictures left out: bobby/ (a person of copies alone)" in caplog.text


def test_pictures_that_official_pairs_name_stay(tmp_path):
    root = tmp_path / "mfr2"
    for number in (1, 2, 3):
        picture(root / "Ann" / f"Ann_{number:04d}.png", 7)
    labels = "".join(f"Ann, {number}, KN95\n" for number in (1, 2, 3))
    (root / "mfr2_labels.txt").write_text(labels)
    (root / "pairs.txt").write_text("Ann 1 2\n")
    found = fetched(root, tmp_path / "out", adapter="mfr2")
    assert found.manifest["source"].tolist() == ["Ann/Ann_0001.png", "Ann/Ann_0002.png"]
    assert list(found.left_out) == ["Ann/Ann_0003.png"]
    (root / "pairs.txt").write_text("Ann 1 2\nAnn 1 4\n")
    with pytest.raises(MaskbenchError, match=r"name Ann/Ann_0004 and 0 more that are not there"):
        fetched(root, tmp_path / "out", adapter="mfr2")


def test_what_is_no_picture_is_named_and_kept(tmp_path, caplog):
    root = people(tmp_path / "own")
    (root / "dan").mkdir()
    (root / "dan" / "only.jpg").symlink_to("../.git/annex/gone")
    (root / "ann" / "IMG_1.CR2").write_bytes(b"raw")
    (root / "bob" / "noending").write_bytes(b"x")
    picture(root / "stray.png", 99)
    picture(root / "cy" / "more" / "a.png", 98)
    without = {
        "dan/": "a folder without a picture",
        "cy/more/": "a folder deeper than the pictures",
        "ann/IMG_1.CR2": ".CR2 is no ending of a picture that is read",
        "bob/noending": "its name has no ending",
        "dan/only.jpg": "a link that leads nowhere",
        "stray.png": "not in the adapter's layout",
    }
    assert fetched(root, tmp_path / "out").left_out == without
    assert "6 beside 6 pictures left out" in caplog.text
    assert all(name in caplog.text for name in without)


@pytest.fixture
def now(tmp_path, monkeypatch):
    """The checksum of a collection as the workflow asks for it."""

    monkeypatch.chdir(tmp_path)

    def ask(root: Path, **config) -> str:
        own = DatasetConfig(**{"adapter": "folder", "path": str(root), **config})
        return checksum_now("own", own, tmp_path)

    return ask


def test_what_lies_there_decides_and_not_where(tmp_path, now):
    root = people(tmp_path / "own")
    first = now(root)
    assert first == fetched(root, tmp_path / "pictures" / "own").source["checksum"]
    shutil.copytree(root, tmp_path / "elsewhere")
    assert now(tmp_path / "elsewhere") == first
    picture(tmp_path / "elsewhere" / "dot" / "0.png", 77)
    joined = now(tmp_path / "elsewhere")
    (root / "bob" / "1.png").unlink()
    left = now(root)
    picture(root / "bob" / "0.png", 99)
    assert len({first, joined, left, now(root)}) == 4
    (root / "ann" / "notes.txt").write_text("no picture")
    assert now(root) == now(root)
    # Results outlive their pictures.
    assert now(tmp_path / "nowhere") == first
    shutil.rmtree(tmp_path / "pictures")
    assert now(tmp_path / "nowhere") == ""


def test_labels_and_pairs_decide_too(tmp_path, now):
    root = tmp_path / "mfr2"
    picture(root / "Ann" / "Ann_0001.png", 1)
    picture(root / "Ann" / "Ann_0002.png", 2)
    seen = set()
    for labels, pairs in (("KN95", "1 2"), ("cloth", "1 2"), ("cloth", "2 1")):
        (root / "mfr2_labels.txt").write_text(f"Ann, 1, {labels}\nAnn, 2, no-mask\n")
        (root / "pairs.txt").write_text(f"Ann {pairs}\n")
        seen.add(now(root, adapter="mfr2"))
    assert len(seen) == 3


def test_contents_are_read_again_only_where_size_or_times_changed(tmp_path, now, monkeypatch):
    root = people(tmp_path / "own")
    read = []
    monkeypatch.setattr(
        collection, "sha256_of", lambda path: (read.append(path.name), path.read_bytes().hex())[1]
    )
    now(root)
    assert len(read) == 6
    now(root)
    assert len(read) == 6
    file = root / "bob" / "1.png"
    status, size = file.stat(), file.stat().st_size
    file.write_bytes(b"x" * size)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # as rsync and unzip do
    now(root)
    assert read[6:] == ["1.png"]


def test_a_path_is_no_trigger_of_the_workflow():
    """Snakemake compares what settings print."""
    one, other = (DatasetConfig(adapter="folder", path=path) for path in ("/a", "/b"))
    assert repr(one) == repr(other) and one.path == "/a"


def test_pictures_are_found_where_the_workflow_says_that_they_lie(tmp_path, monkeypatch):
    root = people(tmp_path / "own")
    pictures = fetched(root, tmp_path / "out")
    root.rename(tmp_path / "moved")
    monkeypatch.setenv(PLACES, json.dumps({"own": str(tmp_path / "moved")}))
    assert pictures.file("ann/0.png").is_file()
