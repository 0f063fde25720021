"""Reading any picture file as 8-bit RGB, or refusing it by name.

The format is decided by the content, never by the ending. What a viewer would show is what is
read: EXIF orientation applied, transparency over white, CMYK and palettes converted, 16 bits
reduced to the upper 8, colours of an embedded profile brought to sRGB. :func:`form_of` gives what
of the file that leaves out.
"""

from __future__ import annotations

import functools
import io
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageFile, features

from maskbench.errors import MaskbenchError, from_os_error

# A closed list: further decoders (some run programs, as EPS does) that are installed, or that
# another library registers, change nothing.
FORMATS: tuple[str, ...] = (
    "JPEG",
    "PNG",
    "PPM",
    "WEBP",
    "BMP",
    "DIB",
    "TIFF",
    "GIF",
    "JPEG2000",
)  # MPO: as JPEG
if features.check("avif"):  # not in every build of Pillow
    FORMATS = (*FORMATS, "AVIF")
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})  # brands, ISO 23008-12
NEEDS_HEIC = "is HEIC, which needs the extra heic: pip install 'maskbench[heic]'"
ORIENTATION = 0x0112  # EXIF tag
DIRECTORIES, _INTEROP = (0x8769, 0x8825), 0xA005  # of the camera and of the place; a pointer
# Tags of TIFF 6.0 that say how its pixels are stored, and the profile, which is written apart.
_STORAGE = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 301, 317, 318, 319}
    | {320, 322, 323, 324, 325, 330, 332, 338, 339, 340, 341, 347, 512, 513, 514, 515, 519, 520}
    | {521, 529, 530, 531, 532, 34675}
)
# What may hold the picture once more: packets of XMP, layers of an editor, notes of the camera.
_COPIES = frozenset({700, 34377, 37724, 37500})
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
        with _own_settings(), _opened(path) as picture:
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


@dataclass(frozen=True)
class Form:
    """What a picture file has beside upright pixels in sRGB.

    Attributes:
        orientation: EXIF orientation of its own pixels, 1 to 8.
        exif: its EXIF tags of the scene and the camera, without those of storage and without what
            may show the picture again; none where the block cannot be parsed.
        profile: the ICC profile of its RGB pixels; None: it has none, or is of another kind.
        own: (H, W, 3) uint8, its upright pixels in the profile's colours; None: those are sRGB.
    """

    orientation: int
    exif: Image.Exif
    profile: bytes | None
    own: np.ndarray | None


def form_of(path: str | Path) -> Form:
    """The form of a file that :func:`read_picture` has read."""
    with _own_settings(), _opened(Path(path)) as picture:
        exif = _described(picture)
        orientation = _orientation(picture)
        profile = picture.info.get("icc_profile")
        kind = _space(picture.mode)
        if not profile or kind != "RGB" or not _is_profile(profile, kind):
            return Form(orientation, exif, None, None)
        if _transform(profile, kind) is None:
            return Form(orientation, exif, profile, None)
        picture.load()
        own = _oriented(_to_rgb(picture, convert=False), _orientation(picture))  # TIFF is turned
    return Form(orientation, exif, profile, own)


def _described(picture: Image.Image) -> Image.Exif:
    """The EXIF tags that outlive a change of the pixels, in an object of their own."""
    dropped = _STORAGE | _COPIES
    kept = Image.Exif()
    try:
        exif = picture.getexif()
        for tag in set(exif) - dropped - set(DIRECTORIES):
            kept[tag] = exif[tag]
        for directory in DIRECTORIES:
            found = exif.get_ifd(directory)
            tags = {tag: found[tag] for tag in set(found) - _COPIES - {_INTEROP}}
            if tags:
                kept.get_ifd(directory).update(tags)
        kept.tobytes()
    except Exception:  # see _orientation
        return Image.Exif()
    return kept


def from_srgb(pixels: np.ndarray, profile: bytes) -> np.ndarray | None:
    """sRGB pixels (H, W, 3) uint8 in the colours of an RGB profile; None: it has no way back."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        back = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), opened, "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None
    return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), back))


@functools.cache
def has_heic() -> bool:
    """Whether HEIC can be read and written."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener(thumbnails=False)
    return True


def _opened(path: Path) -> Image.Image:
    """A file of a known format, of which only the header is read."""
    with open(path, "rb") as stream:
        head = stream.read(64)
    brands = {head[start : start + 4] for start in range(8, len(head) - 3, 4)}
    if head[4:8] != b"ftyp" or not brands & _HEIC:
        return Image.open(path, formats=FORMATS)
    if not has_heic():
        raise MaskbenchError(path, NEEDS_HEIC, "or convert the file")
    return Image.open(path, formats=("HEIF",))


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


def _to_rgb(picture: Image.Image, convert: bool = True) -> np.ndarray:
    """The decoded picture as a contiguous uint8 array of shape (H, W, 3), in sRGB or, if not
    ``convert``, in the colours of its profile."""
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
    if profile and convert:
        picture = _to_srgb(picture, profile)
    if picture.mode != "RGB":
        picture = picture.convert("RGBA" if alpha else "RGB").convert("RGB")
    if alpha:
        picture.putalpha(alpha)
        white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(white, picture).convert("RGB")
    return np.array(picture, dtype=np.uint8)


def _space(mode: str) -> str:
    """The kind of profile that describes pixels of a mode."""
    grey = mode in ("L", "LA", "La", "1") or mode[:1] in ("I", "F")
    return "L" if grey else "CMYK" if mode == "CMYK" else "RGB"


def _is_profile(profile: bytes, space: str) -> bool:
    """Whether a profile can be read and is one of such pixels."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (ImageCms.PyCMSError, OSError):
        return False
    return bool(opened.profile.xcolor_space.strip() == space)


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours as a viewer shows them. A profile that is damaged or meant for another kind of
    pixels changes nothing, as in viewers."""
    space = _space(picture.mode)
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
        value = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # a damaged EXIF block does not make the pixels unreadable
        return 1
    return value if value in range(1, 9) else 1


def laid_out(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Upright pixels as a file of an EXIF orientation stores them."""
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation >= 5:
        pixels = np.swapaxes(pixels, 0, 1)
    return np.ascontiguousarray(pixels)


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
