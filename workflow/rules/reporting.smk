# Numbers into tables, figures and verdicts, with their captions for the report.

TABLES = PLAN.tables
FIGURES = list(PLAN.figures)
# Of everything: synthesis, restoration, recognition.
EVALUATIONS = [
    *of_trainings(PATHS.synthesis_metrics),
    *RESTORATIONS,
    *of_tests(),
]


localrules:
    collect_measurements,
    judge_claims,
    summarise,


rule collect_measurements:
    input:
        metrics=EVALUATIONS,
    output:
        measurements=report(
            PATHS.measurements, caption=caption("measurements"), category="Numbers"
        ),
    log:
        PATHS.log("collect_measurements"),
    benchmark:
        PATHS.benchmark("collect_measurements")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=decided_by("collect_measurements"),
    message:
        "Put all numbers into one file"
    shell:
        "maskbench collect_measurements {input.metrics} --out {output.measurements} 2> {log}"


for TABLE in TABLES:

    rule:
        name:
            TABLE
        input:
            measurements=rules.collect_measurements.output.measurements,
        output:
            csv=PATHS.table(TABLE, "csv"),
            tex=PATHS.table(TABLE, "tex"),
            md=PATHS.table(TABLE, "md"),
            html=report(
                PATHS.table(TABLE, "html"),
                caption=caption(TABLE),
                category="Tables",
                labels={"table": TABLE},
            ),
        log:
            PATHS.log(f"make_table/{TABLE}"),
        benchmark:
            PATHS.benchmark(f"make_table/{TABLE}")
        localrule: True
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            settings=decided_by("make_table"),
            name=TABLE,
            folder=PATHS.root / "tables",
        message:
            "Make the table {params.name}"
        shell:
            "maskbench make_table {params.name} --measurements {input.measurements}"
            " --out {params.folder} 2> {log}"


for FIGURE in FIGURES:
    NEEDS = PLAN.figures[FIGURE]

    rule:
        name:
            FIGURE
        input:
            **NEEDS,
        output:
            png=report(
                PATHS.figure(FIGURE),
                caption=caption(FIGURE),
                category="Figures",
                labels={"figure": FIGURE},
            ),
        log:
            PATHS.log(f"make_figure/{FIGURE}"),
        benchmark:
            PATHS.benchmark(f"make_figure/{FIGURE}")
        localrule: True
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            settings=decided_by(
                "make_figure",
                after=tuple(FIGURE_INPUTS[need] for need in NEEDS),
                modules=(f"maskbench.reporting.figures.{FIGURE}",),
                among=methods_in(NEEDS),
            ),
            name=FIGURE,
            inputs=options_of(NEEDS),
        message:
            "Draw the figure {params.name}"
        shell:
            "maskbench make_figure {params.name} {params.inputs} --out {output.png} 2> {log}"


rule judge_claims:
    input:
        metrics=EVALUATIONS,
    output:
        csv=PATHS.claims("csv"),
        md=PATHS.claims("md"),
        html=report(PATHS.claims("html"), caption=caption("claims"), category="Claims"),
    log:
        PATHS.log("judge_claims"),
    benchmark:
        PATHS.benchmark("judge_claims")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=decided_by("judge_claims"),
        folder=PATHS.root,
    message:
        "Judge what the papers claim"
    shell:
        "maskbench judge_claims {input.metrics} --out {params.folder} 2> {log}"


rule summarise:
    input:
        measurements=rules.collect_measurements.output.measurements,
        models=of_trainings(PATHS.model),
        recognisers=of_learners(),
    output:
        summary=PATHS.summary,
        curves=PATHS.curves,
    log:
        PATHS.log("summarise"),
    benchmark:
        PATHS.benchmark("summarise")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=decided_by("summarise"),
        models=options_of(
            {"models": of_trainings(PATHS.model), "recognisers": of_learners()}
        ),
    message:
        "Write the numbers and curves that dvc compares"
    shell:
        "maskbench summarise --measurements {input.measurements} {params.models}"
        " --summary {output.summary} --curves {output.curves} 2> {log}"
