# Measuring masked faces.


rule evaluate_synthesis:
    input:
        masked=rules.synthesise.output.masked,
        reference=PATHS.masked("{dataset}", "keypoint", 0),
        faces=rules.crop_faces.output.faces,
        weights=rules.fetch_weights.output.weights,
    output:
        metrics=directory(PATHS.synthesis_metrics("{dataset}", "{method}", "{seed}")),
    log:
        PATHS.log(f"evaluate_synthesis/{JOB}"),
    benchmark:
        PATHS.benchmark(f"evaluate_synthesis/{JOB}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=gpus_per_training(),
        mem_mb=4000,
        runtime=120,
    params:
        settings=decided_by("evaluate_synthesis"),
    message:
        "Measure {wildcards.method}, seed {wildcards.seed} ({wildcards.dataset})"
    shell:
        "maskbench evaluate_synthesis --dataset {wildcards.dataset} --method {wildcards.method}"
        " --seed {wildcards.seed} --masked {input.masked} --reference {input.reference}"
        " --faces {input.faces} --weights {input.weights} --out {output.metrics} 2> {log}"
