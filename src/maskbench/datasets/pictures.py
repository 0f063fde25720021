"""Reading any picture file as 8-bit RGB, or refusing it by name.

The format is decided by the content, never by the ending. What a viewer would show is what is
read: EXIF orientation applied, transparency over white, CMYK and palettes converted, 16 bits
reduced to the upper 8, colours of an embedded profile brought to sRGB.
"""

from __future__ import annotations

import functools
import io
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageFile

from maskbench.errors import MaskbenchError, from_os_error

# A closed list: further decoders (some run programs, as EPS does) that are installed, or that
# another library registers, change nothing.
FORMATS = ("JPEG", "PNG", "PPM", "WEBP", "BMP", "DIB", "TIFF", "GIF", "JPEG2000")  # MPO: as JPEG
_ORIENTATION = 0x0112  # EXIF tag
_WAY_OUT = "repair or remove the file"
_lock = threading.Lock()
_readers = 0
_saved: tuple[bool, int | None] = (False, None)


def read_picture(path: str | Path, max_pixels: int = 100_000_000) -> np.ndarray:
    """Read a picture file as uint8 RGB of shape (H, W, 3); the first frame of an animation.

    Args:
        path: a regular file.
        max_pixels: a picture whose header announces more is refused without being decoded.

    Raises:
        MaskbenchError: the file is absent, empty, no picture, truncated, too large, or of a kind
            without a defined range (floating-point pixels); it names the file and the reason.
    """
    path = Path(path)
    try:
        status = path.stat()
    except OSError as error:
        raise from_os_error(error, path) from error
    if stat.S_ISDIR(status.st_mode):
        raise MaskbenchError(path, "is a folder, not a picture", "name a file")
    if not stat.S_ISREG(status.st_mode):
        raise MaskbenchError(path, "is not a regular file", "name a file")
    if status.st_size == 0:
        raise MaskbenchError(path, "is empty (0 bytes)", _WAY_OUT)
    try:
        with _own_settings(), Image.open(path, formats=FORMATS) as picture:
            _refuse_large(path, picture.size, max_pixels)
            picture.load()
            pixels = _to_rgb(picture)
            orientation = _orientation(picture)
    except MaskbenchError:
        raise
    except OSError as error:
        if error.errno is not None:
            raise from_os_error(error, path) from error
        raise _unreadable(path, error) from error
    # The decoders raise whatever a damaged file makes them trip over (struct.error, IndexError,
    # SyntaxError, zlib.error, MemoryError ...): each of them means that this file cannot be read.
    except Exception as error:
        raise _unreadable(path, error) from error
    return _oriented(pixels, orientation)


def _unreadable(path: Path, error: Exception) -> MaskbenchError:
    if isinstance(error, Image.UnidentifiedImageError):
        return MaskbenchError(path, "is not a picture of a known format", _WAY_OUT)
    reason = str(error) or type(error).__name__
    return MaskbenchError(path, f"cannot be read as a picture: {reason}", _WAY_OUT)


def _refuse_large(path: Path, size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise MaskbenchError(path, f"has no pixels ({width}x{height})", _WAY_OUT)
    if width * height > max_pixels:
        raise MaskbenchError(
            path,
            f"has {width}x{height} pixels, more than the {max_pixels:,} allowed",
            "shrink the picture or raise max_pixels",
        )


@contextmanager
def _own_settings() -> Iterator[None]:
    """Put Pillow's process-wide switches aside while pictures are read, by however many threads.

    Other libraries let truncated files pass by one of them; the other is a size limit in the place
    of ours. The first reader to enter saves them and the last to leave restores them.
    """
    global _readers, _saved
    with _lock:
        if _readers == 0:
            _saved = (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS)
            ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = False, None
        _readers += 1
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if _readers == 0:
                ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = _saved


def _to_rgb(picture: Image.Image) -> np.ndarray:
    """The decoded picture as a contiguous uint8 array of shape (H, W, 3)."""
    mode = picture.mode
    if mode.startswith("I;16") or (mode == "I" and picture.format in ("PPM", "PNG")):
        return _from_grey16(picture)
    if mode in ("F", "I"):
        kind = "floating-point" if mode == "F" else "32-bit integer"
        raise ValueError(f"{kind} pixels have no defined range; store it with 8 or 16 bits")
    profile = picture.info.get("icc_profile")
    alpha = None
    if "A" in mode or "a" in mode or "transparency" in picture.info:
        alpha = picture.convert("RGBA").getchannel("A")
    if profile:
        picture = _to_srgb(picture, profile)
    if picture.mode != "RGB":
        picture = picture.convert("RGBA" if alpha else "RGB").convert("RGB")
    if alpha:
        picture.putalpha(alpha)
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture).convert("RGB")
    return np.array(picture, dtype=np.uint8)


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours as a viewer shows them. A profile that is damaged or meant for another kind of
    pixels changes nothing, as in viewers."""
    space = {"L": "L", "LA": "L", "La": "L", "1": "L", "CMYK": "CMYK"}.get(picture.mode, "RGB")
    transform = _transform(profile, space)
    if transform is None:
        return picture
    if picture.mode not in ("L", "CMYK", "RGB"):
        picture = picture.convert("RGBA").convert("RGB") if space == "RGB" else picture.convert("L")
    return ImageCms.applyTransform(picture, transform) or picture


@functools.lru_cache(maxsize=8)
def _transform(profile: bytes, space: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile of such pixels to sRGB; None: there is nothing to do."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(opened, srgb, space, "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
    if space == "RGB":  # what means sRGB stays as it is, to the last bit
        steps = np.arange(0, 256, 15, dtype=np.uint8)
        colours = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3)
        shown = np.asarray(ImageCms.applyTransform(Image.fromarray(colours), transform))
        if np.abs(shown.astype(int) - colours).max() <= 2:
            return None
    return transform


def _from_grey16(picture: Image.Image) -> np.ndarray:
    """16-bit grey to three channels: the upper byte, as every decoder does for 16-bit RGB."""
    values = np.asarray(picture).astype(np.int64)
    grey = (np.clip(values, 0, 65535) >> 8).astype(np.uint8)
    transparent = picture.info.get("transparency")
    if isinstance(transparent, int):
        grey = np.where(values == transparent, np.uint8(255), grey)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where none is given or its block cannot be parsed."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except Exception:  # a damaged EXIF block does not make the pixels unreadable
        return 1
    return value if value in range(1, 9) else 1


def _oriented(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn pixels upright (EXIF 2.3, tag 0x0112: where row 0 and column 0 are in the scene)."""
    if orientation == 1:
        return pixels
    if orientation >= 5:  # row 0 is a side: rows and columns are exchanged
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
