"""Make a run the published one of its configuration.

    python -m maskbench.reporting.publish results/full -p params.yaml -p config/full.yaml

It is called in the checkout and on the machine that made the run; elsewhere ``--commit`` and
``--processor`` name them. Files: :mod:`maskbench.reporting.published_runs`.
"""

from __future__ import annotations

import gzip
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from maskbench import experiment
from maskbench.artifacts import atomic_file, write_json
from maskbench.errors import MaskbenchError, one_line_errors
from maskbench.measurements import read_measurements
from maskbench.reporting import published_runs
from maskbench.reporting.headline import main_dataset
from maskbench.reporting.published_runs import configuration, read_claims

LARGEST = 1_000_000
"""Bytes that the files of a published run may have."""


def publish(
    results: Annotated[Path, typer.Argument(help="Folder with measurements.csv and claims.csv.")],
    params: Annotated[
        list[Path],
        typer.Option("--params", "-p", help="Its configuration; repeat it for overlays."),
    ],
    name: Annotated[str, typer.Option(help="Of the files; else the data set's.")] = "",
    commit: Annotated[str, typer.Option(help="Of the code; else the checkout's.")] = "",
    processor: Annotated[str, typer.Option(help="That made it; else this one.")] = "",
) -> None:
    """Write the numbers and verdicts of a run into the package, for others to compare with.

    Raises:
        MaskbenchError: unreadable results, a commit that cannot be found, more than a megabyte.
    """
    path = results / "measurements.csv"
    # Runs are tracked where they were made.
    numbers = read_measurements(path).assign(mlflow_run_id="")
    claims = read_claims(results / "claims.csv")
    found = {
        "commit": commit or commit_of(results),
        "processor": processor or _processor(),
        "date": datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat(),
        "replicates": sorted({int(seed) for seed in numbers["seed"]}),
        "configuration": configuration(experiment.load(params)),
    }
    name = name or main_dataset(numbers)
    tables = {f"{name}.csv.gz": _packed(numbers), f"{name}_claims.csv.gz": _packed(claims)}
    size = sum(map(len, tables.values()))
    if size > LARGEST:
        what = f"{size} bytes when compressed, more than {LARGEST}"
        raise MaskbenchError(results, what, "publish a smaller run")
    folder = published_runs.FOLDER
    for file, content in tables.items():
        with atomic_file(folder / file) as tmp:
            tmp.write_bytes(content)
    write_json(folder / f"{name}.json", found)
    typer.echo(f"{len(numbers)} numbers and {len(claims)} verdicts, {size} bytes, in {folder}")


def _packed(table: pd.DataFrame) -> bytes:
    """Compressed CSV with the digits of ``measurements.csv``: equal tables give equal bytes."""
    text = table.to_csv(index=False, float_format="%.8g", lineterminator="\n")
    return gzip.compress(text.encode(), 9, mtime=0)


def commit_of(folder: Path) -> str:
    """The checkout's commit; ``-dirty`` follows where files differ from it."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run([*command, "--exclude=*"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MaskbenchError(folder, "lies in no checkout of the code", "name the --commit")
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


if __name__ == "__main__":
    with one_line_errors():
        typer.run(publish)
