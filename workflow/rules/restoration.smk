# Mask removal: find masks, learn to paint what is beneath them, restore faces, measure.

RESTORATION = "{dataset}/{restorer}/seed{seed}"


wildcard_constraints:
    restorer=r"(?!segmenter\b)\w+",


rule train_segmenter:
    input:
        faces=rules.crop_faces.output.faces,
        masked=PATHS.dressed("{dataset}", "keypoint", 0),
    output:
        model=directory(PATHS.segmenter("{dataset}", "{seed}")),
    log:
        PATHS.log("train_segmenter/{dataset}/seed{seed}"),
    benchmark:
        PATHS.benchmark("train_segmenter/{dataset}/seed{seed}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=24 * 60,
    params:
        settings=decided_by("train_segmenter", among=["keypoint"]),
        scratch=str(PATHS.scratch("{dataset}", "segmenter", "{seed}")),
    message:
        "Train the mask segmenter, seed {wildcards.seed} ({wildcards.dataset})"
    shell:
        "maskbench train_segmenter --dataset {wildcards.dataset} --seed {wildcards.seed}"
        " --faces {input.faces} --masked {input.masked} --scratch {params.scratch}"
        " --out {output.model} 2> {log}"


rule train_restorer:
    input:
        faces=rules.crop_faces.output.faces,
        masked=PATHS.dressed("{dataset}", "keypoint", 0),
        weights=rules.fetch_weights.output.weights,
    output:
        model=directory(PATHS.restorer("{dataset}", "{restorer}", "{seed}")),
    log:
        PATHS.log(f"train_restorer/{RESTORATION}"),
    benchmark:
        PATHS.benchmark(f"train_restorer/{RESTORATION}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=24 * 60,
    params:
        settings=decided_by_restorers("train_restorer"),
        scratch=str(PATHS.scratch("{dataset}", "{restorer}", "{seed}")),
    message:
        "Train {wildcards.restorer}, seed {wildcards.seed} ({wildcards.dataset})"
    shell:
        "maskbench train_restorer --dataset {wildcards.dataset}"
        " --restorer {wildcards.restorer} --seed {wildcards.seed} --faces {input.faces}"
        " --masked {input.masked} --weights {input.weights} --scratch {params.scratch}"
        " --out {output.model} 2> {log}"


rule restore:
    input:
        # The models are those of the data set that is learnt from, whoever's faces are restored.
        model=PATHS.restorer(DATASET, "{restorer}", "{seed}"),
        segmenter=PATHS.segmenter(DATASET, "{seed}"),
        masked=to_restore,
    output:
        restored=directory(PATHS.restored("{dataset}", "{restorer}", "{seed}")),
    log:
        PATHS.log(f"restore/{RESTORATION}"),
    benchmark:
        PATHS.benchmark(f"restore/{RESTORATION}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=60,
    params:
        settings=decided_by_restorers("restore"),
    message:
        "Take masks off by {wildcards.restorer}, seed {wildcards.seed} ({wildcards.dataset})"
    shell:
        "maskbench restore --dataset {wildcards.dataset} --restorer {wildcards.restorer}"
        " --seed {wildcards.seed} --model {input.model} --segmenter {input.segmenter}"
        " --masked {input.masked} --out {output.restored} 2> {log}"


rule evaluate_segmenter:
    input:
        segmenter=PATHS.segmenter("{dataset}", "{seed}"),
        masked=PATHS.masked("{dataset}", "keypoint", 0),
        faces=rules.crop_faces.output.faces,
    output:
        metrics=directory(PATHS.restoration_metrics("{dataset}", "segmenter", "{seed}")),
    log:
        PATHS.log("evaluate_segmenter/{dataset}/seed{seed}"),
    benchmark:
        PATHS.benchmark("evaluate_segmenter/{dataset}/seed{seed}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=60,
    params:
        settings=decided_by("evaluate_segmenter", among=["keypoint"]),
    message:
        "Measure the mask segmenter, seed {wildcards.seed} ({wildcards.dataset})"
    shell:
        "maskbench evaluate_segmenter --dataset {wildcards.dataset} --seed {wildcards.seed}"
        " --segmenter {input.segmenter} --masked {input.masked} --faces {input.faces}"
        " --out {output.metrics} 2> {log}"


rule evaluate_restoration:
    input:
        restored=rules.restore.output.restored,
        masked=PATHS.masked("{dataset}", "keypoint", 0),
        faces=rules.crop_faces.output.faces,
        weights=rules.fetch_weights.output.weights,
    output:
        metrics=directory(
            PATHS.restoration_metrics("{dataset}", "{restorer}", "{seed}")
        ),
    log:
        PATHS.log(f"evaluate_restoration/{RESTORATION}"),
    benchmark:
        PATHS.benchmark(f"evaluate_restoration/{RESTORATION}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=120,
    params:
        settings=decided_by_restorers("evaluate_restoration"),
    message:
        "Measure {wildcards.restorer}, seed {wildcards.seed} ({wildcards.dataset})"
    shell:
        "maskbench evaluate_restoration --dataset {wildcards.dataset}"
        " --restorer {wildcards.restorer} --seed {wildcards.seed} --restored {input.restored}"
        " --masked {input.masked} --faces {input.faces} --weights {input.weights}"
        " --out {output.metrics} 2> {log}"
