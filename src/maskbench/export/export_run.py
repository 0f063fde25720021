"""A run to publish: numbers, tables, verdicts, charts, configuration and model cards, described as
an RO-Crate and by Croissant metadata. No picture of a person is in it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from maskbench import experiment
from maskbench.artifacts import atomic_dir, read_json, write_json
from maskbench.config import Config
from maskbench.errors import MaskbenchError
from maskbench.export.crate import FORMATS, METADATA, crate
from maskbench.export.croissant import croissant
from maskbench.export.export_pictures import MAKER
from maskbench.export.facts import Facts
from maskbench.export.model_cards import write_cards
from maskbench.measurements import read_measurements
from maskbench.reporting.papers import papers
from maskbench.reporting.publish import commit_of

NUMBERS = "measurements.csv"
PAGES = (NUMBERS, "curves.csv", "claims.csv", "claims.md", "claims.html", "tables/*")
WITH_FACES = ("sheet",)
"""Kinds of figures that show people."""


def export_run(
    results: Path,
    out: Path,
    params: Sequence[Path],
    commit: str = "",
    creators: Sequence[str] = (),
    licence: str = "Apache-2.0",
) -> list[str]:
    """Write the crate of a run.

    Args:
        results: folder with ``measurements.csv``. Models lie in it, or beside it where it is the
            folder of all replicates.
        out: a new or empty folder, or an earlier export.
        params: the run's configuration files.
        commit: of the code; "": of the checkout that holds ``results``.
        creators: who made the run.
        licence: SPDX name of the licence of its numbers.

    Returns:
        the names of all files.

    Raises:
        MaskbenchError: numbers are missing, the commit or the licence is not known, or it cannot be
            written.
    """
    results = Path(results)
    numbers = results / NUMBERS
    if not numbers.is_file():
        way_out = "name the folder of a whole run: snakemake --cores all makes it"
        raise MaskbenchError(numbers, "no such file", way_out)
    if not re.fullmatch(r"[A-Za-z0-9.+-]+", licence):
        what = f"{licence!r} is no SPDX name"
        raise MaskbenchError("--license", what, "choose one of https://spdx.org/licenses")
    measurements = read_measurements(numbers)
    config = experiment.load(params).config
    root = next((at for at in (results, results.parent) if (at / "models").is_dir()), results)
    datasets = tuple(sorted(set(measurements["dataset"])))
    sources = {name: root / "pictures" / name / "source.json" for name in datasets}
    facts = Facts(
        datasets,
        {
            name: str(read_json(path).get("licence", "")) if path.is_file() else ""
            for name, path in sources.items()
        },
        datetime.fromtimestamp(numbers.stat().st_mtime, UTC).isoformat(timespec="seconds"),
        commit or commit_of(results),
        tuple(creators),
        licence,
    )
    files = published_files(results)
    with atomic_dir(out, MAKER) as tmp:
        for name in files:
            (tmp / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(results / name, tmp / name)
        (tmp / "params.yaml").write_text(_plain(config), encoding="utf-8")
        files += ["params.yaml", *write_cards(root, measurements, facts, tmp)]
        write_json(tmp / "croissant.json", croissant(tmp / NUMBERS, measurements, facts))
        files += ["croissant.json"]
        write_json(tmp / METADATA, crate(tmp, files, facts))
    return [*files, METADATA]


def _plain(config: Config) -> str:
    """The configuration as YAML."""
    values = _without_places(config.model_dump(mode="json"))
    return str(yaml.safe_dump(values, sort_keys=False, allow_unicode=True))


def _without_places(value: Any) -> Any:
    """Values in which each absolute path is its last name: where something lies on one machine
    tells others nothing."""
    if isinstance(value, dict):
        return {key: _without_places(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_places(one) for one in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def published_files(results: Path) -> list[str]:
    """The names of a run's files that show nobody: its figures are the charts alone."""
    charts = {
        name
        for paper in papers().values()
        for name, figure in paper.figures.items()
        if figure.kind not in WITH_FACES
    }
    found = [path for pattern in PAGES for path in sorted(results.glob(pattern)) if path.is_file()]
    found = [path for path in found if path.suffix in FORMATS]  # whatever else lies there
    found += [path for path in sorted(results.glob("figures/*.png")) if path.stem in charts]
    return [path.relative_to(results).as_posix() for path in found if path.name[0] != "."]
