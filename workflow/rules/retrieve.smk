# Pictures and weights: fetched once, checked by sha256, split by people.


localrules:
    fetch,
    fetch_weights,
    split,


rule fetch:
    output:
        pictures=directory(PATHS.pictures("{dataset}")),
    params:
        settings=decided_by("fetch"),
    log:
        PATHS.log("fetch/{dataset}"),
    benchmark:
        PATHS.benchmark("fetch/{dataset}")
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    message:
        "Get the pictures of {wildcards.dataset}"
    shell:
        "maskbench fetch --dataset {wildcards.dataset} --out {output.pictures} 2> {log}"


rule fetch_weights:
    output:
        weights=directory(PATHS.weights),
    params:
        settings=decided_by("fetch_weights"),
    log:
        PATHS.log("fetch_weights"),
    benchmark:
        PATHS.benchmark("fetch_weights")
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    message:
        "Get the networks' weights"
    shell:
        "maskbench fetch_weights --out {output.weights} 2> {log}"


rule split:
    input:
        pictures=rules.fetch.output.pictures,
    output:
        splits=PATHS.splits("{dataset}"),
    params:
        settings=decided_by("split"),
    log:
        PATHS.log("split/{dataset}"),
    benchmark:
        PATHS.benchmark("split/{dataset}")
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        "Divide the people of {wildcards.dataset} into train, val and test"
    shell:
        "maskbench split --dataset {wildcards.dataset} --pictures {input.pictures}"
        " --out {output.splits} 2> {log}"
