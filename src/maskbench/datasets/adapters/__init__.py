"""The adapters of data sets: one module each, which lists the pictures below a folder.

To add a data set, write a module here that ends in ``ADAPTERS.register(Adapter(...))``, and a block
under ``datasets`` of the configuration that names it. Adapters are looked up whenever the workflow
starts, so their modules import neither pandas nor torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maskbench.datasets.download import Package
from maskbench.datasets.listing import composed
from maskbench.registry import Registry, Spec


@dataclass(frozen=True)
class Row:
    """A picture of a data set.

    Attributes:
        source: its path relative to the data set's root, with / between the parts.
        identity: the person in it, in composed letters; "" if unknown.
        extra: further columns of the manifest, the same in every row of a data set.
    """

    source: str
    identity: str
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "identity", composed(self.identity))


@dataclass(frozen=True, kw_only=True)
class Adapter(Spec):
    """How one data set is read.

    Attributes:
        rows: lists the pictures below a root, in any order.
        licence: the terms in a sentence.
        version: "" for local collections, which their checksum identifies.
        folder: the usual name of a local collection, or the pictures' folder in ``package``.
        package: set where the pictures come from the package index.
        identities: whether the people are known.
        really_masked: people wear real masks; the rows have the column ``mask``, "" if bare.
        files: lists that lie beside the pictures; ``fetch`` keeps those it finds.
        protocol: the pictures that the lists below a root name, as ``source`` in composed letters
            and without an ending; all of them must be there.
        sampled: whether ``rows`` are a choice of the pictures.
    """

    rows: Callable[[Path], list[Row]]
    licence: str
    version: str = ""
    folder: str = ""
    package: Package | None = None
    identities: bool = True
    really_masked: bool = False
    files: tuple[str, ...] = ()
    protocol: Callable[[Path], set[str]] | None = None
    sampled: bool = False

    @property
    def module(self) -> str:
        """The adapter's own, which is named as it is."""
        return f"{__name__}.{self.name}"


ADAPTERS: Registry[Adapter] = Registry(__name__, "datasets", "adapter")
