"""Who is in two data sets: the same name, however it is written, or the same photograph."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

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
    pictures: Sequence[Path], splits: Sequence[Path], learnt: str, out: Path
) -> None:
    """Step ``compare_people``: refuse tests on people of another data set who are learnt from.

    It comes right after the split, since evaluations, which refuse them too, come last.

    Args:
        pictures: folders of the step ``fetch``: of the data set that is learnt from, and of those
            that are tested.
        splits: files of the step ``split``, in the same order.
        learnt: the data set whose training people are learnt from.
        out: the JSON file to write: how many people were compared.

    Raises:
        MaskbenchError: a person, or a photograph, is in both.
    """
    opened = [Pictures.open(path) for path in pictures]
    parts = {
        one.source["dataset"]: one.manifest.assign(
            split=group_keys(one.manifest).map(read_split(file))
        )
        for one, file in zip(opened, splits, strict=True)
    }
    own = parts.pop(learnt)
    own = own[own["split"] == "train"]
    owner = dict(zip(own["sha256"], own["identity"], strict=True))
    counts = {learnt: int(own["identity"].nunique())}
    way_out = f"name them in datasets.{learnt}.exclude"
    for dataset, other in parts.items():
        other = other[other["split"] == "test"]
        counts[dataset] = int(other["identity"].nunique())
        if both := in_both(set(other["identity"]), set(own["identity"]), same_dataset=False):
            what = f"is among the people that are learnt from ({len(both)} in both)"
            raise MaskbenchError(f"{dataset}: {both[0]}", what, way_out)
        shared = other[other["sha256"].isin(owner)]
        if len(shared):
            row = shared.iloc[0]
            what = (
                f"is a picture of {owner[row['sha256']]} of {learnt}, who is learnt from "
                f"({len(shared)} in both)"
            )
            raise MaskbenchError(f"{dataset}: {row['source']}", what, way_out)
    write_json(Path(out), counts)
