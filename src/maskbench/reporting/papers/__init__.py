"""What the papers print, draw and claim: one file a paper, read without torch and matplotlib.

``{name}.yaml`` holds ``paper`` (authors and year), ``title``, ``order`` (of all papers), ``names``
(how tables call what has no spec of its own), ``sequence``, ``tables``, ``figures`` and ``claims``.
Tables and figures that are no paper's stand in ``ours.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml
from pydantic import Field

from maskbench.config import LOADER, Section, validate
from maskbench.errors import MaskbenchError
from maskbench.reporting.papers.claims import Claim, expand
from maskbench.reporting.papers.figures import Figure
from maskbench.reporting.papers.tables import Table


class Paper(Section):
    """One paper.

    Attributes:
        paper: authors and year; empty for this project's own.
        title: of the paper.
        order: place among the papers.
        names: titles of methods, recognisers and training sets that have no spec, by name.
        sequence: which names tables and legends show first.
        tables, figures: by name.
    """

    paper: str = ""
    title: str
    order: int
    names: dict[str, str] = Field({})
    sequence: tuple[str, ...] = ()
    tables: dict[str, Table] = Field({})
    figures: dict[str, Figure] = Field({})
    claims: tuple[Claim, ...] = ()


@cache
def papers() -> Mapping[str, Paper]:
    """All papers by the name of their file, in their order.

    Raises:
        MaskbenchError: a file has a wrong key or value, or a name that another file has.
    """
    found = {}
    for file in resources.files(__name__).iterdir():
        if file.name.endswith(".yaml"):
            found[file.name.removesuffix(".yaml")] = read_paper(file.read_text("utf-8"), file.name)
    ordered = dict(sorted(found.items(), key=lambda item: item[1].order))
    for kind in ("tables", "figures"):
        names = [name for paper in ordered.values() for name in getattr(paper, kind)]
        for name in names:
            if names.count(name) > 1:
                raise MaskbenchError("papers", f"two {kind} named {name}", "rename one")
    return ordered


def read_paper(text: str, place: str) -> Paper:
    """One paper from the text of its file."""
    values: dict[str, Any] = yaml.load(text, LOADER)
    values["claims"] = expand(values.get("claims", []), place)
    return validate(Paper, values, place)


def tables() -> dict[str, Table]:
    """All tables by name, in the order of the papers."""
    return {name: table for paper in papers().values() for name, table in paper.tables.items()}
