"""Archives that nobody vouches for."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from maskbench.datasets import unpack as module
from maskbench.datasets.unpack import unpack
from maskbench.errors import MaskbenchError


@pytest.fixture
def out(tmp_path) -> Path:
    (tmp_path / "deep" / "out").mkdir(parents=True)
    return tmp_path / "deep" / "out"


def tar(path: Path, *entries: tarfile.TarInfo, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for entry in entries:
            archive.addfile(entry, io.BytesIO(b"x" * entry.size))
    return path


def entry(name: str, size: int = 1, **facts) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size = size
    for key, value in facts.items():
        setattr(found, key, value)
    return found


def zipped(path: Path, name: str, content: bytes = b"x", mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr("ok/1.jpg", b"ok")
        archive.writestr(info, content)
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_unpacked(tmp_path, out, mode):
    unpack(tar(tmp_path / "a", entry('Zoë O\'N/1 "a".jpg'), mode=mode), out)
    assert (out / "Zoë O'N" / '1 "a".jpg').read_bytes() == b"x"


def test_a_zip_is_unpacked(tmp_path, out):
    unpack(zipped(tmp_path / "a.zip", "Zoë/1.jpg"), out)
    assert (out / "Zoë" / "1.jpg").read_bytes() == b"x"


def test_a_tar_that_ends_with_a_zip_is_a_tar(tmp_path, out):
    inner = zipped(tmp_path / "inner.zip", "1.jpg")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(entry("first.jpg"), io.BytesIO(b"x"))
        archive.add(inner, "inner.zip")
    assert zipfile.is_zipfile(tmp_path / "a.tar")  # it looks for the end of one
    unpack(tmp_path / "a.tar", out)
    assert sorted(path.name for path in out.iterdir()) == ["first.jpg", "inner.zip"]


@pytest.mark.parametrize("name", ["../evil", "d/../../evil", "/tmp/evil", "C:\\evil", "..\\evil"])
def test_paths_that_leave_the_folder_are_refused(tmp_path, out, name):
    for archive in (
        tar(tmp_path / "a.tar", entry("ok"), entry(name)),
        zipped(tmp_path / "z", name),
    ):
        with pytest.raises(MaskbenchError, match=r"would leave the folder; nothing was unpacked"):
            unpack(archive, out)
    assert not list(out.iterdir()) and not list(tmp_path.rglob("evil"))


def test_a_name_with_a_null_byte_is_refused(tmp_path, out):
    name = entry("ok.jpg", pax_headers={"path": "a\0b.jpg"})
    with pytest.raises(MaskbenchError, match="is no file's name; nothing was unpacked"):
        unpack(tar(tmp_path / "a.tar", name), out)


def test_links_and_devices_are_refused(tmp_path, out):
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)
    archives = [
        tar(tmp_path / f"{number}.tar", entry("ok"), entry("d", 0, type=kind, linkname="ok"))
        for number, kind in enumerate(kinds)
    ]
    archives.append(zipped(tmp_path / "a.zip", "d", b"/etc/passwd", stat.S_IFLNK | 0o777))
    for archive in archives:
        with pytest.raises(MaskbenchError, match="'d' is neither a file nor a folder"):
            unpack(archive, out)
    assert not list(out.iterdir())


def test_more_than_pictures_can_be_is_refused(tmp_path, out, monkeypatch):
    monkeypatch.setattr(module, "SPARE", 1000)
    bombs = (
        zipped(tmp_path / "a.zip", "bomb", bytes(1_000_000)),
        tar(tmp_path / "a.tgz", entry("bomb", 1_000_000)),
    )
    for archive in bombs:
        with pytest.raises(MaskbenchError, match=r"or than [0-9,]+ bytes; nothing was unpacked"):
            unpack(archive, out)
    monkeypatch.setattr(module, "MOST_FILES", 3)
    with pytest.raises(MaskbenchError, match="more than 3 files"):
        unpack(tar(tmp_path / "b.tar", *(entry(f"{n}.jpg") for n in range(4))), out)
    assert not list(out.iterdir())


def test_damaged_and_other_files_are_named(tmp_path, out):
    whole = tar(tmp_path / "a.tgz", entry("1.jpg", 100_000)).read_bytes()
    (tmp_path / "cut.tgz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MaskbenchError, match=r"cut\.tgz: is damaged.*fetch it again"):
        unpack(tmp_path / "cut.tgz", out)
    damaged = bytearray(zipped(tmp_path / "a.zip", "1.jpg", b"abc" * 50).read_bytes())
    damaged[damaged.index(b"1.jpg") + 8] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(damaged)
    with pytest.raises(MaskbenchError, match=r"damaged\.zip: is damaged"):
        unpack(tmp_path / "damaged.zip", out)
    (tmp_path / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    with pytest.raises(MaskbenchError, match=r"a\.7z: is neither a tar nor a zip archive"):
        unpack(tmp_path / "a.7z", out)
    with pytest.raises(MaskbenchError, match=r"gone\.zip: no such file"):
        unpack(tmp_path / "gone.zip", out)


def test_files_are_the_user_s_own_and_plain(tmp_path, out):
    """An archive made by somebody else, of a program that runs as its owner."""
    unpack(tar(tmp_path / "a.tar.gz", entry("run.jpg", mode=0o6777, uid=12345, gid=12345)), out)
    found = (out / "run.jpg").stat()
    assert stat.S_IMODE(found.st_mode) & 0o7022 == 0
    assert (found.st_uid, found.st_gid) == (os.getuid(), os.getgid())
