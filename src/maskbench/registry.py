"""A registry of the things that the modules of a package define, found by importing them all.

Each module ends in ``register(MyThing())``; nothing else in the project names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from maskbench.config import validate
from maskbench.errors import unknown_name


class Entry(Protocol):
    """What can be registered: it has a name, and a model of its block of the configuration."""

    @property
    def name(self) -> str: ...

    @property
    def Params(self) -> type[BaseModel]: ...


Kind = TypeVar("Kind", bound=Entry)


class Registry(Generic[Kind]):
    """The entries of one package.

    Args:
        package: where its modules lie.
        section: dotted key of their blocks in the configuration, e.g. ``synthesis.methods``.
        kind: what one of them is called in an error.

    Attributes:
        entries: what has been registered so far, by name.
    """

    def __init__(self, package: ModuleType, section: str, kind: str) -> None:
        self.package, self.section, self.kind = package, section, kind
        self.entries: dict[str, Kind] = {}

    def register(self, entry: Kind) -> Kind:
        """Add an entry."""
        self.entries[entry.name] = entry
        return entry

    def all(self) -> dict[str, Kind]:
        """All entries by name, sorted; imports every module of the package once."""
        for module in pkgutil.iter_modules(self.package.__path__):
            importlib.import_module(f"{self.package.__name__}.{module.name}")
        return dict(sorted(self.entries.items()))

    def get(self, name: str) -> Kind:
        """One entry.

        Raises:
            MaskbenchError: unknown name, with the nearest known one.
        """
        known = self.all()
        if name not in known:
            raise unknown_name(self.section, self.kind, name, known)
        return known[name]

    def parse_params(self, name: str, block: dict[str, Any], place: str = "params.yaml") -> Any:
        """The typed block of one entry.

        Raises:
            MaskbenchError: unknown name, or a wrong block.
        """
        return validate(self.get(name).Params, block, f"{place}: {self.section}.{name}")
