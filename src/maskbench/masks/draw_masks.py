"""Step ``draw_masks``: rasterise the packaged mask pictures."""

from __future__ import annotations

from pathlib import Path

from maskbench.artifacts import atomic_dir
from maskbench.masks.artwork import MaskPictures


def draw_masks(out: Path, size: int) -> None:
    """Write the folder ``out``: ``pictures.npy`` (S x size x size x 4 uint8, straight alpha),
    ``styles.json`` (names and anchor points) and ``png/<style>.png``.

    Args:
        out: the folder to write.
        size: side of the pictures in pixels.

    Raises:
        MaskbenchError: ``out`` cannot be written.
    """
    pictures = MaskPictures.draw(size)
    with atomic_dir(out) as folder:
        pictures.save(folder)
