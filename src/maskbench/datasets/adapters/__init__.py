"""The data sets by name: one module each, which lists the pictures below a folder.

To add a data set, write a module here that ends in ``ADAPTERS.register(Adapter(...))``, and a block
under ``datasets`` of the configuration that names it. Adapters are looked up whenever the workflow
starts, so their modules import neither pandas nor torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from maskbench.datasets.download import Package
from maskbench.datasets.listing import composed
from maskbench.registry import Registry, Spec

PAIRS = "pairs.txt"
"""The usual name of a list of pairs."""
Access = Literal["packaged", "open", "public", "request", "own"]


@dataclass(frozen=True, slots=True)
class Row:
    """A picture of a data set.

    Attributes:
        source: its path relative to the data set's root, with / between the parts.
        identity: the person in it, in composed letters; "" if unknown.
        extra: further columns of the manifest, the same in every row of a data set: ``mask``, the
            mask that is worn, "" for a bare face; ``part``, the official split (train, val, test).
    """

    source: str
    identity: str
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "identity", composed(self.identity))


@dataclass(frozen=True)
class Pair:
    """A verification pair: ``source`` of two pictures in composed letters without the ending, and
    if of one person."""

    first: str
    second: str
    same: bool


@dataclass(frozen=True, kw_only=True)
class Adapter(Spec):
    """What is known of one data set, and how it is read. What nobody has published is None.

    Attributes:
        rows: lists the pictures below a root, in any order.
        licence: the terms in a sentence.
        layout: what lies below the root, in a line.
        version: "" for local collections, which their checksum identifies.
        access: ``packaged``: from the package index, by the workflow; ``open``: by ``maskbench
            datasets NAME --download``; ``public``: by hand from ``page``; ``request``: its owners
            must be asked there; ``own``: the user's pictures.
        page: where it is described.
        url: address of an archive that anybody may download.
        sha256: of this archive.
        size: bytes to download, to two digits.
        people, pictures: how many it has, as published.
        place: which files to put where below the root; "": as they come.
        citation: the publication.
        folder: the usual name of a local collection, or the pictures' folder in ``package``.
        package: set where the pictures come from the package index.
        identities: whether the people are known.
        really_masked: the pictures come with their masks; the rows have the column ``mask``.
        partition: whether the rows have the column ``part``.
        files: lists that lie beside the pictures; ``fetch`` keeps those it finds.
        pairs: the official pairs below a root, where ``files`` has their list, ``PAIRS``; all
            pictures that they name must be there.
        sampled: whether ``rows`` are a choice of the pictures.
        sums: below a root, the bytes and the MD5 of each picture by its ``source``, where a list of
            them is published; None: the list is not there.
    """

    rows: Callable[[Path], list[Row]]
    licence: str
    layout: str = ""
    version: str = ""
    access: Access = "own"
    page: str | None = None
    url: str | None = None
    sha256: str | None = None
    size: int | None = None
    people: int | None = None
    pictures: int | None = None
    place: str = ""
    citation: str = ""
    folder: str = ""
    package: Package | None = None
    identities: bool = True
    really_masked: bool = False
    partition: bool = False
    files: tuple[str, ...] = ()
    pairs: Callable[[Path], list[Pair]] | None = None
    sampled: bool = False
    sums: Callable[[Path], Mapping[str, tuple[int, str]] | None] | None = None

    @property
    def module(self) -> str:
        """The adapter's own, which is named as it is."""
        return f"{__name__}.{self.name}"


ADAPTERS: Registry[Adapter] = Registry(__name__, "datasets", "adapter")
