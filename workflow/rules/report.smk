# The report: all results on one page. A job like any other, hence made again when it is missing,
# half made, or older than what it shows.


localrules:
    report,
    everything,


# All that the report shows: what `all` makes, without the report itself.
rule everything:
    input:
        EVERYTHING,


rule report:
    input:
        EVERYTHING,
    output:
        page=PATHS.report,
    log:
        PATHS.log("report"),
    benchmark:
        PATHS.benchmark("report")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=decided_by(
            "judge_claims",
            after=tuple(STEPS),
            modules=tuple(f"maskbench.reporting.figures.{name}" for name in FIGURES),
        ),
        captions=captions_digest(),
    message:
        "Put everything on one page, {output.page}"
    # The Snakemake inside runs no job and takes no lock: `--report` reads what is recorded.
    shell:
        "MASKBENCH_RENDERING=1 snakemake --report {output.page}"
        ' --configfile "$MASKBENCH_PARAMS" --nolock --quiet all -- everything 2> {log}'
