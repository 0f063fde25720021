"""The mask pictures: complete, stand-alone, soft-edged, without rims."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import lru_cache

import cv2
import numpy as np
import pytest

from maskbench.errors import MaskbenchError
from maskbench.masks.artwork import (
    ANCHORS,
    MaskPictures,
    parse_anchors,
    rasterise,
    straight_from_premultiplied,
)
from maskbench.masks.styles import KINDS, kind_of, style_names, svg_source

SIZE = 144


@lru_cache(maxsize=1)
def all_pictures() -> MaskPictures:
    return MaskPictures.draw(SIZE)


def test_twenty_styles_with_the_names_that_others_rely_on() -> None:
    names = style_names()
    assert len(names) == 20 and list(names) == sorted(names)
    assert {f"surgical_{c}" for c in ("blue", "white", "pink", "green", "black")} <= set(names)
    assert {"kn95", "n95_valve", "cloth_plain", "checkered", "speckled", "striped", "floral"} <= {
        *names
    }


def test_every_style_has_a_kind_and_photographs_have_none() -> None:
    assert {kind_of(style) for style in style_names()} == {*KINDS}
    assert [kind_of(s) for s in ("surgical_pink", "kf94", "denim", "plaid", "")] == [*KINDS, ""]
    with pytest.raises(MaskbenchError, match="surgical_blue"):
        kind_of("surgical_bleu")


def test_names_are_listed_without_a_renderer() -> None:
    code = (
        "import sys; from maskbench.masks.styles import style_names; style_names();"
        "assert 'resvg_py' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("style", style_names())
def test_sources_are_stand_alone(style: str) -> None:
    root = ET.fromstring(svg_source(style))
    assert root.get("viewBox") == "0 0 144 144"
    for node in root.iter():
        tag = node.tag.rpartition("}")[2]
        assert tag not in {"image", "script", "style", "foreignObject", "text", "a"}
        for key, value in node.attrib.items():
            if key.rpartition("}")[2] == "href":
                assert value.startswith("#")
            for target in re.findall(r"url\(([^)]*)\)", value):
                assert target.startswith("#")
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("style", style_names())
def test_drawn_as_a_mask(style: str) -> None:
    rgba, anchors = all_pictures().picture(style)
    alpha = rgba[..., 3].astype(int)
    assert tuple(anchors) == ANCHORS
    for x, y in anchors.values():
        assert 0 <= x <= SIZE - 1 and 0 <= y <= SIZE - 1
    soft = ((alpha > 8) & (alpha < 247)).sum()
    solid = (alpha >= 247).sum()
    assert soft > 200  # anti-aliased all around
    assert 0.25 * SIZE**2 < solid < 0.45 * SIZE**2
    # The body is opaque where nose, mouth and chin are, and centred.
    for name in ("nose_tip", "centre"):
        x, y = (round(v) for v in anchors[name])
        assert alpha[y, x] == 255
    columns = np.flatnonzero((alpha > 200).sum(0) > 20)
    assert 0.65 <= (columns[-1] - columns[0] + 1) / SIZE <= 0.75
    assert abs(columns[0] + columns[-1] - (SIZE - 1)) <= 3
    # The ear loops reach the left and the right edge; top, bottom and corners are free.
    assert alpha[:, 0].max() > 100 and alpha[:, -1].max() > 100
    assert alpha[:12].max() == 0 and alpha[-12:].max() == 0
    # Symmetric but for prints.
    difference = np.abs(alpha - alpha[:, ::-1])
    assert difference.mean() < 1.5


def test_styles_differ() -> None:
    pictures = all_pictures()
    flat = pictures.rgba[..., :3].reshape(len(pictures.styles), -1).astype(float)
    for one in range(len(flat)):
        for other in range(one):
            assert np.abs(flat[one] - flat[other]).mean() > 2, (
                pictures.styles[one],
                pictures.styles[other],
            )


def test_see_through_pixels_carry_the_colour_of_the_edge() -> None:
    # A straight-alpha interpolation half a pixel off must not darken or whiten a white mask's rim.
    rgba = all_pictures().picture("surgical_black")[0].astype(float)
    alpha = rgba[..., 3]
    rim = (alpha > 0) & (alpha < 128)
    assert rgba[..., :3][rim].max() < 150  # no white in a black mask's rim
    near = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((5, 5))) > 0
    assert rgba[..., :3][near & (alpha == 0)].max() < 150


def test_unpremultiplied_colours_are_exact() -> None:
    colour = np.array([200, 100, 40], np.float32) / 255
    alpha = np.tile(np.linspace(0, 1, 32, dtype=np.float32), (8, 1))
    rgba = straight_from_premultiplied(np.dstack([colour * alpha[..., None], alpha]))
    assert np.abs(rgba[..., :3].astype(int) - [200, 100, 40]).max() <= 1  # where alpha is 0 too
    assert np.abs(rgba[..., 3] - alpha * 255).max() <= 0.5


def test_anchors_scale_with_the_raster() -> None:
    small, large = (rasterise("kn95", size)[1] for size in (72, 216))
    for name in ANCHORS:
        for one, other in zip(small[name], large[name], strict=True):
            assert (one + 0.5) * 3 == pytest.approx(other + 0.5)


def test_unknown_style_names_the_nearest() -> None:
    with pytest.raises(MaskbenchError, match="did you mean surgical_blue"):
        svg_source("surgical_bleu")
    with pytest.raises(MaskbenchError, match="did you mean kn95"):
        MaskPictures.draw(32, ["kn95"]).index("kn59")


def test_missing_anchor_is_an_error() -> None:
    svg = svg_source("kn95").replace('id="anchor-nose_top"', 'id="anchor-nose"')
    with pytest.raises(MaskbenchError, match="anchors missing: nose_top"):
        parse_anchors(svg, 144)
