# What all stages share: the checked experiment, what a step is given, where it may run.

import os
import shlex
import shutil
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

import maskbench
from maskbench import experiment
from maskbench.code_digest import code_digest
from maskbench.config import REFERENCE
from maskbench.datasets.collection import PLACES, places
from maskbench.errors import MaskbenchError, read_text
from maskbench.guides import specs as guide_specs
from maskbench.registry import Block

if Path("params.yaml").exists():
    read_text("params.yaml")  # Snakemake does not name a file that is no UTF-8


configfile: "params.yaml"


try:
    PLACE = " + ".join(["params.yaml", *map(str, workflow.overwrite_configfiles or [])])
    EXPERIMENT = experiment.check(config, place=PLACE)
except MaskbenchError as error:
    raise WorkflowError(str(error)) from None

CONFIG = EXPERIMENT.config
OUT = config["output"] = os.path.normpath(CONFIG.output)
DATASET = CONFIG.synthesis.dataset
TRAININGS = dict(dataset=DATASET, seed=EXPERIMENT.replicates)
# Snakemake puts the path of Python into shell commands as it is.
PYTHON = sys.executable
sys.executable = shlex.quote(PYTHON)
# Jobs run `python` in this environment or, with conda, in their own: there with this source tree.
os.environ.update(PYTHONPATH=str(Path(maskbench.__file__).parents[1]))
# Where a collection lies is no parameter: the same pictures elsewhere make nothing stale.
os.environ[PLACES] = places(CONFIG.datasets)


wildcard_constraints:
    **dict.fromkeys("dataset method network guide restorer recogniser training_set".split(), r"\w+"),
    seed=r"\d+",
    fold=r"\d+",


# What jobs need of a machine, as `resources: **TRAINING`. A machine that submits to a cluster has
# no GPU itself; there a profile may say how many such a job asks for (gpu) and the partition of
# those jobs (gpu_partition).
CLUSTER = workflow.resource_settings.nodes is not None
DEFAULTS = workflow.resource_settings.default_resources or {}
GPU = {"gpu": 1 if CLUSTER or shutil.which("nvidia-smi") else 0}
if "gpu" in DEFAULTS:
    GPU = {"gpu": int(DEFAULTS["gpu"].raw)}
if GPU["gpu"] and "gpu_partition" in DEFAULTS:
    GPU["slurm_partition"] = str(DEFAULTS["gpu_partition"].raw).strip("'")
LIGHT = {"mem_mb": 2000, "runtime": 60}  # of rules that say nothing; they run at once, here
CPU = {"mem_mb": 4000, "runtime": 240}
NETWORK = {"mem_mb": 4000, "runtime": 240, **GPU}
TRAINING = {"mem_mb": 24000 if CLUSTER else 4000, "runtime": 24 * 60, **GPU}


def step(module, /, uses=None, files=(), **settings):
    """What `params` hold: a step, its own settings and a digest of its own code.

    `module` lies below maskbench, whose function of the same name is called with `settings`
    (values, or functions of the wildcards). `uses` gives for the wildcards the specs that it looks
    up in a registry, beside those of blocks among the settings and their guides; `files` are
    packaged data.
    """

    def own(wildcards):
        return {
            key: value(wildcards) if callable(value) else value for key, value in settings.items()
        }

    def code(wildcards):
        values = own(wildcards).values()
        specs = [value.spec for value in values if isinstance(value, Block)]
        needed = {name for spec in specs for name in getattr(spec, "guides", ())}
        specs += map(guide_specs.GUIDES.get, sorted(needed))
        specs += uses(wildcards) if uses else []
        modules = [spec.module for spec in specs]
        return code_digest((f"maskbench.{module}", *modules), files)

    return {"step": module, "settings": own, "code": code}


METHOD = lambda wildcards: EXPERIMENT.methods[wildcards.method]
GUIDE = lambda wildcards: EXPERIMENT.guides[wildcards.guide]
RESTORER = lambda wildcards: EXPERIMENT.restorers[wildcards.restorer]
RECOGNISER = lambda wildcards: EXPERIMENT.recognisers[wildcards.recogniser]


def over(path, names, rows, **fixed):
    """The paths of an output for rows of wildcards, e.g. over(OUTPUT, "method seed", RUNS)."""
    return [
        found for row in rows for found in expand(path, **dict(zip(names.split(), row)), **fixed)
    ]


def when(condition, path):
    """An input, or none."""
    return path if condition else []
