# Numbers into tables, figures, verdicts and pages.

from maskbench.reporting import names
from maskbench.reporting.captions import write_captions
from maskbench.reporting.figures.specs import KINDS
from maskbench.reporting.papers import papers
from maskbench.reporting.papers.figures import drawable
from maskbench.reporting.published_runs import configuration

# All replicates together have tables, figures and pages of their own.
REPORTS = OUT if len(EXPERIMENT.replicates) == 1 else f"{OUT}/full"
PAPERS = papers().values()
PAPER_FILES = ("reporting/papers/*.yaml",)
# What methods and recognisers are called comes from the papers and from all specs.
TITLES = (*PAPER_FILES, "**/specs/*.py")
ORIGINS = names.origins(
    {**EXPERIMENT.methods, **EXPERIMENT.restorers}, CONFIG.recognition.recognisers
)
CAPTIONS = Path(workflow.basedir, "workflow", "report")
# Captions of tables and figures, from their records: needed while report.html is rendered alone.
RECORDED = Path(".snakemake", "captions").absolute()
if "MASKBENCH_RENDERING" in os.environ:
    write_captions(RECORDED)
# What people said of the pictures, where they were asked.
VOTES = CONFIG.study.votes


rule evaluate_study:
    input:
        votes=when(VOTES, VOTES),
    output:
        out=directory(f"{OUT}/metrics/study/{DATASET}"),
    params:
        **step("study.evaluate_study", config=CONFIG.metrics),
    message:
        "Count the votes on synthesised pictures"
    script:
        "../scripts/step.py"


OF_METHODS = [*SYNTHESES, *CHECKPOINTS, *OF_STYLE]
EVALUATIONS = [*OF_METHODS, *COSTS, *GUIDES, *RESTORATIONS, *RECOGNITIONS]
EVALUATIONS += [rules.evaluate_study.output.out] if VOTES else []
# What figures are drawn from, by the names of their needs.
TRAINED = [run for run in EXPERIMENT.runs if EXPERIMENT.methods[run[0]].spec.trained]
SHOWN = [run for run in EXPERIMENT.runs if not EXPERIMENT.methods[run[0]].spec.reference]
LEARNING = [
    run
    for run in EXPERIMENT.recogniser_runs
    if EXPERIMENT.recognisers[run[0]].spec.learns == "steps"
]
REALLY = EXPERIMENT.really_masked
NEEDS = {
    "pictures": expand(rules.fetch.output.out, dataset=DATASET),
    "faces": expand(rules.divide_faces.output.out, dataset=DATASET, fold=0),
    "mask_pictures": [rules.draw_masks.output.out],
    "models": over(rules.train_synthesis.output.out, RUNS[0], TRAINED, dataset=DATASET),
    "masked": over(rules.synthesise.output.out, RUNS[0], SHOWN, dataset=DATASET),
    "every_masked": over(rules.synthesise.output.out, *RUNS, dataset=DATASET),
    "measured": SYNTHESES,
    "by_reference": BY_REFERENCE,
    "corrections": CORRECTED,
    "recognition": RECOGNITIONS,
    "recognisers": over(
        rules.train_recogniser.output.out, RECOGNISER_RUNS[0], LEARNING, dataset=DATASET
    ),
    "restored": [path for path in RESTORED if Path(path).parts[-3] == DATASET],
    "really_masked": expand(rules.divide_faces.output.out, dataset=REALLY, fold=0),
    "unmasked": [path for path in RESTORED if Path(path).parts[-3] in REALLY],
}
TABLES = [name for paper in PAPERS for name in paper.tables]
FIGURES = {name: figure for paper in PAPERS for name, figure in paper.figures.items()}
DRAWABLE = drawable(FIGURES, NEEDS)


rule collect_measurements:
    input:
        metrics=EVALUATIONS,
    output:
        out=shown(f"{REPORTS}/measurements.csv", "Numbers"),
    params:
        **step("reporting.collect_measurements"),
    message:
        "Put all numbers into one file"
    script:
        "../scripts/step.py"


rule make_tables:
    input:
        measurements=rules.collect_measurements.output.out,
    output:
        expand(f"{REPORTS}/tables/{{table}}.{{kind}}", table=TABLES, kind=["csv", "tex", "md"]),
        html=[shown(f"{REPORTS}/tables/{table}.html", "Tables") for table in TABLES],
    params:
        **step(
            "reporting.make_tables",
            files=(*TITLES, "reporting/table.*.j2"),
            out=Path(REPORTS, "tables"),
            origins=ORIGINS,
        ),
    message:
        "Make the tables"
    script:
        "../scripts/step.py"


for KIND in sorted({FIGURES[name].kind for name in DRAWABLE}):
    DRAWN = [name for name in DRAWABLE if FIGURES[name].kind == KIND]

    rule:
        name:
            f"make_figures_{KIND}"
        input:
            **{
                need: sorted(
                    {str(path) for name in DRAWN for path in DRAWABLE[name].get(need, ())}
                )
                for need in NEEDS
            },
        output:
            png=[shown(f"{REPORTS}/figures/{name}.png", "Figures") for name in DRAWN],
        params:
            **step(
                "reporting.make_figures",
                uses=lambda wildcards, kind=KIND: [KINDS.get(kind)],
                files=TITLES,
                figures={name: FIGURES[name] for name in DRAWN},
                out=Path(REPORTS, "figures"),
                figure_styles=CONFIG.masks.figure_styles,
                styles=CONFIG.masks.styles,
                unseen_styles=CONFIG.masks.unseen_styles,
                origins=ORIGINS,
            ),
        message:
            f"Draw the figures: {', '.join(DRAWN)}"
        script:
            "../scripts/step.py"


rule judge_claims:
    input:
        metrics=EVALUATIONS,
    output:
        csv=f"{REPORTS}/claims.csv",
        md=f"{REPORTS}/claims.md",
        html=shown(f"{REPORTS}/claims.html", "Claims"),
    params:
        **step(
            "reporting.judge_claims",
            files=(*TITLES, "reporting/claims.*.j2"),
            out=Path(REPORTS),
            origins=ORIGINS,
        ),
    message:
        "Judge what the papers claim"
    script:
        "../scripts/step.py"


rule summarise:
    input:
        measurements=rules.collect_measurements.output.out,
        models=NEEDS["models"],
        recognisers=NEEDS["recognisers"],
    output:
        out=directory(f"{REPORTS}/summary"),
        curves=f"{REPORTS}/curves.csv",
    params:
        **step("reporting.summarise"),
    message:
        "Write the numbers and curves that dvc compares"
    script:
        "../scripts/step.py"


PICTURES = [f"{REPORTS}/figures/{name}.png" for name in DRAWABLE]


rule make_index:
    input:
        measurements=rules.collect_measurements.output.out,
        claims=rules.judge_claims.output.csv,
        tables=rules.make_tables.output.html,
        figures=PICTURES,
        metrics=EVALUATIONS,
        masked=NEEDS["masked"],
        submissions=sorted(map(str, Path("submissions").glob("*.csv"))),
    output:
        out=f"{REPORTS}/index.html",
    params:
        **step(
            "reporting.make_index",
            files=(*TITLES, "reporting/*.j2", "reporting/published/*"),
            origins=ORIGINS,
            configuration=configuration(EXPERIMENT),
            folds=CONFIG.datasets[DATASET].folds,
        ),
    message:
        "Answer on one page, {output.out}"
    script:
        "../scripts/step.py"


RESULTS = [
    rules.collect_measurements.output,
    rules.make_tables.output,
    PICTURES,
    rules.judge_claims.output,
    rules.summarise.output,
    rules.make_index.output,
]


# What report.html shows: all results but the page itself.
rule everything:
    input:
        RESULTS,


rule make_report:
    input:
        RESULTS,
    output:
        page=f"{REPORTS}/report.html",
    params:
        captions=code_digest((), ("../../workflow/report/*.rst", *PAPER_FILES)),
    message:
        "Put everything on one page, {output.page}"
    # The Snakemake inside runs no job: `--report` reads what is recorded, of the run's own settings.
    shell:
        'MASKBENCH_RENDERING=1 "$MASKBENCH_PYTHON" -m snakemake --report {output.page}'
        ' --configfile "$MASKBENCH_SETTINGS" --replace-workflow-config'
        " --nolock --quiet rules progress host reason -- everything 2> {log}"


rule report:
    input:
        RESULTS,
        rules.make_report.output,


# Every table and figure, and the numbers of every method, by its name.
TARGETS = {
    **{
        f"synthesis_{name}": [path for path in OF_METHODS if Path(path).parts[-2] == name]
        for name in EXPERIMENT.methods
    },
    **{name: f"{REPORTS}/tables/{name}.html" for name in TABLES},
    **{name: f"{REPORTS}/figures/{name}.png" for name in DRAWABLE},
    "tables": rules.make_tables.output,
    "figures": PICTURES,
}
for TARGET, FILES in TARGETS.items():

    rule:
        name:
            TARGET
        input:
            FILES,
