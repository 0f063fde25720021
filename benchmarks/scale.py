"""Memory and speed of every stage as pictures become more: is a hundred times as many the same?

    python benchmarks/scale.py --out /scratch/scale --weights results/weights

Made pictures (ORL's faces moved, mirrored, enlarged and tinted, no two alike) go through the steps
of the workflow: ``crop`` (with one and with two processes), ``faceset`` (divided into splits,
opened, read), ``overlay`` (the masked domain), ``loader`` (batches for a training) and ``metrics``;
and through ``mask``, the pipeline of the command (with one and with two processes, nothing
written). Each stage runs in a fresh interpreter.

Memory is the peak, over the whole family of processes, of what they hold for themselves (``Pss``
without mapped files, sampled); pages of mapped files are counted apart, since the system takes them
back when memory is short. Seconds a picture leave out the start of processes. ``scale.json`` in the
folder gathers all runs; files of an earlier run are used again. Needs Linux (/proc).

``--stand-ins`` measures ``metrics`` with networks that cost nothing and have features as wide: the
memory of 100,000 pictures in minutes instead of hours.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from maskbench.artifacts import read_json, remove, write_json
from maskbench.config import DatasetConfig, FacesConfig, MetricsConfig, RealDomain, SplitShares

STAGES = ("crop", "faceset", "overlay", "loader", "metrics", "mask")
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
    for count in options.counts:
        make_pictures(options.out / "pictures" / f"{options.side}_{count}", count, options.side)
        for stage in options.stages:
            for workers in (2, 1) if stage in TWICE else (1,):
                name = f"{stage}{'_stand_ins' if options.stand_ins and stage == 'metrics' else ''}"
                name = f"{name}/{options.side}/{count}/{workers}"
                found[name] = _fresh(f"{stage}:{count}:{workers}", options)
                write_json(file, found)
                print(name, json.dumps(found[name]), flush=True)
    print(table(found))


def table(found: dict[str, Result]) -> str:
    """Markdown: a line for each stage, side and number of workers, of the fewest and the most
    pictures."""
    runs: dict[tuple[str, str, str], dict[int, Result]] = {}
    for name, result in found.items():
        stage, side, count, workers = name.split("/")
        runs.setdefault((stage, side, workers), {})[int(count)] = result
    lines = [
        "| stage | pixels | processes | pictures | memory, MB | ratio | with mapped files, MB | "
        "ms a picture | ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for (stage, side, workers), counts in runs.items():
        few, many = counts[min(counts)], counts[max(counts)]

        def both(key: str, form: str, few: Result = few, many: Result = many) -> str:
            return f"{few[key]:{form}}, {many[key]:{form}}"

        lines.append(
            f"| {stage} | {side} | {workers} | {min(counts):,}, {max(counts):,} | "
            f"{both('memory_mb', '.0f')} | {many['memory_mb'] / few['memory_mb']:.2f} | "
            f"{both('with_files_mb', '.0f')} | {both('ms', '.2f')} | "
            f"{many['ms'] / few['ms']:.2f} |"
        )
    return "\n".join(lines)


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
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
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
    """Milliseconds a picture, once the first pictures are through."""

    def __init__(self, warm_up: int = 1) -> None:
        self.warm_up, self.count, self.start, self.first = warm_up, 0, 0.0, 0

    def __call__(self, pictures: int = 1) -> None:
        self.count += pictures
        if self.count >= self.warm_up and not self.first:
            self.start, self.first = time.perf_counter(), self.count
        self.end = time.perf_counter()

    @property
    def ms(self) -> float:
        return 1000 * (self.end - self.start) / (self.count - self.first)


def _run(stage: str, count: int, workers: int, options: argparse.Namespace) -> Result:
    """In the fresh interpreter: one stage."""
    cv2.setNumThreads(1)
    root = options.out / f"{options.side}_{count}"
    root.mkdir(parents=True, exist_ok=True)
    pictures = (options.out / "pictures" / root.name).absolute()
    start = time.perf_counter()
    result = _STAGES[stage](root, pictures, count, workers, options)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(one.ru_utime + one.ru_stime for one in used)
    whole = time.perf_counter() - start
    return {"ms": 1000 * whole / count, "seconds": whole, "cpu_ms": 1000 * cpu / count} | result


def _crop(
    root: Path, pictures: Path, count: int, workers: int, options: argparse.Namespace
) -> Result:
    import maskbench.faces.crop_faces as step
    from maskbench.datasets.fetch import fetch

    config = DatasetConfig(adapter="folder", path=str(pictures))
    if not (root / "pictures").exists():
        fetch("made", config, root / "pictures")
    clock, advance = _Clock(min(WARM_UP, count // 2)), step.FaceSetWriter.add

    def timed(self: Any, image: np.ndarray, row: dict[str, Any]) -> None:
        advance(self, image, row)
        clock()

    step.FaceSetWriter.add = timed  # type: ignore[method-assign]
    remove(root / "crops")
    step.crop_faces(
        root / "pictures", options.weights, root / "crops", FacesConfig(size=options.size), 0.1,
        workers,
    )  # fmt: skip
    return {"ms": clock.ms, "faces": clock.count}


def _faceset(root: Path, *_: Any) -> Result:
    from maskbench.datasets.split import split
    from maskbench.faces.divide_faces import divide_faces
    from maskbench.faces.faceset import FaceSet

    shares = SplitShares(train=0.9, val=0.05, test=0.05)
    split(
        root / "pictures", DatasetConfig(adapter="folder", shares=shares), root / "splits.parquet"
    )
    remove(root / "faces")
    divide_faces(root / "crops", root / "splits.parquet", 0, root / "faces")
    faces, clock = FaceSet.open(root / "faces", lists=False), _Clock()
    for begin in range(0, len(faces), 64):
        rows = np.arange(begin, min(begin + 64, len(faces)))
        faces.landmarks_of(rows).mean()
        faces.images[rows].mean()
        clock(len(rows))
    return {"ms": clock.ms}


def _overlay(root: Path, _: Path, count: int, workers: int, options: argparse.Namespace) -> Result:
    import maskbench.faces.faceset as faceset
    from maskbench.masks.draw_masks import draw_masks
    from maskbench.synthesis.masked_domain import masked_domain

    remove(root / "mask_pictures")
    draw_masks(root / "mask_pictures", options.size)
    remove(root / "masked")
    clock, add = _Clock(), faceset.FaceSetWriter.add

    def timed(self: Any, image: np.ndarray, row: dict[str, Any]) -> None:
        add(self, image, row)
        clock()

    faceset.FaceSetWriter.add = timed  # type: ignore[method-assign]
    config = RealDomain(copies=1)
    masked_domain(root / "faces", root / "mask_pictures", root / "masked", config, STYLES, 0)
    return {"ms": clock.ms}


def _loader(root: Path, _: Path, count: int, workers: int, options: argparse.Namespace) -> Result:
    import torch

    torch.set_num_threads(1)
    from maskbench.faces.faceset import FaceSet
    from maskbench.imaging.ranges import Augmentation
    from maskbench.masks.artwork import MaskPictures
    from maskbench.masks.maskedset import MaskedSet
    from maskbench.synthesis.batches import Batches

    faces = FaceSet.open(root / "faces", lists=False)
    masked = MaskedSet.open(root / "masked", lists=False)
    start = time.perf_counter()
    batches = Batches(
        faces, masked, MaskPictures.open(root / "mask_pictures"), styles=STYLES, size=options.size,
        match="styles", ranges=Augmentation(), seed=0, device=torch.device("cpu"),
        scratch=root / "scratch",
    )  # fmt: skip
    loaded = time.perf_counter()
    for _ in range(DRAWN):
        batches.draw(16)
    end = time.perf_counter()
    read = len(batches.faces) + len(batches.real)
    shutil.rmtree(root / "scratch")
    return {"ms": 1000 * (loaded - start) / read, "ms_drawn": 1000 * (end - loaded) / DRAWN / 32}


def _metrics(root: Path, _: Path, count: int, workers: int, options: argparse.Namespace) -> Result:
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
    return {"ms": clock.ms}


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

    class Others(nn.Module):
        name = "stand_in"

        def __call__(self, images: np.ndarray, others: np.ndarray) -> np.ndarray:
            if images.shape == others.shape:  # LPIPS
                return np.zeros(len(images))
            return images.reshape(len(images), -1)[:, ::101][:, :128].astype(np.float64)

    features = Features(nn.Identity(), batch_size)
    others: Any = Others()
    torch.set_grad_enabled(False)
    return Networks(features, features, others, others)


def _mask(
    root: Path, pictures: Path, count: int, workers: int, options: argparse.Namespace
) -> Result:
    from maskbench.synthesis.inputs import Task
    from maskbench.synthesis.mask_workers import Job, masked_rows
    from maskbench.synthesis.put_on import ByKeypoints

    names = [f"p{number // A_PERSON:06d}/{number % A_PERSON:02d}.jpg" for number in range(count)]
    tasks = [Task(name, str(pictures / name), (("", ""),)) for name in names]
    job = Job(None, str(options.weights), FacesConfig(), ByKeypoints("tps", True), STYLES, 0, False)
    clock = _Clock(min(WARM_UP, count // 2))
    for _ in masked_rows(tasks, job, workers):
        clock()
    return {"ms": clock.ms}


_STAGES: dict[str, Callable[..., Result]] = {
    "crop": _crop, "faceset": _faceset, "overlay": _overlay, "loader": _loader,
    "metrics": _metrics, "mask": _mask,
}  # fmt: skip


if __name__ == "__main__":
    main()
