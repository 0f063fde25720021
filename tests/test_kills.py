"""Killed at random moments and started again, everything ends with the bytes of a run that nobody
disturbed.

Three kills of a download that is unpacked. ``MASKBENCH_KILLS=50 pytest -s tests/test_kills.py``
kills this, masks on one's own pictures and a workflow (crops, a training, its evaluation) fifty
times in all; ``MASKBENCH_SEED`` draws other moments.
"""

import hashlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time

import pytest

from maskbench.artifacts import sha256_of
from maskbench.datasets.manifest import Pictures

from .datasets.conftest import Server
from .workflow.conftest import copy_tree

KILLS = int(os.environ.get("MASKBENCH_KILLS", "0"))
SEED = os.environ.get("MASKBENCH_SEED", "0")
ALL = pytest.mark.skipif(not KILLS, reason="MASKBENCH_KILLS is not set: it takes minutes")

# `maskbench datasets lfw --download`, from another address. A kill that comes after the folder is
# whole leaves nothing to do.
DOWNLOAD = """
import dataclasses, sys
from maskbench.datasets import known
from maskbench.errors import MaskbenchError
url, sha256 = sys.argv[1:]
lfw = dataclasses.replace(known.ADAPTERS.get("lfw"), url=url, sha256=sha256)
known.ADAPTERS._specs["lfw"] = lfw
print(flush=True)
try:
    known.download("lfw")
except MaskbenchError as error:
    if "is there already" not in str(error):
        raise
"""
MASK = """
import maskbench.faces.locate, maskbench.synthesis.mask
from maskbench.cli import main
print(flush=True)
main()
"""


class Task:
    """A command, and the folders that it writes; the command prints a line when it gets to work."""

    def __init__(self, command, folders, left_out=(), **options):
        self.command, self.folders, self.left_out = command, folders, left_out
        self.options = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        self.options |= {"start_new_session": True, **options}

    def start(self):
        run = subprocess.Popen(self.command, **self.options)
        self.said = run.stdout.readline()
        return run

    def finish(self, run):
        text = run.communicate(timeout=600)[0]
        assert run.returncode == 0, self.said + text

    def contents(self):
        """The checksum of every file below the folders, and the empty text of every folder."""
        return {
            str(path): "" if path.is_dir() else sha256_of(path)
            for folder in self.folders
            for path in sorted(folder.rglob("*"))
            if not set(path.relative_to(folder).parts) & set(self.left_out)
        }

    def forget(self):
        for folder in self.folders:
            shutil.rmtree(folder)


def endure(task, kills):
    """Kill a task that often, at moments drawn over the time that it takes; whenever this is over
    it ends undisturbed, and begins from nothing."""
    run, began = task.start(), time.perf_counter()
    task.finish(run)
    whole, undisturbed = time.perf_counter() - began, task.contents()

    def end():
        task.finish(task.start())
        assert task.contents() == undisturbed
        task.forget()

    task.forget()
    moments, left, killed = random.Random(SEED), whole, 0
    while killed < kills:
        run, moment = task.start(), moments.uniform(0, left)
        try:
            run.wait(moment)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
            killed, left = killed + 1, left - moment
            print(f"kill {killed}, {moment:.2f} s after its start")
        else:
            task.finish(run)
            left = 0
        if left < whole / 10:
            end()
            left = whole
    end()
    print(f"{killed} kills, {len(undisturbed)} files as of an undisturbed run of {whole:.1f} s")


def test_a_download_and_its_unpacking(tmp_path, monkeypatch):
    archive, pictures = io.BytesIO(), random.Random(0)
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for number in range(200):
            entry = tarfile.TarInfo(f"lfw_funneled/P_{number}/P_{number}_0001.jpg")
            entry.size = 6_000
            tar.addfile(entry, io.BytesIO(pictures.randbytes(entry.size)))
    monkeypatch.setenv("MASKBENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MASKBENCH_CACHE", str(tmp_path / "cache"))
    with Server() as server:
        server.content, server.block_pause = archive.getvalue(), 0.02
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        sha256 = hashlib.sha256(server.content).hexdigest()
        command = [sys.executable, "-c", DOWNLOAD, server.url(), sha256]
        endure(Task(command, [tmp_path / "data", tmp_path / "cache"]), KILLS * 4 // 10 or 3)
        server.shutdown()
    assert f"bytes=0-{len(server.content) // 4 - 1}" in server.asked  # it came in pieces


@ALL
def test_masks_on_own_pictures(orl, weights, tmp_path):
    album, out = tmp_path / "album", tmp_path / "out"
    album.mkdir()
    for number, path in enumerate(sorted(Pictures.open(orl).root.rglob("*.pgm"))[:80]):
        shutil.copy(path, album / f"{number:03d}.pgm")
    command = [sys.executable, "-c", MASK, "mask", str(album), "--out", str(out)]
    command += ["--weights", str(weights), "--workers", "2", "--copies", "2"]
    endure(Task(command, [out]), KILLS * 2 // 10)


@ALL
def test_a_workflow(tmp_path):
    project = copy_tree(tmp_path / "project")
    project.params(
        {
            "datasets": {"orl": {"max_identities": 12, "max_pictures_per_identity": 6}},
            "synthesis": {"override": {"steps": 40, "checkpoint_every": 4}},
            "tracking": {"enabled": False},  # the id of a run is another one each time
        }
    )
    command = ["snakemake", "--cores", "2", "synthesis_pywgan_div"]
    # How long a job took; who is running now.
    left_out = ("logs", "benchmarks", ".snakemake_timestamp")
    task = Task(
        command, [project.path / "results"], left_out,
        cwd=project.path, env=project.environment,
    )  # fmt: skip
    endure(task, KILLS - KILLS * 4 // 10 - KILLS * 2 // 10)
