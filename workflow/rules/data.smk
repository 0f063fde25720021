# Pictures, faces, weights and masks: fetched, checked, divided by people, cropped, drawn.

import functools

from maskbench.datasets.adapters import ADAPTERS
from maskbench.datasets.collection import checksum_now

# What makes `fetch` stale: the checksum of a collection as it lies there now.
listing = functools.cache(lambda name: checksum_now(name, CONFIG.datasets[name], Path(OUT)))


rule fetch:
    output:
        out=directory(f"{OUT}/pictures/{{dataset}}"),
    params:
        **step(
            "datasets.fetch",
            uses=lambda w: [ADAPTERS.get(CONFIG.datasets[w.dataset].adapter)],
            name=lambda w: w.dataset,
            config=lambda w: CONFIG.datasets[w.dataset],
            listing=lambda w: listing(w.dataset),
        ),
    message:
        "Get the pictures of {wildcards.dataset}"
    script:
        "../scripts/step.py"


rule fetch_weights:
    output:
        out=directory(f"{OUT}/weights"),
    params:
        **step("datasets.fetch_weights", published=CONFIG.metrics.weights == "published"),
    message:
        "Get the networks' weights"
    script:
        "../scripts/step.py"


rule split:
    input:
        pictures=rules.fetch.output.out,
    output:
        out=f"{OUT}/splits/{{dataset}}/fold{{fold}}.parquet",
    params:
        **step("datasets.split", config=lambda w: CONFIG.datasets[w.dataset]),
    message:
        "Divide the people of {wildcards.dataset} into train, val and test (fold {wildcards.fold})"
    script:
        "../scripts/step.py"


rule compare_people:
    input:
        pictures=expand(rules.fetch.output.out, dataset=EXPERIMENT.datasets),
        splits=lambda wildcards: [
            of_fold(rules.split, wildcards, dataset=name) for name in EXPERIMENT.datasets
        ],
    output:
        out=f"{OUT}/splits/compared/fold{{fold}}.json",
    params:
        **step(
            "datasets.compare_people",
            learnt=[DATASET, CONFIG.synthesis.real_domain.source],
            tested=CONFIG.recognition.tests,
        ),
    message:
        "Refuse people who are learnt from and tested"
    script:
        "../scripts/step.py"


rule crop_faces:
    input:
        after=ancient(expand(rules.compare_people.output.out, fold=0)),
        pictures=rules.fetch.output.out,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(f"{OUT}/crops/{{dataset}}"),
    threads: 8
    resources:
        **CPU,
    params:
        **step(
            "faces.crop_faces",
            config=CONFIG.faces,
            max_reject_share=lambda w: CONFIG.datasets[w.dataset].max_reject_share,
            undetected=lambda w: CONFIG.datasets[w.dataset].undetected,
        ),
    message:
        "Find, measure and crop the faces of {wildcards.dataset}"
    script:
        "../scripts/step.py"


rule divide_faces:
    input:
        after=ancient(rules.compare_people.output.out),
        crops=rules.crop_faces.output.out,
        splits=rules.split.output.out,
    output:
        out=directory(f"{OUT}/faces/{{dataset}}/fold{{fold}}"),
    params:
        **step("faces.divide_faces"),
    message:
        "Divide the faces of {wildcards.dataset} (fold {wildcards.fold})"
    script:
        "../scripts/step.py"


rule draw_masks:
    output:
        out=directory(f"{OUT}/mask_pictures"),
    params:
        **step("masks.draw_masks", files=("masks/art/*.svg",), size=CONFIG.masks.size),
    message:
        "Draw the mask pictures"
    script:
        "../scripts/step.py"


rule data:
    input:
        rules.fetch_weights.output,
        rules.draw_masks.output,
        [
            of_fold(rules.divide_faces, {"dataset": name, "seed": fold})
            for name in EXPERIMENT.datasets
            for fold in EXPERIMENT.folds(name)
        ],
        expand(rules.fetch.output.out, dataset=EXPERIMENT.datasets),
