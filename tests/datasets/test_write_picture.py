"""A masked picture is stored as the bare one is: EXIF, how it is turned, colours."""

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from maskbench.datasets.pictures import ORIENTATION, form_of, read_picture
from maskbench.datasets.write_picture import Unwritable, in_form, keeps_format, write
from maskbench.errors import MaskbenchError

from .test_pictures import WIDE

TAKEN, CAMERA, EXPOSURE = "2026:05:04 03:02:01", "A camera", 0x8769
EXACT = {"a.png", "a.tif"}


def scene() -> np.ndarray:
    """(60, 40, 3) uint8, smooth, saturated, no part like another one."""
    y, x = np.mgrid[0:60, 0:40]
    return np.stack([4 * y, 6 * x, 255 - 2 * x - 2 * y], -1).astype(np.uint8)


def bare(path: Path, orientation: int, **options) -> Path:
    exif = Image.Exif()
    exif[ORIENTATION], exif[0x0132], exif[0x0110] = orientation, TAKEN, CAMERA
    exif.get_ifd(EXPOSURE)[0x9003] = TAKEN
    if path.suffix in (".jpg", ".avif", ".heic"):
        options |= {"quality": 95}
    if path.suffix == ".webp":
        options |= {"lossless": True}
    form = {"format": "HEIF"} if path.suffix == ".heic" else {}
    Image.fromarray(scene()).save(path, exif=exif.tobytes(), **form, **options)
    return path


def masked(source: Path, out: Path) -> np.ndarray:
    """Write a picture whose upper half is grey, as `mask` does; its coverage."""
    pixels = read_picture(source)
    coverage = np.zeros(pixels.shape[:2], np.uint8)
    coverage[: len(pixels) // 2] = 255
    write(out, *in_form(np.where(coverage[..., None] > 0, 128, pixels), coverage, form_of(source)))
    return coverage


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.avif"])
@pytest.mark.parametrize("profile", [None, WIDE], ids=["plain", "wide"])
def test_what_is_kept(tmp_path: Path, name: str, orientation: int, profile) -> None:
    options = {} if profile is None else {"icc_profile": profile}
    source, out = bare(tmp_path / name, orientation, **options), tmp_path / f"out{name}"
    free = masked(source, out) == 0
    with Image.open(source) as before, Image.open(out) as after:
        assert after.format == before.format and after.size == before.size
        exif = after.getexif()
        assert exif.get(ORIENTATION, 1) == orientation
        assert (exif[0x0132], exif[0x0110]) == (TAKEN, CAMERA)
        assert exif.get_ifd(EXPOSURE)[0x9003] == TAKEN
        assert after.info.get("icc_profile") == profile
        # of other software: turned by Pillow, colours as they are stored
        own, stored = (
            np.asarray(ImageOps.exif_transpose(one)).astype(int) for one in (before, after)
        )
    assert own.shape == stored.shape
    if name in EXACT:
        assert np.array_equal(own[free], stored[free])
    else:
        inside = free.copy()
        inside[: len(free) // 2 + 2] = False  # coders spread the edge
        assert np.abs(own - stored)[inside].mean() < 3
    assert np.abs(read_picture(out)[~free].astype(int) - 128).mean() < 3


@pytest.mark.parametrize("turned", [0, 180, 270, 90], ids=["1", "3", "6", "8"])
def test_heic(tmp_path: Path, turned: int) -> None:
    """The container turns the picture (its ``irot``), EXIF says so too; stored upright."""
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    orientation = {0: 1, 180: 3, 270: 6, 90: 8}[turned]
    source = bare(tmp_path / "a.heic", orientation, icc_profile=WIDE)
    upright = np.rot90(scene(), turned // 90)
    assert read_picture(source).shape == upright.shape
    assert np.abs(read_picture(source).astype(int) - upright).mean() < 40  # of a wide profile
    out = tmp_path / "out.heic"
    free = masked(source, out) == 0
    with Image.open(source) as before, Image.open(out) as after:
        assert after.format == "HEIF" and after.info["icc_profile"] == WIDE
        assert after.getexif().get(ORIENTATION, 1) == 1
        assert (after.getexif()[0x0132], after.getexif()[0x0110]) == (TAKEN, CAMERA)
        own, stored = (np.asarray(one).astype(int) for one in (before, after))
    assert own.shape == stored.shape == upright.shape
    assert np.abs(own - upright).mean() < 4
    free[: len(free) // 2 + 2] = False
    assert np.abs(own - stored)[free].mean() < 4


def test_heic_without_its_library_names_the_extra(tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "a.heic"
    file.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    monkeypatch.setattr("maskbench.datasets.pictures.has_heic", lambda: False)
    monkeypatch.setattr("maskbench.datasets.write_picture.has_heic", lambda: False)
    with pytest.raises(MaskbenchError, match=r"pip install 'maskbench\[heic\]'"):
        read_picture(file)
    assert not keeps_format("a.heic") and keeps_format("a.AVIF") and not keeps_format("a.gif")


def test_a_thumbnail_of_the_bare_face_and_a_damaged_block_are_left_out(tmp_path: Path) -> None:
    source, out = bare(tmp_path / "a.jpg", 6), tmp_path / "out.jpg"
    content = source.read_bytes()
    place = content.index(b"Exif\0\0")
    length = int.from_bytes(content[place - 2 : place], "big")
    block = content[place + 6 : place + length - 2]
    # The first directory ends in the place of the next one, which Pillow leaves 0 (TIFF 6.0).
    order = "big" if block[:2] == b"MM" else "little"
    start = int.from_bytes(block[4:8], order)
    end = start + 2 + 12 * int.from_bytes(block[start : start + 2], order)
    thumbnail = b"\xff\xd8 a bare face \xff\xd9"
    entry = [(0x0201, len(block) + 30), (0x0202, len(thumbnail))]
    second = (2).to_bytes(2, order) + b"".join(
        tag.to_bytes(2, order) + (4).to_bytes(2, order) + (1).to_bytes(4, order)
        + value.to_bytes(4, order) for tag, value in entry
    ) + bytes(4)  # fmt: skip
    block = block[:end] + len(block).to_bytes(4, order) + block[end + 4 :] + second + thumbnail
    whole = b"Exif\0\0" + block
    marker = (len(whole) + 2).to_bytes(2, "big")
    source.write_bytes(content[: place - 2] + marker + whole + content[place + length - 2 :])
    with Image.open(source) as picture:
        assert picture.getexif().get_ifd(ExifTags.IFD.IFD1)[0x0202] == len(thumbnail)
    masked(source, out)
    assert b"a bare face" not in out.read_bytes()
    with Image.open(out) as picture:
        assert picture.getexif()[0x0132] == TAKEN and picture.getexif()[ORIENTATION] == 6
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes(content.replace(block[:4], b"XX\0\0"))
    masked(damaged, out)
    assert read_picture(out).shape[2] == 3


def test_other_copies_of_the_picture_are_left_out(tmp_path: Path) -> None:
    """XMP, Photoshop's thumbnail and layers, and the camera's note may show the bare face."""
    source, out = tmp_path / "a.tif", tmp_path / "out.tif"
    exif = Image.Exif()
    exif[0x0132] = TAKEN
    for tag in (700, 34377, 37724):
        exif[tag] = b"a bare face"
    exif.get_ifd(EXPOSURE).update({0x9003: TAKEN, 37500: b"a bare face"})
    Image.fromarray(scene()).save(source, exif=exif.tobytes())
    assert source.read_bytes().count(b"a bare face") == 4
    masked(source, out)
    assert b"a bare face" not in out.read_bytes()
    with Image.open(out) as picture:
        assert picture.getexif()[0x0132] == TAKEN
        assert picture.getexif().get_ifd(EXPOSURE)[0x9003] == TAKEN


def test_a_place_alone_is_kept(tmp_path: Path) -> None:
    source, out = tmp_path / "a.jpg", tmp_path / "out.jpg"
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    Image.fromarray(scene()).save(source, exif=exif)
    masked(source, out)
    with Image.open(out) as picture:
        assert picture.getexif().get_ifd(ExifTags.IFD.GPSInfo) == {1: "N"}


@pytest.mark.parametrize(("name", "side"), [("a.webp", 16_384), ("a.jpg", 65_536)])
def test_more_pixels_than_a_format_holds(tmp_path: Path, name: str, side: int) -> None:
    with pytest.raises(Unwritable):
        write(tmp_path / name, np.zeros((2, side, 3), np.uint8))
    assert not list(tmp_path.iterdir())
