"""How tables, figures and claims call methods, recognisers, training sets and protocols.

Titles come from the registries' specs and, for what has none, from ``names`` of the papers' files
(:mod:`maskbench.reporting.papers`). ``sequence`` of ``ours.yaml`` says what stands first; the rest
follows by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from maskbench.measurements import ALL, NONE, SEEN, STANDARD, UNSEEN
from maskbench.reporting.papers import papers

BARE = "bare"
UNRESTORED = "unrestored"
APPROACHES = {"_projected": "projected", "_strip": "masks off"}
"""What is done for a frozen network, by the end of the recogniser's name (paper 3, section 5)."""
CONDITIONS: dict[str, dict[str, str]] = {
    "protocol": {
        STANDARD: "standard pairs (bare with masked faces, or the data set's official pairs)",
        "bare_masked": "bare with masked faces",
        "bare_bare": "bare with bare faces",
        "masked_masked": "masked with masked faces",
        "same_picture": "a face with its own masked picture, and with those of other people",
        "official": "official pairs",
        "identification": "bare gallery, masked probes",
    },
    "styles": {
        SEEN: "mask styles seen in training",
        UNSEEN: "mask styles kept for the test",
    },
    "subset": {
        ALL: "all faces",
        "pose_frontal": "frontal faces",
        "pose_turned": "turned faces",
    },
}
"""Words for the values of columns of ``measurements.csv``, in the order in which they are shown."""


def title_of(name: str) -> str:
    """Words for a method, restorer, guide, recogniser or training set."""
    known = _titles()
    if name in known:
        return known[name]
    for ending, approach in APPROACHES.items():
        if name.endswith(ending):
            return f"{title_of(name.removesuffix(ending))}, {approach}"
    return name


def in_order(names: Iterable[str]) -> list[str]:
    """Names of any kind as tables show them; a network's approaches follow it."""
    first = {name: place for place, name in enumerate(_sequence())}

    def place(name: str) -> tuple[int, int, str]:
        network = name
        for rank, ending in enumerate(APPROACHES, 1):
            if name.endswith(ending):
                network = name.removesuffix(ending)
                return first.get(network, len(first)), rank, name
        return first.get(network, len(first)), 0, name

    return sorted(set(names), key=place)


def condition_title(column: str, value: str) -> str:
    """Words for a value of the columns ``protocol``, ``styles``, ``subset`` or another."""
    return CONDITIONS.get(column, {}).get(value, value.replace("_", " "))


def condition_order(column: str, values: Iterable[str]) -> list[str]:
    """Known values in their order, then others by name."""
    known, values = CONDITIONS.get(column, {}), set(values)
    return [value for value in known if value in values] + sorted(values - set(known))


@cache
def _titles() -> dict[str, str]:
    # The registries are read at the first call: importing their specs takes a tenth of a second.
    from maskbench.guides.specs import GUIDES
    from maskbench.recognition.specs import LOSSES, NETWORKS
    from maskbench.restoration.specs import RESTORERS
    from maskbench.synthesis.specs import METHODS

    found = {BARE: "bare faces", NONE: "", UNRESTORED: "Nothing restored"}
    for paper in papers().values():
        found |= paper.names
    for registry in (LOSSES, NETWORKS, GUIDES, RESTORERS, METHODS):
        found |= {name: spec.title for name, spec in registry.all().items() if spec.title}
    return found


@cache
def _sequence() -> tuple[str, ...]:
    first = [name for paper in papers().values() for name in paper.sequence]
    return tuple(dict.fromkeys([NONE, BARE, *first]))
