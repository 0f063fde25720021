"""Step ``evaluate_correction``: what the facial-feature detector finds on masked test people, and
the correction factor that follows (paper 4, section III-B and Figure 5)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from maskbench.artifacts import atomic_dir
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.guides.feature_detector import PARTS
from maskbench.guides.specs import GUIDES
from maskbench.imaging.tensors import as_tensor
from maskbench.masks.maskedset import MaskedSet
from maskbench.registry import Block
from maskbench.synthesis.model import own_block
from maskbench.synthesis.painted.guided import correction_factor, wearing_penalty
from maskbench.synthesis.painted.mfgan import DETECTOR, HIDDEN
from maskbench.synthesis.synthesise_by_reference import frontal
from maskbench.threads import one_thread

SEEN = 0.5  # a part counts as detected from this score where the method compares scores
PEOPLE = 40  # at most


def evaluate_correction(
    method: Block,
    model: Path,
    masked: Path,
    faces: Path,
    out: Path,
    guides: Sequence[Path] = (),
) -> None:
    """Write ``parts.parquet`` and ``boxes.parquet`` for the most frontal face of each test person,
    in every style.

    The former has a row a picture and part: row (of the MaskedSet), part, bare and masked (scores
    on either picture, 0..1), wanted (1: to be seen), wrong (D), penalty (W), and of the picture x
    and lambda_cor. The latter has a row a detected box: row, picture (``bare`` or ``masked``),
    part, score and x0, y0, x1, y1 in pixels.

    Args:
        method: block of a method that the detector corrects.
        model: the folder that ``train_synthesis`` wrote.
        masked: the method's MaskedSet of test people.
        faces: FaceSet of bare faces.
        out: folder to make.
        guides: model folders of the spec's guides, in their order.

    Raises:
        MaskbenchError: unreadable inputs, or a masked set without a test person's face.
    """
    made, bare = MaskedSet.open(masked), FaceSet.open(faces)
    params = own_block(Path(model), method).params
    path = dict(zip(method.spec.guides, guides, strict=True))[DETECTOR]
    detector = GUIDES.get(DETECTOR).load().open(path)
    ids = bare.faces["face_id"].iloc[frontal(bare, "test", PEOPLE)]
    rows = np.flatnonzero(made.faces["bare_id"].isin(ids).to_numpy())
    if not len(rows):
        raise MaskbenchError(masked, f"no test person of {faces}", "mask these faces")
    place = {face: row for row, face in enumerate(bare.faces["face_id"])}
    of_bare = [place[face] for face in made.faces["bare_id"].iloc[rows]]
    pictures = {"bare": np.asarray(bare.images[of_bare]), "masked": np.asarray(made.images[rows])}
    with one_thread(), torch.inference_mode():
        presence = {
            name: detector.presence(as_tensor(images) * 2 - 1).cpu()
            for name, images in pictures.items()
        }
        boxes = {name: detector.detect(images) for name, images in pictures.items()}
    parts = explained(presence["masked"], params).assign(
        bare=presence["bare"].flatten().numpy(), masked=presence["masked"].flatten().numpy()
    )
    threshold = SEEN if params.threshold is None else params.threshold
    found = pd.concat(
        table.assign(row=rows[table["picture"]], picture=name)[table["score"] >= threshold]
        for name, table in boxes.items()
    )
    with atomic_dir(Path(out)) as tmp:
        parts.assign(row=rows[parts["row"]]).to_parquet(tmp / "parts.parquet", index=False)
        found.to_parquet(tmp / "boxes.parquet", index=False)


def explained(presence: torch.Tensor, params: Any) -> pd.DataFrame:
    """How formula (1) comes about: a row a picture and part, with row (of ``presence``), part,
    wanted, wrong, penalty, x and lambda_cor.

    Args:
        presence: (B, 6) scores of the parts in the order of :data:`PARTS`.
        params: a :class:`.specs.mfgan.MfganParams`.
    """
    weights = params.penalties.model_dump()
    wanted = torch.tensor([float(part not in HIDDEN) for part in PARTS])
    penalties = torch.tensor([weights[part] for part in PARTS])
    one_by_one = [
        wearing_penalty(presence[:, [i]], wanted[[i]], torch.ones(1), params.threshold)
        for i in range(len(PARTS))
    ]
    wrong = torch.stack(one_by_one, 1)
    x = params.correction * wearing_penalty(presence, wanted, penalties, params.threshold)
    factor = correction_factor(x, params.alpha, params.c)
    count = len(presence)
    return pd.DataFrame(
        {
            "row": np.repeat(np.arange(count), len(PARTS)),
            "part": list(PARTS) * count,
            "wanted": wanted.int().repeat(count).numpy(),
            "wrong": wrong.flatten().numpy(),
            "penalty": penalties.repeat(count).numpy(),
            "x": x.repeat_interleave(len(PARTS)).numpy(),
            "lambda_cor": factor.repeat_interleave(len(PARTS)).numpy(),
        }
    )
