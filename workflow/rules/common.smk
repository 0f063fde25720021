# What all stages share: the checked configuration, the paths, and what makes a result stale.

import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError
from snakemake.settings.types import DeploymentMethod

import maskbench
from maskbench import timeleft, tracking, versioning
from maskbench.config import Config, read_layers, validate
from maskbench.errors import MaskbenchError
from maskbench.layout import Layout
from maskbench.plan import plan, training_of
from maskbench.steps import FIGURE_INPUTS, STEPS, settings


configfile: "params.yaml"


PLACE = " + ".join(["params.yaml", *map(str, workflow.overwrite_configfiles or [])])
try:
    PLAN = plan(config, place=PLACE, folder=Path(".snakemake", "settings"))
except MaskbenchError as error:
    raise WorkflowError(str(error))

CONFIG = PLAN.config
TRAININGS = PLAN.trainings
PATHS = Layout(Path(CONFIG.output))
DATASET = CONFIG.synthesis.dataset
METHODS = sorted({method for method, _ in TRAININGS})
REAL = CONFIG.synthesis.real_domain.source
REAL_FACES = [] if REAL == "keypoint" else [PATHS.faces(REAL)]
CAPTIONS = Path(workflow.basedir, "workflow", "report")
ENVIRONMENT = Path(workflow.basedir, "environment.yml")
DATASETS = list(
    dict.fromkeys(
        [
            DATASET,
            *([] if REAL == "keypoint" else [REAL]),
            *CONFIG.recognition.tests,
        ]
    )
)


wildcard_constraints:
    dataset=r"\w+",
    method=r"\w+",
    network=r"\w+",
    recogniser=r"\w+",
    training=r"\w+",
    seed=r"\d+",
    name=r"\w+",


def keep_settings() -> Path:
    """Write the effective configuration (params.yaml, overlays and --config) for the commands.

    Its name is its content's digest, so that runs with different settings never share a file. It
    is nobody's input: what a job reads of it stands in the job's ``params``.
    """
    text = yaml.safe_dump(
        CONFIG.model_dump(mode="json"), sort_keys=True, allow_unicode=True
    )
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    path = Path(".snakemake", "settings", f"{digest}.yaml")
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    return path


def command_prefix() -> str:
    """What every shell command begins with: the configuration, and this project's command.

    ``maskbench`` is that of the running Python; under ``--software-deployment-method conda`` it is
    this source tree in the job's own environment.
    """
    start = f"set -euo pipefail; export MASKBENCH_PARAMS='{SETTINGS}'"
    if DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method:
        source = Path(maskbench.__file__).parents[1]
        here = (
            f"PYTHONPATH='{source}'; maskbench() {{{{ python -m maskbench \"$@\"; }}}}"
        )
        return f"{start} {here}; "
    return f"{start} PATH='{Path(sys.executable).parent}':\"$PATH\"; "


SETTINGS = keep_settings()
shell.prefix(command_prefix())


def decided_by(step, after=(), modules=(), among=None):
    """The part of configuration and code that decides a job (a rerun trigger, nothing else)."""

    def of_job(wildcards):
        return settings(
            step,
            CONFIG,
            dataset=getattr(wildcards, "dataset", ""),
            method=getattr(wildcards, "method", ""),
            restorer=getattr(wildcards, "restorer", ""),
            after=after,
            modules=modules,
            methods=PLAN.modules,
            among=among,
        )

    return of_job


def of_trainings(path):
    """One path for each (method, seed) of the configuration."""
    return [path(DATASET, method, seed) for method, seed in TRAININGS]


def of_restorers(path):
    """One path for each restorer of the configuration; one seed tells enough of a picture."""
    return [path(DATASET, name, 0) for name in CONFIG.restoration.restorers]


def restorations():
    """The numbers of mask removal, and of the segmenter that it needs."""
    found = of_restorers(PATHS.restoration_metrics)
    return [PATHS.restoration_metrics(DATASET, "segmenter", 0), *found] if found else []


def gpus_per_training() -> int:
    """1 on a machine with a GPU; 0 without one, where jobs share the cores instead.

    For trainings and for all that runs networks after them.

    Profiles for clusters set 1, since the machine that submits has none (profiles/slurm).
    """
    return 1 if shutil.which("nvidia-smi") else 0


def caption(name):
    """The caption of a figure or table; one without a text of its own gets the general one."""
    path = CAPTIONS / f"{name}.rst"
    return str(path if path.exists() else CAPTIONS / "general.rst")


def captions_digest() -> str:
    """A digest of the texts that the report sets around results."""
    texts = [path.read_bytes() for path in sorted(CAPTIONS.glob("*.rst"))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


def options_of(needs):
    """Command-line options for named lists of paths."""
    return " ".join(
        f"--{need.replace('_', '-')} {path}"
        for need, paths in needs.items()
        for path in paths
    )


def planned_jobs():
    """The jobs of this run, with what is known about their durations."""
    shipped = timeleft.typical(
        Path(workflow.basedir, "workflow", "durations.yaml"), CONFIG.output
    )
    return {
        job.jobid: timeleft.planned(
            job.rule.name,
            dict(job.wildcards.items()),
            job.benchmark,
            job.threads,
            shipped,
        )
        for job in workflow.dag.needrun_jobs()
    }


def hold_folder():
    """Let one run at a time work in this folder.

    Unlike Snakemake's own lock (off in the profile) this one ends with its process, however that
    ends: a run that was killed is simply started again.
    """
    held = open(Path(".snakemake", "running"), "w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WorkflowError(
            "another run is under way in this folder; wait for its end"
        ) from None
    return held


def methods_in(needs):
    """The methods whose models or masked faces are among named inputs (.../METHOD/seedN), or
    behind the recognisers that are."""
    if {"recognition", "recognisers"} & set(needs):
        return sorted({"keypoint", *(fit[1] for fit in PLAN.fits)} & set(METHODS))
    restored = {"keypoint"} if {"restored", "unmasked"} & set(needs) else set()
    return sorted(
        restored
        | {
            path.parent.name
            for need in ("models", "masked")
            for path in needs.get(need, [])
        }
    )
