"""Step ``train_segmenter``: learn from overlays where a mask is."""

from __future__ import annotations

import logging
from pathlib import Path

import maskbench.networks as networks_package
import maskbench.restoration as restoration_package
import maskbench.training as training_package
from maskbench.artifacts import atomic_dir, remove, write_json
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.restoration.pairs import Pairs
from maskbench.restoration.segmenter import NAME, PARAMS, SegmenterParams
from maskbench.restoration.segmenter_training import SegmenterTraining
from maskbench.training.base import Run, to_run
from maskbench.training.checkpoint import training_key
from maskbench.training.devices import place

log = logging.getLogger(__name__)

CODE = [
    Path(next(iter(package.__path__)))
    for package in (restoration_package, networks_package, training_package)
]


def train_segmenter(
    faces: Path,
    masked: Path,
    params: SegmenterParams,
    seed: int,
    out: Path,
    scratch: Path,
    run: Run | None = None,
) -> None:
    """Train, or go on with a training that was stopped, and write ``out`` whole or not at all.

    Args:
        faces: FaceSet of the bare faces.
        masked: MaskedSet of the same people (split ``train``; others are not looked at).
        params: the section ``restoration.segmenter``.
        seed: of every random choice.
        out: the model folder: state.safetensors, curves.parquet, params.json.
        scratch: folder for checkpoints; each training keeps its own below it.
        run: a tracking run for the curves.

    Raises:
        MaskbenchError: unreadable inputs, sets that do not belong together, an unwritable output.
    """
    bare, dressed = FaceSet.open(faces), MaskedSet.open(masked)
    own = Path(scratch) / training_key(
        {"model": NAME, "params": params.model_dump(), "seed": seed},
        [Path(faces), Path(masked)], CODE,
    )  # fmt: skip
    with atomic_dir(Path(out)) as tmp:
        pairs = Pairs(bare, dressed, "train", params.train_size)
        training = SegmenterTraining(pairs, params, seed, place(params.precision))
        training.run(params.steps, f"{NAME} seed {seed}", own, to_run(run))
        training.write(tmp)
        note = {"model": NAME, "params": params.model_dump(mode="json"), "seed": seed}
        note |= {"dataset": bare.dataset, "crop": bare.crop, "people": bare.people_of("train")}
        write_json(tmp / PARAMS, note)
    remove(own)
    log.info("%s seed %d: trained, %s", NAME, seed, out)
