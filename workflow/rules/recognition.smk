# Masked face recognition: people to learn from, recognisers fitted to them, tests by every protocol.

FIT = "{dataset}/{recogniser}/{training}/seed{seed}"
BARE, NOTHING = "bare", "none"  # training sets without masked pictures


def dressed_for(wildcards):
    """The masked pictures of a training set."""
    if wildcards.training in (BARE, NOTHING):
        return []
    seeds = [seed for method, seed in TRAININGS if method == wildcards.training]
    wanted = int(wildcards.seed)
    return PATHS.dressed(
        wildcards.dataset,
        wildcards.training,
        wanted if wanted in seeds else seeds[0],
    )


def embeddings_for(wildcards):
    """The embeddings that adapters and projections learn from."""
    network = PLAN.recognisers[wildcards.recogniser]["network"]
    return (
        PATHS.embeddings(wildcards.dataset, network, wildcards.training, wildcards.seed)
        if network
        else []
    )


def pictures_for(wildcards):
    """What a network learns from beside bare faces; adapters have it in their embeddings."""
    return [] if embeddings_for(wildcards) else dressed_for(wildcards)


def is_really_masked(wildcards) -> bool:
    return wildcards.dataset in PLAN.really_masked


def restored_for(wildcards):
    """Test faces without their masks, for recognisers that want them."""
    restorer = PLAN.recognisers[wildcards.recogniser]["restorer"]
    return PATHS.restored(wildcards.dataset, restorer, 0) if restorer else []


def option(name, path):
    """A command-line option, or nothing where there is no path."""
    return f"--{name} {path}" if path else ""


def decided_by_recognition(step):
    """As ``decided_by``: the training set's method, and the steps that this recogniser needs."""

    def of_job(wildcards):
        known = PLAN.recognisers.get(getattr(wildcards, "recogniser", ""), {})
        after = ("embed",) if known.get("network") else ()
        tested = step == "evaluate_recognition"
        after += ("restore",) if tested and known.get("restorer") else ()
        wears = tested or bool(known.get("restorer"))
        among = {wildcards.training} | ({"keypoint"} if wears else set())
        return settings(
            step,
            CONFIG,
            dataset=wildcards.dataset,
            after=after,
            methods=PLAN.modules,
            among=sorted(among & set(CONFIG.synthesis.methods)),
            recogniser=getattr(wildcards, "recogniser", ""),
        )

    return of_job


rule synthesise_training:
    input:
        model=rules.train_synthesis.output.model,
        faces=rules.crop_faces.output.faces,
        mask_pictures=rules.draw_masks.output.mask_pictures,
    output:
        dressed=directory(PATHS.dressed("{dataset}", "{method}", "{seed}")),
    log:
        PATHS.log(f"synthesise_training/{JOB}"),
    benchmark:
        PATHS.benchmark(f"synthesise_training/{JOB}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=120,
    params:
        settings=decided_by("synthesise_training"),
    message:
        "Put masks on the training people by {wildcards.method}, seed {wildcards.seed}"
    shell:
        "maskbench synthesise_training --dataset {wildcards.dataset} --method {wildcards.method}"
        " --seed {wildcards.seed} --model {input.model} --faces {input.faces}"
        " --mask-pictures {input.mask_pictures} --out {output.dressed} 2> {log}"


rule embed:
    input:
        faces=rules.crop_faces.output.faces,
        dressed=dressed_for,
        weights=rules.fetch_weights.output.weights,
    output:
        embeddings=directory(
            PATHS.embeddings("{dataset}", "{network}", "{training}", "{seed}")
        ),
    log:
        PATHS.log("embed/{dataset}/{network}/{training}/seed{seed}"),
    benchmark:
        PATHS.benchmark("embed/{dataset}/{network}/{training}/seed{seed}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=240,
    params:
        settings=decided_by_recognition("embed"),
        dressed=lambda wildcards, input: option("dressed", input.dressed),
    message:
        "Embed {wildcards.training} faces by {wildcards.network} ({wildcards.dataset})"
    shell:
        "maskbench embed --dataset {wildcards.dataset} --network {wildcards.network}"
        " --training {wildcards.training} --seed {wildcards.seed} --faces {input.faces}"
        " {params.dressed} --weights {input.weights} --out {output.embeddings} 2> {log}"


rule train_recogniser:
    input:
        faces=rules.crop_faces.output.faces,
        dressed=pictures_for,
        embeddings=embeddings_for,
        weights=rules.fetch_weights.output.weights,
    output:
        model=directory(
            PATHS.recogniser("{dataset}", "{recogniser}", "{training}", "{seed}")
        ),
    log:
        PATHS.log(f"train_recogniser/{FIT}"),
    benchmark:
        PATHS.benchmark(f"train_recogniser/{FIT}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=24 * 60,
    params:
        settings=decided_by_recognition("train_recogniser"),
        dressed=lambda wildcards, input: option("dressed", input.dressed),
        embeddings=lambda wildcards, input: option("embeddings", input.embeddings),
        scratch=str(PATHS.root / "scratch" / "recognisers"),
    message:
        "Fit {wildcards.recogniser} to {wildcards.training}, seed {wildcards.seed}"
        " ({wildcards.dataset})"
    shell:
        "maskbench train_recogniser --dataset {wildcards.dataset}"
        " --recogniser {wildcards.recogniser} --training {wildcards.training}"
        " --seed {wildcards.seed} --faces {input.faces} {params.dressed} {params.embeddings}"
        " --weights {input.weights} --scratch {params.scratch} --out {output.model} 2> {log}"


rule evaluate_recognition:
    input:
        model=PATHS.recogniser(DATASET, "{recogniser}", "{training}", "{seed}"),
        faces=rules.crop_faces.output.faces,
        masked=lambda wildcards: (
            []
            if is_really_masked(wildcards)
            else PATHS.masked(wildcards.dataset, "keypoint", 0)
        ),
        pictures=lambda wildcards: (
            PATHS.pictures(wildcards.dataset) if is_really_masked(wildcards) else []
        ),
        restored=restored_for,
        weights=rules.fetch_weights.output.weights,
    output:
        metrics=directory(
            PATHS.recognition_metrics(
                "{dataset}", "{recogniser}", "{training}", "{seed}"
            )
        ),
    log:
        PATHS.log(f"evaluate_recognition/{FIT}"),
    benchmark:
        PATHS.benchmark(f"evaluate_recognition/{FIT}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=120,
    params:
        settings=decided_by_recognition("evaluate_recognition"),
        masked=lambda wildcards, input: option("masked", input.masked),
        pictures=lambda wildcards, input: option("pictures", input.pictures),
        restored=lambda wildcards, input: option("restored", input.restored),
    message:
        "Test {wildcards.recogniser} of {wildcards.training}, seed {wildcards.seed}"
        " ({wildcards.dataset})"
    shell:
        "maskbench evaluate_recognition --dataset {wildcards.dataset}"
        " --recogniser {wildcards.recogniser} --training {wildcards.training}"
        " --seed {wildcards.seed} --model {input.model} --faces {input.faces}"
        " {params.masked} {params.pictures} {params.restored} --weights {input.weights}"
        " --out {output.metrics} 2> {log}"


def of_tests(recogniser=None):
    """The evaluations of all fits (or of one recogniser's) on all test sets."""
    return [
        PATHS.recognition_metrics(test, *fit)
        for test in CONFIG.recognition.tests
        for fit in PLAN.fits
        if recogniser in (None, fit[0])
    ]


EMBEDDINGS = sorted(
    {
        PATHS.embeddings(DATASET, known["network"], training, seed)
        for name, training, seed in PLAN.fits
        if (known := PLAN.recognisers[name])["network"]
    }
)


def of_learners():
    """The folders of the recognisers that are trained in steps: those have curves."""
    return [
        PATHS.recogniser(DATASET, *fit)
        for fit in PLAN.fits
        if PLAN.recognisers[fit[0]]["kind"] in ("network", "adapter")
    ]


def of_fits():
    """The folders of all recognisers."""
    return [PATHS.recogniser(DATASET, *fit) for fit in PLAN.fits]
