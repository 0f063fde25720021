# Named targets: one for each stage; tables and figures are rules of their own name.


# What `snakemake` makes when it is told nothing.
EVERYTHING = [
    *rules.collect_measurements.output,
    *rules.judge_claims.output,
    *rules.summarise.output,
    *[
        PATHS.table(table, suffix)
        for table in TABLES
        for suffix in ("csv", "md", "html", "tex")
    ],
    *[PATHS.figure(figure) for figure in FIGURES],
]


rule data:
    input:
        [PATHS.splits(dataset) for dataset in DATASETS],
        PATHS.weights,


rule faces:
    input:
        [PATHS.faces(dataset) for dataset in DATASETS],


rule masks:
    input:
        PATHS.masked_domain(DATASET),


rule synthesis:
    input:
        of_trainings(PATHS.masked),


rule restoration:
    input:
        RESTORATIONS,


rule recognise_all:
    input:
        of_tests(),


rule metrics:
    input:
        EVALUATIONS,


rule tables:
    input:
        [PATHS.table(table) for table in TABLES],


rule figures:
    input:
        [PATHS.figure(figure) for figure in FIGURES],


rule claims:
    input:
        rules.judge_claims.output,


# For all restorers and all recognisers together (dvc.yaml asks for these).
rule restore_all:
    input:
        all_restored(),


rule dress_all:
    input:
        all_dressed(),


rule embed_all:
    input:
        EMBEDDINGS,


rule fit_all:
    input:
        of_fits(),


# For one method: train_<method>, synthesise_<method>, evaluate_<method> (dvc.yaml asks for these).
for METHOD in METHODS:
    for STAGE, PATH in (
        ("train", PATHS.model),
        ("synthesise", PATHS.masked),
        ("evaluate", PATHS.synthesis_metrics),
    ):

        rule:
            name:
                f"{STAGE}_{METHOD}"
            input:
                [
                    PATH(DATASET, method, seed)
                    for method, seed in TRAININGS
                    if method == METHOD
                ],
