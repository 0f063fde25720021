"""What a workflow needs to know of the registries, looked up once and remembered.

The registries import the network library, which takes seconds; a workflow asks at every start.
So the answer is kept in a file whose name is a digest of the configuration and of all sources of
this package: any change of either asks again, and what is wrong is refused as if never asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import maskbench
from maskbench.artifacts import read_json, write_json
from maskbench.config import Config, validate


@dataclass(frozen=True)
class Plan:
    """A checked configuration and what follows from it.

    Attributes:
        config: the configuration.
        trainings: every (method, seed), see :func:`maskbench.experiment.trainings`.
        modules: the module that defines each of its methods.
        fits: every (recogniser, training set, seed), see :func:`maskbench.experiment.fits`.
        recognisers: kind, network, restorer and start of each ("" where it has none).
        really_masked: the test data sets of people who really wear masks.
        figures: each figure's inputs, see :func:`maskbench.experiment.figure_inputs`; figures that
            lack one are left out.
        tables: the tables that can be made.
    """

    config: Config
    trainings: list[tuple[str, int]]
    modules: dict[str, str]
    fits: list[tuple[str, str, int]]
    recognisers: dict[str, dict[str, str]]
    really_masked: list[str]
    figures: dict[str, dict[str, list[Path]]]
    tables: list[str]


def plan(values: dict[str, Any], place: str, folder: Path) -> Plan:
    """Check merged configuration values and look up what they ask for.

    Args:
        values: the configuration as read.
        place: how errors call it.
        folder: where answers are kept.

    Raises:
        MaskbenchError: the configuration is wrong.
    """
    path = Path(folder) / f"{_digest(values)}.json"
    if not path.exists():
        write_json(path, _ask(values, place))
    found = read_json(path)
    return Plan(
        config=validate(Config, values, place),
        trainings=[(method, seed) for method, seed in found["trainings"]],
        modules=found["modules"],
        fits=[(name, training, seed) for name, training, seed in found["fits"]],
        recognisers=found["recognisers"],
        really_masked=found["really_masked"],
        figures={
            figure: {need: [Path(path) for path in paths] for need, paths in needs.items()}
            for figure, needs in found["figures"].items()
        },
        tables=found["tables"],
    )


def training_of(method: str, seed: int, trainings: Sequence[tuple[str, int]]) -> int:
    """The seed of the synthesis training whose pictures a recogniser of ``seed`` learns from: its
    own where there is one, else the method's first.

    Args:
        method: a synthesis method of the configuration.
        seed: of the recogniser.
        trainings: every (method, seed), see :func:`maskbench.experiment.trainings`.
    """
    seeds = [known for name, known in trainings if name == method]
    return seed if seed in seeds else seeds[0]


def _ask(values: dict[str, Any], place: str) -> dict[str, Any]:
    from maskbench import experiment
    from maskbench.recognition.params import network_of, start_file
    from maskbench.reporting.figures import names
    from maskbench.reporting.make_table import table_names
    from maskbench.synthesis import base

    config = experiment.check(values, place)
    return {
        "trainings": experiment.trainings(config, place),
        "modules": {name: type(base.method(name)).__module__ for name in config.synthesis.methods},
        "fits": experiment.fits(config),
        "recognisers": {
            name: {
                "kind": recogniser.kind,
                "network": network_of(recogniser) or "",
                "restorer": getattr(recogniser, "restorer", ""),
                "start": str(start_file(recogniser) or ""),
            }
            for name, recogniser in experiment.recognisers(config).items()
        },
        "really_masked": experiment.really_masked(config),
        "figures": {
            figure: {
                need: [str(path) for path in paths]
                for need, paths in experiment.figure_inputs(figure, config, place).items()
            }
            for figure in names()
            if all(experiment.figure_inputs(figure, config, place).values())
        },
        "tables": list(table_names()),
    }


def _digest(values: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode())
    root = Path(maskbench.__file__).parent
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".yaml", ".svg"):
            digest.update(f"\n{path.relative_to(root)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
