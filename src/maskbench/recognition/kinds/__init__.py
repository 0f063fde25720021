"""The registry of kinds of recognisers; each module beside this one registers one.

A recogniser is a block of ``recognition.recognisers`` with a name of its own; its key ``use`` names
its kind, or another recogniser whose values it starts from. Adding a recogniser is adding a block:
rules, tables and figures take it up from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

from maskbench.measurements import NONE
from maskbench.recognition.specs import BACKBONES, LOSSES, NETWORKS
from maskbench.registry import Block, Registry, Spec

BARE = "bare"
"""The training set without masked pictures."""
EVERY = "every"
FACENET = "facenet"  # published weights that a training may start from

Run = tuple[str, str, int]
"""A recogniser, the training set that it learns from (``none``: it learns nothing), and a seed."""


@dataclass(frozen=True, kw_only=True)
class RecogniserSpec(Spec):
    """What is known of a kind, whose blocks are a family; its implementation is a
    :class:`..recogniser.Recogniser`.

    Attributes:
        learns: ``steps``: in steps, with curves and a training for each seed; ``once``: in one go;
            "": nothing, so that there is no model folder.
        from_bare: whether bare faces alone are enough to learn from.
    """

    learns: Literal["", "once", "steps"] = ""
    from_bare: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "family", self.name)


RECOGNISERS: Registry[RecogniserSpec] = Registry(
    __name__, "recognition.recognisers", "kind of recogniser"
)


def training_sets(block: Block, methods: tuple[str, ...]) -> tuple[str, ...]:
    """The training sets of a recogniser, each a training of its own; ``()``: it learns nothing.

    Args:
        block: the recogniser.
        methods: the synthesis methods of the configuration.
    """
    wanted = getattr(block.params, "training", ())
    if wanted == EVERY:
        left_out = block.params.every_but
        return (BARE, *(m for m in methods if not any(fnmatch(m, p) for p in left_out)))
    return (wanted,) if isinstance(wanted, str) else tuple(wanted)


def networks_of(block: Block) -> tuple[str, ...]:
    """The frozen networks whose embeddings a recogniser takes: the first that is there; ``()``: it
    embeds by its own."""
    one = getattr(block.params, "network", None)
    return (one,) if one else getattr(block.params, "networks", ())


def members_of(block: Block) -> tuple[str, ...]:
    """The recognisers whose scores a fused one adds; (): it is none."""
    return getattr(block.params, "recognisers", ())


def members_learnt_from(block: Block, runs: Iterable[Run]) -> list[tuple[str, str]]:
    """The recognisers that a fused one adds, and what each learnt from: its training set where they
    learn. Of others: none."""
    own = (block.params.training, NONE) if members_of(block) else ()
    learnt = {name: training_set for name, training_set, _ in runs if training_set in own}
    return [(name, learnt[name]) for name in members_of(block)]


def parts_of(block: Block, *members: Block) -> list[Spec]:
    """The specs of what a recogniser is made of; ``members``: of those that it adds."""
    made: dict[str, Registry[Any]] = {"network": NETWORKS, "backbone": BACKBONES, "loss": LOSSES}
    found = {key: getattr(block.params, key, None) for key in made}
    parts = [made[key].get(name) for key, name in found.items() if name]
    return parts + [part for each in members for part in (each.spec, *parts_of(each))]


def restorer_of(block: Block) -> str:
    """The restorer that takes masks off before a recogniser is tested, if any."""
    return getattr(block.params, "restorer", "")


def start_file(block: Block) -> Path | None:
    """The file of given weights that a training starts from, if any."""
    start = getattr(block.params, "start", None)
    return None if start in (None, FACENET) else Path(start)
