"""Pictures a second of every network that makes embeddings, on one core.

    python benchmarks/embedding.py [--pictures 32] [--rounds 2] [--only iresnet18 --only facenet]

Frozen networks as packaged or published (FaceNet with random weights where its own are absent: that
takes as long) and the trainable backbones at their published sizes with random weights, opened as
a trained recogniser is. Each runs as in the experiment, in batches of 32,
and as a simple loop that gives the same network one picture at a time; that both give the same
embeddings is checked. A picture costs all that belongs to its embedding: alignment, resizing and
the mirrored picture. The best round counts. The table is in processor time, which on one core and
an otherwise idle machine is the time that passes, and which other work disturbs less; the file has
both.

Without --faces the pictures are drawn: they take as long as faces do. With --faces it reads a
folder that the step crop_faces wrote, for example results/faces/orl. Prints a table and writes
results/benchmarks/embedding.json.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from maskbench.artifacts import write_json
from maskbench.datasets.fetch_weights import fetch_weights
from maskbench.datasets.weights import has_weights
from maskbench.faces.faceset import FaceSet, FaceSetWriter
from maskbench.recognition.backbones.build import build
from maskbench.recognition.backbones.inception_resnet import InceptionResnetV1
from maskbench.recognition.encoders import FACENET, Absent, Encoder, encoder_of
from maskbench.recognition.kinds import RECOGNISERS
from maskbench.recognition.recogniser import Model
from maskbench.recognition.specs import NETWORKS
from maskbench.recognition.trained_network import encoder_of as own_encoder
from maskbench.recognition.training import PLAYER
from maskbench.threads import one_thread
from maskbench.training import state
from maskbench.training.checkpoint import STATE

SIDE = 144  # of the drawn pictures
BACKBONES = {
    "iresnet18": 112,
    "iresnet50": 112,
    "mobilefacenet": 112,
    "resnet50": 224,
    "inception_resnet_v1": 160,
}
ALL = (*NETWORKS.all(), *BACKBONES)
WIDTH = 64


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--pictures", type=int, default=32, help="pictures a round, a multiple of 32 (default 32)"
    )
    parser.add_argument("--rounds", type=int, default=2, help="the best counts (default 2)")
    parser.add_argument("--only", action="append", choices=ALL, help="this network; repeatable")
    parser.add_argument("--faces", type=Path, help="a FaceSet folder (default: drawn pictures)")
    parser.add_argument("--weights", type=Path, help="a folder of fetch_weights (default: fetched)")
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/embedding.json"))
    options = parser.parse_args()
    if options.pictures < 1 or options.pictures % Encoder.BATCH:
        parser.error(f"--pictures must be a multiple of {Encoder.BATCH}: batches are filled up")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    chosen = [name for name in ALL if name in (options.only or ALL)]
    load, console = os.getloadavg()[0], Console(stderr=True)
    results: dict[str, dict[str, float | int | str]] = {}
    with tempfile.TemporaryDirectory() as folder, one_thread():
        scratch = Path(folder)
        weights = options.weights or scratch / "weights"
        if options.weights is None:
            fetch_weights(weights, published=False)
        faces = FaceSet.open(options.faces or _drawn(scratch / "faces", options.pictures))
        rows = np.arange(options.pictures) % len(faces)
        for name in chosen:
            make, note = _maker(name, weights, scratch)
            try:
                results[name] = {**_measured(make, faces, rows, options.rounds), "note": note}
            except Absent:
                results[name] = {"note": "not measured: its weights are absent"}
            console.print(f"{name}: done")
    facts = {"pictures": options.pictures, "rounds": options.rounds, "batch": Encoder.BATCH}
    write_json(options.out, {**facts, "threads": 1, "load_before": load, "networks": results})
    _print(results)


def _maker(name: str, weights: Path, scratch: Path) -> tuple[Callable[[], Encoder], str]:
    """What opens the network of this name, and a remark on it."""
    if name in BACKBONES:
        size = BACKBONES[name]
        values = {"use": "network", "backbone": name, "loss": "arcface", "size": size}
        block = RECOGNISERS.parse(name, values | {"width": WIDTH, "training": "bare"})
        network = build(name, size, WIDTH, seed=0).network
        (scratch / name).mkdir()
        state.save(scratch / name / STATE, {PLAYER: network.state_dict()})
        return lambda: own_encoder(Model(block, scratch / name)), f"{size} px"
    if name == "facenet" and not has_weights(weights, FACENET):
        random = scratch / "random"
        random.mkdir()
        torch.save(InceptionResnetV1().state_dict(), random / FACENET)
        return lambda: encoder_of(name, random), "random weights: its own are absent"
    return lambda: encoder_of(name, weights), ""


def _measured(
    make: Callable[[], Encoder], faces: FaceSet, rows: np.ndarray, rounds: int
) -> dict[str, float | int]:
    """Pictures a second in batches and one by one, in turns: processor time, and the clock's."""
    usual = Encoder.BATCH
    encoders = {"batches": make()}
    Encoder.BATCH = 1
    encoders["one_by_one"] = make()
    found: dict[str, np.ndarray] = {}
    passed, spent = (dict.fromkeys(encoders, float("inf")) for _ in range(2))
    try:
        for _ in range(rounds):
            for way, encoder in encoders.items():
                Encoder.BATCH = usual if way == "batches" else 1
                begun, begun_cpu = time.perf_counter(), time.process_time()
                found[way] = encoder(faces, rows)
                passed[way] = min(passed[way], time.perf_counter() - begun)
                spent[way] = min(spent[way], time.process_time() - begun_cpu)
    finally:
        Encoder.BATCH = usual
    one, other = found["batches"], found["one_by_one"]
    difference = np.linalg.norm(one - other, axis=1) / np.linalg.norm(one, axis=1)
    assert difference.max() < 1e-3, f"embeddings differ by {difference.max():.1e}"
    rates = {way: len(rows) / value for way, value in spent.items()}
    wall = {f"{way}_by_the_clock": len(rows) / value for way, value in passed.items()}
    ratio = rates["batches"] / rates["one_by_one"]
    return {"dim": one.shape[1], **rates, "times_as_fast": ratio, **wall}


def _drawn(folder: Path, count: int) -> Path:
    """A FaceSet of seeded pictures: soft coloured blocks, with a box where a face would be."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    box = np.array([SIDE * 0.1, SIDE * 0.1, SIDE * 0.9, SIDE * 0.9], np.float32)
    row = {
        "identity": "", "split": "test", "box": box, "score": 1.0,
        "crop_box": np.array([0, 0, SIDE, SIDE], np.float32),
        "landmarks": np.zeros(136, np.float32), "yaw": 0.0, "pitch": 0.0, "roll": 0.0,
    }  # fmt: skip
    with FaceSetWriter(folder, SIDE, {"dataset": "drawn", "crop": "none"}) as writer:
        for number in range(count):
            coarse = rng.integers(0, 256, (9, 9, 3)).astype(np.uint8)
            picture = np.repeat(np.repeat(coarse, SIDE // 9, axis=0), SIDE // 9, axis=1)
            writer.add(picture, {**row, "face_id": str(number), "source": str(number)})
    return folder


def _print(results: dict[str, dict[str, float | int | str]]) -> None:
    table = Table(title="Embeddings, one core, processor time")
    for column in ("network", "length", "one by one, pictures/s", "batches of 32, pictures/s"):
        table.add_column(column, justify="left" if column == "network" else "right")
    table.add_column("times as fast", justify="right")
    table.add_column("remark")
    for name, row in results.items():
        if "dim" in row:
            numbers = [f"{row[key]:.1f}" for key in ("one_by_one", "batches")]
            cells = [str(row["dim"]), *numbers, f"{row['times_as_fast']:.2f}"]
        else:
            cells = ["", "", "", ""]
        table.add_row(name, *cells, str(row["note"]))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
