# Masked face recognition: training sets, recognisers fitted to them, tests by every protocol.


localrules:
    recognition,


def training_pictures(wildcards):
    """The masked pictures of a training set; none for `bare` and `none`."""
    if wildcards.training_set not in EXPERIMENT.methods:
        return []
    method, seed = EXPERIMENT.run_of(wildcards.training_set, int(wildcards.seed))
    path = rules.synthesise_training.output.out
    return expand(path, dataset=wildcards.dataset, method=method, seed=seed)[0]


rule embed:
    input:
        faces=rules.crop_faces.output.out,
        masked=training_pictures,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(
            f"{OUT}/embeddings/{{dataset}}/{{network}}/{{training_set}}/seed{{seed}}"
        ),
    resources:
        **NETWORK,
    params:
        **step("recognition.embed"),
    message:
        "Embed {wildcards.training_set} faces by {wildcards.network} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


def own(wildcards):
    """The recogniser of a job, typed."""
    return EXPERIMENT.recognisers[wildcards.recogniser]


def embeddings(wildcards):
    """What adapters and projections learn from."""
    network = network_of(own(wildcards))
    return when(network, expand(rules.embed.output.out, network=network, **wildcards))


def pictures(wildcards):
    """What networks learn from beside bare faces; others have it in their embeddings."""
    return [] if network_of(own(wildcards)) else training_pictures(wildcards)


def start(wildcards):
    """The weights that a training starts from: of another recogniser of this run, or a file."""
    file = start_file(own(wildcards))
    fitted = over(rules.train_recogniser.output.out, *FITS, dataset=DATASET)
    return when(file, str(file.parent if str(file.parent) in fitted else file))


rule train_recogniser:
    input:
        faces=rules.crop_faces.output.out,
        masked=pictures,
        embeddings=embeddings,
        after=start,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(
            f"{OUT}/recognisers/{{dataset}}/{{recogniser}}/{{training_set}}/seed{{seed}}"
        ),
    resources:
        **TRAINING,
    params:
        **step("recognition.train_recogniser", recogniser=own),
    message:
        "Fit {wildcards.recogniser} to {wildcards.training_set}, seed {wildcards.seed}"
        " ({wildcards.dataset})"
    script:
        "../scripts/step.py"


def masked_by_us(wildcards):
    return when(wildcards.dataset not in EXPERIMENT.really_masked, OVERLAY)


def pair_lists(wildcards):
    """Where a collection of really masked people has its protocols."""
    really = wildcards.dataset in EXPERIMENT.really_masked
    return when(really, rules.fetch.output.out)


def unmasked(wildcards):
    """Test faces without their masks, for recognisers that want them."""
    name = restorer_of(own(wildcards))
    path = rules.restore.output.out
    return when(name, expand(path, dataset=wildcards.dataset, restorer=name, seed=0))


rule evaluate_recognition:
    input:
        model=expand(
            rules.train_recogniser.output.out, dataset=DATASET, allow_missing=True
        ),
        faces=rules.crop_faces.output.out,
        masked=masked_by_us,
        pictures=pair_lists,
        restored=unmasked,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(
            f"{OUT}/metrics/recognition/{{dataset}}/{{recogniser}}/{{training_set}}/seed{{seed}}"
        ),
    resources:
        **NETWORK,
    params:
        **step(
            "recognition.evaluate_recognition",
            recogniser=own,
            config=CONFIG.metrics,
            styles=CONFIG.recognition.test_styles,
            unseen_styles=CONFIG.masks.unseen_styles,
            folds=CONFIG.recognition.folds,
        ),
    message:
        "Test {wildcards.recogniser} of {wildcards.training_set}, seed {wildcards.seed}"
        " ({wildcards.dataset})"
    script:
        "../scripts/step.py"


FITS = ("recogniser training_set seed", EXPERIMENT.recogniser_runs)
RECOGNITIONS = [
    path
    for test in CONFIG.recognition.tests
    for path in over(rules.evaluate_recognition.output.out, *FITS, dataset=test)
]


rule recognition:
    input:
        RECOGNITIONS,
