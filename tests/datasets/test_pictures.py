"""Every kind of picture is read as a viewer would show it."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from maskbench.datasets.listing import is_picture_name
from maskbench.datasets.pictures import read_picture

RED, WHITE = (255, 0, 0), (255, 255, 255)


@pytest.fixture
def scene() -> np.ndarray:
    """A smooth colour picture, 24 rows x 40 columns, without two equal pixels in any corner."""
    y, x = np.mgrid[0:24, 0:40]
    return np.stack([x * 6, y * 10, 255 - 3 * x - 5 * y], axis=2).clip(0, 255).astype(np.uint8)


def saved(path: Path, pixels: np.ndarray | Image.Image, **options) -> Path:
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "ppm", "gif_as_png"])
def test_lossless_colour_is_exact(tmp_path: Path, scene: np.ndarray, ending: str) -> None:
    kind = "PNG" if ending == "gif_as_png" else None  # the content decides, not the ending
    file = saved(tmp_path / f"a.{'gif' if kind else ending}", scene, format=kind)
    pixels = read_picture(file)
    assert pixels.dtype == np.uint8 and pixels.flags.writeable and pixels.flags.c_contiguous
    np.testing.assert_array_equal(pixels, scene)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.jpg", {"quality": 95}),
        ("a.JPG", {"quality": 95, "format": "JPEG"}),
        ("progressive.jpeg", {"quality": 95, "progressive": True}),
        ("a.webp", {"quality": 95}),
        ("a.jp2", {}),
    ],
)
def test_lossy_colour_is_close(tmp_path: Path, scene: np.ndarray, name: str, options) -> None:
    pixels = read_picture(saved(tmp_path / name, scene, **options))
    assert np.abs(pixels.astype(int) - scene).mean() < 4


@pytest.mark.parametrize("ending", ["pgm", "png", "tif", "bmp"])
def test_grey_becomes_three_equal_channels(tmp_path: Path, scene: np.ndarray, ending: str) -> None:
    grey = scene[:, :, 0]
    pixels = read_picture(saved(tmp_path / f"a.{ending}", grey))
    for channel in range(3):
        np.testing.assert_array_equal(pixels[:, :, channel], grey)


def test_plain_text_pgm_with_comment_and_small_range(tmp_path: Path) -> None:
    file = tmp_path / "a.pgm"
    file.write_text("P2\n# a comment\n3 1\n15\n0 5 15\n")
    assert read_picture(file)[0, :, 0].tolist() == [0, 85, 255]


@pytest.mark.parametrize("ending", ["png", "tif", "pgm"])
def test_16_bit_grey_is_scaled_not_clipped(tmp_path: Path, ending: str) -> None:
    values = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
    file = tmp_path / f"a.{ending}"
    if ending == "pgm":
        file.write_bytes(b"P5 16 16 65535\n" + values.astype(">u2").tobytes())
    else:
        saved(file, values)
    np.testing.assert_array_equal(read_picture(file)[:, :, 1].ravel(), np.arange(256))


def test_16_bit_colour_is_scaled_not_clipped(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    values = (np.arange(256 * 3, dtype=np.uint16).reshape(16, 16, 3) % 256) * 257
    cv2.imwrite(str(tmp_path / "a.png"), values[:, :, ::-1])
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), values // 257)
    (tmp_path / "a.ppm").write_bytes(b"P6 16 16 65535\n" + values.astype(">u2").tobytes())
    np.testing.assert_array_equal(read_picture(tmp_path / "a.ppm"), values // 257)


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    bits = Image.fromarray(np.array([[0, 255, 0], [255, 0, 255]], np.uint8)).convert("1")
    for ending in ("png", "tif", "pbm"):
        pixels = read_picture(saved(tmp_path / f"a.{ending}", bits))
        assert pixels[:, :, 2].tolist() == [[0, 255, 0], [255, 0, 255]], ending


def test_palette(tmp_path: Path, scene: np.ndarray) -> None:
    few = Image.fromarray(scene).quantize(16)
    pixels = read_picture(saved(tmp_path / "a.png", few))
    np.testing.assert_array_equal(pixels, np.asarray(few.convert("RGB")))


def test_alpha_is_composited_over_white(tmp_path: Path) -> None:
    rgba = np.array([[[*RED, 255], [*RED, 0], [*RED, 128]]], np.uint8)
    for ending in ("png", "tif"):
        pixels = read_picture(saved(tmp_path / f"a.{ending}", rgba))
        assert pixels[0, 0].tolist() == list(RED)
        assert pixels[0, 1].tolist() == list(WHITE)
        assert np.abs(pixels[0, 2].astype(int) - [255, 127, 127]).max() <= 1
    webp = read_picture(saved(tmp_path / "a.webp", rgba, lossless=True, exact=True))
    assert webp[0, 1].tolist() == list(WHITE)


def test_grey_with_alpha(tmp_path: Path) -> None:
    la = Image.fromarray(np.array([[[10, 255], [10, 0]]], np.uint8), "LA")
    assert read_picture(saved(tmp_path / "a.png", la))[0].tolist() == [[10] * 3, list(WHITE)]


def test_transparent_colours_of_palette_grey_and_rgb(tmp_path: Path) -> None:
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    palette.putpalette([*RED, 0, 0, 255])
    pixels = read_picture(saved(tmp_path / "p.png", palette, transparency=0))
    assert pixels[0].tolist() == [list(WHITE), [0, 0, 255]]
    grey = np.array([[7, 8]], np.uint8)
    assert read_picture(saved(tmp_path / "l.png", grey, transparency=7))[0, :, 0].tolist() == [
        255,
        8,
    ]
    deep = np.array([[7 * 257, 8 * 257]], np.uint16)
    file = saved(tmp_path / "i.png", deep, transparency=7 * 257)
    assert read_picture(file)[0, :, 0].tolist() == [255, 8]
    colour = np.array([[RED, (0, 0, 9)]], np.uint8)
    file = saved(tmp_path / "rgb.png", colour, transparency=RED)
    assert read_picture(file)[0].tolist() == [list(WHITE), [0, 0, 9]]


def test_cmyk_jpeg_and_tiff(tmp_path: Path) -> None:
    """Adobe's JPEG stores inks inverted, TIFF does not: both must show red, white and black."""
    inks = np.zeros((16, 48, 4), np.uint8)
    inks[:, :16] = (0, 255, 255, 0)  # magenta + yellow: red
    inks[:, 32:] = (0, 0, 0, 255)  # black ink
    cmyk = Image.fromarray(inks, "CMYK")
    jpeg = saved(tmp_path / "a.jpg", cmyk, quality=95)
    assert b"Adobe" in jpeg.read_bytes()[:64]
    for file in (jpeg, saved(tmp_path / "a.tif", cmyk)):
        pixels = read_picture(file).astype(int)
        for column, colour in ((8, RED), (24, WHITE), (40, (0, 0, 0))):
            assert np.abs(pixels[8, column] - colour).max() <= 6, (file.name, column)


UPRIGHT = {  # what must be done to the stored pixels (EXIF 2.3, tag 0x0112)
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),  # stored lying on its left side: turn clockwise
    7: lambda a: np.rot90(a.transpose(1, 0, 2), 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_exif_orientation(tmp_path: Path, scene: np.ndarray, orientation: int, ending: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"webp": {"lossless": True}, "jpg": {"quality": 100, "subsampling": 0}}
    file = saved(tmp_path / f"a.{ending}", scene, exif=exif, **options.get(ending, {}))
    pixels = read_picture(file).astype(int)
    wanted = UPRIGHT[orientation](scene)
    assert pixels.shape == wanted.shape
    assert np.abs(pixels - wanted).max() <= (4 if ending == "jpg" else 0)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_undefined_orientation_changes_nothing(tmp_path: Path, scene, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(read_picture(saved(tmp_path / "a.png", scene, exif=exif)), scene)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow says so
def test_damaged_exif_does_not_lose_the_picture(tmp_path: Path, scene: np.ndarray) -> None:
    file = saved(tmp_path / "a.jpg", scene, exif=b"Exif\0\0II*\0\xff\xff\xff\x7f nonsense")
    assert read_picture(file).shape == scene.shape


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "tif"])
def test_first_frame_of_an_animation(tmp_path: Path, ending: str) -> None:
    frames = [Image.new("RGB", (8, 6), colour) for colour in (RED, (0, 255, 0), (0, 0, 255))]
    options = {"lossless": True} if ending == "webp" else {}
    file = tmp_path / f"a.{ending}"
    frames[0].save(file, save_all=True, append_images=frames[1:], **options)
    assert (read_picture(file) == RED).all()


def test_one_pixel(tmp_path: Path) -> None:
    assert read_picture(saved(tmp_path / "a.png", np.uint8([[RED]]))).tolist() == [[list(RED)]]


@pytest.mark.parametrize("name", ["a b.png", "Zoë 面.png", "two\nlines.png", "-rf.png", "%s{}.png"])
def test_strange_names(tmp_path: Path, scene: np.ndarray, name: str) -> None:
    np.testing.assert_array_equal(read_picture(saved(tmp_path / name, scene)), scene)


def test_listing_names() -> None:
    for name in ("a.jpg", "a.JPG", "a.jpeg", "b.c.PNG", "x.webp", "s1/1.pgm", "a.TIFF"):
        assert is_picture_name(name), name
    for name in ("a.txt", "jpg", ".jpg", "._a.jpg", "a.jpg.part", "a.npy", "", "pairs"):
        assert not is_picture_name(name), name


def test_pixels_do_not_depend_on_what_else_is_loaded(tmp_path: Path, scene: np.ndarray) -> None:
    saved(tmp_path / "a.jpg", scene)
    code = (
        "import sys, hashlib; [__import__(name) for name in sys.argv[2:]]\n"
        "from maskbench.datasets.pictures import read_picture\n"
        "print(hashlib.sha256(read_picture(sys.argv[1]).tobytes()).hexdigest())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "a.jpg"), *modules],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for modules in ([], ["cv2", "PIL.ImageFile"], ["dlib", "skimage.io"])
    }
    assert len(seen) == 1


def test_lfw_as_pillow_reads_it(data_root: Path) -> None:
    files = sorted((data_root / "lfw").glob("*/*.jpg"))[:20]
    for file in files:
        np.testing.assert_array_equal(read_picture(file), np.asarray(Image.open(file)))


def profile_of(space: bytes, **tags: bytes) -> bytes:
    """An ICC profile (version 2.1) with the given tags."""
    tags = {"desc": b"desc\0\0\0\0\0\0\0\2a\0" + bytes(78), "cprt": b"text\0\0\0\0-\0"} | tags
    tags["wtpt"] = xyz(0.9642, 1, 0.8249)
    body, table = b"", b""
    for name, value in tags.items():
        place = 132 + 12 * len(tags) + len(body)
        table += name.encode() + struct.pack(">II", place, len(value))
        body += value + bytes(-len(value) % 4)
    size = struct.pack(">I", 132 + len(table) + len(body))
    head = size + bytes(4) + b"\2\x10\0\0mntr" + space + b"XYZ " + bytes(12) + b"acsp" + bytes(28)
    head += xyz(0.9642, 1, 0.8249)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(value * 256), 0)


# The primaries of Adobe RGB (1998), adapted to D50.
WIDE = profile_of(
    b"RGB ", rXYZ=xyz(0.60974, 0.31111, 0.01947), gXYZ=xyz(0.20528, 0.62567, 0.06087),
    bXYZ=xyz(0.14919, 0.06322, 0.74457), rTRC=gamma(2.2), gTRC=gamma(2.2), bTRC=gamma(2.2),
)  # fmt: skip
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@pytest.fixture
def wide(scene: np.ndarray) -> Image.Image:
    """The scene's colours as a camera stores them in the wide space."""
    opened = ImageCms.ImageCmsProfile(io.BytesIO(WIDE))
    dull = Image.fromarray(scene // 2 + 64)  # all of them lie in both spaces
    return ImageCms.profileToProfile(dull, SRGB, opened, outputMode="RGB")


def test_a_wide_gamut_is_read_as_a_viewer_shows_it(
    tmp_path: Path, scene: np.ndarray, wide: Image.Image
) -> None:
    shown = (scene // 2 + 64).astype(int)
    assert np.abs(np.asarray(wide, int) - shown).mean() > 3
    for name in ("a.png", "a.tif", "a.webp"):
        lossless = {"lossless": True} if name == "a.webp" else {}
        file = saved(tmp_path / name, wide, icc_profile=WIDE, **lossless)
        assert np.abs(read_picture(file) - shown).mean() <= 0.5
    wide.putalpha(Image.fromarray(np.where(scene[..., 0] > 100, 255, 0).astype(np.uint8)))
    pixels = read_picture(saved(tmp_path / "alpha.png", wide, icc_profile=WIDE))
    assert np.abs(pixels - shown)[scene[..., 0] > 100].mean() <= 0.5
    assert (pixels[scene[..., 0] <= 100] == 255).all()


def test_grey_with_a_curve_of_its_own(tmp_path: Path) -> None:
    """A linear grey of 55 is an sRGB grey of 128 (IEC 61966-2-1)."""
    linear = profile_of(b"GRAY", kTRC=gamma(1))
    file = saved(tmp_path / "a.png", np.full((4, 4), 55, np.uint8), icc_profile=linear)
    assert np.abs(read_picture(file).astype(int) - 128).max() <= 1


@pytest.mark.parametrize(
    "profile",
    [SRGB.tobytes(), WIDE[:200], b"no profile", "grey"],
    ids=["sRGB", "damaged", "no profile", "grey"],  # the bytes hold the time they were made at
)
def test_profiles_that_change_nothing(tmp_path: Path, scene: np.ndarray, profile) -> None:
    """sRGB itself, damaged ones and those of another kind of pixels: the same to the last bit."""
    if profile == "grey":
        profile = profile_of(b"GRAY", kTRC=gamma(1))
    file = saved(tmp_path / "a.png", scene, icc_profile=profile)
    np.testing.assert_array_equal(read_picture(file), scene)
