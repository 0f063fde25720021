"""The packaged mask styles by name, and their kinds."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import cache
from importlib import resources

from maskbench.errors import unknown_name

KINDS = ("surgical", "respirator", "cloth", "pattern")
"""The kinds of mask that ``data-kind`` of a style's ``<svg>`` may name; ``pattern`` is cloth with a
printed or woven one."""


@cache
def style_names() -> tuple[str, ...]:
    """The packaged mask styles, sorted; nothing is rendered."""
    art = resources.files("maskbench.masks") / "art"
    return tuple(sorted(f.name[:-4] for f in art.iterdir() if f.name.endswith(".svg")))


def svg_source(style: str) -> str:
    """The SVG text of a style.

    Raises:
        MaskbenchError: unknown style, with the nearest known one.
    """
    if style not in style_names():
        raise unknown_name("masks.styles", "mask style", style, style_names())
    return (resources.files("maskbench.masks") / "art" / f"{style}.svg").read_text("utf-8")


@cache
def kind_of(style: str) -> str:
    """The kind of a style, one of :data:`KINDS`; "" for "", the style of photographs.

    Raises:
        MaskbenchError: unknown style, with the nearest known one.
    """
    return ET.fromstring(svg_source(style)).get("data-kind", "") if style else ""
