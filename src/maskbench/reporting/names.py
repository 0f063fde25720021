"""How tables, figures and claims call methods, recognisers, training sets and protocols.

Titles come from the registries' specs and, for what has none, from ``names`` of the papers' files
(:mod:`maskbench.reporting.papers`). A configured block without either is called after what it is
made from (:func:`origins`). ``sequence`` of ``ours.yaml`` says what stands first; the rest follows
by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from maskbench.measurements import ALL, FINAL, NONE, SEEN, STANDARD, UNSEEN
from maskbench.registry import Block
from maskbench.reporting.papers import papers

BARE = "bare"
UNRESTORED = "unrestored"
CONDITIONS: dict[str, dict[str, str]] = {
    "protocol": {
        STANDARD: "standard pairs (bare with masked faces, of an official list if there is one)",
        "bare_masked": "all bare with all masked faces",
        "official": "the whole official list, masked with masked and bare with bare faces too",
        "bare_bare": "bare with bare faces",
        "masked_masked": "masked with masked faces",
        "masked_detection": "bare with masked faces that were found on the masked picture",
        "validation": "validation people: bare with masked faces",
        "same_picture": "a face with its own masked picture, and with those of other people",
        "identification": "bare gallery, masked probes",
    },
    "checkpoint": {
        "start": "before the training",
        "quarter": "after a quarter of the training",
        "half": "after half of the training",
        FINAL: "after the training",
    },
    "styles": {
        SEEN: "mask styles seen in training",
        UNSEEN: "mask styles kept for the test",
    },
    "subset": {
        ALL: "all faces",
        "pose_frontal": "frontal faces",
        "pose_turned": "turned faces",
        "pose_bowed": "bowed faces",
    },
}
"""Words for the values of columns of ``measurements.csv``, in the order in which they are shown."""


_origins: dict[str, str] = {}


def origins(blocks: Mapping[str, Block], recognisers: Mapping[str, Any]) -> dict[str, str]:
    """What the configured blocks are made from that have no title of their own.

    Args:
        blocks: methods and restorers; an ablation is made from its spec.
        recognisers: the blocks of the configuration; made from a loss, a frozen network or another
            block.
    """
    found = {name: block.spec.name for name, block in blocks.items()}
    for name, block in recognisers.items():
        network, *_ = block.get("networks", [block.get("network", block.get("use", name))])
        found[name] = block.get("loss", network)
    return {
        name: origin for name, origin in found.items() if name not in _titles() and name != origin
    }


def know(blocks: Mapping[str, str] | None) -> None:
    """Take :func:`origins` of this run's blocks, in place of those of an earlier call."""
    _origins.clear()
    _origins.update(blocks or {})


def title_of(name: str) -> str:
    """Words for a method, restorer, guide, recogniser or training set: ``MFGAN (my_ablation)``."""
    known = _titles()
    if name in _origins:
        return f"{known.get(_origins[name], _origins[name])} ({name})"
    return known.get(name, name)


def reference_of(method: str) -> str:
    """Why a synthesis method is there to compare others with and is not ranked; "" of others."""
    from maskbench.synthesis.specs import METHODS

    spec = METHODS.all().get(_origins.get(method, method))
    return "" if spec is None else spec.reference


def trained(method: str) -> bool:
    """Whether a synthesis method learns anything; one that is not known is taken to."""
    from maskbench.synthesis.specs import METHODS

    spec = METHODS.all().get(_origins.get(method, method))
    return spec is None or spec.trained


def in_order(names: Iterable[str]) -> list[str]:
    """Names of any kind as tables show them; a block follows what it is made from."""
    first = {name: place for place, name in enumerate(_sequence())}

    def place(name: str) -> tuple[int, bool, str]:
        known = name if name in first else _origins.get(name, name)
        return first.get(known, len(first)), known != name, name

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
