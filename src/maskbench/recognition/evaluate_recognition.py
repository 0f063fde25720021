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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.errors import MaskbenchError
from maskbench.metrics.numbers import write_numbers
from maskbench.recognition.embed import read_embeddings
from maskbench.recognition.measure import Measured, measure, nothing
from maskbench.recognition.params import Adapted, Projected, Recogniser, Restored, Trained
from maskbench.recognition.specs import Absent
from maskbench.recognition.test_set import TestSet, open_test_set, refuse_known, unit_rows
from maskbench.recognition.trained import (
    after_network,
    block_of,
    own_encoder,
    read_description,
    what_it_is,
)

log = logging.getLogger(__name__)


def evaluate_recognition(
    recogniser: str,
    block: Recogniser,
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
    run_id: str = "",
) -> None:
    """Measure a recogniser.

    Args:
        recogniser: its name, the method of its rows.
        block: its parameters.
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
            the first that holds embeddings counts. None for the kind ``network``.
        run_id: tracking run.

    Raises:
        MaskbenchError: unreadable inputs; a person of the test was learnt from.
    """
    test = open_test_set(faces, masked, pictures, styles, unseen_styles)
    facts = {
        "step": "recognition", "dataset": test.dataset, "split": "test", "method": recogniser,
        "seed": seed, "crop": test.crop, "mlflow_run_id": run_id,
        "restorer": block.restorer if isinstance(block, Restored) else "",
    }  # fmt: skip
    with atomic_dir(Path(out)) as tmp:
        for number, training_set in enumerate(training_sets):
            model = models[number] if models else None
            measured = _measured(recogniser, block, model, embeddings, test, folds, config)
            folder = tmp / training_set
            folder.mkdir()
            _write(folder, measured, test, facts | {"training_set": training_set})
    log.info("%s on %s: %s in %s", recogniser, test.dataset, ", ".join(training_sets), out)


def _measured(
    recogniser: str,
    block: Recogniser,
    model: Path | None,
    embeddings: Sequence[Path],
    test: TestSet,
    folds: int,
    config: MetricsConfig,
) -> Measured:
    """One training's numbers and tables."""
    try:
        found = _embedded(block, model, embeddings, test)
    except Absent as why:
        log.warning("%s: %s", recogniser, why)
        return nothing(str(why))
    for dataset, people in found.learnt_from.items():
        refuse_known(test, frozenset(people), dataset)
    if not np.isfinite(found.values).all():
        why = f"the training diverged: lower lr of recognition.recognisers.{recogniser}"
        log.warning("%s: %s", model or recogniser, why)
        return nothing(why)
    return measure(found.values, test, folds, config, found.backbone)


def _write(folder: Path, measured: Measured, test: TestSet, facts: Mapping[str, Any]) -> None:
    if measured.embeddings is not None:
        np.save(folder / "embeddings.npy", measured.embeddings)
    test.table.to_parquet(folder / "pictures.parquet", index=False)
    write_numbers(folder, measured.numbers, facts)
    for table, frame in measured.tables.items():
        frame.to_parquet(folder / f"{table}.parquet", index=False)


@dataclass(frozen=True)
class _Embedded:
    """Embeddings (N, dim) float32 of length 1, what made them, and the people it learnt from."""

    values: np.ndarray
    backbone: str
    learnt_from: dict[str, list[str]]


def _embedded(
    block: Recogniser, model: Path | None, embeddings: Sequence[Path], test: TestSet
) -> _Embedded:
    """A recogniser's embeddings of a test set.

    Raises:
        Absent: published weights that it needs are not there.
        MaskbenchError: no model where one is needed, embeddings of other pictures.
    """
    facts = {} if model is None else read_description(model)
    if isinstance(block, Trained | Adapted | Projected):
        if model is None:
            raise MaskbenchError("evaluate_recognition", "no model", "train the recogniser first")
        block = block_of(model, facts)
    learnt_from = {facts["dataset"]: facts["people"]} if facts else {}
    if isinstance(block, Trained):
        assert model is not None
        values = test.embeddings(own_encoder(model, block))
        return _Embedded(values.astype(np.float32), what_it_is(block, facts), learnt_from)
    values, network, restored_from = _first_present(embeddings, test)
    backbone = network
    if isinstance(block, Adapted | Projected):
        assert model is not None
        values = after_network(model, block, facts)(values)
        backbone = what_it_is(block, facts, network)
    elif isinstance(block, Restored):
        backbone = f"{network} after {block.restorer}"
    for dataset, people in restored_from.items():
        learnt_from[dataset] = [*learnt_from.get(dataset, []), *people]
    return _Embedded(unit_rows(values).astype(np.float32), backbone, learnt_from)


def _first_present(
    folders: Sequence[Path], test: TestSet
) -> tuple[np.ndarray, str, dict[str, list[str]]]:
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
