# Before and after a run: tracking, the report, and the record for version control.

# All that the experiment makes, results and what they come from.
EVERY_OUTPUT = {
    *map(Path, map(str, EVERYTHING)),
    PATHS.report,
    PATHS.weights,
    PATHS.mask_pictures,
    PATHS.masked_domain(DATASET),
    *[
        path(dataset)
        for dataset in DATASETS
        for path in (PATHS.pictures, PATHS.splits, PATHS.faces)
    ],
    *of_trainings(PATHS.model),
    *of_trainings(PATHS.masked),
    *of_trainings(PATHS.synthesis_metrics),
}


if workflow.is_main_process:
    versioning.level_times(EVERY_OUTPUT)


report: Path(workflow.basedir, "workflow", "report", "workflow.rst")


onstart:
    HELD = hold_folder()
    logger.addHandler(
        timeleft.Screen(timeleft.TimeLeft(planned_jobs(), workflow.cores or 1))
    )
    tracking.start_workflow(CONFIG.tracking, f"workflow {DATASET}", SETTINGS)


onerror:
    tracking.end_workflow("FAILED")


onsuccess:
    tracking.end_workflow("FINISHED", [PATHS.measurements])
    made = {Path(str(path)) for job in workflow.dag.jobs for path in job.output}
    if EVERY_OUTPUT <= made | {PATHS.report} and "DVC_STAGE" not in os.environ:
        shell(
            "snakemake --report {PATHS.report} --configfile {SETTINGS} --nolock --quiet all"
            " && echo 'Report: {PATHS.report}'"
        )
        made.add(PATHS.report)
    if CONFIG == validate(
        Config, read_layers([Path("params.yaml")]), "params.yaml"
    ):
        versioning.record(made, EVERY_OUTPUT)
