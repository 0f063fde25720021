"""Step ``train_restorer``: train one restorer with one seed into a model folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from maskbench.artifacts import atomic_dir, remove, write_json
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.restoration.base import PARAMS, RestorerParams
from maskbench.restoration.base import restorer as restorer_of
from maskbench.restoration.train_segmenter import CODE
from maskbench.training.base import Run, to_run
from maskbench.training.checkpoint import training_key

log = logging.getLogger(__name__)


def train_restorer(
    restorer: str,
    faces: Path,
    masked: Path,
    weights: Path,
    params: Any,
    seed: int,
    out: Path,
    scratch: Path,
    run: Run | None = None,
) -> None:
    """Train, or go on with a training that was stopped, and write ``out`` whole or not at all.

    Args:
        restorer: registry name.
        faces: FaceSet of the bare faces.
        masked: MaskedSet of the same people.
        weights: folder written by ``fetch_weights``.
        params: an instance of the restorer's ``Params``.
        seed: of every random choice.
        out: the model folder: state.safetensors, curves.parquet, sheet.png, params.json.
        scratch: folder for checkpoints; each training keeps its own below it.
        run: a tracking run for the curves.

    Raises:
        MaskbenchError: unreadable inputs, sets that do not belong together, an unwritable output.
    """
    chosen = restorer_of(restorer)
    bare, dressed = FaceSet.open(faces), MaskedSet.open(masked)
    learnt = params.model_dump(exclude=set(RestorerParams.model_fields) - {"threshold"})
    own = Path(scratch) / training_key(
        {"restorer": restorer, "params": learnt, "seed": seed},
        [Path(faces), Path(masked), *_weights_of(Path(weights))], CODE,
    )  # fmt: skip

    with atomic_dir(Path(out)) as tmp:
        chosen.train(
            bare, dressed, params, weights=Path(weights), seed=seed, out=tmp,
            scratch=own, log=to_run(run),
        )  # fmt: skip
        note = {"restorer": restorer, "params": params.model_dump(mode="json"), "seed": seed}
        note |= {"dataset": bare.dataset, "crop": bare.crop, "people": bare.people_of("train")}
        write_json(tmp / PARAMS, note)
    remove(own)
    log.info("%s seed %d: trained, %s", restorer, seed, out)


def _weights_of(folder: Path) -> list[Path]:
    """The listing of a weights folder, which names every file's checksum, stands for the folder."""
    listing = folder / "weights.json"
    return [listing] if listing.is_file() else []
