# What a job takes: inputs that hang on more than its wildcards (functions alone, no rules).

from maskbench.recognition import kinds
from maskbench.recognition.specs import NETWORKS
from maskbench.synthesis.specs import continued_by

# What specs say beside their implementation: margins and scales of losses, ranges of pixels.
FACTS = ("recognition/specs/*.py",)

# The recognisers that a fused one adds.
MEMBERS = lambda w: [EXPERIMENT.recognisers[name] for name in kinds.members_of(RECOGNISER(w))]


def of_fold(rule, wildcards, **other):
    """A rule's output, of the fold of a data set that a job learns from or is tested on."""
    values = {**wildcards, **other}
    fold = EXPERIMENT.fold_of(values["dataset"], int(values.get("seed", values.get("fold"))))
    return expand(rule.output.out, **{**values, "fold": fold, "seed": fold})[0]


FACES = lambda wildcards: of_fold(rules.divide_faces, wildcards)
# The masks that test people wear, to measure against and to take off, and those of the training
# people, which guides and restorers learn from.
OVERLAY = lambda wildcards: of_fold(rules.synthesise, wildcards, method=REFERENCE)
LEARNT = lambda wildcards: of_fold(rules.synthesise_training, wildcards, method=REFERENCE)


def guides(wildcards, method=None):
    """The trained parts that a method needs."""
    names = EXPERIMENT.methods[method or wildcards.method].spec.guides
    path = rules.train_guide.output.out
    return expand(path, dataset=wildcards.dataset, guide=names, seed=wildcards.seed)


def shared(wildcards):
    """The training whose first stages a method takes over."""
    found = continued_by(METHOD(wildcards))
    path = rules.train_synthesis.output.out
    return expand(path, **{**wildcards, "method": found.method})[0] if found else []


def restorer_model(wildcards):
    """A restorer's model, of the data set that is learnt from: its own training, or that of the
    synthesis method that it is the other half of."""
    own = dict(dataset=DATASET, seed=wildcards.seed)
    if wildcards.restorer in EXPERIMENT.methods:
        path = rules.train_synthesis.output.out
        return expand(path, method=wildcards.restorer, **own)[0]
    path = rules.train_restorer.output.out
    return expand(path, restorer=wildcards.restorer, **own)[0]


def to_restore(wildcards):
    """The faces whose masks come off: of people who really wear some, or masked by us."""
    return FACES(wildcards) if really_masked(wildcards) else OVERLAY(wildcards)


def training_pictures(wildcards):
    """The masked pictures of a training set; none for bare faces."""
    if wildcards.training_set not in EXPERIMENT.methods:
        return []
    method, seed = EXPERIMENT.run_of(wildcards.training_set, int(wildcards.seed))
    path = rules.synthesise_training.output.out
    return expand(path, dataset=wildcards.dataset, method=method, seed=seed)[0]


def learns_from(wildcards, frozen):
    """The embeddings that a recogniser on frozen networks learns from, or the pictures of others."""
    networks = kinds.networks_of(RECOGNISER(wildcards))
    if not frozen:
        return [] if networks else training_pictures(wildcards)
    own = dict(dataset=wildcards.dataset, network=networks)
    seed = int(wildcards.seed)
    bare = ("bare", EXPERIMENT.fold_of(wildcards.dataset, seed))
    method = wildcards.training_set
    sets = [bare, EXPERIMENT.run_of(method, seed)] if method in EXPERIMENT.methods else [bare]
    return over(rules.embed.output.out, "training_set seed", sets, **own)


def test_embeddings(wildcards):
    """Embeddings of the test faces, masks taken off where the recogniser wants it."""
    recogniser, seed = RECOGNISER(wildcards), int(wildcards.seed)
    restorer = kinds.restorer_of(recogniser)
    return expand(
        rules.embed_test.output.out,
        dataset=wildcards.dataset,
        network=kinds.networks_of(recogniser),
        restorer=restorer or "none",
        seed=seed if restorer else EXPERIMENT.fold_of(wildcards.dataset, seed),
    )


def members(wildcards, path, learnt=False):
    """What the recognisers that a fused one adds leave; with `learnt`, those of them that learn."""
    block, seed = RECOGNISER(wildcards), int(wildcards.seed)
    fold = EXPERIMENT.fold_of(wildcards.dataset, seed)
    runs = [
        (name, training_set, fold if training_set == experiment.NOTHING else seed)
        for name, training_set in kinds.members_learnt_from(block, EXPERIMENT.recogniser_runs)
        if training_set != experiment.NOTHING or not learnt
    ]
    return over(path, "recogniser training_set seed", runs, dataset=wildcards.dataset)


def validation(wildcards):
    """Validation people with masks on, for recognisers that embed pictures by themselves."""
    own = RECOGNISER(wildcards).spec.name == "network" and wildcards.dataset == DATASET
    return LEARNT(wildcards) if own else []


def start(wildcards):
    """The weights that a training starts from: of another recogniser of this run, or a file."""
    file = kinds.start_file(RECOGNISER(wildcards))
    if file is None:
        return []
    trained = over(rules.train_recogniser.output.out, *RECOGNISER_RUNS, dataset=DATASET)
    return str(file.parent) if str(file.parent) in trained else str(file)


def really_masked(wildcards):
    return wildcards.dataset in EXPERIMENT.really_masked


def detected(wildcards, restored):
    """Faces found on masked pictures, where the masks are ours and stay on."""
    ours = not (restored or really_masked(wildcards))
    return when(ours, of_fold(rules.detect_masked, wildcards))


def shown(path, category):
    """A result of Snakemake's report, with the caption of its name or that of its record."""
    own = CAPTIONS / f"{Path(path).stem}.rst"
    text = own if own.exists() else RECORDED / own.name
    return report(path, caption=str(text), category=category)
