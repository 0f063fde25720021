"""MFR2: labels and pairs, in its own layout."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from maskbench.config import DatasetConfig
from maskbench.datasets.adapters.mfr2 import Pair, read_labels, read_pairs, rows
from maskbench.datasets.fetch import fetch
from maskbench.datasets.manifest import Pictures
from maskbench.errors import MaskbenchError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("Ann/Ann_0001.png", "Ann/Ann_0002.png", "Bob/Bob_0001.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (2, 2)).save(tmp_path / name)
    labels = "Ann, 1, surgical_blue\nAnn, 2, no-mask\n\nBob, 1, KN95\n"
    (tmp_path / "mfr2_labels.txt").write_text(labels)
    (tmp_path / "pairs.txt").write_text("Ann 1 2\nAnn 2 Bob 1\n")
    return tmp_path


def test_rows_carry_the_mask(root: Path) -> None:
    found = {row.source: row.extra["mask"] for row in rows(root)}
    assert found == {
        "Ann/Ann_0001.png": "surgical_blue",
        "Ann/Ann_0002.png": "",
        "Bob/Bob_0001.png": "KN95",
    }


def test_pairs(root: Path) -> None:
    assert read_pairs(root / "pairs.txt") == [
        Pair("Ann/Ann_0001", "Ann/Ann_0002", True),
        Pair("Ann/Ann_0002", "Bob/Bob_0001", False),
    ]


def test_damaged_files_are_named_with_their_line(root: Path) -> None:
    (root / "pairs.txt").write_text("Ann 1 2\nAnn x y\n")
    with pytest.raises(MaskbenchError, match=r"pairs\.txt, line 2.*use the pair list"):
        read_pairs(root / "pairs.txt")
    (root / "mfr2_labels.txt").write_text("Ann, 1\n")
    with pytest.raises(MaskbenchError, match=r"mfr2_labels\.txt, line 1.*use the label file"):
        read_labels(root / "mfr2_labels.txt")
    (root / "mfr2_labels.txt").write_text("Ann, 1, KN95\n")
    with pytest.raises(MaskbenchError, match="no line for Ann/Ann_0002"):
        rows(root)
    (root / "mfr2_labels.txt").unlink()
    with pytest.raises(MaskbenchError, match="no such file"):
        rows(root)


@pytest.mark.parametrize("name", ["pairs.txt", "mfr2_labels.txt"])
def test_lists_are_read_with_a_byte_order_mark_and_other_encodings_named(root, name, tmp_path):
    text = (root / name).read_text()
    (root / name).write_bytes(text.encode("utf-8-sig"))
    config = DatasetConfig(adapter="mfr2", path=str(root))
    fetch("own", config, tmp_path / "out")
    for encoding, why in (("utf-16", ": is UTF-16"), ("latin-1", ", line 1: is not UTF-8")):
        (root / name).write_bytes(("Zoë, 1, KN95\n" + text).encode(encoding))
        with pytest.raises(MaskbenchError, match=re.escape(f"{name}{why}")):
            fetch("own", config, tmp_path / "out")


def test_the_header_of_lfw_s_lists_is_no_pair(root):
    pairs = read_pairs(root / "pairs.txt")
    for header in ("10\t300", "2 1", "500"):
        (root / "pairs.txt").write_text(f"{header}\nAnn 1 2\nAnn 2 Bob 1\n")
        assert read_pairs(root / "pairs.txt") == pairs
    (root / "pairs.txt").write_text("Ann 1 2\n10 300\n")
    with pytest.raises(MaskbenchError, match=r"pairs\.txt, line 2"):
        read_pairs(root / "pairs.txt")


def test_the_real_collection(data_root: Path, tmp_path: Path) -> None:
    fetch("mfr2", DatasetConfig(adapter="mfr2"), tmp_path / "out")
    manifest = Pictures.open(tmp_path / "out").manifest
    assert len(manifest) == 269 and manifest["identity"].nunique() == 53
    assert (manifest["mask"] != "").sum() == 171
    pairs = read_pairs(data_root / "mfr2" / "pairs.txt")
    stems = {source.rsplit(".", 1)[0] for source in manifest["source"]}
    assert len(pairs) == 848 and sum(pair.same for pair in pairs) == 424
    assert all({pair.first, pair.second} <= stems for pair in pairs)
