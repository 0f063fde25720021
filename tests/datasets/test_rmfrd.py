"""RMFRD in the layout of its release, with people who have pictures on one side alone."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from PIL import Image

from maskbench.config import DatasetConfig, SplitShares
from maskbench.datasets.adapters import ADAPTERS, Row
from maskbench.datasets.adapters.rmfrd import BARE_PICTURES, MASKED, chosen, rows
from maskbench.datasets.fetch import fetch
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.split import read_split, split
from maskbench.errors import MaskbenchError

FACES, MASKS = "AFDB_face_dataset", "AFDB_masked_face_dataset"
PEOPLE = {"aidai": (25, 3), "wangfei": (2, 1), "only_bare": (30, 0), "only_masked": (0, 24)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Both folders; a person without masked pictures has an empty folder, as in the release."""
    shade = 0  # of each picture another
    for person, counts in PEOPLE.items():
        for folder, count in zip((FACES, MASKS), counts, strict=True):
            (tmp_path / "rmfrd" / folder / person).mkdir(parents=True)
            for number in range(count):
                name = f"{number}_0_{person}_{number:04d}.jpg"
                path = tmp_path / "rmfrd" / folder / person / name
                Image.new("L", (2, 2), shade := shade + 1).save(path, "PNG")
    (tmp_path / "rmfrd" / FACES / "Thumbs.db").write_text("no picture")
    (tmp_path / "rmfrd" / FACES / "aidai" / "notes.txt").write_text("no picture")
    return tmp_path / "rmfrd"


def row(source: str, person: str, mask: str = "") -> Row:
    return Row(source, person, {"mask": mask})


def counts(found: list[Row]) -> dict[tuple[str, str], int]:
    out: dict[tuple[str, str], int] = {}
    for each in found:
        key = (each.identity, each.extra["mask"])
        out[key] = out.get(key, 0) + 1
    return out


def test_who_is_there_and_in_which_kind(root: Path) -> None:
    assert counts(rows(root)) == {
        ("aidai", ""): 20,
        ("aidai", MASKED): 3,
        ("wangfei", ""): 2,
        ("wangfei", MASKED): 1,
        ("only_bare", ""): 20,
        ("only_masked", MASKED): 24,  # masked pictures are never left out
    }
    for found in rows(root):
        folder, person, _ = found.source.split("/")
        assert person == found.identity and (root / found.source).is_file()
        assert folder == (MASKS if found.extra["mask"] else FACES)


def test_the_choice_is_the_one_that_is_written_down(root: Path) -> None:
    """docs/data.md: the first 20 by the SHA-256 of "0", a zero byte and the path."""

    def digest(path: str) -> str:
        return hashlib.sha256(b"0\0" + path.encode()).hexdigest()

    files = [f"{FACES}/aidai/{number}_0_aidai_{number:04d}.jpg" for number in range(25)]
    kept = {found.source for found in rows(root) if found.source.startswith(f"{FACES}/aidai/")}
    assert kept == set(sorted(files, key=digest)[:20])


def test_the_choice_is_fixed_for_good() -> None:
    """Numbers of different versions of this package are comparable (by hand, with sha256sum)."""
    listed = [row(f"{FACES}/p/{number}.jpg", "p") for number in range(23)]
    left_out = {each.source for each in listed} - {each.source for each in chosen(listed)}
    assert left_out == {f"{FACES}/p/{number}.jpg" for number in (4, 11, 15)}


def test_the_choice_depends_on_the_seed_and_the_person_alone() -> None:
    listed = [row(f"{FACES}/{p}/{n}.jpg", p) for p in ("a", "b") for n in range(60)]
    listed += [row(f"{MASKS}/a/{n}.jpg", "a", MASKED) for n in range(60)]
    first = chosen(listed)
    assert counts(first) == {("a", ""): 20, ("b", ""): 20, ("a", MASKED): 60}
    shuffled = random.Random(0).sample(listed, len(listed))
    assert set(chosen(shuffled)) == set(first)
    alone = [each for each in listed if each.identity == "a"]
    assert chosen(alone) == [each for each in first if each.identity == "a"]
    assert chosen(listed, seed=1) != first
    taken = next(each for each in first if each.identity == "b")
    fewer = chosen([each for each in listed if each != taken])
    assert len(set(first) - set(fewer)) == 1 and len(set(fewer) - set(first)) == 1
    assert chosen(iter(listed)) == first and chosen([]) == []


def test_fetched_and_split_all_people_are_tested(root: Path, tmp_path: Path) -> None:
    config = DatasetConfig(
        adapter="rmfrd", path=str(root), shares=SplitShares(train=0, val=0, test=1)
    )
    fetch("rmfrd", config, tmp_path / "pictures")
    opened = Pictures.open(tmp_path / "pictures")
    assert (opened.manifest["mask"] == "").sum() == 42
    assert (opened.manifest["mask"] == MASKED).sum() == 28
    assert opened.source["identities"] == len(PEOPLE)
    split(tmp_path / "pictures", config, tmp_path / "split.parquet")
    assert read_split(tmp_path / "split.parquet") == dict.fromkeys(PEOPLE, "test")


def test_what_is_missing_is_named_with_the_way_out(root: Path, tmp_path: Path) -> None:
    above = DatasetConfig(adapter="rmfrd", path=str(root.parent))
    with pytest.raises(MaskbenchError, match=f"{FACES}: no such folder; point.*{MASKS}"):
        fetch("rmfrd", above, tmp_path / "out")
    (root / MASKS).rename(root / "elsewhere")
    with pytest.raises(MaskbenchError, match=f"{MASKS}: no such folder"):
        rows(root)
    # As some archives unpack: the folder once more within itself.
    (root / MASKS).mkdir()
    (root / "elsewhere").rename(root / MASKS / MASKS)
    with pytest.raises(MaskbenchError, match=f"{MASKS}: holds no pictures as <person>/<picture>"):
        rows(root)


def test_the_adapter_says_that_masks_are_real() -> None:
    assert ADAPTERS.get("rmfrd").really_masked and BARE_PICTURES == 20
