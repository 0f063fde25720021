"""Writing a picture in the format of its file's ending, in the form of the file that it came from.

The form is the EXIF block, how pixels are turned, and the colour profile. An EXIF block's thumbnail
is left out: it would show what the picture no longer shows.
"""

from __future__ import annotations

import errno
import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, features

from maskbench.datasets.pictures import (
    DIRECTORIES,
    ORIENTATION,
    Form,
    from_srgb,
    has_heic,
    laid_out,
)
from maskbench.errors import from_os_error

_JPEG = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
_HEIC = frozenset({".heic", ".heif"})
_KEPT = _JPEG | {".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pnm"}
# A name or a size that the file system or the format does not allow: of this picture, not of all.
_OF_ONE_FILE = frozenset(
    {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ, errno.EISDIR, errno.ENOTDIR, errno.EEXIST}
    | {errno.EFBIG}
)
_JPEG_SEGMENT = 65_533  # bytes


class Unwritable(Exception):
    """One picture cannot be written; others can."""


def keeps_format(name: str) -> bool:
    """Whether a picture of this name is written in its own format; else it becomes a PNG."""
    ending = Path(name).suffix.lower()
    return (
        ending in _KEPT
        or (ending == ".avif" and bool(features.check("avif")))
        or (ending in _HEIC and has_heic())
    )


def keeps_form(path: Path) -> bool:
    """Whether the format of a file's ending has room for EXIF and a profile."""
    return path.suffix.lower() not in (".bmp", ".ppm", ".pnm")


def in_form(pixels: np.ndarray, coverage: np.ndarray, form: Form) -> tuple[np.ndarray, Form]:
    """A masked picture in the colours of the file that it came from, where no mask lies exactly in
    its own; sRGB, and no profile, where that profile has no way back.

    Args:
        pixels: (H, W, 3) uint8 sRGB, upright.
        coverage: (H, W) uint8 of the mask.
        form: of the bare picture's file.
    """
    if form.own is None or form.profile is None:
        return pixels, form
    back = from_srgb(pixels, form.profile)
    if back is None:
        return pixels, Form(form.orientation, form.exif, None, None)
    return np.where(coverage[..., None] > 0, back, form.own), form


def write(
    path: Path, pixels: np.ndarray, form: Form | None = None, scratch: Path | None = None
) -> None:
    """Write a picture, whole or not at all; JPEG at quality 97, WebP, AVIF and HEIC at 95.

    Args:
        path: its file.
        pixels: (H, W, 3) or (H, W) uint8, upright.
        form: how it is stored; None: upright and without more.
        scratch: folder of the unfinished file, on the same file system; None: the file's own.

    Raises:
        Unwritable: of this picture; its file or its format does not allow it.
        MaskbenchError: the disk is full, the folder may not be written, ...
    """
    ending = path.suffix.lower()
    tmp = (scratch or path.parent) / f".writing.{os.getpid()}{ending}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if form is not None:
            pixels = laid_out(pixels, form.orientation)
        Image.fromarray(pixels).save(tmp, **_options(ending), **_stored(ending, form))
        tmp.replace(path)
    except OSError as error:
        if error.errno is None or error.errno in _OF_ONE_FILE:  # none: an encoder's
            raise Unwritable((error.strerror or str(error)).lower()) from error
        raise from_os_error(error, path, writing=True) from error
    except (ValueError, OverflowError, RuntimeError, struct.error) as error:  # too much for it
        raise Unwritable(str(error)) from error
    finally:
        with suppress(OSError):
            tmp.unlink()


def _options(ending: str) -> dict[str, Any]:
    if ending in _JPEG:
        return {"format": "JPEG", "quality": 97, "subsampling": 0}
    if ending in _HEIC and has_heic():
        return {"format": "HEIF", "quality": 95}
    if ending in (".webp", ".avif"):
        return {"quality": 95}
    return {"compress_level": 3} if ending == ".png" else {}


def _stored(ending: str, form: Form | None) -> dict[str, Any]:
    """The options of Pillow that keep a form."""
    if form is None:
        return {}
    options: dict[str, Any] = {"icc_profile": form.profile} if form.profile else {}
    exif = form.exif
    if ending in _JPEG and len(exif.tobytes()) > _JPEG_SEGMENT:
        exif = Image.Exif()
    if len(exif) or any(map(exif.get_ifd, DIRECTORIES)) or form.orientation != 1:
        exif[ORIENTATION] = form.orientation
        options["exif"] = exif.tobytes()
    return options
