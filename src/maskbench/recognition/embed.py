"""Step ``embed``: a frozen network's embeddings of what recognisers learn from.

embeddings.npy      float32 (N, dim)
pictures.parquet    face_id, identity, masked, bare_id, style of each row
spec.json           network, crop, data set; ``absent`` where its weights are not there

Bare pictures and each method's masked ones have a folder each, so that nothing is embedded twice.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from maskbench.artifacts import atomic_dir, read_json, write_json
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.recognition.specs import Absent
from maskbench.recognition.training_set import TrainingSet, training_rows

log = logging.getLogger(__name__)


def embed(network: str, faces: Path, weights: Path, out: Path, masked: Path | None = None) -> None:
    """Write the embeddings of training people: of their bare faces, or of their masked pictures.

    Args:
        network: in the registry of networks.
        faces: FaceSet of bare faces.
        weights: folder of network weights.
        out: the folder to write. Where a published network's weights are absent it holds no
            embeddings, and says why.
        masked: MaskedSet of training people; None: the bare faces are embedded.

    Raises:
        MaskbenchError: unreadable inputs, no training people.
    """
    found = FaceSet.open(faces) if masked is None else MaskedSet.open(masked)
    rows = training_rows(found)
    spec = {"network": network, "crop": found.crop, "dataset": found.dataset}
    table = described(found.faces.iloc[rows], masked is not None)
    write_embeddings(Path(out), network, weights, [(found, rows)], table, spec)


def described(rows: pd.DataFrame, masked: bool) -> pd.DataFrame:
    """What the rows of embeddings are."""
    nothing = [""] * len(rows)
    return pd.DataFrame(
        {
            "face_id": rows["face_id"].to_numpy(),
            "identity": rows["identity"].to_numpy(),
            "masked": masked,
            "bare_id": rows["bare_id"].to_numpy() if "bare_id" in rows else nothing,
            "style": rows["style"].to_numpy() if "style" in rows else nothing,
        }
    )


def write_embeddings(
    out: Path,
    network: str,
    weights: Path,
    parts: Sequence[tuple[FaceSet, np.ndarray]],
    table: pd.DataFrame,
    spec: Mapping[str, object],
) -> None:
    """Embed pictures and write the folder; without the network's weights, why there is nothing.

    Args:
        out: the folder.
        network, weights: as for :func:`embed`.
        parts: sets and their rows, in the order of the table.
        table: a row a picture.
        spec: what else the folder shall say.
    """
    from maskbench.recognition.encoders import encoder_of
    from maskbench.training.devices import place

    with atomic_dir(out) as tmp:
        table.to_parquet(tmp / "pictures.parquet", index=False)
        try:
            encoder = encoder_of(network, weights, str(place("float32").device))
        except Absent as why:
            log.warning("%s: %s", network, why)
            write_json(tmp / "spec.json", {**spec, "absent": str(why)})
            return
        found = np.concatenate([encoder(faces, rows) for faces, rows in parts])
        np.save(tmp / "embeddings.npy", found)
        write_json(tmp / "spec.json", {**spec, "absent": ""})
    log.info("%s: %d embeddings in %s", network, len(found), out)


def read_embeddings(folder: Path) -> tuple[np.ndarray, pd.DataFrame, dict[str, object]]:
    """What :func:`write_embeddings` wrote: embeddings, table and spec.

    Raises:
        Absent: there are none; why.
        MaskbenchError: the folder is damaged.
    """
    spec = dict(read_json(Path(folder) / "spec.json"))
    if spec["absent"]:
        raise Absent(str(spec["absent"]))
    table = pd.read_parquet(Path(folder) / "pictures.parquet")
    return np.load(Path(folder) / "embeddings.npy", allow_pickle=False), table, spec


def training_set_of(folders: Sequence[Path]) -> tuple[TrainingSet, pd.DataFrame]:
    """The embeddings of several folders as one training set, and their pictures.

    Args:
        folders: of bare faces first, then of masked pictures if there are any.

    Raises:
        Absent: the network's weights are not there.
        MaskbenchError: a folder is damaged.
    """
    parts = [read_embeddings(folder) for folder in folders]
    table = pd.concat([pictures for _, pictures, _ in parts], ignore_index=True)
    found = TrainingSet(
        np.concatenate([values for values, _, _ in parts]),
        table["identity"].to_numpy().astype(str),
        table["masked"].to_numpy(bool),
    )
    return found, table
