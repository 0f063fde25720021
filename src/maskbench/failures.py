"""What a run can still make where blocks of its configuration failed, and the command for it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from maskbench.checks import SEGMENTER
from maskbench.config import REFERENCE
from maskbench.experiment import Experiment
from maskbench.recognition import kinds
from maskbench.synthesis.specs import continued_by

KINDS = ("recogniser", "network", "restorer", "method", "guide")
"""Wildcards that name what a job belongs to, the first that it has."""

Named = tuple[str, str]
"""One of KINDS and a name."""


def hint(experiment: Experiment, workflow: Any) -> str:
    """The line of :func:`way_out` for a run that failed; "" where it was not asked for tables.

    Args:
        experiment: of the run.
        workflow: Snakemake's object.
    """
    if all(job.rule.name != "collect_measurements" for job in workflow.dag.jobs):
        return ""
    failed = [dict(job.wildcards.items()) for job in workflow.scheduler.failed]
    values = workflow.config_settings.config_args
    return way_out(experiment, failed, ["snakemake", *sys.argv[1:]], values)


def way_out(
    experiment: Experiment,
    failed: Iterable[Mapping[str, str]],
    command: Sequence[str],
    values: Sequence[str],
) -> str:
    """A line that names what failed and the command that makes the same without it.

    Args:
        experiment: of the run.
        failed: the wildcards of the jobs that failed.
        command: the words that the run was started with.
        values: those of its option ``--config``.

    Returns:
        "" where nothing can be made without a job that failed.
    """
    named: set[Named] = set()
    for wildcards in failed:
        kind = next((kind for kind in KINDS if kind in wildcards), None)
        if kind is None:
            return ""
        named.add((kind, wildcards[kind]))
    left = without(experiment, named)
    if not left:
        return ""
    run = yaml.safe_dump(left, default_flow_style=True, width=float("inf")).strip()
    what = ", ".join(f"{kind} {name}" for kind, name in sorted(named))
    words = list(command)
    for option in {"--config", "-C"} & set(words):
        at = words.index(option)
        del words[at : at + 1 + len(values)]
    words += ["--config", *values, f"run={run}"]
    return f"failed: {what}; results without it: {shlex.join(words)}"


def without(experiment: Experiment, failed: set[Named]) -> dict[str, list[str]]:
    """The lists of ``run`` that leave out what failed and what needs it; none where the masks of
    the test people are lost."""

    def lost(*parts: Named) -> bool:
        return not failed.isdisjoint(parts)

    gone = {
        name
        for name, block in experiment.methods.items()
        if lost(("method", name), *(("guide", guide) for guide in block.spec.guides))
        or ((shared := continued_by(block)) and lost(("method", shared.method)))
    }
    if REFERENCE in gone:
        return {}
    methods = [name for name in experiment.running if name not in gone]
    restorers = [
        name
        for name in experiment.restorers
        if name not in gone and not lost(("restorer", name), ("guide", SEGMENTER))
    ]
    single = [
        name
        for name, block in experiment.recognisers.items()
        if not lost(("recogniser", name), *(("network", own) for own in kinds.networks_of(block)))
        and kinds.restorer_of(block) in ("", *restorers)
        and gone.isdisjoint(kinds.training_sets(block, tuple(methods)))
    ]
    members = {name: kinds.members_of(experiment.recognisers[name]) for name in single}
    recognisers = [name for name in single if set(single).issuperset(members[name])]
    every = {
        "methods": (methods, experiment.running),
        "restorers": (restorers, experiment.restorers),
        "recognisers": (recognisers, experiment.recognisers),
    }
    return {key: left for key, (left, all_) in every.items() if len(left) < len(all_)}
