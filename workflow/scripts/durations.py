"""Note how long the steps of finished runs took, for the time left that a first run shows.

    python workflow/scripts/durations.py results results/lfw

Adds the folders to workflow/durations.yaml (seconds of wall time by step, see maskbench.timeleft).
"""

import argparse
from pathlib import Path

import yaml

from maskbench.timeleft import measured

FILE = Path(__file__).parents[1] / "durations.yaml"
HEAD = "# Seconds a step took on 2 cores, no GPU; written by workflow/scripts/durations.py\n"


def key_of(benchmark: Path) -> str:
    """The job key of a benchmark file: the rule, with the method where there is one."""
    parts = benchmark.with_suffix("").parts
    if parts[0] in ("make_table", "make_figure"):
        return parts[1]
    return f"{parts[0]}/{parts[2]}" if len(parts) == 4 else parts[0]


def main(folders: list[str]) -> None:
    found = yaml.safe_load(FILE.read_text("utf-8")) if FILE.exists() else {}
    for folder in folders:
        root = Path(folder, "benchmarks")
        files = sorted(root.rglob("*.tsv"))
        found[folder.rstrip("/")] = measured((key_of(f.relative_to(root)), f) for f in files)
    FILE.write_text(HEAD + yaml.safe_dump(found, sort_keys=True), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="+", help="results folder of a finished run")
    main(parser.parse_args().folder)
