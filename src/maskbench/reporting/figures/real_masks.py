"""People who really wear masks: the picture, the mask that was found, and it taken off."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.reporting.figures.sheets import Sheet
from maskbench.reporting.figures.style import FigureInputs
from maskbench.reporting.names import method_title

NEEDS = ("worn", "unmasked")
COLUMNS, WIDTH = 8, 7.2  # people; inches
GAP, LEFT, TOP = 1.04, 0.92, 0.04  # in picture sides
LEAST = 0.02  # share of a picture that a mask covers at the least


def choose(found: MaskedSet, most: int) -> list[int]:
    """Row numbers of pictures with a mask: one a person, the first by name; evenly spread people.

    Args:
        found: a restored set; ``masks`` is what was painted.
        most: at most this many.
    """
    covered = np.array([np.asarray(mask).mean() / 255 for mask in found.masks])
    table = found.faces.assign(row=np.arange(len(found)))[covered >= LEAST]
    table["person"] = np.where(table["identity"] == "", table["face_id"], table["identity"])
    table = table.sort_values(["person", "face_id"], kind="stable")
    first = table.groupby("person", sort=True)["row"].first().to_numpy()
    places = {round(place) for place in np.linspace(0, len(first) - 1, min(most, len(first)))}
    return [int(first[place]) for place in sorted(places)]


def draw(inputs: FigureInputs) -> Figure:
    """A column a person; the first restored set says who is shown and where the masks are.

    Of several trainings of a restorer the first given is shown.
    """
    worn = [FaceSet.open(path) for path in inputs.worn]
    restored: dict[str, MaskedSet] = {}
    for path in inputs.unmasked:
        restored.setdefault(path.parent.name, MaskedSet.open(path))
    lead = next(iter(restored.values()))
    source = next((each for each in worn if _same(each, lead)), None)
    if source is None:
        raise MaskbenchError(lead.path, "not made from any of the sets given", "check --worn")
    rows = choose(lead, COLUMNS)
    if not rows:
        raise MaskbenchError(lead.path, "no picture shows a mask", "look at the mask segmenter")
    same = {name: found for name, found in restored.items() if _same(found, source)}
    words = [
        f"picture\n({source.dataset})",
        "mask found",
        *(f"restored by\n{method_title(name)}" for name in same),
    ]
    sheet = Sheet(LEFT + len(rows) * GAP, TOP + len(words) * GAP, WIDTH / (LEFT + COLUMNS * GAP))
    for line, text in enumerate(words):
        y = TOP + line * GAP + 0.5
        sheet.text(LEFT - 0.06, y, text, 6.5, align="right", valign="center")
    for column, row in enumerate(rows):
        pictures = [source.images[row], lead.masks[row], *(s.images[row] for s in same.values())]
        for line, picture in enumerate(pictures):
            sheet.picture(LEFT + column * GAP, TOP + line * GAP, picture)
    return sheet.figure


def _same(a: FaceSet, b: FaceSet) -> bool:
    """Whether two sets hold the same pictures of one data set."""
    return a.dataset == b.dataset and list(a.faces["face_id"]) == list(b.faces["face_id"])
