"""Shrink a run's figures for the README: python docs/shrink_images.py [results]

Only figures of pictures that may be shown publicly belong in docs/images (ORL, never LFW or MFR2).
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

FIGURES = ("fig5", "mfgan_fig7", "mask_styles")
LIMIT = 290_000  # bytes
WIDTHS = (1200, 1100, 1000, 900, 800, 700)  # pixels, the first that fits
PALETTES = (256, 128, 64, 40)  # colours, as many as fit


def shrink(figure: Path, out: Path, limit: int = LIMIT) -> int:
    """Write ``figure`` as a palette PNG of at most ``limit`` bytes; returns its size.

    Raises:
        ValueError: not even the smallest width fits.
    """
    with Image.open(figure) as opened:
        picture = opened.convert("RGB")
    for width in (w for w in WIDTHS if w <= picture.width or w == WIDTHS[-1]):
        size = (width, round(picture.height * width / picture.width))
        small = picture.resize(size, Image.Resampling.LANCZOS)
        for colours in PALETTES:
            stream = io.BytesIO()
            flat = small.quantize(colours, dither=Image.Dither.NONE)
            flat.save(stream, format="PNG", optimize=True)
            if stream.tell() <= limit:
                out.write_bytes(stream.getvalue())
                return stream.tell()
    raise ValueError(f"{figure}: larger than {limit} bytes at {WIDTHS[-1]} pixels")


def main(results: Path) -> None:
    for name in FIGURES:
        target = Path("docs/images") / f"{name}.png"
        size = shrink(results / "figures" / f"{name}.png", target)
        sys.stderr.write(f"{target}: {size:,} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results"))
