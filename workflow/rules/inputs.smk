# What the rules of mask removal and of recognition take, and what decides them.

BARE, NOTHING = "bare", "none"  # training sets without masked pictures
RESTORATIONS = restorations()
EMBEDDINGS = sorted(
    {
        PATHS.embeddings(DATASET, known["network"], training, seed)
        for name, training, seed in PLAN.fits
        if (known := PLAN.recognisers[name])["network"]
    }
)


def decided_by_restorers(step):
    """As ``decided_by``; masks are learnt from and taken off as the key-point overlay puts them on."""
    return decided_by(step, among=["keypoint"])


def to_restore(wildcards):
    """The faces whose masks come off: of people who really wear some, or of dressed people."""
    if wildcards.dataset in PLAN.really_masked:
        return PATHS.faces(wildcards.dataset)
    return PATHS.masked(wildcards.dataset, "keypoint", 0)


def dressed_for(wildcards):
    """The masked pictures of a training set."""
    if wildcards.training in (BARE, NOTHING):
        return []
    return dressed(wildcards.dataset, wildcards.training, int(wildcards.seed))


def dressed(dataset, training, seed):
    """The pictures of a method, by the training of this seed if there is one."""
    made = training_of(training, seed, TRAININGS)
    return PATHS.dressed(dataset, training, made)


def all_dressed():
    """The masked pictures that anything learns from."""
    found = {
        dressed(DATASET, training, seed)
        for _, training, seed in PLAN.fits
        if training not in (BARE, NOTHING)
    }
    restorers = {PATHS.dressed(DATASET, "keypoint", 0)} if RESTORATIONS else set()
    return sorted(found | restorers)


def all_restored():
    """Test faces without their masks, of every data set that is tested on."""
    datasets = dict.fromkeys([DATASET, *CONFIG.recognition.tests])
    wanted = {known["restorer"] for known in PLAN.recognisers.values()} - {""}
    return [
        PATHS.restored(dataset, name, 0)
        for dataset in datasets
        for name in CONFIG.restoration.restorers
        if dataset == DATASET or dataset in PLAN.really_masked or name in wanted
    ]


def embeddings_for(wildcards):
    """The embeddings that adapters and projections learn from."""
    network = PLAN.recognisers[wildcards.recogniser]["network"]
    return (
        PATHS.embeddings(wildcards.dataset, network, wildcards.training, wildcards.seed)
        if network
        else []
    )


def started_from(wildcards):
    """The weights that a training starts from: of another recogniser of this run, or a file."""
    start = PLAN.recognisers[wildcards.recogniser]["start"]
    if not start:
        return []
    return str(Path(start).parent) if Path(start).parent in of_fits() else start


def pictures_for(wildcards):
    """What a network learns from beside bare faces; adapters have it in their embeddings."""
    return [] if embeddings_for(wildcards) else dressed_for(wildcards)


def is_really_masked(wildcards) -> bool:
    return wildcards.dataset in PLAN.really_masked


def restored_for(wildcards):
    """Test faces without their masks, for recognisers that want them."""
    restorer = PLAN.recognisers[wildcards.recogniser]["restorer"]
    return PATHS.restored(wildcards.dataset, restorer, 0) if restorer else []


def option(name, path):
    """A command-line option, or nothing where there is no path."""
    return f"--{name} {path}" if path else ""


def decided_by_recognition(step):
    """As ``decided_by``: the training set's method, and the steps that this recogniser needs."""

    def of_job(wildcards):
        known = PLAN.recognisers.get(getattr(wildcards, "recogniser", ""), {})
        after = ("embed",) if known.get("network") else ()
        tested = step == "evaluate_recognition"
        after += ("restore",) if tested and known.get("restorer") else ()
        wears = tested or bool(known.get("restorer"))
        among = {wildcards.training} | ({"keypoint"} if wears else set())
        return settings(
            step,
            CONFIG,
            dataset=wildcards.dataset,
            after=after,
            methods=PLAN.modules,
            among=sorted(among & set(CONFIG.synthesis.methods)),
            recogniser=getattr(wildcards, "recogniser", ""),
            restorer=known.get("restorer", ""),
        )

    return of_job


def of_tests(recogniser=None):
    """The evaluations of all fits (or of one recogniser's) on all test sets."""
    return [
        PATHS.recognition_metrics(test, *fit)
        for test in CONFIG.recognition.tests
        for fit in PLAN.fits
        if recogniser in (None, fit[0])
    ]


def of_learners():
    """The folders of the recognisers that are trained in steps: those have curves."""
    return [
        PATHS.recogniser(DATASET, *fit)
        for fit in PLAN.fits
        if PLAN.recognisers[fit[0]]["kind"] in ("network", "adapter")
    ]


def of_fits():
    """The folders of all recognisers."""
    return [PATHS.recogniser(DATASET, *fit) for fit in PLAN.fits]
