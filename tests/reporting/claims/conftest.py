"""Claims as tests write them, and their verdicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from maskbench.reporting.judge_claims import judge_claims


@pytest.fixture
def claim() -> Callable[..., dict[str, Any]]:
    """Write a claim; a side is what ``claims.yaml`` has, or (method, metric, variant)."""

    def side(value: Any) -> Any:
        names = ("method", "metric", "variant")
        return dict(zip(names, value, strict=False)) if isinstance(value, tuple) else value

    def write(left: Any, relation: str, right: Any, name: str = "claim") -> dict[str, Any]:
        words = {"paper": "A paper", "where": "section 1", "says": "In our words."}
        sides = {"left": side(left), "relation": relation, "right": side(right)}
        return {"id": name, **words, **sides}

    return write


@pytest.fixture
def judge(tmp_path: Path) -> Callable[[list[dict[str, Any]], list[Path]], pd.DataFrame]:
    """Judge claims on evaluations: the rows of ``claims.csv``, in ``out``."""

    def run(claims: list[dict[str, Any]], folders: list[Path]) -> pd.DataFrame:
        path = tmp_path / "claims.yaml"
        path.write_text(yaml.safe_dump({"claims": claims}))
        judge_claims(path, folders, tmp_path / "out")
        return pd.read_csv(tmp_path / "out" / "claims.csv", keep_default_na=False)

    return run
