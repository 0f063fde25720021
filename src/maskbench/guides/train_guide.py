"""Step ``train_guide``: train one guide with one seed into a model folder."""

from __future__ import annotations

from pathlib import Path

from maskbench.guides.model import train_model
from maskbench.registry import Block
from maskbench.training.curves import Run, to_run


def train_guide(
    guide: Block,
    faces: Path,
    masked: Path,
    seed: int,
    out: Path,
    scratch: Path,
    run: Run | None = None,
) -> None:
    """Write the model folder ``out``.

    Args:
        guide: a block of ``guides``.
        faces: FaceSet of the bare faces.
        masked: MaskedSet of the same people; people of other splits than ``train`` are not looked
            at.
        seed: of every random choice.
        out: the model folder (:mod:`.model`).
        scratch: folder for checkpoints.
        run: a tracking run for the curves.

    Raises:
        MaskbenchError: unreadable inputs, sets that do not belong together, an unwritable output.
    """
    made = guide.spec.load()
    train_model(
        guide, faces, masked, seed, out, scratch,
        lambda bare, pictures, folder, kept: made.train(
            bare, pictures, guide.params, seed=seed, out=folder, scratch=kept, log=to_run(run)
        ),
    )  # fmt: skip
