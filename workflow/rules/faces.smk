# Faces: found, measured and cropped.


rule crop_faces:
    input:
        pictures=rules.fetch.output.pictures,
        splits=rules.split.output.splits,
        weights=rules.fetch_weights.output.weights,
    output:
        faces=directory(PATHS.faces("{dataset}")),
    log:
        PATHS.log("crop_faces/{dataset}"),
    benchmark:
        PATHS.benchmark("crop_faces/{dataset}")
    conda:
        ENVIRONMENT
    threads: 8
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        settings=decided_by("crop_faces"),
    message:
        "Find, measure and crop the faces of {wildcards.dataset}"
    shell:
        "maskbench crop_faces --dataset {wildcards.dataset} --pictures {input.pictures}"
        " --splits {input.splits} --weights {input.weights} --workers {threads}"
        " --out {output.faces} 2> {log}"
