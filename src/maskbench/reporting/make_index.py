"""The first page: who places best, whose masks help recognition, the verdicts, and links."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def make_index(
    measurements: Path,
    claims: Path,
    out: Path,
    tables: Sequence[Path] = (),
    figures: Sequence[Path] = (),
    recognition: Sequence[Path] = (),
    masked: Sequence[Path] = (),
    faces: Path | None = None,
) -> None:
    """Write ``index.html``, one static file with links to the results beside it.

    Args:
        measurements: ``measurements.csv``.
        claims: ``claims.csv``.
        out: the page; links are relative to its folder.
        tables: the tables' HTML files.
        figures: the figures' PNG files.
        recognition: evaluations of recognisers, whose resamples give intervals of differences.
        masked: masked sets, ``.../{method}/seed{seed}``; faces: their bare faces.
    """
    raise NotImplementedError
