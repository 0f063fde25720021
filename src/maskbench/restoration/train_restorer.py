"""Step ``train_restorer``: train one restorer with one seed into a model folder."""

from __future__ import annotations

from pathlib import Path

from maskbench.guides.model import train_model
from maskbench.registry import Block
from maskbench.restoration.base import Restorer
from maskbench.restoration.specs import RestorerParams
from maskbench.training.curves import Run, to_run


def train_restorer(
    restorer: Block,
    faces: Path,
    masked: Path,
    weights: Path,
    seed: int,
    out: Path,
    scratch: Path,
    run: Run | None = None,
) -> None:
    """Write the model folder ``out``.

    Args:
        restorer: a block of ``restoration.restorers``.
        faces: FaceSet of the bare faces.
        masked: MaskedSet of the same people.
        weights: folder written by ``fetch_weights``.
        seed: of every random choice.
        out: the model folder (:mod:`maskbench.guides.model`), with a sheet.png.
        scratch: folder for checkpoints.
        run: a tracking run for the curves.

    Raises:
        MaskbenchError: unreadable inputs, sets that do not belong together, an unwritable output.
    """
    made: Restorer = restorer.spec.load()
    # The listing of a weights folder names every file's checksum: it stands for the folder.
    listing = Path(weights) / "weights.json"
    train_model(
        restorer, faces, masked, seed, out, scratch,
        lambda bare, pictures, folder, kept: made.train(
            bare, pictures, restorer.params, weights=Path(weights), seed=seed, out=folder,
            scratch=kept, log=to_run(run),
        ),
        further=[listing] if listing.is_file() else [],
        not_learnt=set(RestorerParams.model_fields) - {"threshold"},
    )  # fmt: skip
