"""Step ``evaluate_checkpoints``: a training measured at named places, which are in the column
``checkpoint``.

- A training of planned stages, at the end of each (paper 3's Tables 1 and 2): ``fid``, on training
  people and on as many test people, with as many pictures. A distance falls with the number of
  either. ``split`` names the people. On test people also ``alpha_mean``: how opaque masks are.
- Any other, on its way (:data:`maskbench.synthesis.adversarial.ON_THE_WAY`): ``placement_iou`` on
  test people, as at its end.

The reference is the key-point overlay of the same faces.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.metrics.bootstrap import People
from maskbench.metrics.features import FeatureExtractor, feature_extractor
from maskbench.metrics.fid import FEWER, fid
from maskbench.metrics.numbers import Number, facts_of, mean_number, write_numbers
from maskbench.metrics.placement import alpha_mean, placement_iou
from maskbench.registry import Block
from maskbench.synthesis.adversarial import ON_THE_WAY
from maskbench.synthesis.base import Method, spread
from maskbench.synthesis.model import own_block
from maskbench.threads import one_thread

SPLITS = ("train", "test")
Pairs = list[tuple[int, str]]
log = logging.getLogger(__name__)


def evaluate_checkpoints(
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
        method: its block.
        overlay: that of the key-point overlay.
        model: the folder that ``train_synthesis`` wrote.
        faces: FaceSet of bare faces.
        mask_pictures: folder of the rasterised mask pictures.
        weights: folder of network weights.
        styles: put on every test face where placement is measured; else each on every so many.
        config: section ``metrics``.
        seed: of the training.
        out: folder to make.
        guides, references: as for :func:`.synthesise.synthesise`.
        run_id: tracking run.

    Raises:
        MaskbenchError: unreadable inputs, a model of another method or without these places, fewer
            than two faces where FID is measured.
    """
    bare, pictures = FaceSet.open(faces), MaskPictures.open(mask_pictures)
    block = own_block(Path(model), method)
    stages = [stage.name for stage in getattr(block.params, "stages", ())]
    reference: Method = overlay.spec.load()
    reference.block = overlay

    def opened(name: str) -> Method:
        made: Method = block.spec.load()
        at = None if name in stages[-1:] else name  # the last stage's end is the training's
        return made.open(block, model, guides, references, at)

    with one_thread():
        made = {name: opened(name) for name in stages or ON_THE_WAY}
        if stages:
            device = "cuda" if torch.cuda.is_available() else "cpu"
            network = feature_extractor(
                weights, config.weights == "published", config.batch_size, device
            )
            numbers = distances(made, reference, bare, pictures, styles, network, config)
        else:
            numbers = placements(made, reference, bare, pictures, styles, config)
    facts = facts_of("synthesis", bare, method.name, seed, run_id)
    with atomic_dir(Path(out)) as tmp:
        write_numbers(tmp, numbers, facts)
    log.info("%s seed %d: %s in %s", method.name, seed, ", ".join(made), out)


def placements(
    made: Mapping[str, Method],
    reference: Method,
    faces: FaceSet,
    pictures: MaskPictures,
    styles: Sequence[str],
    config: MetricsConfig,
) -> list[Number]:
    """``placement_iou`` of each method of ``made`` with the reference, every style on every test
    face."""
    pairs = [(row, style) for row in faces.of_split("test").tolist() for style in styles]
    covers = [
        (cover for *_, cover in method.pictures_of(faces, pictures, pairs))
        for method in (reference, *made.values())
    ]
    found = [
        [float(placement_iou(one[None], wanted[None])[0]) for one in at_each]
        for wanted, *at_each in zip(*covers, strict=True)
    ]
    names = faces.persons.iloc[[row for row, _ in pairs]].to_numpy().astype(str)
    people = People.drawn(names, config.bootstrap, config.bootstrap_seed)
    return [
        mean_number("placement_iou", values, people, checkpoint=name, other={"split": "test"})
        for name, values in zip(made, np.array(found).T, strict=True)
    ]


def distances(
    made: Mapping[str, Method],
    reference: Method,
    faces: FaceSet,
    pictures: MaskPictures,
    styles: Sequence[str],
    network: FeatureExtractor,
    config: MetricsConfig,
) -> list[Number]:
    """FID between each method of ``made`` and the reference, on training and on test people, and
    how opaque its masks are on these."""
    chosen = {
        split: list(zip(rows, itertools.cycle(styles), strict=False))
        for split, rows in equally_many(faces).items()
    }
    wanted = {
        split: _pictures(reference, faces, pictures, pairs, network)[0]
        for split, pairs in chosen.items()
    }
    numbers = []
    for (name, method), (split, pairs) in itertools.product(made.items(), chosen.items()):
        found, opacity = _pictures(method, faces, pictures, pairs, network)
        names = faces.persons.iloc[[row for row, _ in pairs]].to_numpy().astype(str)
        count = len(set(names))
        note = f"{FEWER} ({len(pairs)} < {network.dim})" if len(pairs) < network.dim else ""
        numbers.append(
            Number(
                "fid", fid(found, wanted[split]), len(pairs), count, note=note,
                backbone=network.name, checkpoint=name, other={"split": split},
            )
        )  # fmt: skip
        if split == "test":
            people = People.drawn(names, config.bootstrap, config.bootstrap_seed)
            numbers.append(
                mean_number("alpha_mean", opacity, people, checkpoint=name, other={"split": split})
            )
    return numbers


def equally_many(faces: FaceSet) -> dict[str, list[int]]:
    """Rows of training and of test people, by split: whole people, evenly spread, until both have
    equally many people and pictures.

    Raises:
        MaskbenchError: a split has fewer than two faces.
    """
    names = faces.persons
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


def _pictures(
    method: Method, faces: FaceSet, pictures: MaskPictures, pairs: Pairs, network: FeatureExtractor
) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, d) and opacities (N,) of masked faces; a method without styles puts on what it
    has."""
    own = pairs if method.block.spec.styled else [(row, "") for row, _ in pairs]
    made = [(image, cover) for *_, image, cover in method.pictures_of(faces, pictures, own)]
    images, covers = (np.stack(one) for one in zip(*made, strict=True))
    return network(images)[0], alpha_mean(covers)
