# Pictures and weights: fetched once, checked by sha256, split by people.


localrules:
    fetch,
    fetch_weights,
    split,


rule fetch:
    output:
        pictures=directory(PATHS.pictures("{dataset}")),
    log:
        PATHS.log("fetch/{dataset}"),
    benchmark:
        PATHS.benchmark("fetch/{dataset}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        settings=decided_by("fetch"),
    message:
        "Get the pictures of {wildcards.dataset}"
    shell:
        "maskbench fetch --dataset {wildcards.dataset} --out {output.pictures} 2> {log}"


rule fetch_weights:
    output:
        weights=directory(PATHS.weights),
    log:
        PATHS.log("fetch_weights"),
    benchmark:
        PATHS.benchmark("fetch_weights")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        settings=decided_by("fetch_weights"),
    message:
        "Get the networks' weights"
    shell:
        "maskbench fetch_weights --out {output.weights} 2> {log}"


rule split:
    input:
        pictures=rules.fetch.output.pictures,
    output:
        splits=PATHS.splits("{dataset}"),
    log:
        PATHS.log("split/{dataset}"),
    benchmark:
        PATHS.benchmark("split/{dataset}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=decided_by("split"),
    message:
        "Divide the people of {wildcards.dataset} into train, val and test"
    shell:
        "maskbench split --dataset {wildcards.dataset} --pictures {input.pictures}"
        " --out {output.splits} 2> {log}"
