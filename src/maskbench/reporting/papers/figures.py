"""The record of a figure: what a paper's file says under ``figures``.

A record is read without matplotlib and torch, also by the workflow, which asks :func:`drawable`
for the files that each figure is made from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from maskbench.config import Section

Need = Literal[
    "faces", "masked", "every_masked", "by_reference", "corrections", "measured",
    "models", "mask_pictures", "pictures", "restored", "recognition", "recognisers",
    "really_masked", "unmasked",
]  # fmt: skip
Inputs = Mapping[str, Sequence[Path]]
# .../{name}/seed{seed}, of which a figure may name the methods or restorers
OF_METHODS = ("masked", "every_masked", "by_reference", "corrections", "measured", "models")
OF_RESTORERS = ("restored", "unmasked")
# of several trainings the first is shown
ONE_EACH = ("masked", "every_masked", "by_reference", "corrections", "measured", *OF_RESTORERS)


class Figure(Section):
    """One figure of a paper."""

    kind: str = Field(description="a name of maskbench.reporting.figures.specs")
    title: str
    caption: str = Field(description="what the report prints below it")
    needs: tuple[Need, ...] = Field(description="inputs; without one of them it is not drawn")
    methods: tuple[str, ...] = Field((), description="which methods it shows; none named: all")
    restorers: tuple[str, ...] = Field((), description="which restorers; none named: all")
    options: dict[str, Any] = Field({}, description="of its kind")

    def select(self, inputs: Inputs) -> dict[str, list[Path]]:
        """What it reads of all ``inputs``: what is of its methods and restorers, of which one
        training each, and everything of its other needs. What did not run is not among them."""
        chosen: dict[str, list[Path]] = {}
        for need in self.needs:
            paths = [Path(path) for path in inputs.get(need, ())]
            for needs, names in ((OF_METHODS, self.methods), (OF_RESTORERS, self.restorers)):
                if need in needs and names:
                    paths = [path for path in paths if path.parent.name in names]
            if need in ONE_EACH:
                paths = list({path.parent: path for path in reversed(paths)}.values())[::-1]
            chosen[need] = paths
        return chosen


def drawable(figures: Mapping[str, Figure], inputs: Inputs) -> dict[str, dict[str, list[Path]]]:
    """The inputs of every figure that lacks none of them.

    Args:
        figures: records by name.
        inputs: all that a configuration makes, by need.
    """
    chosen = {name: figure.select(inputs) for name, figure in figures.items()}
    return {name: found for name, found in chosen.items() if all(found.values())}
