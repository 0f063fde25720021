"""What is chosen by name: one small registry class, one instance for each kind of thing.

A registry's package holds one module a spec, which ends in ``REGISTRY.register(Spec(...))``;
nothing else names it. Spec modules import pydantic and :mod:`maskbench.config` only, so that a
whole configuration is checked without importing what does the work.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from maskbench.config import Blocks, Section, merge, validate
from maskbench.errors import MaskbenchError, unknown_name


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What is known of a thing before it is used.

    Attributes:
        name: how configuration and results call it.
        title: how tables and figures call it.
        paper: the paper and section that defines it.
        Params: the model of its block in the configuration.
        implementation: ``module:name`` of what does the work, imported by :meth:`load` only.
        family: whose shared values its blocks start from; "": of none.
    """

    name: str
    title: str = ""
    paper: str = ""
    Params: type[BaseModel] = Section
    implementation: str = ""
    family: str = ""

    @property
    def module(self) -> str:
        """The module of the implementation."""
        return self.implementation.partition(":")[0]

    def load(self) -> Any:
        """The implementation: an instance where it is a class, else the object itself."""
        module, _, name = self.implementation.partition(":")
        found = getattr(importlib.import_module(module), name)
        return found() if isinstance(found, type) else found


@dataclass(frozen=True, repr=False)
class Block:
    """A spec and its typed parameters, under the name that configuration and results use. An
    ablation's name differs from its spec's."""

    name: str
    spec: Any
    params: Any

    def __repr__(self) -> str:  # equal in every process: a spec's sets of strings are not
        return f"Block({self.name!r}, {self.spec.name!r}, {self.params!r})"


Kind = TypeVar("Kind", bound=Spec)


class Registry(Generic[Kind]):
    """The specs that the modules of ``package`` register. Their blocks lie in ``section`` of the
    configuration (``synthesis.methods``); errors call one of them a ``kind``."""

    def __init__(self, package: str, section: str, kind: str) -> None:
        self.package, self.section, self.kind = package, section, kind
        self._specs: dict[str, Kind] = {}
        self._complete = False

    def register(self, spec: Kind) -> Kind:
        """Add a spec. That two have one name is a MaskbenchError."""
        if self._specs.setdefault(spec.name, spec) is not spec:
            what = f"two modules register a {self.kind} of the name {spec.name}"
            raise MaskbenchError(self.package, what, "give the new one a name of its own")
        return spec

    def all(self) -> dict[str, Kind]:
        """All specs by name, sorted; imports every module of the package once."""
        if not self._complete:
            for module in pkgutil.iter_modules(importlib.import_module(self.package).__path__):
                importlib.import_module(f"{self.package}.{module.name}")
            self._complete = True
        return dict(sorted(self._specs.items()))

    def get(self, name: str, place: str = "") -> Kind:
        """One spec; an unknown name is a MaskbenchError with the nearest known one."""
        known = self.all()
        if name not in known:
            raise unknown_name(place or self.section, self.kind, name, known)
        return known[name]

    def parse(
        self,
        name: str,
        block: dict[str, Any],
        place: str = "params.yaml",
        others: Blocks | None = None,
        shared: Blocks | None = None,
        override: Mapping[str, Any] | None = None,
    ) -> Block:
        """A block with typed parameters. Its key ``use`` names its spec, or one of ``others``
        whose values it starts from; without it the block is named as its spec. ``shared`` holds
        values by family, below all blocks' own, and ``override`` values above them; a spec takes
        those that it knows. An unknown name, a circle of ``use``, a wrong key or value is a
        MaskbenchError."""
        spec, values = self._origin((name,), block, place, others or {})
        below, above = (
            {key: value for key, value in found.items() if key in spec.Params.model_fields}
            for found in ((shared or {}).get(spec.family, {}), override or {})
        )
        values = merge(merge(below, values), above)
        params = validate(spec.Params, values, f"{place}: {self.section}.{name}")
        return Block(name, spec, params)

    def _origin(
        self, path: tuple[str, ...], block: dict[str, Any], place: str, others: Blocks
    ) -> tuple[Kind, dict[str, Any]]:
        own, where = dict(block), f"{place}: {self.section}"
        used = str(own.pop("use", path[-1]))
        if used != path[-1]:
            where += f".{path[-1]}.use"
            if used in path:
                raise MaskbenchError(where, f"a circle: {', '.join((*path, used))}", "use a spec")
            if used in others:
                spec, below = self._origin((*path, used), others[used], place, others)
                return spec, merge(below, own)
        if used not in self.all() and "use" not in block:
            raise unknown_name(where, self.kind, used, self.all(), "; or name what it is under use")
        return self.get(used, where), own
