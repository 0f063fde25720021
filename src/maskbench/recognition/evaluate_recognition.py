"""Step ``evaluate_recognition``: one recogniser on one test set, by every protocol.

All its training sets are measured in one process: each has a folder of its own name.

metrics.json        a row a number
resamples.parquet   row, resample, value: bootstrap replicates over people
scores.parquet      protocol, first, second (face ids), same, score
roc.parquet         protocol, far, tar: the exact curve
cmc.parquet         protocol, rank, share of the probes
embeddings.npy      float32 (N, dim), of length 1; pictures.parquet says of what
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.faces.people import People, together
from maskbench.measurements import NONE, read_metrics
from maskbench.metrics.numbers import noted, write_numbers
from maskbench.recognition.embed import read_embeddings
from maskbench.recognition.kinds import FACENET, networks_of, restorer_of
from maskbench.recognition.measure import Measured, measure, nothing, validation_auc
from maskbench.recognition.recogniser import Model, Recogniser
from maskbench.recognition.specs import NETWORKS, Absent
from maskbench.recognition.test_set import (
    TestSet,
    masked_by_us,
    open_test_set,
    refuse_known,
    unit_rows,
)
from maskbench.registry import Block

EMBEDDINGS, PICTURES = "embeddings.npy", "pictures.parquet"

log = logging.getLogger(__name__)


def evaluate_recognition(
    recogniser: Block,
    training_sets: Sequence[str],
    seed: int,
    faces: Path,
    out: Path,
    config: MetricsConfig,
    styles: int,
    unseen_styles: Sequence[str],
    folds: int,
    masked: Path | None = None,
    pictures: Path | None = None,
    models: Sequence[Path] = (),
    embeddings: Sequence[Path] = (),
    members: Sequence[Path] = (),
    detected: Path | None = None,
    validation: Path | None = None,
    run_id: str = "",
) -> None:
    """Measure a recogniser.

    Args:
        recogniser: its block; its name is the method of its rows.
        training_sets: what it learnt from: ``bare``, synthesis methods, or ``none``.
        seed: of its trainings.
        faces, masked, pictures, styles, unseen_styles: the pictures, as for
            :func:`maskbench.recognition.test_set.open_test_set`.
        out: the folder to write, which holds one for each training set.
        config: section ``metrics``: the bootstrap.
        folds: of people.
        models: folders written by ``train_recogniser``, one for each training set; none where
            nothing is learnt.
        embeddings: folders written by ``embed_test`` with the same pictures, one for each frozen
            network that the recogniser may use (for the kind ``restored``, of restored pictures);
            the first that holds embeddings counts. None for the kinds ``network`` and ``fused``.
        members: folders written by this step on the same pictures, of the recognisers that a fused
            one adds.
        detected: as for ``embed_test``.
        validation: MaskedSet of validation people among others, for the kind ``network``: its rows
            of the protocol ``validation``.
        run_id: tracking run.

    Raises:
        MaskbenchError: unreadable inputs; a person of the test was learnt from.
    """
    test = open_test_set(faces, masked, pictures, styles, unseen_styles, detected=detected)
    chosen_on = None
    if validation is not None and len(FaceSet.open(faces).of_split("val")):
        chosen_on = masked_by_us(faces, validation, split="val")
    facts = {
        "step": "recognition", "dataset": test.dataset, "fold": test.fold, "split": "test",
        "method": recogniser.name, "seed": seed, "crop": test.crop, "mlflow_run_id": run_id,
        "restorer": restorer_of(recogniser),
    }  # fmt: skip
    with atomic_dir(Path(out)) as tmp:
        for number, training_set in enumerate(training_sets):
            model = models[number] if models else None
            own = [_of(training_set, member) for member in members]
            measured = _measured(recogniser, model, embeddings, own, test, chosen_on, folds, config)
            folder = tmp / training_set
            folder.mkdir()
            _write(folder, measured, test, facts | {"training_set": training_set})
    log.info("%s on %s: %s in %s", recogniser.name, test.dataset, ", ".join(training_sets), out)


def _measured(
    recogniser: Block,
    model: Path | None,
    embeddings: Sequence[Path],
    members: Sequence[Path],
    test: TestSet,
    chosen_on: TestSet | None,
    folds: int,
    config: MetricsConfig,
) -> Measured:
    """One training's numbers and tables."""
    try:
        found = _embedded(recogniser, model, embeddings, members, test)
    except Absent as why:
        log.warning("%s: %s", recogniser.name, why)
        return nothing(str(why))
    for dataset, people in found.learnt_from.items():
        refuse_known(test, frozenset(people), dataset)
    if not np.isfinite(found.values).all():
        diverged = f"the training diverged: lower lr of recognition.recognisers.{recogniser.name}"
        log.warning("%s: %s", model or recogniser.name, diverged)
        return nothing(diverged)
    measured = measure(found.values, test, folds, config, found.backbone)
    if chosen_on is not None:
        kind: Recogniser = recogniser.spec.load()
        own = unit_rows(kind.embed(Model.open(recogniser, model), chosen_on, np.empty((0, 0))))
        auc = validation_auc(own.astype(np.float32), chosen_on, config, found.backbone)
        measured = replace(measured, numbers=[*measured.numbers, auc])
    known = NETWORKS.get(found.network).remark_on(test.identities) if found.network else ""
    return remarked(measured, known, recogniser.name) if known else measured


def remarked(measured: Measured, remark: str, name: str) -> Measured:
    """The same numbers, each with a remark, which the log says too."""
    log.warning("%s: %s", name, remark)
    return replace(measured, numbers=[noted(number, remark) for number in measured.numbers])


def _write(folder: Path, measured: Measured, test: TestSet, facts: Mapping[str, Any]) -> None:
    if measured.embeddings is not None:
        np.save(folder / EMBEDDINGS, measured.embeddings)
    test.table.to_parquet(folder / PICTURES, index=False)
    write_numbers(folder, measured.numbers, facts)
    for table, frame in measured.tables.items():
        frame.to_parquet(folder / f"{table}.parquet", index=False)


@dataclass(frozen=True)
class _Embedded:
    """Embeddings (N, dim) float32 of length 1, what made them, the published network in it ("":
    none), and the people it learnt from."""

    values: np.ndarray
    backbone: str
    network: str
    learnt_from: People


def _embedded(
    recogniser: Block,
    folder: Path | None,
    embeddings: Sequence[Path],
    members: Sequence[Path],
    test: TestSet,
) -> _Embedded:
    """A recogniser's embeddings of a test set.

    Raises:
        Absent: published weights that it needs are not there.
        MaskbenchError: no model where one is needed, embeddings of other pictures.
    """
    model = Model.open(recogniser, folder)
    kind: Recogniser = recogniser.spec.load()
    frozen, network, restored_from = np.empty((0, 0), np.float32), "", People()
    if networks_of(recogniser):
        frozen, network, restored_from = _first_present(embeddings, test)
    elif members:
        frozen = np.concatenate([_evaluated(member, test) for member in members], axis=1)
    values = unit_rows(kind.embed(model, test, frozen)).astype(np.float32)
    learnt_from = together(model.learnt_from, restored_from)
    started = FACENET if getattr(model.block.params, "start", None) == FACENET else ""
    return _Embedded(values, kind.in_words(model, network), network or started, learnt_from)


def _of(training_set: str, folder: Path) -> Path:
    """The evaluation of one training set; of what learns nothing, its only one."""
    own = Path(folder) / training_set
    return own if own.exists() else Path(folder) / NONE


def _evaluated(folder: Path, test: TestSet) -> np.ndarray:
    """The embeddings (N, dim) of length 1 that an evaluation left.

    Raises:
        Absent: there are none; why.
        MaskbenchError: they are of other pictures.
    """
    if not (folder / EMBEDDINGS).exists():
        first, *_ = read_metrics(folder)
        raise Absent(f"{first.method}: {first.note}")
    if list(pd.read_parquet(folder / PICTURES)["face_id"]) != list(test.table["face_id"]):
        raise MaskbenchError(folder, "embeddings of other pictures", "evaluate it again")
    return np.load(folder / EMBEDDINGS, allow_pickle=False)


def _first_present(folders: Sequence[Path], test: TestSet) -> tuple[np.ndarray, str, People]:
    """Embeddings, network, and the people that restored pictures were learnt from."""
    reasons = []
    for folder in folders:
        try:
            values, table, spec = read_embeddings(folder)
        except Absent as why:
            reasons.append(str(why))
            continue
        if list(table["face_id"]) != list(test.table["face_id"]):
            raise MaskbenchError(folder, "embeddings of other pictures", "embed the test set again")
        return values, str(spec["network"]), dict(spec["learnt_from"])  # type: ignore[call-overload]
    if not folders:
        raise MaskbenchError("evaluate_recognition", "no embeddings", "embed the test set first")
    raise Absent("; ".join(reasons))
