"""The row that every evaluation writes and every table, figure and claim reads.

An evaluation's folder holds ``metrics.json``, a list of such rows, and ``resamples.parquet``, their
bootstrap replicates. ``results/measurements.csv`` is the union of the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from maskbench.artifacts import read_json, write_json
from maskbench.errors import MaskbenchError, from_os_error

if TYPE_CHECKING:  # imported where they are used: the workflow needs the names of columns alone
    import numpy as np
    import pandas as pd

STANDARD, ALL, SEEN, UNSEEN, FINAL, NONE = "standard", "all", "seen", "unseen", "final", "none"
PLAIN = {"protocol": STANDARD, "subset": ALL, "styles": SEEN, "checkpoint": FINAL}
"""The columns that have a plain case, and its value."""

COSTS = "costs"
"""The step whose numbers are counted, not sampled: they are exact."""

STUDY = "study"
"""The step whose numbers people gave: votes on the pictures of several methods, folds and seeds."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One number with everything that is needed to compare it.

    Attributes:
        step: ``synthesis``, ``study``, ``costs``, ``guides``, ``restoration`` or ``recognition``.
        dataset: where it was measured.
        fold: which people were tested; 0 where a data set is cut once.
        split: part of the data set.
        method: name of the method's, guide's, restorer's or recogniser's block.
        training_set: what a recogniser was trained on: ``bare``, a method's name, or ``none``;
            "" in other steps.
        restorer: what took the masks off, "" where nothing did; of ``unrestored`` rows, whose
            holes are measured.
        protocol: ``standard``, or how pairs were made (``bare_bare``, ``same_picture``, ...).
        subset: ``all``, or which faces were measured (``pose_frontal``, ``pose_turned``,
            ``pose_bowed``).
        checkpoint: ``final``, or the place in the training that was measured: ``start``,
            ``quarter``, ``half``, or the end of a planned stage by its name.
        styles: ``seen``, or ``unseen``: mask styles kept for the test.
        seed: of the training that is measured.
        metric: plain name (:mod:`maskbench.metrics.catalogue`).
        value: the number; None where it could not be measured (``note`` says why).
        n_people, n: people, and pictures, pairs or votes, behind it.
        ci_low, ci_high: 95% interval over people; None where it has no meaning.
        backbone: network and weights that computed it, ``none`` for plain arithmetic.
        crop: short name of the crop specification, e.g. ``mtcnn+0.2/144``.
        mlflow_run_id: the tracking run, "" when tracking is off, and of costs, which are counted
            without one.
        note: a remark for the reader (e.g. fewer pictures than feature dimensions).
    """

    step: str
    dataset: str
    fold: int = 0
    split: str
    method: str
    training_set: str = ""
    restorer: str = ""
    protocol: str = STANDARD
    subset: str = ALL
    checkpoint: str = FINAL
    styles: str = SEEN
    seed: int
    metric: str
    value: float | None
    n_people: int
    n: int
    ci_low: float | None = None
    ci_high: float | None = None
    backbone: str = NONE
    crop: str
    mlflow_run_id: str = ""
    note: str = ""


COLUMNS = tuple(field.name for field in fields(Measurement))
CONDITIONS = COLUMNS[: COLUMNS.index("seed")]
"""What tells two quantities apart beside their seed, metric, network and crop."""
KEY = (*CONDITIONS, "seed", "metric", "backbone", "crop")
"""What tells two rows apart, in the order in which they are sorted."""
_NUMBERS = ("fold", "seed", "value", "n_people", "n", "ci_low", "ci_high")


def metrics_file(path: Path) -> Path:
    """``metrics.json`` of an evaluation's folder; a file stands for itself."""
    return Path(path) / "metrics.json" if Path(path).is_dir() else Path(path)


def evaluations_in(folders: Sequence[Path]) -> list[Path]:
    """The folders with a ``metrics.json``: those given, or those below them.

    Raises:
        MaskbenchError: there is none in one of them.
    """
    found: set[Path] = set()
    for folder in folders:
        here = {path.parent for path in Path(folder).rglob("metrics.json")}
        if not here:
            raise MaskbenchError(folder, "holds no metrics.json", "evaluate again")
        found |= here
    return sorted(found)


def write_metrics(path: Path, rows: list[Measurement]) -> None:
    """Write ``metrics.json`` (a list of rows)."""
    write_json(path, [asdict(row) for row in rows])


def read_metrics(path: Path) -> list[Measurement]:
    """Read the rows of an evaluation's folder or of its ``metrics.json``.

    Raises:
        MaskbenchError: the file is missing or lacks a column.
    """
    path = metrics_file(path)
    rows = []
    for row in read_json(path):
        lacking = [name for name in COLUMNS if name not in row]
        if lacking:
            raise MaskbenchError(path, f"lacks {', '.join(lacking)}", "measure it again")
        rows.append(Measurement(**{name: row[name] for name in COLUMNS}))
    return rows


def read_resamples(folder: Path) -> dict[int, np.ndarray]:
    """The bootstrap replicates of an evaluation by row number of its ``metrics.json``.

    Rows without replicates are left out.

    Raises:
        MaskbenchError: the file is missing or cannot be read.
    """
    import numpy as np
    import pandas as pd

    path = metrics_file(folder).parent / "resamples.parquet"
    try:
        frame = pd.read_parquet(path)
    except OSError as error:
        raise from_os_error(error, path) from error
    if "row" not in frame:
        raise MaskbenchError(path, "lacks row", "measure it again")
    frame = frame.sort_values(["row", "resample"], kind="stable")
    rows, first = np.unique(frame["row"].to_numpy(), return_index=True)
    values = np.split(frame["value"].to_numpy(float), first[1:]) if len(rows) else []
    return {int(row): found for row, found in zip(rows, values, strict=True)}


def to_frame(rows: list[Measurement]) -> pd.DataFrame:
    """Rows as a frame with the columns of ``measurements.csv``, sorted by what tells them apart."""
    import pandas as pd

    frame = pd.DataFrame([asdict(row) for row in rows], columns=list(COLUMNS))
    return frame.sort_values(list(KEY), kind="stable").reset_index(drop=True)


def read_measurements(path: Path, skip: int = 0) -> pd.DataFrame:
    """Read ``measurements.csv``: empty text is "", an unmeasured number NaN.

    Args:
        path: the file.
        skip: lines before the columns.

    Raises:
        MaskbenchError: the file is missing or lacks a column.
    """
    import pandas as pd

    text = [name for name in COLUMNS if name not in _NUMBERS]
    try:
        frame = pd.read_csv(
            path,
            dtype=dict.fromkeys(text, str),
            keep_default_na=False,
            na_values={name: [""] for name in _NUMBERS},
            skiprows=skip,
        )
    except OSError as error:
        raise from_os_error(error, path) from error
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise MaskbenchError(path, f"lacks the columns {', '.join(missing)}", "collect it again")
    return frame
