"""Who is in two data sets: the same name, however it is written, or the same photograph."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from itertools import product
from pathlib import Path

import pandas as pd

from maskbench.artifacts import write_json
from maskbench.datasets.listing import composed
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.split import group_keys, read_split
from maskbench.errors import MaskbenchError


def in_both(tested: Iterable[str], learnt: Iterable[str], same_dataset: bool) -> list[str]:
    """The tested people who were learnt from, sorted.

    Within a data set names are compared as they are. Between data sets the letters of full names
    are (Nancy_Pelosi, NancyPelosi; José, Jose); names with digits (s1, n000001) mean nothing
    elsewhere.
    """
    key = composed if same_dataset else _letters
    known = {key(name) for name in learnt} - {""}
    return sorted(name for name in set(tested) if key(name) in known)


def _letters(name: str) -> str:
    """A name's letters without accents; "" if it has digits."""
    if re.search(r"\d", name):
        return ""
    plain = re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFKD", name))
    # Vowel signs of Indian and Thai names are marks (M), and letters to their readers.
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LM").casefold()


def compare_people(
    pictures: Sequence[Path],
    splits: Sequence[Path],
    learnt: Collection[str],
    tested: Sequence[str],
    out: Path,
) -> None:
    """Step ``compare_people``: refuse tests on people of another data set who are learnt from.

    It comes right after the split, since evaluations, which refuse them too, come last.

    Args:
        pictures: folders of the step ``fetch``.
        splits: files of the step ``split``, in the same order.
        learnt: the data sets whose training people are learnt from, beside those of all data sets
            that are not tested.
        tested: the data sets whose test people are tested.
        out: the JSON file to write: how many people were compared.

    Raises:
        MaskbenchError: a person, or a photograph, is in both.
    """
    parts = {}
    for folder, file in zip(pictures, splits, strict=True):
        one = Pictures.open(folder)
        keys = group_keys(one.manifest)
        parts[one.source["dataset"]] = one.manifest.assign(
            key=keys, split=keys.map(read_split(file))
        )
    train = {
        name: rows[rows["split"] == "train"]
        for name, rows in parts.items()
        if name in learnt or name not in tested
    }
    test = {name: parts[name][parts[name]["split"] == "test"] for name in tested}
    for own, other in product(train, test):
        if own != other:
            _refuse(own, train[own], other, test[other])
    counts = {
        kind: {name: int(rows["key"].nunique()) for name, rows in found.items()}
        for kind, found in (("learnt", train), ("tested", test))
    }
    write_json(Path(out), counts)


def _refuse(learnt: str, train: pd.DataFrame, tested: str, test: pd.DataFrame) -> None:
    way_out = f"name them in datasets.{learnt}.exclude"
    if both := in_both(test["identity"], train["identity"], same_dataset=False):
        what = f"is among the people that are learnt from ({len(both)} in both)"
        raise MaskbenchError(f"{tested}: {both[0]}", what, way_out)
    owner = dict(zip(train["sha256"], train["key"], strict=True))
    shared = test[test["sha256"].isin(owner)]
    if len(shared):
        row = shared.iloc[0]
        what = f"is a picture of {owner[row['sha256']]} of {learnt} ({len(shared)} in both)"
        raise MaskbenchError(f"{tested}: {row['source']}", what, f"{way_out}: they are learnt from")
