# Mask removal: learn to paint what is beneath masks, restore faces, measure.


rule train_restorer:
    input:
        faces=FACES,
        masked=LEARNT,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(f"{OUT}/restorers/{{dataset}}/{{restorer}}/seed{{seed}}"),
    resources:
        **TRAINING,
    params:
        **step("restoration.train_restorer", restorer=RESTORER),
    message:
        "Train {wildcards.restorer}, seed {wildcards.seed} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


rule restore:
    input:
        model=restorer_model,
        segmenter=expand(
            rules.train_guide.output.out, dataset=DATASET, guide="segmenter", allow_missing=True
        )[0],
        masked=to_restore,
    output:
        out=directory(f"{OUT}/restored/{{dataset}}/{{restorer}}/seed{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step("restoration.restore", restorer=RESTORER),
    message:
        "Take masks off by {wildcards.restorer}, seed {wildcards.seed} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


rule evaluate_restoration:
    input:
        restored=rules.restore.output.out,
        masked=OVERLAY,
        faces=FACES,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(f"{OUT}/metrics/restoration/{{dataset}}/{{restorer}}/seed{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step(
            "restoration.evaluate_restoration",
            config=CONFIG.metrics,
            unseen_styles=CONFIG.masks.unseen_styles,
        ),
    message:
        "Measure {wildcards.restorer}, seed {wildcards.seed} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


RESTORED = over(rules.restore.output.out, "dataset restorer seed", EXPERIMENT.restorations)
RESTORATIONS = expand(
    rules.evaluate_restoration.output.out, restorer=EXPERIMENT.restorers, **TRAININGS
)


rule restoration:
    input:
        RESTORATIONS,
        RESTORED,
