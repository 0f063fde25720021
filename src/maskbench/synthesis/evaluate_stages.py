"""Step ``evaluate_stages``: FID of a tree of trainings at the end of each stage (paper 3's Tables 1
and 2), on training people and on as many test people.

The reference is the key-point overlay of the same faces. A distance falls with the number of
pictures and of people, so that both sides have equally many. The column ``checkpoint`` names the
stage, ``split`` the people.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.metrics.features import FeatureExtractor, feature_extractor
from maskbench.metrics.fid import FEWER, fid
from maskbench.metrics.numbers import Number, facts_of, write_numbers
from maskbench.registry import Block
from maskbench.synthesis.base import Method, spread
from maskbench.synthesis.model import own_block
from maskbench.threads import one_thread

SPLITS = ("train", "test")
Pairs = list[tuple[int, str]]
log = logging.getLogger(__name__)


def evaluate_stages(
    method: Block,
    overlay: Block,
    model: Path,
    faces: Path,
    mask_pictures: Path,
    weights: Path,
    styles: Sequence[str],
    config: MetricsConfig,
    seed: int,
    out: Path,
    guides: Sequence[Path] = (),
    references: Path | None = None,
    run_id: str = "",
) -> None:
    """Write ``metrics.json`` and ``resamples.parquet``.

    Args:
        method: its block, with planned stages.
        overlay: that of the key-point overlay.
        model: the folder that ``train_synthesis`` wrote.
        faces: FaceSet of bare faces.
        mask_pictures: folder of the rasterised mask pictures.
        weights: folder of network weights.
        styles: of the overlay, each on every so many faces.
        config: section ``metrics``.
        seed: of the training.
        out: folder to make.
        guides, references: as for :func:`.synthesise.synthesise`.
        run_id: tracking run.

    Raises:
        MaskbenchError: unreadable inputs, a model of another method, fewer than two faces.
    """
    bare, pictures = FaceSet.open(faces), MaskPictures.open(mask_pictures)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = feature_extractor(weights, config.weights == "published", config.batch_size, device)
    reference: Method = overlay.spec.load()
    reference.block = overlay
    chosen = {
        split: list(zip(rows, itertools.cycle(styles), strict=False))
        for split, rows in equally_many(bare).items()
    }
    block = own_block(Path(model), method)
    *earlier, last = (stage.name for stage in block.params.stages)
    numbers = []
    with one_thread():
        wanted = {split: _features(reference, bare, pictures, pairs, network)
                  for split, pairs in chosen.items()}  # fmt: skip
        for stage in (*earlier, last):
            made: Method = block.spec.load()
            made.open(block, model, guides, references, None if stage == last else stage)
            for split, pairs in chosen.items():
                found = _features(made, bare, pictures, pairs, network)
                numbers.append(_distance(found, wanted[split], bare, pairs, stage, split, network))
    facts = facts_of("synthesis", bare, method.name, seed, run_id)
    with atomic_dir(Path(out)) as tmp:
        write_numbers(tmp, numbers, facts)
    log.info("%s seed %d: %d stages in %s", method.name, seed, len(earlier) + 1, out)


def equally_many(faces: FaceSet) -> dict[str, list[int]]:
    """Rows of training and of test people, by split: whole people, evenly spread, until both have
    equally many people and pictures.

    Raises:
        MaskbenchError: a split has fewer than two faces.
    """
    table = faces.faces
    names = table["identity"].where(table["identity"] != "", table["face_id"])
    rows = {split: faces.of_split(split) for split in SPLITS}
    people = {split: list(dict.fromkeys(names.iloc[rows[split]])) for split in SPLITS}
    fewest = min(map(len, people.values()))
    for split in SPLITS:
        kept = spread(people[split], fewest)
        rows[split] = rows[split][names.iloc[rows[split]].isin(kept).to_numpy()]
        if len(rows[split]) < 2:
            what = f"{len(rows[split])} faces of split {split}"
            raise MaskbenchError(faces.path, what, "a distance of sets needs at least two")
    count = min(map(len, rows.values()))
    return {split: spread(rows[split].tolist(), count) for split in SPLITS}


def _features(
    method: Method, faces: FaceSet, pictures: MaskPictures, pairs: Pairs, network: FeatureExtractor
) -> np.ndarray:
    """Features (N, d) of masked faces; a method without styles puts on what it has."""
    own = pairs if method.block.spec.styled else [(row, "") for row, _ in pairs]
    images = np.stack([image for *_, image, _ in method.pictures_of(faces, pictures, own)])
    return network(images)[0]


def _distance(
    found: np.ndarray,
    wanted: np.ndarray,
    faces: FaceSet,
    pairs: Pairs,
    stage: str,
    split: str,
    network: FeatureExtractor,
) -> Number:
    people = faces.faces["identity"].iloc[[row for row, _ in pairs]]
    count = int((people == "").sum()) + people[people != ""].nunique()
    note = f"{FEWER} ({len(pairs)} < {network.dim})" if len(pairs) < network.dim else ""
    return Number(
        "fid", fid(found, wanted), len(pairs), count, note=note, backbone=network.name,
        checkpoint=stage, other={"split": split},
    )  # fmt: skip
