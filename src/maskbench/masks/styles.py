"""The packaged mask styles by name."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def style_names() -> tuple[str, ...]:
    """The packaged mask styles, sorted; nothing is rendered."""
    art = resources.files("maskbench.masks") / "art"
    return tuple(sorted(f.name[:-4] for f in art.iterdir() if f.name.endswith(".svg")))
