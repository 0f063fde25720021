"""The command mask, stopped and started again, or on a folder that has changed."""

import csv
import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys

import pytest
from PIL import Image

from maskbench.artifacts import LISTING, UNFINISHED, sha256_of
from maskbench.datasets import pictures
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.runs import RUN, pictures_of
from maskbench.synthesis import mask_workers
from maskbench.synthesis.journal import JOURNAL, Journal
from maskbench.synthesis.mask import MaskReport, mask
from maskbench.synthesis.mask_workers import style_of

STYLES = ["surgical_blue", "kn95", "striped"]
# Kills its process when a run is done.
STOPPED = """
import os, signal
from maskbench.cli import main
from maskbench.synthesis import mask
class Journal(mask.Journal):
    def add(self, run):
        super().add(run)
        os.kill(os.getpid(), signal.SIGKILL)
mask.Journal = Journal
main()
"""


class Full(Journal):
    """A journal on a disk that is full after a run."""

    def add(self, run):
        if self.places:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._file.name)
        super().add(run)


@pytest.fixture(scope="module", name="album")
def _album(orl, tmp_path_factory):
    """Two whole runs and one begun, of them a picture that cannot be read."""
    folder = tmp_path_factory.mktemp("album")
    found = sorted(Pictures.open(orl).root.rglob("*.pgm"))
    for number, path in enumerate(found[: 2 * RUN + 3]):
        shutil.copy(path, folder / f"{number:02d}.pgm")
    (folder / "05.pgm").write_bytes(b"P5 torn")
    return folder


@pytest.fixture(scope="module", name="undisturbed")
def _undisturbed(album, weights, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert mask([album], out, weights, styles=STYLES).kept == 0
    return sha256_of(out)


def test_a_killed_run_goes_on_to_the_same_bytes(album, undisturbed, weights, tmp_path):
    out = tmp_path / "out"
    styles = [word for style in STYLES for word in ("--style", style)]
    command = ["mask", str(album), "--out", str(out), "--weights", str(weights), *styles]
    killed = subprocess.run([sys.executable, "-c", STOPPED, *command], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    goes_on(album, out, weights, undisturbed)


def test_a_full_disk_costs_what_is_under_way(album, undisturbed, weights, tmp_path, monkeypatch):
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr("maskbench.synthesis.mask.Journal", Full)
        with pytest.raises(MaskbenchError, match=r"no space left on device; free some space"):
            mask([album], out, weights, styles=STYLES)
    goes_on(album, out, weights, undisturbed)


def goes_on(album, out, weights, undisturbed):
    """From one run that is done, whatever else was begun."""
    assert names(out) == [UNFINISHED]
    journal = out / UNFINISHED / JOURNAL
    with open(journal, "ab") as stream:
        stream.write(journal.read_bytes().splitlines()[0][:50])  # what a kill cuts off
    shutil.copy(out / UNFINISHED / "00.pgm.png", out / UNFINISHED / "20.pgm.png")
    planned = mask([album], out, weights, styles=STYLES, dry_run=True)
    assert (planned.kept, planned.left) == (RUN, RUN + 3)
    assert mask([album], out, weights, styles=STYLES).kept == RUN
    assert sha256_of(out) == undisturbed
    assert UNFINISHED not in names(out)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_new_is_added_and_what_is_gone_goes(album, weights, tmp_path):
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    for name in ("01.pgm", "02.pgm", "03.pgm", "05.pgm"):
        shutil.copy(album / name, source)

    def run(**options):
        report = mask([source], out, weights, styles=STYLES, **options)
        files = {path.name: path for path in (out / "masks").iterdir()}
        return report, {name: path.stat().st_mtime_ns for name, path in files.items()}

    report, before = run()
    assert report == MaskReport(3, 3, 1) and report.kept == 0
    report, now = run()
    assert report == MaskReport(3, 3, 1) and report.kept == 4 and now == before
    shutil.copy(album / "04.pgm", source)
    shutil.copy(album / "06.pgm", source / "02.pgm")  # another picture of that name
    (source / "03.pgm").unlink()
    planned = mask([source], out, weights, styles=STYLES, dry_run=True)
    assert (planned.kept, planned.left) == (2, 2)
    report, now = run()
    assert report == MaskReport(3, 3, 1) and report.kept == 2
    assert sorted(now) == ["01.png", "02.png", "04.png"] and now["01.png"] == before["01.png"]
    assert now["02.png"] != before["02.png"] and not (out / "03.pgm.png").exists()
    fresh = tmp_path / "fresh"
    mask([source], fresh, weights, styles=STYLES)
    assert sha256_of(fresh) == sha256_of(out)
    (out / "masks" / "01.png").unlink()  # what is missing is made again
    assert run()[0].kept == 3
    assert sha256_of(fresh) == sha256_of(out)
    for change in ("saved", "removed"):  # a table that a spreadsheet saved is not trusted
        manifest = out / "manifest.csv"
        manifest.write_text("\ufeff" + manifest.read_text("utf-8"), "utf-8")
        if change == "removed":
            manifest.unlink()
        assert run()[0].kept == 0
        assert sha256_of(fresh) == sha256_of(out)
    report, _ = run(seed=1)  # a result of other settings is replaced
    assert report.kept == 0 and sha256_of(fresh) != sha256_of(out)


def test_what_a_library_opens_is_read_again(album, weights, tmp_path, monkeypatch):
    """HEIC, before and after its library was installed."""
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    shutil.copy(album / "01.pgm", source)
    Image.fromarray(read_picture(album / "02.pgm")).save(source / "02.heic", format="HEIF")
    monkeypatch.setattr(pictures, "has_heic", lambda: False)
    assert mask([source], out, weights, styles=STYLES) == MaskReport(1, 1, 1)
    monkeypatch.undo()
    report = mask([source], out, weights, styles=STYLES)
    assert report == MaskReport(2, 2, 0) and report.kept == 1


def test_a_file_that_changes_while_it_is_read_is_read_again(album, weights, tmp_path, monkeypatch):
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    for name in ("01.pgm", "02.pgm"):
        shutil.copy(album / name, source)
    whole = (source / "02.pgm").read_bytes()
    (source / "02.pgm").write_bytes(whole[:100])

    def still_copied(paths, max_pixels):
        yield from pictures_of(paths, max_pixels)
        (source / "02.pgm").write_bytes(whole)

    monkeypatch.setattr(mask_workers, "pictures_of", still_copied)
    assert mask([source], out, weights, styles=STYLES) == MaskReport(1, 1, 1)
    monkeypatch.undo()
    report = mask([source], out, weights, styles=STYLES)
    assert report == MaskReport(2, 2, 0) and report.kept == 1


def test_unfinished_work_with_other_settings_is_dropped(album, weights, tmp_path, caplog):
    out = tmp_path / "out"
    (out / UNFINISHED).mkdir(parents=True)
    (out / UNFINISHED / "settings.json").write_text("{}")
    (out / UNFINISHED / "old.png").write_bytes(b"old")
    report = mask([album / "01.pgm"], out, weights, styles=STYLES)
    assert report == MaskReport(1, 1, 0)
    assert "other settings is dropped" in caplog.text
    whole = [LISTING, "01.pgm.png", "manifest.csv", "masks", "settings.json"]
    assert names(out) == sorted(whole)


def test_a_dry_run_writes_nothing(album, weights, tmp_path):
    report = mask([album], tmp_path / "out", weights, styles=STYLES, dry_run=True)
    assert (report.left, report.kept, report.rejected) == (2 * RUN + 3, 0, 0)
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_refused(album, weights, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    held = os.open(out, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(MaskbenchError, match="out: another `mask` writes there now"):
        mask([album / "01.pgm"], out, weights, styles=STYLES)
    os.close(held)
    assert not list(out.iterdir())


def test_copies_wear_different_styles(album, weights, tmp_path):
    out = tmp_path / "out"
    report = mask([album / "01.pgm", album / "02.pgm"], out, weights, styles=STYLES, copies=3)
    assert report == MaskReport(2, 6, 0)
    with open(out / "manifest.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["output"] for row in rows[:3]] == [f"01-{n}.pgm.png" for n in (1, 2, 3)]
    for name in ("01.pgm", "02.pgm"):
        own = [row for row in rows if row["source"] == name]
        assert {row["style"] for row in own} == set(STYLES)
        assert own[0]["style"] == style_of(name, 0, STYLES, 0)
        pictures = {read_picture(out / row["output"]).tobytes() for row in own}
        assert len(pictures) == 3
    with pytest.raises(MaskbenchError, match=r"4 copies of a face, but 3 styles"):
        mask([album], tmp_path / "more", weights, styles=STYLES, copies=4)


def test_a_journal_counts_whole_runs(tmp_path):
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.add([("a", [{"source": "a"}]), ("b", [{"reason": "é\n"}])])
        journal.add([("c", []), ("a", [{"source": "again"}])])
    whole = path.read_bytes()
    for cut, names in ((0, "abc"), (1, "ab"), (60, "ab"), (len(whole), "")):
        path.write_bytes(whole[: len(whole) - cut])
        with Journal(path) as journal:
            assert "".join(sorted(journal.places)) == names
            if cut == 0:
                assert journal.rows("a") == [{"source": "again"}]
                assert journal.rows("b") == [{"reason": "é\n"}]
            journal.add([("d", [{"source": "d"}])])
        with Journal(path, read_only=True) as journal:
            assert journal.rows("d") == [{"source": "d"}]
            assert "".join(sorted(journal.places)) == f"{names}d"
