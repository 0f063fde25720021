"""Pictures a second and recall of the MTCNN detector.

    MASKBENCH_DATA=data python benchmarks/mtcnn.py [--pictures 600] [--repeats 3]

Compares, in one run on ``lfw`` (250 x 250): this project's detector as one process with two
threads and as two processes with one thread each, and a plain reference loop that computes what
the paper describes picture by picture (whole pyramid, suppression in Python, one call a crop).
Pictures are decoded beforehand; the best of the repeats counts. Then the share of pictures with
a face in ORL, LFW and MFR2. Prints a table and writes results/benchmarks/mtcnn.json.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from maskbench.artifacts import write_json
from maskbench.config import DatasetConfig, DetectorConfig
from maskbench.datasets.fetch import fetch
from maskbench.datasets.fetch_weights import fetch_weights
from maskbench.datasets.manifest import Pictures
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError
from maskbench.faces.mtcnn import Detections, Mtcnn, select_face
from maskbench.faces.mtcnn_networks import ONet, PNet, RNet, load_network

TARGET = 80  # pictures/s on two cores
console = Console(stderr=True)


class PlainMtcnn:
    """The published cascade, one picture, one scale and one crop after the other."""

    def __init__(self, weights: Path, config: DetectorConfig) -> None:
        self.config = config
        self.networks = [
            load_network(kind(), weights / f"mtcnn_{letter}net.pt")
            for kind, letter in ((PNet, "p"), (RNet, "r"), (ONet, "o"))
        ]

    @torch.inference_mode()
    def detect(self, image: np.ndarray) -> list[tuple[np.ndarray, float]]:
        """Boxes and scores of one picture."""
        found = self._keep(self._propose(image), 0.7)
        for network, side, threshold in (
            (self.networks[1], 24, self.config.thresholds[1]),
            (self.networks[2], 48, self.config.thresholds[2]),
        ):
            better = []
            for box, _ in found:
                centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).max() / 2
                square = np.round(np.concatenate([centre - half, centre + half]))
                score, offset, *_ = network(self._tensor(_cut(image, square, side)))
                if float(score) > threshold:
                    sides = np.tile(square[2:] - square[:2], 2)
                    better.append((square + offset[0].numpy() * sides, float(score)))
            found = self._keep(better, 0.7)
        return found

    def _propose(self, image: np.ndarray) -> list[tuple[np.ndarray, float]]:
        height, width = image.shape[:2]
        found, scale = [], 12 / self.config.min_face
        while min(height, width) * scale >= 12:
            size = (int(np.ceil(width * scale)), int(np.ceil(height * scale)))
            level = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            score, offset = self.networks[0](self._tensor(level))
            here = []
            for _, y, x in (score > self.config.thresholds[0]).nonzero().tolist():
                cell = np.array([2 * x, 2 * y, 2 * x + 12, 2 * y + 12]) / scale
                moved = cell + offset[0, :, y, x].numpy() * 12 / scale
                here.append((moved, float(score[0, y, x])))
            found += self._keep(here, 0.5)
            scale *= self.config.factor
        return found

    @staticmethod
    def _keep(found: list[tuple[np.ndarray, float]], limit: float) -> list:
        kept: list[tuple[np.ndarray, float]] = []
        for box, score in sorted(found, key=lambda one: -one[1]):
            if all(_iou(box, other) <= limit for other, _ in kept):
                kept.append((box, score))
        return kept

    @staticmethod
    def _tensor(pixels: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(pixels).permute(2, 0, 1)[None].float()


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    shared = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0).prod()
    return float(shared / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared))


def _cut(image: np.ndarray, square: np.ndarray, side: int) -> np.ndarray:
    x0, y0, x1, y1 = square.astype(int)
    rows = np.clip(np.arange(y0, max(y1, y0 + 1)), 0, image.shape[0] - 1)
    columns = np.clip(np.arange(x0, max(x1, x0 + 1)), 0, image.shape[1] - 1)
    return cv2.resize(image[rows][:, columns], (side, side), interpolation=cv2.INTER_AREA)


def plain_rate(weights: Path, images: list[np.ndarray], repeats: int) -> float:
    """Pictures/s of the reference loop with two threads."""
    torch.set_num_threads(2)
    detector = PlainMtcnn(weights, DetectorConfig())
    detector.detect(images[0])
    return _best(lambda: [detector.detect(image) for image in images], len(images), repeats)


def threads_rate(weights: Path, images: list[np.ndarray], repeats: int) -> float:
    """Pictures/s of one process with two threads."""
    torch.set_num_threads(2)
    detector = Mtcnn(weights, DetectorConfig(), "cpu")
    detector.detect(images[:4])
    return _best(lambda: detector.detect(images), len(images), repeats)


def _best(work, pictures: int, repeats: int) -> float:  # type: ignore[no-untyped-def]
    rates = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        rates.append(pictures / (time.perf_counter() - start))
    return max(rates)


def processes_rate(weights: Path, files: list[Path], repeats: int) -> float:
    """Pictures/s of two processes with one thread each, all repeats started together."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    workers = [
        context.Process(target=_worker, args=(weights, files[half::2], repeats, barrier))
        for half in range(2)
    ]
    for worker in workers:
        worker.start()
    rates = []
    for _ in range(repeats):
        barrier.wait(timeout=600)
        start = time.perf_counter()
        barrier.wait(timeout=600)
        rates.append(len(files) / (time.perf_counter() - start))
    for worker in workers:
        worker.join()
    return max(rates)


def _worker(weights: Path, files: list[Path], repeats: int, barrier) -> None:  # type: ignore[no-untyped-def]
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    images = [read_picture(file) for file in files]
    detector = Mtcnn(weights, DetectorConfig(), "cpu")
    detector.detect(images[:4])
    for _ in range(repeats):
        barrier.wait(timeout=600)
        detector.detect(images)
        barrier.wait(timeout=600)


def recall(weights: Path, files: list[Path], name: str) -> dict[str, float | int]:
    """Share of pictures with a face, and agreement with the whole search on the chosen one."""
    coarse = Mtcnn(weights, DetectorConfig(), "cpu")
    whole = Mtcnn(weights, DetectorConfig(coarse_share=0, second_look=False), "cpu")
    found = published = other = 0
    for file in track(files, f"recall on {name}", console=console):
        image = read_picture(file)
        box, wanted = (_chosen(d.detect([image])[0], image) for d in (coarse, whole))
        found, published = found + (box is not None), published + (wanted is not None)
        if box is not None and wanted is not None:
            other += _iou(box, wanted) < 0.4
    return {
        "pictures": len(files),
        "recall": found / len(files),
        "recall_whole_search": published / len(files),
        "chose_another_face": other,
    }


def _chosen(found: Detections, image: np.ndarray) -> np.ndarray | None:
    best = select_face(found, (image.shape[1], image.shape[0]))
    return None if best is None else found.boxes[best]


def collection(dataset: str, folder: Path) -> list[Path]:
    """The files of a data set, in the order of its manifest."""
    fetch(dataset, DatasetConfig(adapter=dataset), folder / dataset)
    opened = Pictures.open(folder / dataset)
    return [opened.file(source) for source in opened.manifest["source"]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", type=int, default=600, help="LFW pictures to time")
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument(
        "--recall", type=int, default=5000, help="pictures a collection for the recall; 0: none"
    )
    options.add_argument("--out", type=Path, default=Path("results/benchmarks/mtcnn.json"))
    chosen = options.parse_args()
    if "MASKBENCH_DATA" not in os.environ:
        raise MaskbenchError("MASKBENCH_DATA", "not set", "name the folder that holds lfw and mfr2")
    with tempfile.TemporaryDirectory() as scratch:
        weights = Path(scratch) / "weights"
        fetch_weights(weights, published=False)
        files = {name: collection(name, Path(scratch)) for name in ("orl", "lfw", "mfr2")}
        step = max(1, len(files["lfw"]) // chosen.pictures)
        timed = files["lfw"][::step][: chosen.pictures]
        images = [read_picture(file) for file in timed]
        cv2.setNumThreads(1)
        rates = {
            "two_processes": processes_rate(weights, timed, chosen.repeats),
            "two_threads": threads_rate(weights, images, chosen.repeats),
            "plain_loop": plain_rate(weights, images[::6], chosen.repeats),
        }
        _report_speed(rates)
        torch.set_num_threads(1)
        found = {}
        for name, some in files.items():
            if chosen.recall:
                step = max(1, len(some) // chosen.recall)
                found[name] = recall(weights, some[::step], name)
    _report_recall(found)
    write_json(
        chosen.out,
        {
            "pictures_per_second": rates,
            "times_the_plain_loop": max(rates.values()) / rates["plain_loop"],
            "target": TARGET,
            "recall": found,
            "pictures": len(timed),
            "repeats": chosen.repeats,
            "torch": torch.__version__,
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        },
    )


def _report_speed(rates: dict[str, float]) -> None:
    speed = Table("detector on LFW 250x250, two cores", "pictures/s", "x plain loop")
    for name, rate in rates.items():
        speed.add_row(name.replace("_", " "), f"{rate:.1f}", f"{rate / rates['plain_loop']:.1f}")
    Console().print(speed)


def _report_recall(found: dict[str, dict[str, float | int]]) -> None:
    faces = Table("data set", "pictures", "recall", "of the whole search", "another face chosen")
    for name, row in found.items():
        faces.add_row(
            name,
            str(row["pictures"]),
            f"{row['recall']:.4f}",
            f"{row['recall_whole_search']:.4f}",
            str(row["chose_another_face"]),
        )
    Console().print(faces)


if __name__ == "__main__":
    main()
