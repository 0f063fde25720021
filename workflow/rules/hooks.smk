# What all rules share: log, benchmark, environment; what happens before and after a run.

import fcntl
import hashlib

import yaml

from maskbench import artifacts, failures, forks, timeleft, tracking, versioning
from maskbench.datasets.collection import left_out_beside

# Snakemake formats this path: braces of a folder's name are doubled.
ENVIRONMENT = str(Path(workflow.basedir, "environment.yml")).replace("{", "{{").replace("}", "}}")
for RULE in workflow.rules:
    if not RULE.norun:
        if "mem_mb" not in (RULE.ruleinfo.resources or ((), ()))[1]:
            RULE.resources.update(LIGHT)
            workflow.localrules(RULE.name)
        NAMES = sorted(RULE.wildcard_names, key=str(RULE.output[0]).index)
        JOB = Path(RULE.name, *(f"{{{name}}}" for name in NAMES))
        RULE.log_modifier = RULE.benchmark_modifier = workflow.modifier.path_modifier
        RULE.set_log(f"{OUT}/logs/{JOB}.log")
        RULE.benchmark = f"{OUT}/benchmarks/{JOB}.tsv"
        RULE.conda_env = ENVIRONMENT


def keep_settings():
    """Write the whole configuration, with overlays and --config, under its digest as a name."""
    text = yaml.safe_dump(config, sort_keys=True, allow_unicode=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    path = Path(".snakemake", "settings", f"{name}.yaml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def hold_folder():
    """Let one run at a time work in this folder.

    Unlike Snakemake's own lock (off in the profile) this one ends with its process, however that
    ends: a run that was killed is simply started again.
    """
    held = open(Path(".snakemake", "running"), "w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise WorkflowError("another run is under way in this folder; wait for its end") from None
    return held


def refuse():
    """Refuse to start where the jobs would take away files that this workflow did not write, or
    several machines would write to one SQLite file."""
    try:
        if CLUSTER:
            tracking.refuse_sqlite(CONFIG.tracking)
        artifacts.claim(OUT, as_it_is=workflow.touch)
        outputs = {Path(path) for job in workflow.dag.needrun_jobs() for path in job.output}
        for folder in sorted({*outputs, *(path.parent for path in outputs)} - {Path(OUT)}):
            if (folder / artifacts.LISTING).exists():
                artifacts.refuse_foreign(folder)
    except MaskbenchError as error:
        raise WorkflowError(str(error)) from None


STAGES = yaml.safe_load(Path(workflow.basedir, "dvc.yaml").read_text("utf-8"))["stages"]

# What the tracking run of a workflow keeps.
REPORTED = [
    rules.collect_measurements.output.out,
    rules.judge_claims.output.csv,
    rules.make_index.output.out,
    *rules.make_tables.output,
]


report: Path(workflow.basedir, "workflow", "report", "workflow.rst")


onstart:
    # Snakemake makes a function of this block: a local would be gone, and the lock with it, at once.
    global HELD, COPIES
    HELD = hold_folder()
    refuse()
    if not CLUSTER:
        # Under a limit of jobs a second Snakemake plans again each second, once for every job that
        # has ended: minutes of processor time in a long run. Jobs that start here need no limit.
        workflow.scheduler.job_rate_limiter = None
    if not workflow.touch:  # --touch sets times and runs nothing
        SETTINGS = keep_settings()
        os.environ.update(MASKBENCH_SETTINGS=str(SETTINGS), MASKBENCH_PYTHON=PYTHON)
        cores = workflow.nodes if CLUSTER else workflow.cores
        logger.addHandler(timeleft.Screen(workflow.dag.needrun_jobs(), cores))
        tracking.start_workflow(CONFIG.tracking, f"workflow {DATASET}", SETTINGS)
        # A run of one or two jobs with a network would only wait for the imports.
        MEMORY = [
            job.resources.mem_mb for job in workflow.dag.needrun_jobs() if not job.is_norun
        ]
        if sum(need > LIGHT["mem_mb"] for need in MEMORY) > 2 and not (CLUSTER or GPU["gpu"]):
            command, COPIES = forks.start(PYTHON, Path(".snakemake", "copies"))
            sys.executable = shlex.join(command)  # what Snakemake runs scripts with


onerror:
    tracking.end_workflow("FAILED")
    if LINE := failures.hint(EXPERIMENT, workflow):
        logger.warning(LINE)


onsuccess:
    for LINE in left_out_beside(Path(OUT), EXPERIMENT.datasets):
        logger.warning(LINE)
    MADE = {str(path) for job in workflow.dag.jobs for path in job.output}
    SHOWN = [path for path in map(str, REPORTED) if path in MADE]
    NUMBERS = Path(REPORTS, "summary").glob("*.json") if SHOWN else []
    tracking.end_workflow("FINISHED", map(Path, SHOWN), NUMBERS)
    MISSING = [path for path in MADE if not Path(path).exists()]  # --touch makes none of it
    COMPLETE = {
        name: stage
        for name, stage in STAGES.items()
        if MADE >= {str(path) for path in getattr(rules, name).input}
        and versioning.whole(stage, OUT, MISSING)
    }
    # Neither before nor for other stages: an empty folder would pass for a rule's output.
    versioning.make_folders(COMPLETE, OUT)
    if not (workflow.config_settings.config or workflow.config_settings.configfiles):
        sys.executable = PYTHON  # DVC is started without a shell
        versioning.record(COMPLETE)
