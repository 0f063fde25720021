"""Splits: disjoint and complete by identity, near the shares, and the same whatever the order."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskbench.artifacts import sha256_of, write_json
from maskbench.config import DatasetConfig, SplitShares
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.split import (
    SPLITS,
    assign,
    assign_fold,
    group_keys,
    read_split,
    split,
)
from maskbench.errors import MaskbenchError

NAMES = st.lists(st.text(min_size=1, max_size=6), min_size=3, max_size=60, unique=True)
SHARES = st.tuples(*[st.integers(0, 10)] * 3).filter(sum)


def shares(parts: tuple[int, int, int]) -> SplitShares:
    train, val, test = (part / sum(parts) for part in parts)
    return SplitShares(train=train, val=val, test=test)


@settings(max_examples=80, deadline=None)
@given(NAMES, SHARES, st.integers(0, 2**31), st.randoms(use_true_random=False))
def test_complete_near_the_shares_and_stable(names, parts, seed, order) -> None:
    wanted = shares(parts)
    chosen = assign(names, wanted, seed)
    assert set(chosen) == set(names)  # complete; disjoint, since each has one value
    counts = Counter(chosen.values())
    for name in SPLITS:
        share = getattr(wanted, name)
        if share == 0:
            assert counts[name] == 0
        else:
            assert counts[name] >= 1
            if len(names) * min(s for s in (wanted.train, wanted.val, wanted.test) if s) >= 1:
                assert abs(counts[name] - len(names) * share) < 1 + 1e-6
    shuffled = list(names)
    order.shuffle(shuffled)
    assert assign(shuffled + shuffled, wanted, seed) == chosen


def test_seeds_differ() -> None:
    names = [f"person {n}" for n in range(20)]
    drawn = {tuple(sorted(assign(names, SplitShares(), seed).items())) for seed in range(10)}
    assert len(drawn) == 10


def test_the_split_of_a_name_is_pinned() -> None:
    """A change of the drawing would silently move people between training and test."""
    chosen = assign([f"s{n}" for n in range(1, 41)], SplitShares(), 0)
    assert Counter(chosen.values()) == {"train": 28, "val": 4, "test": 8}
    assert [name for name, part in sorted(chosen.items()) if part == "test"] == [
        "s2",
        "s23",
        "s28",
        "s3",
        "s32",
        "s38",
        "s40",
        "s7",
    ]


@settings(max_examples=80, deadline=None)
@given(NAMES, st.integers(2, 6), st.integers(0, 2**31))
def test_over_all_folds_everyone_is_tested_once(names, folds, seed) -> None:
    wanted = SplitShares(train=0.7 * (1 - 1 / folds), val=0.3 * (1 - 1 / folds), test=1 / folds)
    if len(names) < max(folds, 4):
        return
    cuts = [assign_fold(names, wanted, seed, fold, folds) for fold in range(folds)]
    tested = [name for cut in cuts for name, part in cut.items() if part == "test"]
    assert sorted(tested) == sorted(names)
    for cut in cuts:
        assert set(cut) == set(names) and {"train", "val", "test"} == set(cut.values())
        assert Counter(cut.values())["test"] in (len(names) // folds, -(-len(names) // folds))


def test_fold_0_of_orl_is_the_plain_split() -> None:
    people = [f"s{n}" for n in range(1, 41)]
    folds = [assign_fold(people, SplitShares(), 0, fold, 5) for fold in range(5)]
    assert folds[0] == assign(people, SplitShares(), 0)
    for cut in folds:
        assert Counter(cut.values()) == {"train": 28, "val": 4, "test": 8}
    checked = [{name for name, part in cut.items() if part == "val"} for cut in folds]
    assert len(set.union(*checked)) == 20  # choices of the replicates are made on different people
    with pytest.raises(MaskbenchError, match=r"orl\.folds: 3 people cannot fill 5 folds"):
        assign_fold(people[:3], SplitShares(), 0, 0, 5, "orl")


def test_a_person_who_joins_moves_few_others() -> None:
    names = [f"person {n}" for n in range(200)]
    before, after = assign(names, SplitShares(), 0), assign([*names, "new"], SplitShares(), 0)
    assert sum(before[name] != after[name] for name in names) <= 3


def test_small_collections() -> None:
    assert Counter(assign("abc", SplitShares(), 0).values()) == {"train": 1, "val": 1, "test": 1}
    assert set(assign("a", SplitShares(train=0, val=0, test=1), 0).values()) == {"test"}
    with pytest.raises(MaskbenchError, match=r"datasets\.own\.shares: 2 people cannot fill train"):
        assign("ab", SplitShares(), 0, place="own")
    with pytest.raises(MaskbenchError, match="0 people"):
        assign("", SplitShares(), 0)


def test_orl(orl: Path, tmp_path: Path) -> None:
    config = DatasetConfig(adapter="orl")
    split(orl, config, tmp_path / "a.parquet")
    chosen = read_split(tmp_path / "a.parquet")
    assert set(chosen) == set(Pictures.open(orl).manifest["identity"])
    split(orl, config, tmp_path / "b.parquet")
    assert sha256_of(tmp_path / "a.parquet") == sha256_of(tmp_path / "b.parquet")
    other = config.model_copy(update={"split_seed": 1})
    split(orl, other, tmp_path / "b.parquet")
    assert read_split(tmp_path / "b.parquet") != chosen


def test_pictures_without_identity_are_their_own_groups(tmp_path: Path) -> None:
    sources = [f"{n}.png" for n in range(10)]
    manifest = pd.DataFrame({"source": sources, "identity": ""})
    assert group_keys(manifest).tolist() == sources
    (tmp_path / "pictures").mkdir()
    manifest.to_parquet(tmp_path / "pictures" / "manifest.parquet")
    write_json(tmp_path / "pictures" / "source.json", {"dataset": "own", "root": "."})
    split(tmp_path / "pictures", DatasetConfig(adapter="flat"), tmp_path / "s.parquet")
    chosen = read_split(tmp_path / "s.parquet")
    assert set(chosen) == set(sources)
    assert Counter(chosen.values()) == {"train": 7, "val": 1, "test": 2}


def test_missing_split_file(tmp_path: Path) -> None:
    with pytest.raises(MaskbenchError, match="no such file"):
        read_split(tmp_path / "s.parquet")
