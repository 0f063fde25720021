# Every rule's log, benchmark and environment; what happens before and after a run.

import fcntl
import hashlib

import yaml

from maskbench import timeleft, tracking, versioning

for RULE in workflow.rules:
    if not RULE.norun:
        NAMES = sorted(RULE.wildcard_names, key=str(RULE.output[0]).index)
        JOB = "/".join([RULE.name, *(f"{{{name}}}" for name in NAMES)])
        RULE.log_modifier = RULE.benchmark_modifier = workflow.modifier.path_modifier
        RULE.set_log(f"{OUT}/logs/{JOB}.log")
        RULE.benchmark = f"{OUT}/benchmarks/{JOB}.tsv"
        RULE.conda_env = str(Path(workflow.basedir, "environment.yml"))


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
        raise WorkflowError(
            "another run is under way in this folder; wait for its end"
        ) from None
    return held


report: Path(workflow.basedir, "workflow", "report", "workflow.rst")


onstart:
    # Snakemake makes a function of this block: a local would be gone, and the lock with it, at once.
    global HELD
    HELD = hold_folder()
    SETTINGS = keep_settings()
    os.environ["MASKBENCH_SETTINGS"] = str(SETTINGS)
    cores = workflow.cores or workflow.nodes or 1
    logger.addHandler(timeleft.Screen(workflow.dag.needrun_jobs(), cores))
    tracking.start_workflow(CONFIG.tracking, f"workflow {DATASET}", SETTINGS)


onerror:
    tracking.end_workflow("FAILED")


onsuccess:
    tracking.end_workflow("FINISHED", [rules.collect_measurements.output.out])
    if not (workflow.overwrite_config or workflow.overwrite_configfiles):
        MADE = {path for job in workflow.dag.jobs for path in job.output}
        versioning.record(
            stage
            for stage in ("data", "synthesis", "restoration", "recognisers", "report")
            if MADE >= set(getattr(rules, stage).input)
        )
