"""Step ``train_recogniser``: train one recogniser on one training set.

    recogniser.json     the block, its training set and people, why it could not be made
    state.safetensors   the whole training state of a network or an adapter
    bias.npy            the direction that a projection removes
    scores.json         what a fused recogniser standardises scores by
    curves.parquet      (step, name, value)

Recognisers that learn nothing have no such folder.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from maskbench.artifacts import atomic_dir
from maskbench.faces.faceset import FaceSet
from maskbench.recognition.kinds import BARE
from maskbench.recognition.recogniser import Recogniser, Training, write_description
from maskbench.recognition.specs import Absent
from maskbench.registry import Block
from maskbench.training.curves import Run, write_curves

log = logging.getLogger(__name__)


def train_recogniser(
    recogniser: Block,
    training_set: str,
    seed: int,
    faces: Path,
    weights: Path,
    out: Path,
    scratch: Path,
    masked: Path | None = None,
    embeddings: Sequence[Path] = (),
    members: Sequence[Block] = (),
    models: Sequence[Path] = (),
    run: Run | None = None,
) -> None:
    """Train, or go on with a training that was stopped, and write ``out`` whole or not at all.

    Args:
        recogniser: its block.
        training_set: its name: ``bare`` or a synthesis method.
        seed: of every random choice.
        faces: FaceSet of bare faces.
        weights: folder of network weights.
        out: the model folder.
        scratch: folder for checkpoints; each training keeps its own below it, under a name made of
            all that decides its result.
        masked: MaskedSet of training and validation people; None for the training set ``bare``.
        embeddings: for adapters and projections, folders of the step ``embed``: of the bare faces
            and then of the masked pictures.
        members: blocks of the recognisers that a fused one adds.
        models: folders written by this step, of those of them that learn.
        run: a tracking run for the curves.

    Raises:
        MaskbenchError: unreadable inputs, given weights that do not fit.
    """
    kind: Recogniser = recogniser.spec.load()
    bare = FaceSet.open(faces)
    given = None if training_set == BARE or masked is None else Path(masked)
    with atomic_dir(Path(out)) as tmp:
        training = Training(
            recogniser, training_set, seed, bare.dataset, Path(faces), given, embeddings,
            Path(weights), tmp, Path(scratch), run, members, models,
        )  # fmt: skip
        try:
            write_description(training, bare.crop, kind.train(training))
        except Absent as why:
            log.warning("%s: %s", recogniser.name, why)
            write_curves(tmp / "curves.parquet", {})
            write_description(training, bare.crop, {}, str(why))
    log.info("%s on %s, seed %d: %s", recogniser.name, training_set, seed, out)
