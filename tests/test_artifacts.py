"""Whole files or none: errors, full disks, folders that may not be written, killed processes."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from maskbench.artifacts import (
    LISTING,
    PARTIAL,
    WORKFLOW,
    GrowingArray,
    atomic_dir,
    atomic_file,
    claim,
    read_json,
    sha256_of,
    write_json,
)
from maskbench.errors import MaskbenchError

WRITE_A_LOT = """
import sys, time
from pathlib import Path
from maskbench.artifacts import atomic_dir, GrowingArray
import numpy as np
with atomic_dir(Path(sys.argv[1])) as tmp, GrowingArray(tmp / "rows.npy", (64,)) as rows:
    for number in range(int(sys.argv[2])):
        rows.append(np.full((1000, 64), number % 256, np.uint8))
        print(number, flush=True)
"""


def names(folder):
    return [path.name for path in Path(folder).iterdir()]


def test_a_folder_appears_whole_and_replaces_an_older_one(tmp_path):
    out = tmp_path / "a" / "out"
    for text in ("first", "second"):
        with atomic_dir(out) as tmp:
            (tmp / "file").write_text(text)
            assert not out.exists() or (out / "file").read_text() == "first"
        assert (out / "file").read_text() == text
    assert names(out.parent) == ["out"]


def made(out, text, maker=WORKFLOW):
    with atomic_dir(out, maker) as tmp:
        (tmp / "file").write_text(text)


def test_an_error_leaves_the_older_folder_and_nothing_else(tmp_path):
    out = tmp_path / "out"
    made(out, "older")
    with pytest.raises(ZeroDivisionError), atomic_dir(out) as tmp:
        (tmp / "file").write_text("half")
        raise ZeroDivisionError
    assert (out / "file").read_text() == "older"
    assert names(tmp_path) == ["out"] and sorted(names(out)) == [LISTING, "file"]


def test_an_error_leaves_the_older_file_and_nothing_else(tmp_path):
    out = tmp_path / "out"
    out.write_text("older")
    with pytest.raises(ZeroDivisionError), atomic_file(out) as tmp:
        tmp.write_text("half")
        raise ZeroDivisionError
    assert out.read_text() == "older"
    assert names(tmp_path) == ["out"]


def refused(out, match, maker=WORKFLOW):
    """Refused before the work, and not a byte or a name is another."""
    before = {path: path.read_bytes() for path in out.parent.rglob("*") if path.is_file()}
    with pytest.raises(MaskbenchError, match=match), atomic_dir(out, maker):
        raise AssertionError("the work has begun")
    assert before == {path: path.read_bytes() for path in out.parent.rglob("*") if path.is_file()}


def test_what_somebody_else_wrote_is_refused_untouched(tmp_path):
    own, earlier = tmp_path / "own", tmp_path / "earlier"
    (own / "deep").mkdir(parents=True)
    (own / "deep" / "photo.jpg").write_bytes(b"photo")
    refused(own, "own: holds deep/photo.jpg, not written by the workflow; choose another output")
    made(earlier, "earlier")
    refused(earlier, "holds file, not written by `mask`", maker="`mask`")
    for name in ("a.txt", "notes.txt"):
        (earlier / name).write_text("own")
    refused(earlier, "holds a.txt and 1 more")
    (tmp_path / "notes.txt").write_text("own")
    refused(tmp_path / "notes.txt", "is a file; name a folder")
    with pytest.raises(MaskbenchError, match="holds deep/photo"):
        claim(own)
    made(tmp_path / "by_mask", "", maker="`mask`")
    with pytest.raises(MaskbenchError, match="holds file"):
        claim(tmp_path / "by_mask")


def test_what_comes_beside_while_a_result_is_made_is_kept(tmp_path):
    out = tmp_path / "out"
    made(out, "older")
    with atomic_dir(out) as tmp:
        (out / "notes.txt").write_text("own")
        (tmp / "a").mkdir()
        (tmp / "a" / "new").write_text("newer")
    assert (out / "notes.txt").read_text() == "own" and not (out / "file").exists()
    (out / "notes.txt").unlink()
    with pytest.raises(MaskbenchError, match="file: came while this ran"), atomic_dir(out) as tmp:
        (tmp / "file").write_text("newer")
        (out / "file").write_text("own")
    assert (out / "file").read_text() == "own" and (out / "a" / "new").read_text() == "newer"


@pytest.mark.parametrize("name", ["../mine", "a/../../mine", "{outside}", "link/mine"])
def test_a_listing_that_came_with_a_folder_reaches_nothing_outside(tmp_path, name):
    """Whoever made the folder may have written it."""
    mine = tmp_path / "mine"
    mine.write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / "link").symlink_to(tmp_path)
    write_json(out / LISTING, {"maker": "tests", "files": [name.format(outside=mine)]})
    with pytest.raises(MaskbenchError, match="not in its folder"), atomic_dir(out, "tests") as tmp:
        (tmp / "file").write_text("new")
    assert mine.read_text() == "mine"


def test_a_claimed_folder_stays_claimed(tmp_path):
    claim(tmp_path / "results")
    made(tmp_path / "results" / "faces", "faces")
    claim(tmp_path / "results")


@pytest.mark.parametrize("how", ["mount", "link", "dangling link", "working directory", "locked"])
def test_a_folder_that_is_there_stays_the_same_folder(tmp_path, monkeypatch, how):
    """It is written into where it cannot be renamed, or where others stand in it."""
    place, out = tmp_path / "place", tmp_path / "out"
    place.mkdir()
    if how == "mount":
        out.mkdir()
        mount = ["mount", "-t", "tmpfs", "tmpfs", str(out)]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("mounting needs privileges that are not here")
    elif "link" in how:
        out.symlink_to(place, target_is_directory=True)
        if how == "dangling link":
            place.rmdir()
    elif how == "working directory":
        monkeypatch.chdir(place)
        out = Path()
    else:  # a folder that may not be written holds it
        out = place
        monkeypatch.setattr(Path, "mkdir", only_below(out, Path.mkdir))
    try:
        for text in ("older", "newer"):
            made(out, text)
            assert (out / "file").read_text() == text
            assert sorted(names(out)) == [LISTING, "file"]
        if "link" in how:
            assert out.is_symlink() and (place / "file").read_text() == "newer"
        assert sorted(names(tmp_path)) == sorted({"place", out.name or "place"})
    finally:
        if how == "mount":
            subprocess.run(["umount", str(out)], check=True)


def only_below(folder, mkdir):
    def checked(self, *arguments, **options):
        if not self.is_relative_to(folder):
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        mkdir(self, *arguments, **options)

    return checked


def test_an_error_says_whether_reading_or_writing_failed(tmp_path):
    def way_out(path):
        with pytest.raises(MaskbenchError) as caught, atomic_dir(tmp_path / "out"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return caught.value.way_out

    assert "that you may write" in way_out(tmp_path / "out" / "file")
    assert "that you may read it" in way_out(tmp_path / "photos" / "a.jpg")


@pytest.mark.parametrize(
    ("code", "word"), [(errno.ENOSPC, "no space left"), (errno.EROFS, "read-only")]
)
def test_errors_of_the_file_system_are_told_in_one_sentence(tmp_path, code, word):
    with pytest.raises(MaskbenchError, match=word) as caught, atomic_dir(tmp_path / "out"):
        raise OSError(code, os.strerror(code), str(tmp_path / "out" / "x"))
    assert str(tmp_path) in str(caught.value)
    assert caught.value.way_out
    assert names(tmp_path) == []


def test_full_disk_leaves_no_half_output(tmp_path):
    """A real limit on file size stands for the full disk: the kernel refuses the write."""
    run = subprocess.run(
        [sys.executable, "-c", WRITE_A_LOT, str(tmp_path / "out"), "100"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)),
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 1
    assert "MaskbenchError" in run.stderr.splitlines()[-1]
    assert "file too large" in run.stderr.splitlines()[-1]
    assert names(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs privileges that are not here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_really_full_disk(small_disk):
    with (
        pytest.raises(MaskbenchError, match="no space left on device; free some space"),
        atomic_dir(small_disk / "out") as tmp,
    ):
        (tmp / "large").write_bytes(b"x" * 3_000_000)
    assert names(small_disk) == []


def test_a_killed_writer_leaves_nothing_that_stays(tmp_path):
    out = tmp_path / "out"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_A_LOT, str(out), "1000000"], stdout=subprocess.PIPE
    )
    writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert not out.exists()
    assert any(name.endswith(PARTIAL) for name in names(tmp_path))
    with atomic_dir(out) as tmp:
        (tmp / "file").write_text("whole")
    assert names(tmp_path) == ["out"]


KILLED_WHILE_EXCHANGED = """
import os, signal, sys
from pathlib import Path
from maskbench.artifacts import atomic_dir
out, kill, replace = Path(sys.argv[1]), int(sys.argv[2]), Path.replace
done = 0
def replace_and_die(self, target):
    global done
    replace(self, target)
    done += target.parent == out
    if done == kill:
        os.kill(os.getpid(), signal.SIGKILL)
Path.replace = replace_and_die
with atomic_dir(out) as tmp:
    for name in ("a", "b"):
        (tmp / name).write_text("newer")
"""


@pytest.mark.parametrize("kill", [1, 2, 3])
def test_killed_while_the_files_are_exchanged(tmp_path, kill):
    """Whatever happens next brings the exchange to its end: all of the newer result."""
    out = tmp_path / "out"
    with atomic_dir(out) as tmp:
        for name in ("b", "c"):
            (tmp / name).write_text("older")
    end = subprocess.run([sys.executable, "-c", KILLED_WHILE_EXCHANGED, str(out), str(kill)])
    assert end.returncode == -signal.SIGKILL
    with pytest.raises(ZeroDivisionError), atomic_dir(out):
        raise ZeroDivisionError
    assert sorted(names(out)) == [LISTING, "a", "b"]
    assert (out / "a").read_text() == (out / "b").read_text() == "newer"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("name", ["res", "res[1]", "r*", "n" * 255, "res.kn95"])
def test_temporary_names_are_those_of_one_output_alone(tmp_path, name):
    """Runs side by side, some of them killed: each clears its own remains and no others."""
    others = [".res.kn95.1.partial", f".res.kn95.{2**22}.partial", ".rest.4194304.partial"]
    for other in others:
        (tmp_path / other).mkdir()
    own = tmp_path / name
    made(own, "whole")
    gone = {f".res.kn95.{2**22}.partial"} if name == "res.kn95" else set()  # no such process
    assert set(names(tmp_path)) == {name, *others} - gone


def test_a_writer_that_lives_is_left_alone(tmp_path):
    out = tmp_path / "out"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_A_LOT, str(out), "200"], stdout=subprocess.PIPE
    )
    writer.stdout.readline()
    os.kill(writer.pid, signal.SIGSTOP)
    try:
        with atomic_file(out) as tmp:
            tmp.write_text("mine")
        assert any(name.endswith(PARTIAL) for name in names(tmp_path))
    finally:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()


def test_growing_array_is_a_plain_npy(tmp_path):
    rows = np.arange(60, dtype=np.uint8).reshape(5, 3, 4)
    with GrowingArray(tmp_path / "rows.npy", (3, 4)) as array:
        array.append(rows[:2])
        array.append(rows[2:])
        with pytest.raises(ValueError, match="rows of shape"):
            array.append(rows[:, :2])
    read = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert np.array_equal(read, rows)


def test_checksum_of_a_folder_depends_on_names_and_contents_alone(tmp_path):
    def folder(name, files):
        for file, text in files:
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            os.utime(path, (time.time() - 1000, time.time() - 1000))
        return sha256_of(tmp_path / name)

    one = folder("one", [("a", "1"), ("b/c", "2")])
    assert one == folder("two", [("b/c", "2"), ("a", "1")])
    assert one != folder("three", [("a", "1"), ("b/d", "2")])
    assert one != folder("four", [("a", "1"), ("b/c", "3")])


def test_json_is_sorted_and_missing_files_are_named(tmp_path):
    write_json(tmp_path / "x.json", {"b": 1, "a": [2.5, None]})
    assert (tmp_path / "x.json").read_text().index('"a"') < 10
    assert read_json(tmp_path / "x.json") == {"a": [2.5, None], "b": 1}
    with pytest.raises(MaskbenchError, match=r"missing\.json: no such file"):
        read_json(Path(tmp_path / "missing.json"))


@pytest.mark.parametrize("content", [b"", b'{"a": 1', b"\xff\xfe\x00"])
def test_damaged_json_is_named(tmp_path, content):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(MaskbenchError, match=r"x\.json: is not JSON.*delete it"):
        read_json(tmp_path / "x.json")
