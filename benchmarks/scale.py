"""Memory and speed of every stage as pictures become more: is a hundred times as many the same?

    python benchmarks/scale.py --out /scratch/scale --weights results/weights

Made pictures (ORL's faces moved, mirrored, enlarged and tinted, no two alike) go through the steps
of the workflow: ``fetch`` (listed and split), ``crop`` (with one and with two processes),
``faceset`` (divided into splits, opened, read), ``overlay`` (the masked domain), ``loader``
(batches for a training) and ``metrics``; and through ``mask``, the pipeline of the command (with
one and with two processes, nothing written). Each stage runs in a fresh interpreter.

Memory is the peak, over the whole family of processes, of what they hold for themselves (``Pss``
without mapped files, sampled); pages of mapped files are counted apart, since the system takes them
back when memory is short. Seconds a picture leave out the start of processes. ``scale.json`` in the
folder gathers all runs, from which ``benchmarks/hours.py`` makes a table; files of an earlier run
are used again. Needs Linux (/proc).

``--stand-ins`` measures ``metrics`` with networks that cost nothing and have features as wide: the
memory of 100,000 pictures in minutes instead of hours.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from maskbench.artifacts import read_json, remove, write_json
from maskbench.config import DatasetConfig, FacesConfig, MetricsConfig, RealDomain, SplitShares
from maskbench.forks import ONE

STAGES = ("fetch", "crop", "faceset", "overlay", "loader", "metrics", "mask")
TWICE = ("crop", "mask")  # with one process and with two
WARM_UP = 320  # pictures before the clock of a stage with processes starts
STYLES = ("surgical_blue", "kn95", "cloth_plain", "checkered")
A_PERSON = 10  # pictures
DRAWN = 200  # batches of 16

Result = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/scale"))
    parser.add_argument("--weights", type=Path, default=Path("results/weights"))
    parser.add_argument("--side", type=int, default=128, help="of the pictures, in pixels")
    parser.add_argument("--size", type=int, help="of the crops; default: at most 256")
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--stand-ins", action="store_true", help="instead of metrics' networks")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.size = options.size or min(options.side, 256)
    if options.one:
        stage, count, workers = options.one.split(":")
        json.dump(_run(stage, int(count), int(workers), options), sys.stdout)
        return
    file = options.out / "scale.json"
    found = read_json(file) if file.exists() else {}
    alike = "_stand_ins" if options.stand_ins else ""
    for count in options.counts:
        make_pictures(options.out / "pictures" / f"{options.side}_{count}", count, options.side)
        for stage in options.stages:
            for workers in (2, 1) if stage in TWICE else (1,):
                name = f"{stage}{alike if stage == 'metrics' else ''}"
                name += f"/{options.side}/{count}/{workers}"
                found[name] = _fresh(f"{stage}:{count}:{workers}", options)
                write_json(file, found)
                print(name, json.dumps(found[name]), flush=True)


def make_pictures(folder: Path, count: int, side: int) -> None:
    """Write ``count`` JPEG pictures of ``side`` pixels, ten a person, once."""
    from maskbench.datasets.collection import Collection

    if folder.exists():
        return
    orl = Collection.open("orl", DatasetConfig(adapter="orl"))
    faces = [cv2.imread(str(orl.root / row.source)) for row in orl.rows]
    half = folder.with_name(f"{folder.name}.partial")
    remove(half)
    for number in range(count):
        # Person p has the face of ORL's person p modulo 40 in a tint of its own.
        person, picture = divmod(number, A_PERSON)
        face = faces[person % 40 * A_PERSON + picture]
        random = np.random.default_rng([person, picture])
        tint = np.random.default_rng(person).uniform(0.7, 1.2, 3)
        height, width = face.shape[:2]
        scale = side / height * random.uniform(0.85, 1)
        shift = (side - scale * np.array([width, height])) / 2 + random.uniform(
            -0.03, 0.03, 2
        ) * side
        move = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        face = face[:, ::-1] if random.random() < 0.5 else face
        drawn = cv2.warpAffine(face, move, (side, side), borderMode=cv2.BORDER_REPLICATE)
        drawn = np.clip(drawn * tint * random.uniform(0.9, 1.1), 0, 255).astype(np.uint8)
        place = half / f"p{person:06d}"
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{picture:02d}.jpg"), drawn, [cv2.IMWRITE_JPEG_QUALITY, 90])
    half.replace(folder)


def _fresh(one: str, options: argparse.Namespace) -> Result:
    """A stage in an interpreter of its own, watched."""
    command = [sys.executable, __file__, "--one", one, "--out", str(options.out)]
    command += ["--weights", str(options.weights), "--side", str(options.side)]
    command += ["--size", str(options.size), *(["--stand-ins"] if options.stand_ins else [])]
    # As a job of the workflow: idle threads of a linear algebra library spin.
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | ONE) as process:
        with _watched(process.pid) as peak:
            said, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{one} failed")
    return json.loads(said) | {name: round(value / 1024, 1) for name, value in peak.items()}


@contextmanager
def _watched(root: int) -> Iterator[dict[str, float]]:
    """The peaks, in kilobytes, of what a process and its descendants hold."""
    peak, ended = {"memory_mb": 0.0, "with_files_mb": 0.0}, threading.Event()

    def watch() -> None:
        while not ended.wait(0.25):
            sums = dict.fromkeys(peak, 0.0)
            for pid in _family(root):
                try:
                    text = Path("/proc", str(pid), "smaps_rollup").read_text()
                except OSError:  # it ended meanwhile
                    continue
                fields = dict(line.split()[:2] for line in text.splitlines()[1:])
                sums["with_files_mb"] += float(fields["Pss:"])
                sums["memory_mb"] += float(fields["Pss_Anon:"]) + float(fields["Pss_Shmem:"])
            for name, value in sums.items():
                peak[name] = max(peak[name], value)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield peak
    ended.set()
    thread.join()


def _family(root: int) -> list[int]:
    found, index = [root], 0
    while index < len(found):
        for task in Path("/proc", str(found[index]), "task").glob("*/children"):
            try:
                found += [int(pid) for pid in task.read_text().split()]
            except OSError:  # it ended meanwhile
                continue
        index += 1
    return found


class _Clock:
    """Milliseconds a picture, once the first pictures are through: of the wall's clock, and of all
    processors together, which other work on the machine disturbs less."""

    def __init__(self, warm_up: int = 1) -> None:
        self.warm_up, self.count = warm_up, 0
        self.times: list[tuple[int, float]] = []
        self.cpu: list[tuple[int, float]] = []

    def __call__(self, pictures: int = 1) -> None:
        before, self.count = self.count, self.count + pictures
        if self.count < self.warm_up:
            return
        self.times[1:] = [(self.count, time.perf_counter())]
        if not self.cpu or before // 16 < self.count // 16:
            self.cpu[1:] = [(self.count, _cpu_seconds())]

    @property
    def result(self) -> Result:
        steps = [np.subtract(*points[::-1]) for points in (self.times, self.cpu)]
        return {k: 1000 * float(t / n) for k, (n, t) in zip(("ms", "cpu_ms"), steps, strict=True)}


def _cpu_seconds() -> float:
    """Of this process and its descendants."""
    total = 0.0
    for pid in _family(os.getpid()):
        try:
            fields = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _run(stage: str, count: int, workers: int, options: argparse.Namespace) -> Result:
    """In the fresh interpreter: one stage."""
    cv2.setNumThreads(1)
    root = options.out / f"{options.side}_{count}"
    root.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    result = _STAGES[stage](root, options, count, workers)
    return {"seconds": time.perf_counter() - start, **result}


def _writing(clock: _Clock) -> _Clock:
    """The clock, which from now on every face that is written moves."""
    from maskbench.faces.faceset import FaceSetWriter

    add = FaceSetWriter.add

    def timed(self: FaceSetWriter, image: np.ndarray, row: dict[str, Any]) -> None:
        add(self, image, row)
        clock()

    FaceSetWriter.add = timed  # type: ignore[method-assign]
    return clock


def _fetch(root: Path, options: argparse.Namespace, count: int, _: int) -> Result:
    from maskbench.datasets.fetch import fetch
    from maskbench.datasets.split import split

    path = str((options.out / "pictures" / root.name).absolute())
    shares = SplitShares(train=0.9, val=0.05, test=0.05)
    config = DatasetConfig(adapter="folder", path=path, shares=shares)
    remove(root / "pictures")
    start, cpu = time.perf_counter(), time.process_time()
    fetch("made", config, root / "pictures")
    split(root / "pictures", config, root / "splits.parquet")
    spent = {"ms": time.perf_counter() - start, "cpu_ms": time.process_time() - cpu}
    return {name: 1000 * seconds / count for name, seconds in spent.items()}


def _crop(root: Path, options: argparse.Namespace, count: int, workers: int) -> Result:
    from maskbench.faces.crop_faces import crop_faces

    clock = _writing(_Clock(min(WARM_UP, count // 2)))
    remove(root / "crops")
    crop_faces(
        root / "pictures", options.weights, root / "crops", FacesConfig(size=options.size), 0.1,
        workers,
    )  # fmt: skip
    return {"faces": clock.count, **clock.result}


def _faceset(root: Path, *_: Any) -> Result:
    from maskbench.faces.divide_faces import divide_faces
    from maskbench.faces.faceset import FaceSet

    remove(root / "faces")
    divide_faces(root / "crops", root / "splits.parquet", 0, root / "faces")
    faces, clock = FaceSet.open(root / "faces", lists=False), _Clock()
    for begin in range(0, len(faces), 64):
        rows = np.arange(begin, min(begin + 64, len(faces)))
        faces.landmarks_of(rows).mean()
        faces.images[rows].mean()
        clock(len(rows))
    return clock.result


def _overlay(root: Path, options: argparse.Namespace, *_: Any) -> Result:
    from maskbench.masks.draw_masks import draw_masks
    from maskbench.synthesis.masked_domain import masked_domain

    remove(root / "mask_pictures")
    draw_masks(root / "mask_pictures", options.size)
    remove(root / "masked")
    clock = _writing(_Clock())
    config = RealDomain(copies=1)
    masked_domain(root / "faces", root / "mask_pictures", root / "masked", config, STYLES, 0)
    return clock.result


def _loader(root: Path, options: argparse.Namespace, *_: Any) -> Result:
    import torch

    torch.set_num_threads(1)
    from maskbench.faces.faceset import FaceSet
    from maskbench.imaging.ranges import Augmentation
    from maskbench.masks.artwork import MaskPictures
    from maskbench.masks.maskedset import MaskedSet
    from maskbench.synthesis.batches import Batches

    faces = FaceSet.open(root / "faces", lists=False)
    masked = MaskedSet.open(root / "masked", lists=False)
    start, cpu = time.perf_counter(), time.process_time()
    batches = Batches(
        faces, masked, MaskPictures.open(root / "mask_pictures"), styles=STYLES, size=options.size,
        match="styles", ranges=Augmentation(), seed=0, device=torch.device("cpu"),
        scratch=root / "scratch",
    )  # fmt: skip
    loaded, loaded_cpu = time.perf_counter(), time.process_time()
    for _ in range(DRAWN):
        batches.draw(16)
    end = time.perf_counter()
    read = len(batches.faces) + len(batches.real)
    shutil.rmtree(root / "scratch")
    return {
        "ms": 1000 * (loaded - start) / read, "cpu_ms": 1000 * (loaded_cpu - cpu) / read,
        "ms_drawn": 1000 * (end - loaded) / DRAWN / 32,
    }  # fmt: skip


def _metrics(root: Path, options: argparse.Namespace, *_: Any) -> Result:
    import maskbench.metrics.picture_metrics as picture_metrics
    from maskbench.metrics.evaluate_synthesis import evaluate_synthesis

    if options.stand_ins:
        picture_metrics.Networks.open = _stand_ins  # type: ignore[method-assign]
    remove(root / "metrics")
    clock = _Clock()

    @contextmanager
    def ticking(batches: int) -> Iterator[Callable[[], None]]:
        yield lambda: clock(config.batch_size)

    config = MetricsConfig()
    picture_metrics._progress = ticking
    # The overlay stands against itself, as another method's pictures would.
    evaluate_synthesis(
        root / "masked", root / "masked", root / "faces", options.weights, root / "metrics",
        config, (), 0, "another",
    )  # fmt: skip
    return clock.result


def _stand_ins(weights: Path, published: bool, batch_size: int) -> Any:
    """Networks that cost nothing, with features as wide as the packaged ones."""
    import torch
    from torch import Tensor, nn

    from maskbench.metrics.features import FeatureExtractor, PackagedFeatures
    from maskbench.metrics.picture_metrics import Networks

    class Features(FeatureExtractor):
        name, dim, classes = "stand_in", PackagedFeatures.dim, PackagedFeatures.classes

        def run(self, pixels: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
            small = nn.functional.adaptive_avg_pool2d(pixels, 24).flatten(1) / 255
            return small[:, : self.dim], small[:, -self.classes :], []

    class Other:
        name = "stand_in"

        def __call__(self, images: np.ndarray, others: np.ndarray) -> np.ndarray:
            """A number for each picture (LPIPS), or an embedding of pictures and landmarks."""
            alike = images.shape == others.shape
            return np.ones(len(images) if alike else (len(images), 128))

    torch.set_grad_enabled(False)
    features, other = Features(nn.Identity(), batch_size), cast(Any, Other())
    return Networks(features, features, other, other)


def _mask(root: Path, options: argparse.Namespace, count: int, workers: int) -> Result:
    from maskbench.synthesis.inputs import Task
    from maskbench.synthesis.mask_workers import Job, masked_rows
    from maskbench.synthesis.put_on import ByKeypoints

    pictures = options.out / "pictures" / root.name
    names = [f"p{number // A_PERSON:06d}/{number % A_PERSON:02d}.jpg" for number in range(count)]
    tasks = [Task(name, str(pictures / name), (("", ""),)) for name in names]
    job = Job(None, str(options.weights), FacesConfig(), ByKeypoints("tps", True), STYLES, 0, False)
    clock = _Clock(min(WARM_UP, count // 2))
    for _ in masked_rows(tasks, job, workers):
        clock()
    return clock.result


_STAGES: dict[str, Callable[..., Result]] = {
    "fetch": _fetch, "crop": _crop, "faceset": _faceset, "overlay": _overlay, "loader": _loader,
    "metrics": _metrics, "mask": _mask,
}  # fmt: skip


if __name__ == "__main__":
    main()
