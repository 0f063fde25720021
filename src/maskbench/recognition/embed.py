"""Step ``embed``: a frozen network's embeddings of what recognisers learn from.

embeddings.npy      float32 (N, dim), bare faces first, then masked ones
pictures.parquet    face_id, identity, masked, of, style of each row
spec.json           network, backbone, crop, data set; ``absent`` where its weights are not there
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from maskbench.artifacts import atomic_dir, read_json, write_json
from maskbench.recognition.encoders import Absent, encoder_of
from maskbench.recognition.lessons import Lessons, sets_of_rows, training_sets
from maskbench.training.devices import place

log = logging.getLogger(__name__)


def embed(network: str, faces: Path, dressed: Path | None, weights: Path, out: Path) -> None:
    """Write the embeddings of the training people.

    Args:
        network: a name of :data:`maskbench.recognition.params.NETWORKS`.
        faces: FaceSet of bare faces.
        dressed: MaskedSet of the same people; None: bare pictures alone.
        weights: folder of network weights.
        out: the folder to write. Where a published network's weights are absent it holds no
            embeddings, and says why.

    Raises:
        MaskbenchError: unreadable inputs, no training people.
    """
    bare, worn = training_sets(faces, dressed)
    spec = {"network": network, "crop": bare.crop, "dataset": bare.dataset}
    device = str(place("float32").device)
    with atomic_dir(out) as tmp:
        try:
            encoder = encoder_of(network, weights, device)
        except Absent as why:
            log.warning("%s: %s", network, why)
            write_json(tmp / "spec.json", {**spec, "absent": str(why)})
            return
        parts, rows_of = [], []
        for found, rows, masked in sets_of_rows(bare, worn):
            parts.append(encoder(found, rows))
            rows_of.append(described(found.faces.iloc[rows], masked))
        np.save(tmp / "embeddings.npy", np.concatenate(parts))
        pd.concat(rows_of, ignore_index=True).to_parquet(tmp / "pictures.parquet", index=False)
        write_json(tmp / "spec.json", {**spec, "backbone": encoder.backbone, "absent": ""})
    log.info("%s: %d embeddings in %s", network, sum(map(len, parts)), out)


def described(rows: pd.DataFrame, masked: bool) -> pd.DataFrame:
    """The columns that embeddings are told apart by."""
    nothing = [""] * len(rows)
    return pd.DataFrame(
        {
            "face_id": rows["face_id"].to_numpy(),
            "identity": rows["identity"].to_numpy(),
            "masked": masked,
            "of": rows["of"].to_numpy() if "of" in rows else nothing,
            "style": rows["style"].to_numpy() if "style" in rows else nothing,
        }
    )


def read_embeddings(folder: Path) -> tuple[Lessons, pd.DataFrame] | str:
    """What :func:`embed` wrote, or why there is nothing.

    Returns:
        the embeddings as lessons and their pictures; or the reason.

    Raises:
        MaskbenchError: the folder is damaged.
    """
    absent = str(read_json(Path(folder) / "spec.json")["absent"])
    if absent:
        return absent
    table = pd.read_parquet(Path(folder) / "pictures.parquet")
    lessons = Lessons(
        np.load(Path(folder) / "embeddings.npy", allow_pickle=False),
        table["identity"].to_numpy().astype(str),
        table["masked"].to_numpy(bool),
    )
    return lessons, table
