"""Every data set by name: its layout, its terms, and how it gets here."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import maskbench
from maskbench.cli import app
from maskbench.config import DatasetConfig, SplitShares
from maskbench.datasets import known
from maskbench.datasets.adapters import ADAPTERS, Pair
from maskbench.datasets.collection import Collection
from maskbench.datasets.compare_people import compare_people
from maskbench.datasets.fetch import fetch
from maskbench.datasets.manifest import Pictures, read_table
from maskbench.datasets.split import read_split, split
from maskbench.errors import MaskbenchError

from .layouts import LAYOUTS, made

ROOT = Path(maskbench.__file__).parents[2]
BROKEN = [
    pytest.param(name, change, words, id=f"{name}-{number}")
    for name, (_, _, refused) in LAYOUTS.items()
    for number, (change, words) in enumerate(refused)
]


def opened(name: str, root: Path, **config) -> Collection:
    return Collection.open(name, DatasetConfig(adapter=name, path=str(root), **config))


def test_every_data_set_has_a_layout_here_and_its_terms():
    adapters = ADAPTERS.all()
    assert set(LAYOUTS) == set(adapters) - {"orl"}  # which comes as a package
    for name, adapter in adapters.items():
        assert adapter.licence and adapter.layout and adapter.title, name
        assert (adapter.access == "own") == (name in ("folder", "flat"))
        assert (adapter.url is None) == (adapter.access != "open")
        if adapter.access == "open":
            assert len(adapter.sha256) == 64
        if adapter.access in ("public", "request"):
            assert adapter.citation and adapter.sha256 is None


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_published_layout_is_read(name, tmp_path):
    files, expected, _ = LAYOUTS[name]
    root = made(tmp_path / name, files)
    found = opened(name, root)
    assert sorted((row.source, row.identity, dict(row.extra)) for row in found.rows) == sorted(
        expected
    )
    fetch(name, DatasetConfig(adapter=name, path=str(root)), tmp_path / "out")
    manifest = Pictures.open(tmp_path / "out").manifest
    assert set(manifest["source"]) == {source for source, _, _ in expected}
    adapter = ADAPTERS.get(name)
    assert ("part" in manifest) == adapter.partition
    assert "mask" in manifest or not adapter.really_masked


@pytest.mark.parametrize(("name", "change", "words"), BROKEN)
def test_a_broken_layout_is_refused_with_the_reason(name, change, words, tmp_path):
    root = made(tmp_path / name, LAYOUTS[name][0] | change)
    root.mkdir(exist_ok=True)
    with pytest.raises(MaskbenchError, match=words):
        opened(name, root)


@pytest.mark.parametrize("name", ["rmfvd", "mlfw", "mfr2"])
def test_official_pairs_come_along(name, tmp_path):
    root = made(tmp_path / name, LAYOUTS[name][0])
    fetch(name, DatasetConfig(adapter=name, path=str(root)), tmp_path / "out")
    rows = read_table(tmp_path / "out" / "official.parquet").itertuples(index=False)
    expected = {
        "rmfvd": [Pair("bare/aidai/1", "masked/aidai/1", True),
                  Pair("bare/aidai/1", "masked/bo li/1", False)],
        "mlfw": [Pair("aligned/Al_Gore_0001_0002", "aligned/Jo_0003_0001", False)],
        "mfr2": [Pair("Ann/Ann_0001", "Ann/Ann_0002", True)],
    }  # fmt: skip
    assert [Pair(*row) for row in rows] == expected[name]


def parts_of(root: Path, out: Path, **config) -> dict[str, str]:
    whole = DatasetConfig(adapter="celeba", path=str(root), official=True, **config)
    fetch("celeba", whole, out / "pictures")
    split(out / "pictures", whole, out / "split.parquet")
    return read_split(out / "split.parquet")


def test_the_official_partition_is_the_split(tmp_path):
    root = made(tmp_path / "celeba", LAYOUTS["celeba"][0])
    assert parts_of(root, tmp_path) == {"2880": "train", "2937": "test"}


def test_a_person_in_two_parts_of_a_partition_is_refused(tmp_path):
    both = "000001.jpg 2880\n000002.jpg 2880\n"
    root = made(tmp_path / "celeba", LAYOUTS["celeba"][0] | {"Anno/identity_CelebA.txt": both})
    with pytest.raises(MaskbenchError, match=r"2880 is in two parts.*datasets\.celeba\.exclude"):
        parts_of(root, tmp_path)


@pytest.mark.parametrize(
    ("learnt", "tested", "where"),
    [
        ("lfw", ("mlfw",), r"mlfw: Al_Gore: is among.*datasets\.lfw\.exclude"),
        ("mlfw", ("lfw", "mlfw"), r"lfw: Al_Gore: is among.*datasets\.mlfw\.exclude"),
    ],
    ids=["faces", "real_domain"],
)
def test_people_of_mlfw_are_those_of_lfw(tmp_path, learnt, tested, where):
    """Whoever learns from one is not tested on the other, be it in a test set itself."""
    pictures, splits = [], []
    for name in ("lfw", "mlfw"):
        shares = (1, 0, 0) if name == learnt else (0, 0, 1)
        root = made(tmp_path / "data" / name, LAYOUTS[name][0])
        shares = SplitShares(**dict(zip(("train", "val", "test"), shares, strict=True)))
        config = DatasetConfig(adapter=name, path=str(root), shares=shares)
        pictures.append(tmp_path / name)
        splits.append(tmp_path / f"{name}.parquet")
        fetch(name, config, pictures[-1])
        split(pictures[-1], config, splits[-1])
    with pytest.raises(MaskbenchError, match=where):
        compare_people(pictures, splits, [learnt], tested, tmp_path / "out.json")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """MASKBENCH_DATA, with a name that shells trip over."""
    folder = tmp_path / 'Müller\'s "data" $HOME'
    folder.mkdir()
    monkeypatch.setenv("MASKBENCH_DATA", str(folder))
    return folder


def shown(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["datasets", *arguments], env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_list_says_what_is_here(home):
    made(home / "celeba", LAYOUTS["celeba"][0])
    rows = {line.split("│")[1].strip(): line for line in shown().splitlines() if "│" in line}
    assert set(rows) == set(ADAPTERS.all()) - {"folder", "flat"}
    assert "10,177" in rows["celeba"] and rows["celeba"].rstrip("│ ").endswith("yes")
    assert "by request" in rows["ar"] and rows["ar"].rstrip("│ ").endswith("no")


def test_a_gated_one_says_where_to_ask_what_to_place_where_and_is_verified(home):
    text = shown("vggface2")
    assert "https://www.robots.ox.ac.uk/~vgg/data/vgg_face2/" in text and "CC BY-NC 4.0" in text
    assert "vggface2_test.tar.gz" in text and str(home / "vggface2") in text
    made(home / "vggface2", LAYOUTS["vggface2"][0])
    assert "2 of 3,311,286 pictures, 2 of 9,131 people, in the published" in shown("vggface2")
    (home / "vggface2" / "test_list.txt").write_text("n000009/1.jpg\n")
    result = CliRunner().invoke(app, ["datasets", "vggface2"])
    assert result.exit_code == 1 and "has no line for test/n000001/0001_01.jpg" in result.output


def test_ffhq_is_compared_with_its_own_list(home):
    files = LAYOUTS["ffhq"][0]
    root = made(home / "ffhq", files)
    assert "all files" not in shown("ffhq")  # the list is not there
    listed = {}
    for number, name in enumerate(one for one in files if one.endswith(".png")):
        content = (root / name).read_bytes()
        listed[str(number)] = {
            size: {
                "file_path": name.replace("images1024x1024", folder), "file_size": len(content),
                "file_md5": hashlib.md5(content).hexdigest(),
            }
            for size, folder in (("image", "images1024x1024"), ("thumbnail", "thumbnails128x128"))
        }  # fmt: skip
    (root / "ffhq-dataset-v2.json").write_text(json.dumps(listed))
    assert "2 of 70,000 pictures, all files with the published MD5" in shown("ffhq")
    inner = DatasetConfig(adapter="ffhq", path=str(root / "images1024x1024"))
    assert "all files with the published MD5" in known.verified("ffhq", inner)
    first = root / listed["0"]["image"]["file_path"]
    whole = first.read_bytes()
    first.write_bytes(whole[:-1] + b"x")
    with pytest.raises(MaskbenchError, match=r"00007\.png: has another MD5 than published"):
        known.verified("ffhq", inner)
    first.write_bytes(whole[:-1])
    with pytest.raises(MaskbenchError, match=r"00007\.png: has \d+ bytes, published are \d+"):
        known.verified("ffhq", inner)
    (root / "ffhq-dataset-v2.json").write_text("[1]")
    with pytest.raises(MaskbenchError, match=r"v2\.json: is not FFHQ's list"):
        known.verified("ffhq", inner)


def test_one_that_nobody_gives_away_cannot_be_downloaded(home):
    with pytest.raises(MaskbenchError, match=r"cannot be downloaded.*mmlab.*list_eval_partition"):
        known.download("celeba")
    for name in ("folder", "orl"):
        with pytest.raises(MaskbenchError, match="has no archives"):
            known.place(name, home / "a.zip")


def tar_of(path: Path, files: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture
def lfw(server, tmp_path, monkeypatch):
    """LFW on the server of these tests, with the checksum of what this has."""
    tree = made(tmp_path / "tree", LAYOUTS["lfw"][0])
    files = {f"lfw_funneled/{p.relative_to(tree)}": p.read_bytes() for p in tree.rglob("*.jpg")}
    archive = tar_of(tmp_path / "lfw.tgz", files)
    server.content = archive.read_bytes()
    own = replace(ADAPTERS.get("lfw"), url=server.url(), sha256=known_sha(archive))
    monkeypatch.setitem(ADAPTERS._specs, "lfw", own)
    return server


def known_sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_open_one_is_downloaded_unpacked_and_verified(lfw, home, cache):
    (home / ".lfw.unpacking.killed").mkdir()  # by an earlier try
    text = shown("lfw", "--download")
    assert f"2 of 13,233 pictures, 2 of 5,749 people, in the published layout: {home}" in text
    assert sorted(path.name for path in (home / "lfw").iterdir()) == ["Al_Gore", "Zoë_D'Or"]
    assert [path.name for path in home.iterdir()] == ["lfw"]
    assert not list((cache / "files").iterdir())
    (cache / "files" / "lfw.tgz").touch()  # a kill came before they were removed
    (home / ".lfw.unpacking.killed").mkdir()
    with pytest.raises(MaskbenchError, match="is there already"):
        known.download("lfw")
    assert not list((cache / "files").iterdir())
    assert [path.name for path in home.iterdir()] == ["lfw"]


def test_it_may_lie_in_the_user_s_home(lfw, home, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    assert known.download("lfw", "~/faces/lfw") == tmp_path / "user" / "faces" / "lfw"
    assert known.is_here(ADAPTERS.get("lfw"), "~/faces/lfw")
    assert not list(home.iterdir())


def test_users_who_share_a_folder_wait_for_each_other(home, tmp_path, cache):
    archive = tar_of(tmp_path / "mfr2.tar", {"mfr2/AdrianDunbar/AdrianDunbar_0001.png": b"x"}, "w")
    (home / ".mfr2.unpacking.other").mkdir()  # by a user with another cache
    held = os.open(home, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    mine = threading.Thread(target=known.place, args=("mfr2", archive))
    mine.start()
    mine.join(0.5)
    assert [path.name for path in home.iterdir()] == [".mfr2.unpacking.other"]
    os.close(held)
    mine.join(60)
    assert [path.name for path in home.iterdir()] == ["mfr2"]


def test_with_wrong_bytes_nothing_is_unpacked(lfw, home):
    lfw.content = lfw.content[:-1] + b"x"
    with pytest.raises(MaskbenchError, match="pinned sha256"):
        known.download("lfw")
    assert not list(home.iterdir())


def test_archives_by_hand_are_unpacked_beside_each_other(home, tmp_path, cache):
    tree = made(tmp_path / "tree", LAYOUTS["vggface2"][0])
    for part in ("train", "test"):
        files = {str(p.relative_to(tree)): p.read_bytes() for p in (tree / part).rglob("*.jpg")}
        shown("vggface2", "--archive", str(tar_of(tmp_path / f"{part}.tar.gz", files)))
    assert len(opened("vggface2", home / "vggface2").rows) == 2
    with pytest.raises(MaskbenchError, match="vggface2/train: is there already"):
        known.place("vggface2", tmp_path / "train.tar.gz")
    both = {str(p.relative_to(tree)): p.read_bytes() for p in tree.rglob("*.jpg")}
    archive = tar_of(tmp_path / "both.tar.gz", both)
    (home / "vggface2" / "test").rename(home / "test")  # a kill came before it was moved
    known.place("vggface2", archive)
    assert len(opened("vggface2", home / "vggface2").rows) == 2
    (picture,) = (home / "vggface2" / "test").rglob("*.jpg")
    picture.write_bytes(b"another")
    with pytest.raises(MaskbenchError, match="vggface2/test: is there already"):
        (home / "vggface2" / "train").rename(home / "train")
        known.place("vggface2", archive)
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.write(tree / "train/n000002/0001_01.jpg", "CASIA/0000045/001.jpg")
    assert known.place("casia_webface", tmp_path / "c.zip") == home / "casia_webface"
    assert [row.source for row in opened("casia_webface", home / "casia_webface").rows] == [
        "0000045/001.jpg"
    ]


def test_data_that_may_only_be_read_through_a_link(tmp_path, unprivileged):
    real = made(tmp_path / "store" / "LFW (2007)", LAYOUTS["lfw"][0])
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lfw").symlink_to(real)
    for path in (real, *real.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (tmp_path / "data").chmod(0o555)
    own = {"MASKBENCH_DATA": str(tmp_path / "data"), "COLUMNS": "300"}
    code = [*unprivileged, sys.executable, "-m", "maskbench", "datasets", "lfw"]
    run = subprocess.run(code, env=os.environ | own, capture_output=True, text=True)
    for path in (tmp_path / "data", real, *(p for p in real.rglob("*") if p.is_dir())):
        path.chmod(0o755)
    assert "2 of 13,233 pictures" in run.stdout, run.stderr


def test_the_documented_table_is_the_specs():
    text = (ROOT / "docs" / "data.md").read_text("utf-8")
    assert known.table() in text and known.terms() in text, "python -m maskbench.datasets.known"
