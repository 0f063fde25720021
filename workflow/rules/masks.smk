# Mask pictures and the real domain: people wearing masks.


localrules:
    draw_masks,


rule draw_masks:
    output:
        mask_pictures=directory(PATHS.mask_pictures),
    log:
        PATHS.log("draw_masks"),
    benchmark:
        PATHS.benchmark("draw_masks")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=decided_by("draw_masks"),
    message:
        "Draw the mask pictures"
    shell:
        "maskbench draw_masks --out {output.mask_pictures} 2> {log}"


rule masked_domain:
    input:
        faces=rules.crop_faces.output.faces,
        mask_pictures=rules.draw_masks.output.mask_pictures,
        real_faces=REAL_FACES,
    output:
        masked=directory(PATHS.masked_domain("{dataset}")),
    log:
        PATHS.log("masked_domain/{dataset}"),
    benchmark:
        PATHS.benchmark("masked_domain/{dataset}")
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=decided_by("masked_domain"),
        real_faces=lambda wildcards, input: (
            f"--real-faces {input.real_faces}" if input.real_faces else ""
        ),
    message:
        "Collect training people wearing masks ({wildcards.dataset})"
    shell:
        "maskbench masked_domain --dataset {wildcards.dataset} --faces {input.faces}"
        " --mask-pictures {input.mask_pictures} {params.real_faces} --out {output.masked} 2> {log}"
