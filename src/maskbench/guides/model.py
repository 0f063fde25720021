"""Model folders of guides and restorers: training one, and what it remembers of its training.

    state.safetensors   the whole training state
    curves.parquet      step, name, value
    params.json         what it is, its parameters, seed, data set, and people by data set

A model is only itself with the parameters of its training, so what opens one takes them from here,
whatever the configuration says by then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from maskbench.artifacts import atomic_dir, read_json, write_json
from maskbench.config import validate
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.registry import Block, Spec
from maskbench.training.checkpoint import discard, training_key

log = logging.getLogger(__name__)

PARAMS = "params.json"


def train_model(
    block: Block,
    faces: Path,
    masked: Path,
    seed: int,
    out: Path,
    scratch: Path,
    train: Callable[[FaceSet, MaskedSet, Path, Path], None],
    *,
    further: Sequence[Path] = (),
    not_learnt: set[str] | frozenset[str] = frozenset(),
) -> None:
    """Train, or go on with a training that was stopped, and write ``out`` whole or not at all.

    Args:
        block: the guide or restorer.
        faces: FaceSet of the bare faces.
        masked: MaskedSet of the same people.
        seed: of every random choice.
        out: the model folder.
        scratch: folder for checkpoints; each training keeps its own below it.
        train: called with both sets, the folder to write into, and that of the checkpoints.
        further: other files that decide the training.
        not_learnt: keys of the parameters that are read when the model is used, not before.

    Raises:
        MaskbenchError: unreadable inputs, sets that do not belong together, an unwritable output.
    """
    bare, pictures = FaceSet.open(faces), MaskedSet.open(masked)
    own = Path(scratch) / training_key(
        {
            "model": block.spec.name,
            "params": block.params.model_dump(exclude=set(not_learnt)),
            "seed": seed,
        },
        [Path(faces), Path(masked), *further],
        (__name__, block.spec.module),
    )
    with atomic_dir(Path(out)) as tmp:
        train(bare, pictures, tmp, own)
        write_json(
            tmp / PARAMS,
            {
                "model": block.spec.name,
                "params": block.params.model_dump(mode="json"),
                "seed": seed,
                "dataset": bare.dataset,
                "crop": bare.crop,
                "people": bare.people_of("train"),
            },
        )
    discard(own)
    log.info("%s seed %d: trained, %s", block.name, seed, out)


def trained_params(model: Path, spec: Spec, **now: Any) -> Any:
    """The parameters that a model was trained with.

    Args:
        model: folder written by :func:`train_model`.
        spec: of the guide or restorer that it must be.
        now: values that count instead of those of the training.

    Raises:
        MaskbenchError: no model, another one, or a damaged note.
    """
    path = Path(model) / PARAMS
    note = read_json(path)
    trained = note.get("model") if isinstance(note, dict) else None
    if trained != spec.name:
        raise MaskbenchError(
            model, f"is a model of {trained or 'something else'}, not of {spec.name}",
            "delete the folder and train it again",
        )  # fmt: skip
    own = note.get("params")
    if not isinstance(own, dict):
        raise MaskbenchError(path, "is damaged: no params", "delete the folder and train it again")
    return validate(spec.Params, {**own, **now}, str(path))
