"""Whom something was learnt from: names by data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from maskbench.errors import MaskbenchError

People = dict[str, list[str]]


def together(*records: Mapping[str, Iterable[str]]) -> People:
    """Several such records as one; people without a name are left out."""
    found: dict[str, set[str]] = {}
    for record in records:
        for dataset, people in record.items():
            found.setdefault(dataset, set()).update(people)
    return {dataset: sorted(people - {""}) for dataset, people in sorted(found.items())}


def people_behind(note: Mapping[str, Any], path: Path) -> People:
    """The people that a model's note says it learnt from.

    Raises:
        MaskbenchError: it does not say so by data set.
    """
    people = note.get("people")
    if not isinstance(people, dict):
        raise MaskbenchError(path, "does not say whom it learnt from", "train the model again")
    return together(people)
