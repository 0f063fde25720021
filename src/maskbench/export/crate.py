"""RO-Crate 1.1 of a run, as a Process Run Crate 0.5: which files there are, and what made them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import maskbench
from maskbench.artifacts import sha256_of
from maskbench.export.facts import Facts
from maskbench.reporting.names import title_of
from maskbench.reporting.papers import papers, tables

METADATA = "ro-crate-metadata.json"
CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".png": "image/png",
    ".tex": "application/x-tex",
    ".yaml": "application/yaml",
}
NAMED = {
    "measurements.csv": "Every number of the run, one a row",
    "curves.csv": "Training curves",
    "claims.csv": "The papers' claims and the verdicts on them",
    "claims.md": "The papers' claims and the verdicts on them",
    "claims.html": "The papers' claims and the verdicts on them",
    "params.yaml": "The configuration of the run, every key filled in",
    "croissant.json": "Croissant metadata of measurements.csv",
}


def crate(folder: Path, files: Sequence[str], facts: Facts) -> dict[str, Any]:
    """The content of ``ro-crate-metadata.json``.

    Args:
        folder: where the files lie.
        files: their names.
        facts: of the run.
    """
    made = [name for name in files if name != "params.yaml"]
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "Run of the experiment",
        "instrument": {"@id": "#maskbench"},
        "object": [{"@id": "params.yaml"}],
        "result": [{"@id": name} for name in made],
        "endTime": facts.date,
    }
    people = [
        {"@id": f"#creator{number}", "@type": "Person", "name": name}
        for number, name in enumerate(facts.creators, 1)
    ]
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": facts.title,
        "description": "Numbers, tables, verdicts and charts of one run of maskbench, which puts "
        "masks on faces by the methods of published papers and measures them under one protocol. "
        "No picture of a person is in it.",
        "datePublished": facts.date[:10],
        "license": {"@id": facts.licence_address},
        "conformsTo": {"@id": PROFILE},
        "hasPart": [{"@id": name} for name in files],
        "mentions": {"@id": "#run"},
        "citation": [{"@id": f"#{name}"} for name, paper in papers().items() if paper.paper],
    }
    if people:
        references = [{"@id": person["@id"]} for person in people]
        root["author"] = references
        run["agent"] = references
    return {
        "@context": f"{CRATE}/context",
        "@graph": [
            {
                "@id": METADATA,
                "@type": "CreativeWork",
                "about": {"@id": "./"},
                "conformsTo": {"@id": CRATE},
            },
            root,
            run,
            {
                "@id": "#maskbench",
                "@type": "SoftwareApplication",
                "name": "maskbench",
                "version": maskbench.__version__,
                "softwareVersion": facts.commit,
                "license": {"@id": "https://spdx.org/licenses/Apache-2.0"},
            },
            {
                "@id": PROFILE,
                "@type": "CreativeWork",
                "name": "Process Run Crate",
                "version": "0.5",
            },
            *[
                {"@id": address, "@type": "CreativeWork", "name": address.rpartition("/")[2]}
                for address in sorted(
                    {facts.licence_address, "https://spdx.org/licenses/Apache-2.0"}
                )
            ],
            *people,
            *[
                {
                    "@id": f"#{name}",
                    "@type": "ScholarlyArticle",
                    "name": paper.title,
                    "author": paper.paper,
                }
                for name, paper in papers().items()
                if paper.paper
            ],
            *[_file(folder, name) for name in files],
        ],
    }


def _file(folder: Path, name: str) -> dict[str, Any]:
    path = folder / name
    return {
        "@id": name,
        "@type": "File",
        "name": _title(Path(name)),
        "encodingFormat": FORMATS[path.suffix],
        "contentSize": str(path.stat().st_size),
        "sha256": sha256_of(path),
    }


def _title(path: Path) -> str:
    """What a file is, in words."""
    figures = {name: one for paper in papers().values() for name, one in paper.figures.items()}
    if path.parts[0] == "tables" and path.stem in tables():
        return tables()[path.stem].title
    if path.parts[0] == "figures" and path.stem in figures:
        return figures[path.stem].title
    if path.name == "README.md":
        return f"Model card of {' on '.join(map(title_of, path.parts[2:-1]))}"
    return NAMED.get(path.name, path.name)
