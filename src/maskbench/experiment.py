"""The composition root: ``params.yaml`` and its overlays, checked against every registry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maskbench.config import Config, read_layers, validate
from maskbench.errors import unknown_name
from maskbench.masks import artwork
from maskbench.synthesis import base as synthesis

DEFAULT = Path("params.yaml")


def load(paths: Sequence[Path] = (DEFAULT,)) -> Config:
    """Read, merge and check configuration files (later ones lie over earlier ones).

    Raises:
        MaskbenchError: naming the file, the key and the nearest known key.
    """
    return check(read_layers(paths), place=" + ".join(str(path) for path in paths))


def check(values: dict[str, Any], place: str) -> Config:
    """Check already merged values (as Snakemake hands them over)."""
    config: Config = validate(Config, values, place)
    known = synthesis.methods()
    for name, block in config.synthesis.methods.items():
        if name not in known:
            raise unknown_name(f"{place}: synthesis.methods", "method", name, known)
        synthesis.parse_params(name, block, place)
    styles = artwork.style_names()
    for key in ("styles", "unseen_styles", "figure_styles"):
        for style in getattr(config.masks, key):
            if style not in styles:
                raise unknown_name(f"{place}: masks.{key}", "mask style", style, styles)
    return config
