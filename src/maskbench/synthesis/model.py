"""What a model was trained with: ``params.json`` in its folder.

A model is only itself with the parameters of its training: networks of another size cannot take its
weights, and where they can (sizes that no weight depends on) masks come to lie elsewhere. So what
applies a model takes them from here, whatever the configuration says by then.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maskbench.artifacts import read_json, write_json
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.faces.people import People
from maskbench.masks.artwork import MaskPictures
from maskbench.registry import Block
from maskbench.restoration.specs import RestorerParams
from maskbench.synthesis.base import Method
from maskbench.synthesis.specs import METHODS

PARAMS = "params.json"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainedWith:
    """How a model came to be.

    Attributes:
        block: the method with the parameters of the training.
        crop_size: side of the crops in pixels.
        margin: the crop's margin; None where the FaceSet did not say.
        mask_size: side of the mask pictures in pixels.
    """

    block: Block
    crop_size: int
    margin: float | None
    mask_size: int


def write_params(
    folder: Path,
    block: Block,
    styles: Sequence[str],
    seed: int,
    faces: FaceSet,
    pictures: MaskPictures,
    people: People,
    external: str = "",
) -> None:
    """Write ``params.json`` into a model folder; ``people`` are those whose pictures were seen, and
    ``external`` is the digest of another tool's pictures."""
    write_json(
        Path(folder) / PARAMS,
        {
            "method": block.name,
            "use": block.spec.name,
            "params": block.params.model_dump(mode="json"),
            "styles": list(styles),
            "seed": seed,
            "crop": {"size": faces.size, "margin": faces.spec.get("margin")},
            "mask_size": pictures.size,
            "dataset": faces.dataset,
            "people": people,
            "external": external,
        },
    )


def method_in(model: Path) -> str:
    """The name of the method of a model.

    Raises:
        MaskbenchError: its folder does not say.
    """
    try:
        return str(read_json(Path(model) / PARAMS)["method"])
    except (KeyError, TypeError) as error:
        raise MaskbenchError(model, "does not say its method", "name it with --method") from error


def trained_with(model: Path, method: str) -> TrainedWith | None:
    """What a model folder says about its training; None where it says nothing.

    Raises:
        MaskbenchError: it is a model of another method, or the note is damaged.
    """
    path = Path(model) / PARAMS
    if not path.exists():
        return None
    try:
        note = read_json(path)
        if note["method"] != method:
            raise MaskbenchError(
                model,
                f"is a model of {note['method']}, not of {method}",
                f"use --method {note['method']}, or a model of {method}",
            )
        block = METHODS.parse(method, {"use": note["use"], **note["params"]}, str(path))
        crop = note["crop"]
        return TrainedWith(block, int(crop["size"]), crop["margin"], int(note["mask_size"]))
    except (KeyError, TypeError, ValueError) as error:
        raise MaskbenchError(path, f"is damaged ({error!r})", "train the method again") from error


def own_block(model: Path, given: Block) -> Block:
    """A method with the parameters that a model was trained with; ``given`` where its folder does
    not say. A warning names those that differ.

    Raises:
        MaskbenchError: as for :func:`trained_with`.
    """
    trained = trained_with(model, given.name)
    if trained is None:
        return given
    own, other = trained.block.params.model_dump(), given.params.model_dump()
    learnt = own.keys() - RestorerParams.model_fields.keys()  # the others are read when applied
    if differing := sorted(key for key in learnt if own[key] != other.get(key)):
        log.warning(
            "%s: was trained with other parameters (%s) and is applied with its own",
            model,
            ", ".join(f"{key}: {own[key]}" for key in differing),
        )
    return trained.block


def open_method(
    model: Path,
    given: Block,
    guides: Sequence[Path] = (),
    references: Path | None = None,
    stage: str | None = None,
) -> Method:
    """A trained method, ready to put masks on or to take them off.

    Args:
        model: folder written by ``train_synthesis``.
        given: the method; a model's own parameters count instead.
        guides, references, stage: as for :meth:`.base.Method.open`.

    Raises:
        MaskbenchError: no readable model, or one of another method.
    """
    block = own_block(model, given)
    method: Method = block.spec.load()
    return method.open(block, model, guides, references, stage)
