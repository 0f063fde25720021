# Before and after a run: one run a folder, tracking, and the record for version control.

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
    *[
        PATHS.masked(test, "keypoint", 0)
        for test in CONFIG.recognition.tests
        if test not in PLAN.really_masked
    ],
    *of_trainings(PATHS.synthesis_metrics),
    *of_restorers(PATHS.restorer),
    *([PATHS.segmenter(DATASET, 0)] if RESTORATIONS else []),
    *all_restored(),
    *RESTORATIONS,
    *all_dressed(),
    *EMBEDDINGS,
    *of_fits(),
    *of_tests(),
}


# Not in the run that only renders the report: it stands inside another (workflow/rules/report.smk).
if workflow.is_main_process and "MASKBENCH_RENDERING" not in os.environ:
    versioning.level_times(EVERY_OUTPUT)


report: Path(workflow.basedir, "workflow", "report", "workflow.rst")


onstart:
    # Snakemake makes a function of this block: a local would be gone, and the lock with it, at once.
    global HELD
    HELD = hold_folder()
    places = workflow.cores or workflow.nodes or 1
    logger.addHandler(timeleft.Screen(timeleft.TimeLeft(planned_jobs(), places)))
    tracking.start_workflow(CONFIG.tracking, f"workflow {DATASET}", SETTINGS)


onerror:
    tracking.end_workflow("FAILED")


onsuccess:
    tracking.end_workflow("FINISHED", [PATHS.measurements])
    made = {Path(str(path)) for job in workflow.dag.jobs for path in job.output}
    if CONFIG == validate(
        Config, read_layers([Path("params.yaml")]), "params.yaml"
    ):
        versioning.record(made, EVERY_OUTPUT)
