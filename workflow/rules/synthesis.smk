# Mask synthesis: train a method, put masks on people, measure them. Guides belong here: they learn
# from the masks of keypoint, and other methods may need them.

from maskbench.measurements import FINAL
from maskbench.reporting.papers import papers
from maskbench.synthesis.external_pictures import digest_of

# People who really wear masks, where a critic learns from them.
REAL = CONFIG.synthesis.real_domain.source
REAL_FACES = lambda w: [] if REAL == REFERENCE else of_fold(rules.divide_faces, w, dataset=REAL)
REAL_PICTURES = [] if REAL == REFERENCE else expand(rules.fetch.output.out, dataset=REAL)[0]


rule masked_domain:
    input:
        faces=rules.divide_faces.output.out,
        mask_pictures=rules.draw_masks.output.out,
        real_faces=REAL_FACES,
        real_pictures=REAL_PICTURES,
    output:
        out=directory(f"{OUT}/masked_domain/{{dataset}}/fold{{fold}}"),
    resources:
        **CPU,
    params:
        **step(
            "synthesis.masked_domain",
            config=CONFIG.synthesis.real_domain,
            styles=CONFIG.masks.styles,
            seed=0,
        ),
    message:
        "Collect training people wearing masks ({wildcards.dataset}, fold {wildcards.fold})"
    script:
        "../scripts/step.py"


# The people wearing masks that a reference-guided method looks at when it puts masks on.
MASKED_DOMAIN = lambda wildcards: of_fold(rules.masked_domain, wildcards)
REFERENCES = lambda w: when(METHOD(w).spec.reference_guided, MASKED_DOMAIN(w))


rule train_synthesis:
    input:
        faces=FACES,
        masked_domain=MASKED_DOMAIN,
        guides=guides,
        shared=shared,
        mask_pictures=rules.draw_masks.output.out,
    output:
        out=directory(f"{OUT}/models/{{dataset}}/{{method}}/seed{{seed}}"),
    priority: 1  # the longest jobs begin first, so that none is left alone at the end
    resources:
        **TRAINING,
    params:
        **step(
            "synthesis.train_synthesis",
            method=METHOD,
            styles=CONFIG.masks.styles,
            external=lambda w: digest_of(METHOD(w)),
        ),
    message:
        "Train {wildcards.method}, seed {wildcards.seed} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


rule synthesise:
    input:
        model=rules.train_synthesis.output.out,
        faces=FACES,
        guides=guides,
        references=REFERENCES,
        mask_pictures=rules.draw_masks.output.out,
    output:
        out=directory(f"{OUT}/masked/{{dataset}}/{{method}}/seed{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step(
            "synthesis.synthesise",
            method=METHOD,
            styles=(*CONFIG.masks.figure_styles, *CONFIG.masks.unseen_styles),
            split="test",
        ),
    message:
        "Put masks on the test people by {wildcards.method}, seed {wildcards.seed}"
    script:
        "../scripts/step.py"


# The same references for several people, for the figure that shows what follows from them.
rule synthesise_by_reference:
    input:
        model=rules.train_synthesis.output.out,
        faces=FACES,
        guides=guides,
        references=MASKED_DOMAIN,
        mask_pictures=rules.draw_masks.output.out,
    output:
        out=directory(f"{OUT}/masked/{{dataset}}/{{method}}/by_reference{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step("synthesis.synthesise_by_reference", method=METHOD),
    message:
        "Put masks on test people after photographs by {wildcards.method}, seed {wildcards.seed}"
    script:
        "../scripts/step.py"


rule evaluate_style:
    input:
        model=rules.train_synthesis.output.out,
        faces=FACES,
        guides=guides,
        references=MASKED_DOMAIN,
        mask_pictures=rules.draw_masks.output.out,
    output:
        out=directory(f"{OUT}/metrics/synthesis/{{dataset}}/{{method}}/style{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step("synthesis.evaluate_style", method=METHOD, config=CONFIG.metrics),
    message:
        "Compare masks with the photographs of {wildcards.method}, seed {wildcards.seed}"
    script:
        "../scripts/step.py"


# What the facial-feature detector sees on masked faces, for the figure that explains it.
rule evaluate_correction:
    input:
        model=rules.train_synthesis.output.out,
        masked=rules.synthesise.output.out,
        faces=FACES,
        guides=guides,
    output:
        out=directory(f"{OUT}/masked/{{dataset}}/{{method}}/correction{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step("synthesis.evaluate_correction", method=METHOD),
    message:
        "Explain the correction of {wildcards.method}, seed {wildcards.seed} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


rule evaluate_synthesis:
    input:
        masked=rules.synthesise.output.out,
        reference=OVERLAY,
        faces=FACES,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(f"{OUT}/metrics/synthesis/{{dataset}}/{{method}}/seed{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step(
            "metrics.evaluate_synthesis",
            config=CONFIG.metrics,
            unseen_styles=CONFIG.masks.unseen_styles,
        ),
    message:
        "Measure {wildcards.method}, seed {wildcards.seed} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


rule evaluate_checkpoints:
    input:
        model=rules.train_synthesis.output.out,
        faces=FACES,
        guides=guides,
        references=REFERENCES,
        mask_pictures=rules.draw_masks.output.out,
        weights=rules.fetch_weights.output.out,
    output:
        out=directory(f"{OUT}/metrics/synthesis/{{dataset}}/{{method}}/checkpoints{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step(
            "synthesis.evaluate_checkpoints",
            method=METHOD,
            overlay=EXPERIMENT.methods[REFERENCE],
            styles=CONFIG.masks.figure_styles,
            config=CONFIG.metrics,
        ),
    message:
        "Measure {wildcards.method} on the way, seed {wildcards.seed} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


# What another tool's pictures cost is not known here.
COUNTED = {
    name: EXPERIMENT.methods[name]
    for name in EXPERIMENT.running
    if EXPERIMENT.methods[name].spec.name != "external"
}


rule measure_costs:
    input:
        faces=FACES,
        guides=lambda wildcards: [path for name in COUNTED for path in guides(wildcards, name)],
        references=MASKED_DOMAIN,
        mask_pictures=rules.draw_masks.output.out,
    output:
        out=directory(f"{OUT}/metrics/costs/{{dataset}}/seed{{seed}}"),
    resources:
        **CPU,
    params:
        **step(
            "synthesis.measure_costs",
            uses=lambda wildcards: [block.spec for block in COUNTED.values()],
            methods=COUNTED,
            styles=CONFIG.masks.figure_styles,
        ),
    message:
        "Count what a picture costs by each method ({wildcards.dataset})"
    script:
        "../scripts/step.py"


# Every training of a method costs the same: one counts.
COSTS = expand(rules.measure_costs.output.out, dataset=DATASET, seed=0)


rule synthesise_training:
    input:
        model=rules.train_synthesis.output.out,
        faces=FACES,
        guides=guides,
        references=REFERENCES,
        mask_pictures=rules.draw_masks.output.out,
    output:
        out=directory(f"{OUT}/training_sets/{{dataset}}/{{method}}/seed{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step(
            "synthesis.synthesise_training",
            method=METHOD,
            styles=CONFIG.masks.styles,
            copies=CONFIG.synthesis.copies,
        ),
    message:
        "Put masks on the training people by {wildcards.method}, seed {wildcards.seed}"
    script:
        "../scripts/step.py"


rule train_guide:
    input:
        faces=FACES,
        masked=LEARNT,
    output:
        out=directory(f"{OUT}/guides/{{dataset}}/{{guide}}/seed{{seed}}"),
    priority: 1
    resources:
        **TRAINING,
    params:
        **step("guides.train_guide", guide=GUIDE),
    message:
        "Train the {wildcards.guide}, seed {wildcards.seed} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


rule evaluate_guide:
    input:
        model=rules.train_guide.output.out,
        masked=OVERLAY,
        faces=FACES,
    output:
        out=directory(f"{OUT}/metrics/guides/{{dataset}}/{{guide}}/seed{{seed}}"),
    resources:
        **NETWORK,
    params:
        **step(
            "guides.evaluate_guide",
            guide=GUIDE,
            config=CONFIG.metrics,
            unseen_styles=CONFIG.masks.unseen_styles,
        ),
    message:
        "Measure the {wildcards.guide}, seed {wildcards.seed} ({wildcards.dataset})"
    script:
        "../scripts/step.py"


RUNS = ("method seed", EXPERIMENT.runs)
SYNTHESES = over(rules.evaluate_synthesis.output.out, *RUNS, dataset=DATASET)
# What is measured on the way, too: trainings of planned stages, and those that a claim is about.
WATCHED = {
    side.method
    for paper in papers().values()
    for claim in paper.claims
    for side in claim.sides
    if getattr(side, "checkpoint", FINAL) != FINAL
}
WATCHED |= {
    name for name, block in EXPERIMENT.methods.items() if getattr(block.params, "stages", ())
}
CHECKPOINTS = over(
    rules.evaluate_checkpoints.output.out,
    RUNS[0],
    [run for run in EXPERIMENT.runs if run[0] in WATCHED],
    dataset=DATASET,
)
OF_STYLE = over(
    rules.evaluate_style.output.out,
    RUNS[0],
    [run for run in EXPERIMENT.runs if EXPERIMENT.methods[run[0]].spec.reference_guided],
    dataset=DATASET,
)
# What figures alone show: of the first training, and of no ablation.
FIRST = [
    (spec, dict(dataset=DATASET, method=name, seed=seed))
    for name, seed in EXPERIMENT.runs
    for spec in [EXPERIMENT.methods[name].spec]
    if seed == 0 and name == spec.name
]
BY_REFERENCE = [
    path
    for spec, run in FIRST
    if spec.reference_guided
    for path in expand(rules.synthesise_by_reference.output.out, **run)
]
CORRECTED = [
    path
    for spec, run in FIRST
    if "feature_detector" in spec.guides
    for path in expand(rules.evaluate_correction.output.out, **run)
]
GUIDES = expand(rules.evaluate_guide.output.out, guide=EXPERIMENT.guides, **TRAININGS)
# The runs whose masks recognisers learn from.
LEARNT_FROM = {
    EXPERIMENT.run_of(training_set, seed)
    for _, training_set, seed in EXPERIMENT.recogniser_runs
    if training_set in EXPERIMENT.methods
}
TESTS = set(CONFIG.recognition.tests) - {DATASET, *EXPERIMENT.really_masked}


rule synthesis:
    input:
        SYNTHESES,
        CHECKPOINTS,
        OF_STYLE,
        BY_REFERENCE,
        CORRECTED,
        COSTS,
        GUIDES,
        over(rules.synthesise_training.output.out, RUNS[0], sorted(LEARNT_FROM), dataset=DATASET),
        [
            of_fold(rules.synthesise, {"dataset": test, "seed": fold}, method=REFERENCE)
            for test in sorted(TESTS)
            for fold in EXPERIMENT.folds(test)
        ],
