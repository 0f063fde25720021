"""Draw figures from their records; the same inputs give the same bytes.

A figure is a record in ``reporting/papers/*.yaml`` (:class:`maskbench.reporting.papers.figures.
Figure`); its ``kind`` names what draws it (:mod:`maskbench.reporting.figures.specs`). One call
draws many figures, so that matplotlib is imported once.

=============  ==================================================================================
input          what it is
=============  ==================================================================================
faces          a FaceSet, ``faces/{dataset}/fold0``
masked         MaskedSets of methods, ``masked/{dataset}/{method}/seed{seed}``
every_masked   these and those of references
by_reference   MaskedSets after given photographs, ``masked/{dataset}/{method}/by_reference{seed}``
corrections    what was detected, ``masked/{dataset}/{method}/correction{seed}``
measured       evaluations of methods, ``metrics/synthesis/{dataset}/{method}/seed{seed}``
models         trained methods, ``models/{dataset}/{method}/seed{seed}``
mask_pictures  ``mask_pictures``
pictures       ``pictures/{dataset}``
restored       faces without their masks, ``restored/{dataset}/{restorer}/seed{seed}``
really_masked  FaceSets of people who really wear masks, ``faces/{dataset}/fold0``
unmasked       these without their masks, ``restored/{dataset}/{restorer}/seed{seed}``
recognition    evaluations of recognisers: ``metrics.json`` and the tables beside it
recognisers    trained recognisers, ``.../{recogniser}/{training set}/seed{seed}``
=============  ==================================================================================
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maskbench.artifacts import atomic_file
from maskbench.errors import MaskbenchError
from maskbench.reporting import names
from maskbench.reporting.papers.figures import OF_METHODS, OF_RESTORERS, Figure

log = logging.getLogger(__name__)


def make_figures(
    figures: Mapping[str, Figure],
    inputs: Mapping[str, Sequence[Path]],
    out: Path,
    *,
    figure_styles: Sequence[str] = (),
    styles: Sequence[str] = (),
    unseen_styles: Sequence[str] = (),
    origins: Mapping[str, str] | None = None,
) -> None:
    """Draw ``figures`` into ``out/{name}.png`` (200 dpi, no dates inside).

    Args:
        figures: records by name.
        inputs: paths by need (the table above). What a figure does not need is not read.
        out: folder of the pictures.
        figure_styles: mask styles that a sheet shows of each method.
        styles, unseen_styles: mask styles used in training, and kept for the test.
        origins: of this run's blocks (:func:`maskbench.reporting.names.origins`).

    Raises:
        MaskbenchError: a needed input is not given or holds nothing to draw; wrong options.
    """
    from maskbench.reporting.figures.request import NothingMeasured, Request
    from maskbench.reporting.figures.specs import KINDS
    from maskbench.reporting.figures.style import clean_style, save

    names.know(origins)
    for name, record in figures.items():
        place = f"figure {name}"
        chosen = record.select(inputs)
        for need, paths in chosen.items():
            if not paths:
                named = {OF_METHODS: record.methods, OF_RESTORERS: record.restorers}
                names_ = next((named[kinds] for kinds in named if need in kinds), ())
                whose = f" of {', '.join(names_)}" if names_ else ""
                raise MaskbenchError(place, f"needs {need}{whose}", "give it as an input")
        block = KINDS.parse(record.kind, record.options, place)
        request = Request(
            name, block.params, chosen, tuple(figure_styles), tuple(styles), tuple(unseen_styles)
        )
        with clean_style():
            try:
                drawn = block.spec.load()(request)
            except NothingMeasured as why:
                log.warning("%s", why)
                drawn = _empty(why.what)
            with atomic_file(Path(out) / f"{name}.png") as tmp:
                save(drawn, tmp)


def _empty(why: str) -> Any:
    """A figure of nothing, and why."""
    from maskbench.reporting.figures.page import Page

    page = Page(5, 1, 1)
    page.text(2.5, 0.5, why, align="center")
    return page.figure
