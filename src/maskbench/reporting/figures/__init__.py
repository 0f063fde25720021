"""One module a figure: ``NEEDS`` (names of inputs) and ``draw(inputs) -> Figure``."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

_SHARED = ("style", "sheets", "evaluations", "curve_panels", "tested_curves")


def names() -> tuple[str, ...]:
    """The figures of this package, sorted."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if name not in _SHARED))


def load(name: str) -> Any:
    """The module of a figure."""
    return importlib.import_module(f"{__name__}.{name}")
