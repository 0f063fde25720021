"""Speed and memory of the key-point overlay, from files to masked pictures.

    MASKBENCH_DATA=... python benchmarks/overlay.py --weights results/weights

On the pictures of ``lfw/`` (250 x 250): read, detect, find landmarks, overlay; pictures a second of
the command's own pipeline with worker processes, against a simple loop over the same functions in
one process; and the peak of the resident memory, summed over all processes, for 1,000 and for
10,000 pictures. Each measurement runs in a fresh interpreter. Needs Linux (/proc).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from maskbench.artifacts import write_json
from maskbench.errors import MaskbenchError

WARM_UP = 320  # pictures before the clock starts: processes start, networks and rasters are loaded
PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("MASKBENCH_DATA", "data"))
    parser.add_argument("--weights", type=Path, default=Path("results/weights"))
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/overlay.json"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--loop", type=int, default=300, help="pictures of the simple loop")
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many is reported")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        kind, count = options.one.split(":")
        json.dump(_measure(kind, int(count), options), sys.stdout)
        return
    runs: dict[str, Any] = {}
    for kind, count in [("loop", options.loop), *(("pipeline", n) for n in options.counts)]:
        # Long runs measure memory and are not repeated.
        repeats = options.repeats if count <= min(options.counts) else 1
        results = [_fresh(kind, count, options) for _ in range(repeats)]
        runs[f"{kind}_{count}"] = max(results, key=lambda result: result["pictures_per_second"])
    best = max(
        run["pictures_per_second"] for name, run in runs.items() if name.startswith("pipeline")
    )
    loop = runs[f"loop_{options.loop}"]["pictures_per_second"]
    peaks = [runs[f"pipeline_{count}"]["peak_rss_mb"] for count in options.counts]
    write_json(
        options.out,
        {
            "pictures": "lfw, 250x250",
            "workers": options.workers,
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "load_before": os.getloadavg()[0],
            "pictures_per_second": best,
            "times_the_simple_loop": best / loop,
            "peak_rss_growth": peaks[-1] / peaks[0],
            "runs": runs,
        },
    )
    print(options.out.read_text(encoding="utf-8"))


def _fresh(kind: str, count: int, options: argparse.Namespace) -> dict[str, Any]:
    done = subprocess.run(
        [
            *(sys.executable, __file__, "--one", f"{kind}:{count}"),
            *("--data", str(options.data), "--weights", str(options.weights)),
            *("--workers", str(options.workers)),
        ],
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout)


def _measure(kind: str, count: int, options: argparse.Namespace) -> dict[str, Any]:
    pictures = sorted(Path(options.data, "lfw").rglob("*.jpg"))
    if not pictures:
        raise MaskbenchError(options.data, "no lfw/*/*.jpg", "set MASKBENCH_DATA")
    paths = [pictures[k % len(pictures)] for k in range(count + WARM_UP)]
    with _PeakMemory() as memory:
        run = _loop if kind == "loop" else _pipeline
        result = run(paths, options)
    return result | {"pictures": count, "peak_rss_mb": round(memory.peak / 2**20)}


def _loop(paths: list[Path], options: argparse.Namespace) -> dict[str, Any]:
    """The same functions, one picture after another, in one process with one thread."""
    from maskbench.config import FacesConfig
    from maskbench.datasets.pictures import read_picture
    from maskbench.faces.locate import FaceLocator
    from maskbench.masks.artwork import MaskPictures
    from maskbench.masks.overlay import overlay
    from maskbench.synthesis.mask_workers import style_of
    from maskbench.threads import one_thread

    pictures = MaskPictures.draw(144)
    paths = paths[WARM_UP - 16 :]
    found, start = 0, 0.0
    with one_thread():
        locator = FaceLocator(options.weights, FacesConfig())
        for number, path in enumerate(paths):
            if number == 16:
                found, start = 0, time.perf_counter()
            image = read_picture(path)
            (face,) = locator.locate([image])
            if face is not None:
                style = style_of(path.name, 0, pictures.styles, 0)
                overlay(image, face.landmarks, *pictures.picture(style))
                found += 1
    seconds = time.perf_counter() - start
    return {"pictures_per_second": (len(paths) - 16) / seconds, "faces": found}


def _pipeline(paths: list[Path], options: argparse.Namespace) -> dict[str, Any]:
    """The pipeline of the command ``mask``, without writing the pictures."""
    from maskbench.config import FacesConfig
    from maskbench.masks.artwork import style_names
    from maskbench.synthesis.inputs import Task
    from maskbench.synthesis.mask_workers import Job, masked_rows
    from maskbench.synthesis.put_on import ByKeypoints

    tasks = [Task(path.name, str(path), (("", ""),)) for path in paths]
    job = Job(
        None, str(options.weights), FacesConfig(), ByKeypoints("tps", True), style_names(), 0, False
    )
    begun = start = time.perf_counter()
    found = 0
    for number, (_, rows) in enumerate(masked_rows(tasks, job, options.workers)):
        if number == WARM_UP:
            found, start = 0, time.perf_counter()
        found += "reason" not in rows[0]
    end = time.perf_counter()
    return {
        "pictures_per_second": (len(tasks) - WARM_UP) / (end - start),
        "with_start_up": len(tasks) / (end - begun),
        "faces": found,
    }


class _PeakMemory:
    """The largest sum of resident memory over this process and its descendants, in bytes."""

    def __enter__(self) -> _PeakMemory:
        self.peak, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.5):
            self.peak = max(self.peak, _resident(os.getpid()))


def _resident(root: int) -> int:
    parents, memory = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
                memory[int(entry.name)] = int((entry / "statm").read_text().split()[1]) * PAGE
            except (OSError, IndexError):  # it ended meanwhile
                continue
    family, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family |= more
        grown = bool(more)
    return sum(memory.get(pid, 0) for pid in family)


if __name__ == "__main__":
    main()
