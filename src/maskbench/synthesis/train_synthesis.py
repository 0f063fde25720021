"""Step ``train_synthesis``: train one method with one seed into a model folder."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import maskbench.synthesis as synthesis_package
import maskbench.training as training_package
from maskbench.artifacts import atomic_dir, remove
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.masks.maskedset import MaskedSet
from maskbench.synthesis.base import method as method_of
from maskbench.synthesis.trained_with import write_params
from maskbench.training.base import Run, to_run
from maskbench.training.checkpoint import training_key

log = logging.getLogger(__name__)


def train_synthesis(
    method: str,
    faces: Path,
    masked: Path,
    pictures: Path,
    params: Any,
    styles: Sequence[str],
    seed: int,
    out: Path,
    scratch: Path,
    run: Run | None = None,
) -> None:
    """Train, or go on with a training that was stopped, and write ``out`` whole or not at all.

    Args:
        method: registry name.
        faces: FaceSet of bare faces.
        masked: MaskedSet of the real domain.
        pictures: folder of the rasterised mask pictures.
        params: an instance of the method's ``Params``.
        styles: the styles that training may use.
        seed: of every random choice.
        out: the model folder: state.safetensors, curves.parquet, snapshots/, params.json.
        scratch: folder for checkpoints. Each training keeps its own below it, under a name made of
            all that decides its result, so that another training's is never taken up.
        run: a tracking run for the curves.

    Raises:
        MaskbenchError: unreadable inputs, an unwritable output.
    """
    chosen = method_of(method)
    own = Path(scratch) / training_key(
        {"method": method, "params": params.model_dump(), "styles": list(styles), "seed": seed},
        [Path(faces), Path(masked), Path(pictures)],
        [Path(next(iter(p.__path__))) for p in (synthesis_package, training_package)],
    )

    with atomic_dir(Path(out)) as tmp:
        bare, masks = FaceSet.open(faces), MaskPictures.open(pictures)
        chosen.train(
            bare, MaskedSet.open(masked), masks, params,
            styles=styles, seed=seed, out=tmp, scratch=own, log=to_run(run),
        )  # fmt: skip
        write_params(tmp, method, params, styles, seed, bare, masks)
    remove(own)
    log.info("%s seed %d: trained, %s", method, seed, out)
