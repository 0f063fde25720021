# Masked face recognition: training sets, recognisers fitted to them, tests by every protocol.

from maskbench.recognition import params as recognisers
from maskbench.recognition.specs import BACKBONES, LOSSES, NETWORKS


localrules:
    recognisers,


def block(wildcards):
    """The recogniser of a job, typed."""
    return EXPERIMENT.recognisers[wildcards.recogniser]


def parts(wildcards):
    """The specs of what a recogniser is made of."""
    made = {"network": NETWORKS, "backbone": BACKBONES, "loss": LOSSES}
    found = {name: getattr(block(wildcards), name, None) for name in made}
    return [made[name].get(value) for name, value in found.items() if value]


def training_pictures(wildcards):
    """The masked pictures of a training set; none for bare faces."""
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
        **step(
            "recognition.embed",
            uses=lambda wildcards: [NETWORKS.get(wildcards.network)],
        ),
    message:
        "Embed {wildcards.training_set} faces by {wildcards.network} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


def learns_from(wildcards, frozen):
    """The embeddings that adapters and projections learn from, or the pictures of the others."""
    networks = recognisers.networks_of(block(wildcards))
    if not frozen:
        return [] if networks else training_pictures(wildcards)
    own = dict(dataset=wildcards.dataset, network=networks)
    method, seed = wildcards.training_set, wildcards.seed
    if method in EXPERIMENT.methods:
        seed = EXPERIMENT.run_of(method, int(seed))[1]
    sets = dict.fromkeys([("bare", 0), (method, 0 if method == "bare" else seed)])
    return over(rules.embed.output.out, "training_set seed", sets, **own)


def start(wildcards):
    """The weights that a training starts from: of another recogniser of this run, or a file."""
    file = recognisers.start_file(block(wildcards))
    fitted = over(rules.train_recogniser.output.out, *FITS, dataset=DATASET)
    made = file and str(file.parent)
    return when(file, made if made in fitted else str(file))


rule train_recogniser:
    input:
        faces=rules.crop_faces.output.out,
        masked=lambda wildcards: learns_from(wildcards, frozen=False),
        embeddings=lambda wildcards: learns_from(wildcards, frozen=True),
        after=start,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(
            f"{OUT}/recognisers/{{dataset}}/{{recogniser}}/{{training_set}}/seed{{seed}}"
        ),
    resources:
        **TRAINING,
    params:
        **step("recognition.train_recogniser", uses=parts, block=block),
    message:
        "Fit {wildcards.recogniser} to {wildcards.training_set}, seed {wildcards.seed}"
        " ({wildcards.dataset})"
    script:
        "../scripts/step.py"


def really_masked(wildcards):
    return wildcards.dataset in EXPERIMENT.really_masked


# What is tested: test people under the overlay's masks, or a collection with its own pairs.
TEST = {
    "faces": rules.crop_faces.output.out,
    "masked": lambda wildcards: when(not really_masked(wildcards), OVERLAY),
    "pictures": lambda wildcards: when(
        really_masked(wildcards), rules.fetch.output.out
    ),
}
STYLES = {
    "styles": CONFIG.recognition.test_styles,
    "unseen_styles": CONFIG.masks.unseen_styles,
}


rule embed_test:
    input:
        **TEST,
        restored=lambda wildcards: when(
            wildcards.restorer != "none",
            expand(rules.restore.output.out, **wildcards, seed=0)[0],
        ),
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(f"{OUT}/test_embeddings/{{dataset}}/{{network}}/{{restorer}}"),
    resources:
        **NETWORK,
    params:
        **step(
            "recognition.embed_test",
            uses=lambda wildcards: [NETWORKS.get(wildcards.network)],
            **STYLES,
        ),
    message:
        "Embed the test faces of {wildcards.dataset} by {wildcards.network}, masks taken off by"
        " {wildcards.restorer}"
    script:
        "../scripts/step.py"


rule evaluate_recognition:
    input:
        **TEST,
        model=lambda wildcards: when(
            recognisers.is_trained(block(wildcards)),
            expand(
                rules.train_recogniser.output.out, **{**wildcards, "dataset": DATASET}
            )[0],
        ),
        embeddings=lambda wildcards: expand(
            rules.embed_test.output.out,
            dataset=wildcards.dataset,
            network=recognisers.networks_of(block(wildcards)),
            restorer=recognisers.restorer_of(block(wildcards)) or "none",
        ),
    output:
        out=directory(
            f"{OUT}/metrics/recognition/{{dataset}}/{{recogniser}}/{{training_set}}/seed{{seed}}"
        ),
    resources:
        **NETWORK,
    params:
        **step(
            "recognition.evaluate_recognition",
            uses=parts,
            block=block,
            config=CONFIG.metrics,
            folds=CONFIG.recognition.folds,
            **STYLES,
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


rule recognisers:
    input:
        RECOGNITIONS,
