"""What a drawing is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maskbench.errors import MaskbenchError


class NothingMeasured(MaskbenchError):
    """What a figure shows has no value anywhere: the figure says so, and the others are drawn."""


@dataclass(frozen=True)
class Request:
    """One figure with everything that it may read.

    Attributes:
        name: of the figure, for errors.
        options: typed, of its kind.
        inputs: paths by need; no need that its record names is empty.
        figure_styles: mask styles shown for each method.
        styles, unseen_styles: mask styles used in training, and kept for the test.
    """

    name: str
    options: Any
    inputs: Mapping[str, Sequence[Path]]
    figure_styles: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    unseen_styles: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """How errors call it."""
        return f"figure {self.name}"
