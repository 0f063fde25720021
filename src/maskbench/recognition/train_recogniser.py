"""Step ``train_recogniser``: train one recogniser on one training set.

    recogniser.json     the block, its training set and people, why it could not be made
    state.safetensors   the whole training state of a network or an adapter
    bias.npy            the direction that a projection removes
    curves.parquet      (step, name, value)

Recognisers that learn nothing have no such folder.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.artifacts import atomic_dir, read_json, remove, write_json
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.recognition.bias import mask_bias
from maskbench.recognition.embed import training_set_of
from maskbench.recognition.params import (
    BARE,
    Adapted,
    Projected,
    Recogniser,
    Trained,
    is_trained,
    start_file,
)
from maskbench.recognition.specs import BACKBONES, LOSSES, Absent
from maskbench.recognition.specs import __name__ as SPECS
from maskbench.registry import Spec
from maskbench.training.curves import Run, to_run, write_curves

log = logging.getLogger(__name__)

DESCRIPTION, BIAS = "recogniser.json", "bias.npy"


def train_recogniser(
    recogniser: str,
    block: Recogniser,
    training_set: str,
    seed: int,
    faces: Path,
    weights: Path,
    out: Path,
    scratch: Path,
    masked: Path | None = None,
    embeddings: Sequence[Path] = (),
    run: Run | None = None,
) -> None:
    """Train, or go on with a training that was stopped, and write ``out`` whole or not at all.

    Args:
        recogniser: its name.
        block: its parameters.
        training_set: its name: ``bare`` or a synthesis method.
        seed: of every random choice.
        faces: FaceSet of bare faces.
        weights: folder of network weights.
        out: the model folder.
        scratch: folder for checkpoints; each training keeps its own below it, under a name made of
            all that decides its result.
        masked: MaskedSet of training people; None for the training set ``bare``.
        embeddings: for adapters and projections, folders of the step ``embed``: of the bare faces
            and then of the masked pictures.
        run: a tracking run for the curves.

    Raises:
        MaskbenchError: unreadable inputs, too few people, given weights that do not fit.
    """
    if not is_trained(block):
        raise MaskbenchError(recogniser, "learns nothing", "evaluate it without a model")
    bare = FaceSet.open(faces)
    facts: dict[str, Any] = {
        "name": recogniser,
        "recogniser": block.model_dump(mode="json"),
        "training_set": training_set,
        "seed": seed,
        "dataset": bare.dataset,
        "crop": bare.crop,
        "people": [],
        "absent": "",
    }
    with atomic_dir(Path(out)) as tmp:
        try:
            if isinstance(block, Projected):
                bias, people = _bias(embeddings)
                np.save(tmp / BIAS, bias)
                facts["people"] = people
            else:
                assert isinstance(block, Trained | Adapted)
                title = f"{recogniser} on {training_set} seed {seed}"
                given = None if training_set == BARE else masked
                sources = [p for p in (faces, given, *embeddings) if p is not None]
                own = Path(scratch) / _key(recogniser, block, training_set, seed, sources)
                facts |= _trained(
                    block, Path(faces), given, embeddings, Path(weights), seed, tmp, own, title, run
                )
                remove(own)
        except Absent as why:
            log.warning("%s: %s", recogniser, why)
            facts["absent"] = str(why)
            write_curves(tmp / "curves.parquet", {})
        write_json(tmp / DESCRIPTION, facts)
    log.info("%s on %s, seed %d: %s", recogniser, training_set, seed, out)


def _key(
    recogniser: str, block: Trained | Adapted, training_set: str, seed: int, sources: Sequence[Path]
) -> str:
    from maskbench.training.checkpoint import training_key

    specs: list[Spec] = [LOSSES.get(block.loss)]
    specs += [BACKBONES.get(block.backbone)] if isinstance(block, Trained) else []
    modules = {f"{SPECS}.{name}" for name in ("backbones", "losses")} | {s.module for s in specs}
    return training_key(
        {
            "name": recogniser,
            "block": block.model_dump(),
            "training_set": training_set,
            "seed": seed,
        },
        [*map(Path, sources), *_given(block)],
        {__name__, *modules},
    )


def _trained(
    block: Trained | Adapted,
    faces: Path,
    masked: Path | None,
    embeddings: Sequence[Path],
    weights: Path,
    seed: int,
    out: Path,
    scratch: Path,
    title: str,
    run: Run | None,
) -> dict[str, Any]:
    """Train a network or an adapter; what its description says of it."""
    from maskbench.recognition.learners import adapter_learner, network_learner
    from maskbench.training.loop import train

    if isinstance(block, Adapted):
        learner = adapter_learner(block, training_set_of(embeddings)[0], seed)
        size = {"size": int(learner.training_set.values.shape[1])}
        earlier: list[str] = []
    else:
        learner = network_learner(block, faces, masked, weights, seed, scratch)
        size = {}
        earlier = [person for path in _given(block) for person in _people_behind(path)]
    batch = learner.sampler.people * (block.bare + block.masked)
    train(
        learner, title=title, seed=seed, out=out, scratch=scratch, log=to_run(run),
        log_every=block.log_every, checkpoint_every=block.checkpoint_every,
        pictures=batch,
    )  # fmt: skip
    return {"people": sorted({*learner.training_set.people, *earlier}), "batch": batch} | size


def _given(block: Recogniser) -> list[Path]:
    """The file of given weights, where it is there."""
    path = start_file(block)
    return [path] if path is not None and path.exists() else []


def _people_behind(start: Path) -> list[str]:
    """The people that given weights learnt from, where a description of their training is there."""
    path = start.with_name(DESCRIPTION)
    return [str(person) for person in read_json(path).get("people", [])] if path.exists() else []


def _bias(embeddings: Sequence[Path]) -> tuple[np.ndarray, list[str]]:
    """The mean difference of masked and bare embeddings of the same face (equation 5.1)."""
    found, table = training_set_of(embeddings)
    row_of = {face: row for row, face in enumerate(table["face_id"])}
    masked = np.flatnonzero(found.masked)
    if not len(masked):
        raise MaskbenchError(
            "projection", "no masked pictures", "it needs them: set training to a method"
        )
    bare = np.array([row_of[table["bare_id"].iloc[row]] for row in masked])
    return mask_bias(found.values[bare], found.values[masked]), found.people
