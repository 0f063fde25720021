# Masked face recognition: training sets, recognisers trained on them, tests by every protocol.


rule embed:
    input:
        faces=FACES,
        masked=training_pictures,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(f"{OUT}/embeddings/{{dataset}}/{{network}}/{{training_set}}/seed{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step("recognition.embed", uses=lambda w: [NETWORKS.get(w.network)]),
    message:
        "Embed {wildcards.training_set} faces by {wildcards.network} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


# On a frozen network's embeddings little is learnt, and fast.
NEEDED = lambda wildcards: TRAINING if RECOGNISER(wildcards).spec.name == "network" else NETWORK


rule train_recogniser:
    input:
        faces=FACES,
        masked=lambda wildcards: learns_from(wildcards, frozen=False),
        embeddings=lambda wildcards: learns_from(wildcards, frozen=True),
        models=lambda w: members(w, rules.train_recogniser.output.out, learnt=True),
        after=start,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(f"{OUT}/recognisers/{{dataset}}/{{recogniser}}/{{training_set}}/seed{{seed}}"),
    resources:
        **GPU,
        mem_mb=lambda wildcards: NEEDED(wildcards)["mem_mb"],
        runtime=lambda wildcards: NEEDED(wildcards)["runtime"],
    params:
        **step(
            "recognition.train_recogniser",
            uses=lambda w: kinds.parts_of(RECOGNISER(w), *MEMBERS(w)),
            files=FACTS,
            recogniser=RECOGNISER,
            members=MEMBERS,
        ),
    message:
        "Train {wildcards.recogniser} on {wildcards.training_set}, seed {wildcards.seed}"
        " ({wildcards.dataset})"
    script:
        "../scripts/step.py"


# What is tested: test people under the overlay's masks, or a collection with its own pairs.
TEST = {
    "faces": FACES,
    "masked": lambda wildcards: when(not really_masked(wildcards), OVERLAY(wildcards)),
    "pictures": lambda wildcards: when(really_masked(wildcards), rules.fetch.output.out),
}
STYLES = {
    "styles": CONFIG.recognition.test_styles,
    "unseen_styles": CONFIG.masks.unseen_styles,
}


rule detect_masked:
    input:
        pictures=rules.fetch.output.out,
        faces=FACES,
        masked=OVERLAY,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(f"{OUT}/detected/{{dataset}}/fold{{fold}}"),
    threads: 8
    resources:
        **CPU,
    params:
        **step(
            "recognition.detect_masked",
            method=EXPERIMENT.methods[REFERENCE],
            config=CONFIG.faces,
            **STYLES,
        ),
    message:
        "Find the faces of {wildcards.dataset} on pictures with masks (fold {wildcards.fold})"
    script:
        "../scripts/step.py"


rule embed_test:
    input:
        **TEST,
        detected=lambda w: detected(w, w.restorer != "none"),
        restored=lambda w: when(w.restorer != "none", expand(rules.restore.output.out, **w)[0]),
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(f"{OUT}/test_embeddings/{{dataset}}/{{network}}/{{restorer}}/seed{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step("recognition.embed_test", uses=lambda w: [NETWORKS.get(w.network)], **STYLES),
    message:
        "Embed the test faces of {wildcards.dataset} by {wildcards.network}, masks taken off by"
        " {wildcards.restorer}"
    script:
        "../scripts/step.py"


rule evaluate_recognition:
    input:
        **TEST,
        detected=lambda wildcards: detected(wildcards, kinds.restorer_of(RECOGNISER(wildcards))),
        models=lambda wildcards: expand(
            rules.train_recogniser.output.out,
            **{**wildcards, "dataset": DATASET},
            training_set=EXPERIMENT.training_sets(wildcards.recogniser),
        ),
        embeddings=test_embeddings,
        members=lambda w: members(w, rules.evaluate_recognition.output.out),
        validation=validation,
    output:
        out=directory(f"{OUT}/metrics/recognition/{{dataset}}/{{recogniser}}/seed{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step(
            "recognition.evaluate_recognition",
            uses=lambda w: kinds.parts_of(RECOGNISER(w)),
            files=FACTS,
            recogniser=RECOGNISER,
            training_sets=lambda w: EXPERIMENT.training_sets(w.recogniser) or [experiment.NOTHING],
            config=CONFIG.metrics,
            folds=CONFIG.recognition.folds,
            **STYLES,
        ),
    message:
        "Test {wildcards.recogniser}, seed {wildcards.seed} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


RECOGNISER_RUNS = ("recogniser training_set seed", EXPERIMENT.recogniser_runs)
RECOGNITIONS = over(
    rules.evaluate_recognition.output.out, "dataset recogniser seed", EXPERIMENT.tested
)


rule recognisers:
    input:
        RECOGNITIONS,
