"""Evaluations whose truth is known, claims as tests write them, and their verdicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from maskbench.reporting.judge_claims import judge_all
from maskbench.reporting.papers.claims import Claim, Quantity
from maskbench.reporting.replicates import Evaluations

RESAMPLES = 400


def quantity(method: str, metric: str = "ssim", **columns: str) -> Quantity:
    """A side of a claim."""
    return Quantity(method=method, metric=metric, **columns)


@pytest.fixture
def claim() -> Callable[..., Claim]:
    """Write a claim of two sides."""

    def write(left: Any, relation: str, right: Any, name: str = "claim", **more: Any) -> Claim:
        words = {"where": "section 1", "says": "In our words."}
        return Claim(id=name, **words, left=left, relation=relation, right=right, **more)

    return write


@pytest.fixture
def judge() -> Callable[[list[Claim], list[Path]], dict[str, SimpleNamespace]]:
    """The verdicts on claims by id."""

    def run(claims: list[Claim], folders: list[Path]) -> dict[str, SimpleNamespace]:
        rows = judge_all(claims, Evaluations(folders))
        return {row["id"]: SimpleNamespace(**row) for row in rows}

    return run


@pytest.fixture
def simulated(evaluation, make_measurement):
    """Trainings whose true means are known; pictures or people shake all methods alike.

    ``means``: method (or method and training set) -> true means of its seeds.
    """

    def make(means, metric="ssim", shake=0.02, own=0.002, **columns):
        rng = np.random.default_rng(3)
        common = rng.normal(0, shake, RESAMPLES)
        folders = []
        for name, seeds in means.items():
            method, training_set = name if isinstance(name, tuple) else (name, "")
            for seed, value in enumerate(seeds):
                row = make_measurement(
                    method, seed, metric, value, training_set=training_set, **columns
                )
                replicates = value + common + rng.normal(0, own, RESAMPLES)
                root = f"{columns.get('dataset', 'orl')}/{metric}/{training_set or 'none'}"
                root += "/" + columns.get("protocol", "standard")
                folders.append(evaluation([row], {0: replicates}, root=root))
        return folders

    return make


@pytest.fixture
def recognised(simulated):
    """The same of recognisers: accuracies."""

    def make(means, **columns):
        return simulated(means, "accuracy", 0.03, step="recognition", **columns)

    return make


@pytest.fixture
def table(tmp_path: Path) -> Callable[[], pd.DataFrame]:
    """``claims.csv`` as it was written."""
    return lambda: pd.read_csv(tmp_path / "claims.csv", keep_default_na=False)
