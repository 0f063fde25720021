"""A file that cannot be read right is refused by name, with the reason, and without harm."""

from __future__ import annotations

import io
import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow on damaged EXIF, tags


def encoded(kind: str) -> bytes:
    """A 40x24 picture as a file's bytes."""
    y, x = np.mgrid[0:24, 0:40]
    scene = np.stack([x * 6, y * 10, (x * y) % 256], axis=2).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(scene).save(stream, format=kind)
    return stream.getvalue()


def refused(path: Path, **options) -> str:
    """The reason for which a file is refused; the error must name the file."""
    with pytest.raises(MaskbenchError) as caught:
        read_picture(path, **options)
    assert str(path) in str(caught.value)
    assert caught.value.what
    return caught.value.what


def png(width: int, height: int, *chunks: tuple[bytes, bytes], depth: int = 1) -> bytes:
    """A PNG with a header that announces any size."""
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    every = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in every
    )
    return b"\x89PNG\r\n\x1a\n" + body


def test_absent_empty_folder_and_no_picture(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    assert "no such file" in refused(file)
    file.write_bytes(b"")
    assert "empty" in refused(file)
    file.write_text("<html>not found</html>")
    assert "not a picture" in refused(file)
    (tmp_path / "folder.jpg").mkdir()
    assert "folder" in refused(tmp_path / "folder.jpg")


def test_pipes_and_devices_do_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    assert "regular file" in refused(tmp_path / "a.jpg")
    assert "regular file" in refused(Path("/dev/zero"))


def test_link_loops(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "b.jpg")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "a.jpg")
    assert "links" in refused(tmp_path / "a.jpg")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(encoded("PNG"))
    file.chmod(0)
    assert "permission" in refused(file)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "PPM", "GIF", "WEBP", "JPEG2000"])
def test_truncated_anywhere_is_refused_or_whole(tmp_path: Path, kind: str) -> None:
    """Where only a trailer is missing the pixels may still be whole; never half a picture."""
    whole = encoded(kind)
    file = tmp_path / "a"
    file.write_bytes(whole)
    wanted = read_picture(file)
    lengths = [*range(1, 40), *range(40, len(whole), max(1, len(whole) // 60))]
    read = 0
    for length in lengths:
        file.write_bytes(whole[:length])
        try:
            pixels = read_picture(file)
        except MaskbenchError as error:
            assert str(file) in str(error)
        else:
            read += 1
            np.testing.assert_array_equal(pixels, wanted, err_msg=f"{length} bytes")
    file.write_bytes(whole[: len(whole) // 2])
    assert refused(file)
    assert read <= len(lengths) // 4


def test_truncated_although_another_library_allows_it(tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(encoded("JPEG")[:-200])
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    assert "truncated" in refused(file)
    assert ImageFile.LOAD_TRUNCATED_IMAGES  # theirs is as it was


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(["JPEG", "PNG", "BMP", "TIFF", "PPM", "GIF", "WEBP"]),
    damage=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_damaged_bytes_give_a_picture_or_a_named_refusal(tmp_path: Path, kind, damage) -> None:
    content = bytearray(encoded(kind))
    for position, value in damage:
        content[position % len(content)] = value
    file = tmp_path / "damaged"
    file.write_bytes(content)
    try:
        pixels = read_picture(file, max_pixels=1_000_000)
    except MaskbenchError as error:
        assert str(file) in str(error)
    else:
        assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3


def test_20000_x_20000_is_refused_by_its_header(tmp_path: Path) -> None:
    """One bit a pixel: the file is small, 50 MB to decode and 1.2 GB as RGB."""
    file = tmp_path / "bomb.png"
    file.write_bytes(png(20_000, 20_000, (b"IDAT", b"what cannot even be decoded")))
    assert refused(file) == "has 20000x20000 pixels, more than the 100,000,000 allowed"
    rows = zlib.compress(b"\0" * (1 + 20_000 // 8) * 20_000, 9)
    file.write_bytes(png(20_000, 20_000, (b"IDAT", rows)))
    assert "20000x20000" in refused(file)
    assert Image.MAX_IMAGE_PIXELS is not None  # Pillow's own limit is as it was


def test_the_limit_is_the_callers(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.new("L", (30, 20)).save(file)
    assert read_picture(file, max_pixels=600).shape == (20, 30, 3)
    assert "more than the 599 allowed" in refused(file, max_pixels=599)


def test_a_limit_above_pillows_own_is_respected(tmp_path: Path, monkeypatch) -> None:
    file = tmp_path / "a.png"
    Image.new("L", (30, 20)).save(file)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert read_picture(file, max_pixels=600).shape == (20, 30, 3)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_no_pixels(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(png(0, 10))
    assert refused(file)


def test_huge_text_chunk_is_no_way_to_fill_the_memory(tmp_path: Path) -> None:
    bomb = b"Comment\0\0" + zlib.compress(b"a" * 200_000_000, 9)
    pixel = (b"IDAT", zlib.compress(b"\0\0"))
    file = tmp_path / "a.png"
    file.write_bytes(png(1, 1, (b"zTXt", bomb), pixel, depth=8))
    assert "too large" in refused(file)
    file.write_bytes(png(1, 1, (b"tEXt", b"Comment\0" + b"a" * 100_000), pixel, depth=8))
    assert read_picture(file).shape == (1, 1, 3)


def test_pixels_without_a_range_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    Image.fromarray(np.ones((4, 4), np.float32)).save(file)
    assert "floating-point" in refused(file)
    Image.fromarray(np.ones((4, 4), np.int32)).save(file)
    assert "32-bit" in refused(file)


def test_formats_that_run_programs_are_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")
    assert "not a picture" in refused(file)


def test_many_threads_leave_pillows_settings_as_they_were(tmp_path: Path, monkeypatch) -> None:
    whole, cut = tmp_path / "whole.jpg", tmp_path / "cut.jpg"
    whole.write_bytes(encoded("JPEG"))
    cut.write_bytes(encoded("JPEG")[:-200])
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)

    def read(index: int) -> bool:
        try:
            read_picture((whole, cut)[index % 2])
        except MaskbenchError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read, range(200))) == [True, False] * 100
    assert ImageFile.LOAD_TRUNCATED_IMAGES and Image.MAX_IMAGE_PIXELS == 10
