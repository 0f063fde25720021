"""A mask on one picture: milliseconds by every trained method.

    python benchmarks/synthesis.py [--results results] [--dataset orl] [--rounds 50] [--threads 1]

One face of the run in ``--results`` at a time, from the crop to the masked picture, by the models
of the first seed; faces are found and landmarks measured beforehand. Methods take turns; the best
round of each counts. Written to ``results/benchmarks/synthesis.json``. Parameters and multiply-adds
are in the run's own table ``costs``.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path

import torch

from maskbench.artifacts import write_json
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.synthesis.model import open_method, trained_with

log = logging.getLogger("synthesis")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=Path("results"), help="of a finished run")
    parser.add_argument("--dataset", default="orl")
    parser.add_argument("--rounds", type=int, default=50, help="pictures by each method")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/synthesis.json"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)

    faces = FaceSet.open(options.results / "faces" / options.dataset / "fold0")
    pictures = MaskPictures.open(options.results / "mask_pictures")
    worn = options.results / "masked_domain" / options.dataset / "fold0"
    methods = {}
    for folder in sorted((options.results / "models" / options.dataset).glob("*/seed0")):
        name = folder.parent.name
        trained = trained_with(folder, name)
        if trained is not None:
            found = options.results / "guides" / options.dataset
            guides = [found / guide / folder.name for guide in trained.block.spec.guides]
            methods[name] = open_method(folder, trained.block, guides, worn)
    if not methods:
        raise MaskbenchError(options.results, "no models", "name the folder of a finished run")

    times: dict[str, list[float]] = {name: [] for name in methods}
    rows = faces.of_split("test").tolist()
    for turn in range(-3, options.rounds):  # the first three warm up
        row, style = rows[turn % len(rows)], pictures.styles[turn % len(pictures.styles)]
        for name, method in methods.items():
            pair = (row, style if method.block.spec.styled else "")
            start = time.perf_counter()
            list(method.pictures_of(faces, pictures, [pair]))
            if turn >= 0:
                times[name].append(1000 * (time.perf_counter() - start))
    found = {name: min(values) for name, values in times.items()}
    facts = {"side": faces.size, "threads": options.threads, "rounds": options.rounds}
    write_json(options.out, {**facts, "milliseconds": found})
    for name, value in found.items():
        log.info("%-12s %6.1f ms", name, value)


if __name__ == "__main__":
    main()
