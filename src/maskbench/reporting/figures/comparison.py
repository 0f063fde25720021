"""Test people and what each method makes of them, one style a person (paper 4, Figure 7)."""

from __future__ import annotations

import textwrap
from fnmatch import fnmatch

import numpy as np
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.reporting.figures.methods import by_method, picture_of, styled
from maskbench.reporting.figures.page import Page
from maskbench.reporting.figures.people import examples
from maskbench.reporting.figures.request import Request
from maskbench.reporting.figures.style import GREY, INK
from maskbench.reporting.names import title_of

SIDE = 0.64  # inches a picture
GAP, HEAD, RIM = 0.12, 0.5, 0.97  # picture sides
CHARACTERS = 12  # of a heading to a picture side


def draw(request: Request) -> Figure:
    """The bare faces stand at the left of each band of methods."""
    options, path = request.options.comparison, request.inputs["faces"][0]
    bare = FaceSet.open(path)
    sets = {
        name: masked
        for name, masked in by_method(request, "every_masked").items()
        if not any(fnmatch(name, pattern) for pattern in options.without)
    }
    if not sets:
        raise MaskbenchError(request.place, "all methods are left out", "name other patterns")
    lead = next((one for name, one in sets.items() if styled(one, name)), None)
    lead = lead or next(iter(sets.values()))
    common = set.intersection(*(set(one.faces["bare_id"]) for one in sets.values()))
    shown = lead.faces[lead.faces["bare_id"].isin(common)].reset_index(drop=True)
    wanted = [*(s for s in request.figure_styles if (shown["style"] == s).any())] or [""]
    people = shown.iloc[examples(shown, wanted, options.people)][["bare_id", "style"]]
    if not len(people):
        raise MaskbenchError(path, "no face was masked by every method", "mask the faces again")
    row_of = {face: row for row, face in enumerate(bare.faces["face_id"])}

    across = min(options.across, len(sets))
    bands = -(-len(sets) // across)
    height = HEAD + len(people)
    page = Page(1 + GAP + across, bands * (height + GAP), SIDE)
    for index, (name, masked) in enumerate(sets.items()):
        band, place = divmod(index, across)
        top, left = band * (height + GAP) + HEAD, 1 + GAP + place
        if place == 0:
            _heading(page, 0, top, "Face", GREY)
            for line, face in enumerate(people["bare_id"]):
                page.picture(0, top + line, np.asarray(bare.images[row_of[face]]), RIM, RIM)
        _heading(page, left, top, title_of(name), INK)
        for line, (face, style) in enumerate(people.itertuples(index=False)):
            own = str(style) if styled(masked, name) else ""
            page.picture(left, top + line, picture_of(masked, str(face), own, name), RIM, RIM)
    return page.figure


def _heading(page: Page, left: float, top: float, words: str, colour: str) -> None:
    text = "\n".join(textwrap.wrap(words, CHARACTERS))
    page.text(left + RIM / 2, top - 0.06, text, 5.5, colour, "center", "bottom")
