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
    PARTIAL,
    GrowingArray,
    atomic_dir,
    atomic_file,
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


@pytest.mark.parametrize("maker", [atomic_dir, atomic_file])
def test_an_error_leaves_the_older_result_and_nothing_else(tmp_path, maker):
    out = tmp_path / "out"
    out.write_text("older")
    with pytest.raises(ZeroDivisionError), maker(out) as tmp:
        (tmp / "file" if maker is atomic_dir else tmp).write_text("half")
        raise ZeroDivisionError
    assert out.read_text() == "older"
    assert names(tmp_path) == ["out"]


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


KILLED_BETWEEN_THE_RENAMES = """
import os, signal, sys
from pathlib import Path
from maskbench.artifacts import atomic_dir
out, replace = Path(sys.argv[1]), Path.replace
def replace_and_die(self, target):
    replace(self, target)
    if self == out:
        os.kill(os.getpid(), signal.SIGKILL)
Path.replace = replace_and_die
with atomic_dir(out) as tmp:
    (tmp / "file").write_text("newer")
"""


def test_killed_between_the_two_renames_of_a_replacement(tmp_path):
    """Neither folder lies at its place then; the older one comes back, whatever happens next."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "file").write_text("older")
    end = subprocess.run([sys.executable, "-c", KILLED_BETWEEN_THE_RENAMES, str(out)])
    assert end.returncode == -signal.SIGKILL
    assert not out.exists() and len(names(tmp_path)) == 2
    with pytest.raises(ZeroDivisionError), atomic_dir(out):
        raise ZeroDivisionError
    assert (out / "file").read_text() == "older"
    assert names(tmp_path) == ["out"]


def test_an_older_folder_of_a_writer_that_lives_is_left_alone(tmp_path):
    """It stands between its two renames: taking its folder away would make it fail."""
    out = tmp_path / "out"
    writer = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (tmp_path / f".out.{writer.pid}-old{PARTIAL}").mkdir()
    try:
        with atomic_file(out) as tmp:
            tmp.write_text("mine")
        assert len(names(tmp_path)) == 2
    finally:
        writer.communicate()


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
