"""Inception features for FID: this package against pytorch-fid's own loop, side by side.

    python benchmarks/inception.py [--pictures 100] [--rounds 3] [--threads 2]

Both run the same seeded weights (a download is not needed) on the same files, in the same process,
on the same number of threads, in turns; the best round of each counts. Written to
``results/benchmarks/inception.json``: pictures/s of both, their ratio, the processor time of a
picture (which other work on the machine disturbs less; pytorch-fid's reading process is not
counted), the FID between two sets of pictures from either's features, and the relative difference.

bfloat16 runs twice as fast again, but its FID is off by 3 to 5% (``--bfloat16`` measures it); the
package therefore computes in float32.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from pytorch_fid.fid_score import get_activations

from maskbench.artifacts import write_json
from maskbench.datasets.pictures import read_picture
from maskbench.metrics.features import FidInceptionFeatures, fid_inception
from maskbench.metrics.fid import fid

SIDE = 144
log = logging.getLogger("inception")


def draw_pictures(folder: Path, count: int, seed: int, blocks: int) -> list[Path]:
    """Seeded pictures of coloured blocks under a soft light, as PNG files of 144 x 144."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    files = []
    for i in range(count):
        coarse = rng.integers(0, 256, (blocks, blocks, 3)).astype(np.uint8)
        picture = Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        light = np.linspace(*rng.uniform(0.5, 1, 2), SIDE)[:, None, None]
        files.append(folder / f"{i:05d}.png")
        Image.fromarray((np.asarray(picture) * light).astype(np.uint8)).save(files[-1])
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=100, help="pictures in each of the sets")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each; the best one counts")
    parser.add_argument("--threads", type=int, default=2, help="threads of the network, of both")
    parser.add_argument("--batch", type=int, default=16, help="this package's batch")
    parser.add_argument("--bfloat16", action="store_true", help="measure that, too")
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/inception.json"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)

    published = fid_inception()[0]
    ours = {"maskbench": FidInceptionFeatures(*fid_inception(), batch_size=options.batch)}
    if options.bfloat16:
        ours["maskbench_bfloat16"] = FidInceptionFeatures(
            *fid_inception(), batch_size=options.batch, dtype=torch.bfloat16
        )

    def by_pytorch_fid(files: list[Path]) -> np.ndarray:
        with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
            return get_activations(files, published, batch_size=50, num_workers=1)

    loops = {"pytorch_fid": by_pytorch_fid} | {
        name: lambda files, e=extractor: e(np.stack([read_picture(file) for file in files]))[0]
        for name, extractor in ours.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        one = draw_pictures(Path(folder) / "one", options.pictures, seed=0, blocks=6)
        two = draw_pictures(Path(folder) / "two", options.pictures, seed=1, blocks=9)
        rates: dict[str, list[float]] = {name: [] for name in loops}
        cpu: dict[str, list[float]] = {name: [] for name in loops}
        first: dict[str, np.ndarray] = {}
        for turn in range(options.rounds):
            for name, loop in loops.items():
                start, cpu_start = time.perf_counter(), time.process_time()
                first[name] = loop(one)
                rates[name].append(options.pictures / (time.perf_counter() - start))
                cpu[name].append((time.process_time() - cpu_start) / options.pictures)
                log.info("round %d: %s %.1f pictures/s", turn + 1, name, rates[name][-1])
        distances = {name: fid(first[name], loop(two)) for name, loop in loops.items()}

    expected = distances["pytorch_fid"]
    result = {
        "pictures": options.pictures,
        "threads": options.threads,
        "rounds": options.rounds,
        "pictures_per_second": {name: max(values) for name, values in rates.items()},
        "speed_up": {name: max(rates[name]) / max(rates["pytorch_fid"]) for name in ours},
        "cpu_seconds_per_picture": {name: min(values) for name, values in cpu.items()},
        "fid": distances,
        "fid_relative_difference": {n: abs(distances[n] / expected - 1) for n in ours},
    }
    write_json(options.out, result)
    log.info("%s", result)


if __name__ == "__main__":
    main()
