"""Sheets of pictures: which arrangement a figure asks for."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure

from maskbench.reporting.figures import (
    by_reference,
    comparison,
    corrections,
    examples,
    failures,
    mask_pictures,
    methods,
    snapshots,
)
from maskbench.reporting.figures.request import Request

ARRANGEMENTS: dict[str, Callable[[Request], Figure]] = {
    "examples": examples.draw,
    "methods": methods.draw,
    "comparison": comparison.draw,
    "failures": failures.draw,
    "by_reference": by_reference.draw,
    "corrections": corrections.draw,
    "snapshots": snapshots.draw,
    "mask_pictures": mask_pictures.draw,
}


def draw(request: Request) -> Figure:
    """The arrangement that the options give."""
    (name,) = (name for name in ARRANGEMENTS if getattr(request.options, name) is not None)
    return ARRANGEMENTS[name](request)
