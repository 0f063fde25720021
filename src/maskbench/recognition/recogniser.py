"""What a kind of recogniser does: learn, and make embeddings of a test set; its model's folder.

    recogniser.json     the block, its training set and people, why it could not be made

beside what its kind writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maskbench.artifacts import read_json, write_json
from maskbench.errors import MaskbenchError
from maskbench.faces.people import People
from maskbench.recognition.kinds import RECOGNISERS, restorer_of
from maskbench.recognition.specs import Absent
from maskbench.registry import Block

if TYPE_CHECKING:
    from maskbench.recognition.test_set import TestSet
    from maskbench.training.curves import Run

DESCRIPTION = "recogniser.json"


@dataclass(frozen=True)
class Training:
    """What a recogniser learns from, and where to: the arguments of
    :func:`.train_recogniser.train_recogniser`, the data set of the faces, and ``out``, a folder
    that is there."""

    block: Block
    training_set: str
    seed: int
    dataset: str
    faces: Path
    masked: Path | None
    embeddings: Sequence[Path]
    weights: Path
    out: Path
    scratch: Path
    run: Run | None = None
    members: Sequence[Block] = ()
    models: Sequence[Path] = ()


@dataclass(frozen=True)
class Model:
    """A recogniser that is ready to be tested.

    Attributes:
        block: with the parameters of its training.
        folder: of the model; None where nothing is learnt.
        facts: what the folder says of the training.
    """

    block: Block
    folder: Path | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, block: Block, folder: Path | None) -> Model:
        """A recogniser, from its model's folder where it has learnt.

        Raises:
            Absent: published weights that it needs were not there.
            MaskbenchError: no folder where one is needed, or a damaged one.
        """
        if not block.spec.learns:
            return cls(block)
        if folder is None:
            raise MaskbenchError(block.name, "no model", "train the recogniser first")
        facts = read_description(folder)
        values = {"use": facts["use"], **facts["params"]}
        own = RECOGNISERS.parse(facts["name"], values, str(Path(folder) / DESCRIPTION))
        return cls(own, Path(folder), facts)

    @property
    def learnt_from(self) -> People:
        """The people that it learnt from."""
        return dict(self.facts.get("people", {}))

    @property
    def source(self) -> str:
        """What it learnt from, in words."""
        return f"{self.facts['dataset']} {self.facts['training_set']}"


class Recogniser:
    """A kind of recogniser. This one learns nothing: a frozen network, on faces as they are or with
    their masks taken off."""

    def train(self, training: Training) -> People:
        """Learn, and write the model; the people that were learnt from.

        Raises:
            Absent: published weights that it needs are not there, or fewer people than two.
            MaskbenchError: unreadable inputs, given weights that do not fit.
        """
        raise MaskbenchError(training.block.name, "learns nothing", "evaluate it without a model")

    def embed(self, model: Model, test: TestSet, frozen: np.ndarray) -> np.ndarray:
        """Embeddings (N, dim) of any length, in the order of the test set.

        Args:
            model: of this kind.
            test: the pictures.
            frozen: (N, size) the frozen network's embeddings of them, or those of the recognisers
                that a fused one adds, beside each other; empty where the recogniser uses none.
        """
        return frozen

    def in_words(self, model: Model, network: str) -> str:
        """What made the embeddings, for the column ``backbone``; ``network`` is the frozen one."""
        restorer = restorer_of(model.block)
        return f"{network} after {restorer}" if restorer else network


def write_description(training: Training, crop: str, people: People, absent: str = "") -> None:
    """Write ``recogniser.json``; ``absent``: why there is no model."""
    write_json(
        training.out / DESCRIPTION,
        {
            "name": training.block.name,
            "use": training.block.spec.name,
            "params": training.block.params.model_dump(mode="json"),
            "training_set": training.training_set,
            "seed": training.seed,
            "dataset": training.dataset,
            "crop": crop,
            "people": people,
            "absent": absent,
        },
    )


def read_description(folder: Path) -> dict[str, Any]:
    """What :func:`write_description` wrote.

    Raises:
        Absent: published weights that it needs were not there.
        MaskbenchError: no such file, or it is damaged.
    """
    path = Path(folder) / DESCRIPTION
    facts = dict(read_json(path))
    wanted = {"name", "use", "params", "training_set", "seed", "dataset", "people", "absent"}
    if missing := wanted - set(facts):
        raise MaskbenchError(path, f"lacks {min(missing)}", "train the recogniser again")
    if facts["absent"]:
        raise Absent(facts["absent"])
    return facts
