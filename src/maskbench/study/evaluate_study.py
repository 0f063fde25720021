"""The step ``evaluate_study``: exported votes -> how often people take pictures for real."""

from __future__ import annotations

import logging
from pathlib import Path

from maskbench.artifacts import atomic_dir
from maskbench.config import MetricsConfig
from maskbench.measurements import STUDY
from maskbench.metrics.numbers import write_numbers
from maskbench.study.plan import read_votes
from maskbench.study.rates import EVERY_METHOD, numbers_of, raters_of

log = logging.getLogger(__name__)


def evaluate_study(votes: Path, out: Path, config: MetricsConfig, run_id: str = "") -> None:
    """Write the numbers of a study.

    Args:
        votes: what ``maskbench study results`` exported.
        out: folder to make: ``metrics.json``, ``resamples.parquet``.
        config: section ``metrics``.
        run_id: tracking run.

    Raises:
        MaskbenchError: the votes cannot be read, or do not fit their plan.
    """
    found = read_votes(Path(votes))
    for rater in raters_of(found):
        if rater.excluded:
            log.info("rater %d is not counted: %s", rater.number, rater.excluded)
    plan = found.plan
    facts = {"step": STUDY, "dataset": plan.dataset, "split": plan.split, "crop": plan.crop,
             "method": EVERY_METHOD, "seed": 0, "mlflow_run_id": run_id}  # fmt: skip
    with atomic_dir(Path(out)) as tmp:
        count = write_numbers(tmp, numbers_of(found, config), facts)
    log.info("%d numbers in %s", count, out)
