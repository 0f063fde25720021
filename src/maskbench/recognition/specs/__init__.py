"""Registries of what recognisers are made of: frozen networks, backbones, losses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from maskbench.registry import Registry, Spec


class Absent(Exception):
    """A published network's weights are not there; the text says which and why."""


@dataclass(frozen=True, kw_only=True)
class NetworkSpec(Spec):
    """A frozen network; its implementation is a function of a weights folder and a device.

    Attributes:
        file: its weights, in the table :mod:`maskbench.datasets.weights`.
        people: whom its authors trained it on; "": not on faces.
        named: a pattern of these people's names, where their collection has names of its own.
    """

    file: str
    people: str = ""
    named: str = ""

    def remark_on(self, tested: Iterable[str]) -> str:
        """What to say of numbers on these people; "" where none is named as those that the network
        learnt from. No list of the latter ships with its weights, so that it cannot be decided."""
        if not self.named or not any(re.fullmatch(self.named, name) for name in tested):
            return ""
        return (
            f"{self.title} learnt from {self.people}, and these people are named as in that "
            "collection: make sure that none of them is among those"
        )


@dataclass(frozen=True, kw_only=True)
class BackboneSpec(Spec):
    """A network to train; its implementation is a function of the pictures' side and a width.

    Attributes:
        dim: length of its embeddings.
        mean, deviation: of the pixels 0..255: the network sees ``(pixel - mean) / deviation``.
        has_width: whether the width of its first stage can be chosen.
    """

    dim: int
    mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    deviation: tuple[float, float, float] = (127.5, 127.5, 127.5)
    has_width: bool = False


@dataclass(frozen=True, kw_only=True)
class LossSpec(Spec):
    """A loss; its implementation is a function of the number of people, the length of the
    embeddings, a margin and a scale.

    Attributes:
        margin: its paper's: of a cosine for cosface, of an angle in radians for arcface, else of
            squared distances; None: it has none.
        scale: of the cosines, its paper's; None: it has none.
        kinds: of the recognisers that learn by it.
        needs_masked: whether it is zero without masked pictures.
    """

    margin: float | None = None
    scale: float | None = None
    kinds: tuple[str, ...] = ("network", "adapter")
    needs_masked: bool = False


NETWORKS: Registry[NetworkSpec] = Registry(__name__, "recognition: network", "network")
BACKBONES: Registry[BackboneSpec] = Registry(__name__, "recognition: backbone", "backbone")
LOSSES: Registry[LossSpec] = Registry(__name__, "recognition: loss", "loss")
