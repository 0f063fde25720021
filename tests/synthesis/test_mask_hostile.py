"""The command mask on a folder of 300 files that mean harm, or were harmed."""

import csv
import os
import re
import socket
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from maskbench.artifacts import LISTING
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.pictures import read_picture
from maskbench.synthesis.inputs import listing

HIDDEN = 6
FORMULA = re.compile(r"[=+@\t\r]|-(?![0-9.])")
FORMULAS = ("=cmd|'calc'!A1", "+1+1", "@SUM(1)")
# Names that shells, spreadsheets, terminals and paths could take for something else.
NAMES = (
    "-rf", "--help", "$(touch owned)", "`touch owned`", ";touch owned;", "a|b", "a&b", "a>owned",
    *FORMULAS, "{0}", "%s%n", "%2e%2e%2fowned", "owned..", "a..", "a.",
    "con", "NUL", "aux.txt", "a\\..\\owned", "C:\\owned", "a:b", "a*b", "a?b", "[a]", "~", "~root",
    "a'b", 'a"b', "a b", " a", "a ", "a,b", "a;b", "a\nb", "a\rb", "a\tb", "a\x1b[31mb", "a\x7fb",
    "é", "e\u0301", "日本", "🙂", "\u202egnp", "\u200bnull", "ﬀ", "İ", "ß", "a" * 200, "ø" * 100,
    "manifest", "settings", "masks", "<script>", "!history", "#a", "%", "^", "null",
)  # fmt: skip


def png(width, height, *chunks):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    every = [(b"IHDR", header), *chunks, (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in every
    )
    return b"\x89PNG\r\n\x1a\n" + body


def contents(face):
    """What no reader may fall for, by a short name."""
    jpeg, whole = face["jpg"], face["png"]
    bomb = (b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 10_000_000, 9))
    return {
        "empty": b"",
        "zeros": bytes(1000),
        "text": b"no picture",
        "html": b"<html><script>fetch('/')</script></html>",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(owned) (w) file\nshowpage\n",
        "shell": b"#!/bin/sh\ntouch owned\n",
        "pickle": b"\x80\x04cos\nsystem\n(S'touch owned'\ntR.",
        "zip": b"PK\x03\x04" + bytes(60),
        "half a JPEG": jpeg[: len(jpeg) // 2],
        "half a PNG": whole[: len(whole) // 2],
        "flipped": whole[:60] + bytes([whole[60] ^ 255]) + whole[61:],
        "huge header": png(60_000, 60_000, (b"IDAT", b"nothing")),
        "no pixels": png(0, 7),
        "text bomb": png(1, 1, bomb),
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(80),
        "avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(80),
        "gif": b"GIF89a" + b"\xff" * 40,
        "tiff loop": b"II*\0\x08\0\0\0\x01\0\0\x01\x03\0\x01\0\0\0\x01\0\0\0\x08\0\0\0",
    }


def fill(folder, face):
    """300 files; the names of those that must be masked."""
    good = set()

    def put(name, content):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    for number, name in enumerate(NAMES):
        ending = ("jpg", "png", "heic")[number % 3]
        place = f"{number % 5}/{name}.{ending}"
        put(place, face[ending])
        good.add(place)
    for name in (*FORMULAS, "-rf", "--help", "~"):  # also as a name without a folder before it
        put(f"{name}.png", face["png"])
        good.add(f"{name}.png")
    bad = contents(face)
    endings = ("jpg", "png", "webp", "tif", "bmp", "heic", "avif", "gif", "jp2", "JPG")
    for number in range(190):
        kind = list(bad)[number % len(bad)]
        put(f"bad/{kind} {number}.{endings[number // len(bad)]}", bad[kind])
    for number in range(21):
        put(f"other/{number}.{('txt', 'exe', 'sh', 'lnk', 'pkl')[number % 5]}", b"owned")
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(face["png"])
    links = folder / "links"
    links.mkdir()
    for number, to in enumerate(
        ["gone", "../..", "/etc", "/dev/zero", "/proc/self/mem", str(outside), "5.png", "."]
    ):
        (links / f"{number}.png").symlink_to(to)
    (links / "loop.png").symlink_to("loop.png")
    (links / "outside.png").symlink_to(outside / "secret.png")
    os.mkfifo(folder / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as unix:
        here = Path.cwd()
        os.chdir(folder)  # a socket's path has 108 bytes
        unix.bind("socket.jpg")
        os.chdir(here)
    (folder / "folder.jpg").mkdir()
    put("folder.jpg/in it.png", face["png"])
    put("manifest.csv/a.png", face["png"])  # a folder of the manifest's name
    put("three.gif", face["gif"])
    put("three.gif.png/a.png", face["png"])  # a folder of a masked picture's name
    for number in range(5):
        put(f".hidden/{number}.png", face["png"])
    put(".hidden.png", face["png"])
    with open(os.fsencode(folder) + b"/Z\xfcrich.png", "wb") as stream:
        stream.write(face["png"])
    return good | {"folder.jpg/in it.png", "links/outside.png", "three.gif", r"Z\xfcrich.png"}


def test_300_files(orl, weights, tmp_path):
    picture = Image.open(sorted(Pictures.open(orl).root.rglob("*.pgm"))[0]).convert("RGB")
    face = {}
    pillow_heif.register_heif_opener()
    for ending in ("jpg", "png", "gif", "heic"):
        picture.save(tmp_path / f"face.{ending}")
        face[ending] = (tmp_path / f"face.{ending}").read_bytes()
        (tmp_path / f"face.{ending}").unlink()
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    good = fill(source, face)
    paths = [path for path in source.rglob("*") if path.is_symlink() or not path.is_dir()]
    assert len(paths) == 300

    def state():
        return {
            str(path): (path.lstat().st_mtime_ns, path.lstat().st_size, path.lstat().st_mode)
            for path in tmp_path.rglob("*")
            if not path.is_relative_to(out)
        }

    before = state()
    command = [sys.executable, "-m", "maskbench", "mask", str(source), "--out", str(out)]

    def run(*options):
        end = subprocess.run(
            [*command, "--weights", str(weights), "--style", "kn95", *options],
            cwd=tmp_path, capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        assert end.returncode == 0, end.stderr
        assert "Traceback" not in end.stderr
        assert state() == before  # nothing else was made, changed or run
        assert not re.search(r"[^\n -~\u00a1-\U0010ffff]", end.stdout)  # nothing steers a terminal
        return end.stdout.strip()

    def planned():
        """How many pictures there are to mask, done before and left out unread."""
        return tuple(map(int, re.findall(r"\d+", run("--dry-run").partition(":")[0])))

    first, said = planned(), run("--workers", "2")
    assert first[1] == 0 and sum(first) == 300 - HIDDEN
    with open(out / "manifest.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert not [cell for row in rows for cell in row.values() if FORMULA.match(cell)]
    for row in rows:  # written so that a spreadsheet computes nothing
        row |= {key: row[key].removeprefix("./") for key in ("source", "output", "mask")}
    masked = {row["source"]: row for row in rows if not row["reason"]}
    left = {row["source"]: row["reason"] for row in rows if row["reason"]}
    assert set(masked) == good
    assert len(masked) + len(left) == 300 - HIDDEN
    assert all(left.values())
    assert said.startswith(f"{len(good)} faces in {len(good)} pictures wear masks, {len(left)} ")
    assert {kind for name, kind in left.items() if name.startswith("other/")} == {
        "not named as a picture"
    }
    assert left["pipe.jpg"] == left["socket.jpg"] == "unreadable: is not a regular file"
    assert left["manifest.csv/a.png"].startswith("cannot be written")
    for name in ("links/1.png", "links/2.png", "links/5.png", "links/7.png"):
        assert left[name] == "a linked folder is not followed"
    outputs = {row[key] for row in masked.values() for key in ("output", "mask")}
    assert len(outputs) == 2 * len(good)
    for row in masked.values():
        assert (out / row["output"]).resolve().is_relative_to(out)
        assert read_picture(out / row["output"]).shape == (112, 92, 3)
    written = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert written == outputs | {"manifest.csv", "settings.json", LISTING}
    made = {name: (out / name).lstat().st_ino for name in outputs}
    _, kept, unread = planned()
    assert kept >= len(good) and unread == first[2]  # what was no picture may have become one
    assert run() == said and made == {name: (out / name).lstat().st_ino for name in outputs}


def test_names_of_several_paths(tmp_path):
    picture = np.zeros((4, 4, 3), np.uint8)
    for name in ("a/1.png", "a/b/1.png", "c/1.png", "c/2.jpg", "c/x[1].png", "c/.h.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(tmp_path / name)
    (tmp_path / "c" / "notes.txt").write_text("text")

    def names(*paths, out="out"):
        tasks, left = listing([tmp_path / path for path in paths], tmp_path / out)
        assert all((tmp_path / task.path).exists() for task in tasks)
        return [task.source for task in tasks], left

    assert names("a") == (["1.png", "b/1.png"], {})
    assert names("a/b/1.png") == (["1.png"], {})
    assert names("a", "c/2.jpg") == (["a/1.png", "a/b/1.png", "c/2.jpg"], {})
    assert names("a", "a/b", "a/../a/1.png") == (["a/1.png", "a/b/1.png"], {})
    assert names("*/1.png") == (["a/1.png", "c/1.png"], {})
    assert names("c/*.jpg") == (["2.jpg"], {})
    assert names("c/x[1].png") == (["x[1].png"], {})  # a file's name, not a pattern
    assert names("**/2.*", "c/notes.txt") == (["c/2.jpg", "c/notes.txt"], {})
    for path in (".", "**/*.png"):  # what was made before is no picture to mask
        assert names(path, out="c") == (["a/1.png", "a/b/1.png"], {})
    (tmp_path / "c" / "linked").symlink_to(tmp_path / "a")  # linked folders are left alone
    (tmp_path / "c" / "3.png").symlink_to(tmp_path / "a" / "1.png")
    assert names("c/**/*.png") == (["1.png", "3.png", "x[1].png"], {})
    assert names("c/*")[0] == ["1.png", "2.jpg", "3.png", "notes.txt", "x[1].png"]
    for name in ("linked", "3.png"):
        (tmp_path / "c" / name).unlink()
    everything = ["a/1.png", "a/b/1.png", "c/1.png", "c/2.jpg", "c/x[1].png"]
    assert names("?", out="d") == (everything, {"c/notes.txt": "not named as a picture"})
