"""Networks whose weights are not there: each of their rows says so.

An evaluation of such a network has empty rows of the standard protocol alone: what else would have
been measured is known from the other recognisers of its test set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from maskbench.reporting.aggregate import Result
from maskbench.reporting.recognition_names import join_variant, split_variant

ABSENT = "absent"
"""What the column ``backbone`` holds for them."""


def with_absent(results: Sequence[Result]) -> list[Result]:
    """The results of recognition, and for each absent network an empty one, with its reason, of
    every quantity that another recogniser has on the same test set."""
    there = {_quantity(result) for result in results}
    wanted = sorted(
        {(_place(r), split_variant(r.variant)[1], r.metric) for r in results if not _absent(r)}
    )
    added = []
    for one in {_recogniser(result): result for result in results if _absent(result)}.values():
        training_set = split_variant(one.variant)[0]
        for place, protocol, metric in wanted:
            empty = replace(one, variant=join_variant(training_set, protocol), metric=metric)
            if place == _place(one) and _quantity(empty) not in there:
                added.append(empty)
    return [*results, *added]


def _absent(result: Result) -> bool:
    return result.backbone == ABSENT


def _place(result: Result) -> tuple[str, str, str]:
    return result.dataset, result.split, result.crop


def _recogniser(result: Result) -> tuple[str, ...]:
    return *_place(result), result.method, split_variant(result.variant)[0]


def _quantity(result: Result) -> tuple[str, ...]:
    return *_place(result), result.method, result.variant, result.metric
