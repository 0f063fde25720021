# Mask synthesis: train a method, put masks on the test people.

JOB = "{dataset}/{method}/seed{seed}"


rule train_synthesis:
    input:
        faces=rules.crop_faces.output.faces,
        masked=rules.masked_domain.output.masked,
        mask_pictures=rules.draw_masks.output.mask_pictures,
    output:
        model=directory(PATHS.model("{dataset}", "{method}", "{seed}")),
    log:
        PATHS.log(f"train_synthesis/{JOB}"),
    benchmark:
        PATHS.benchmark(f"train_synthesis/{JOB}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=24 * 60,
    params:
        settings=decided_by("train_synthesis"),
        scratch=str(PATHS.scratch("{dataset}", "{method}", "{seed}")),
    message:
        "Train {wildcards.method}, seed {wildcards.seed} ({wildcards.dataset})"
    shell:
        "maskbench train_synthesis --dataset {wildcards.dataset} --method {wildcards.method}"
        " --seed {wildcards.seed} --faces {input.faces} --masked {input.masked}"
        " --mask-pictures {input.mask_pictures} --scratch {params.scratch}"
        " --out {output.model} 2> {log}"


rule synthesise:
    input:
        model=rules.train_synthesis.output.model,
        faces=rules.crop_faces.output.faces,
        mask_pictures=rules.draw_masks.output.mask_pictures,
    output:
        masked=directory(PATHS.masked("{dataset}", "{method}", "{seed}")),
    log:
        PATHS.log(f"synthesise/{JOB}"),
    benchmark:
        PATHS.benchmark(f"synthesise/{JOB}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=60,
    params:
        settings=decided_by("synthesise"),
    message:
        "Put masks on the test people by {wildcards.method}, seed {wildcards.seed}"
    shell:
        "maskbench synthesise --dataset {wildcards.dataset} --method {wildcards.method}"
        " --seed {wildcards.seed} --model {input.model} --faces {input.faces}"
        " --mask-pictures {input.mask_pictures} --split test --out {output.masked} 2> {log}"
