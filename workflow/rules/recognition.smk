# Masked face recognition: people to learn from, recognisers fitted to them, tests by every protocol.

FIT = "{dataset}/{recogniser}/{training}/seed{seed}"


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
        start=started_from,
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
