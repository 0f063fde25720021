"""Paper 3's values, of ``config/paper/mumford.yaml``; see test_published.py."""

PAPER_3 = "Mumford 2021"
CYCLEGAN = "Zhu et al. 2017, section 4"
CYCLEGAN_CODE = "the code of Zhu et al. 2017"
SHRIVASTAVA = "Shrivastava et al. 2017"
SIMGAN_CODE = "public code for SimGAN in Keras, as that which paper 3 began with"
ADAM = "Kingma and Ba 2015; Keras' own"
SILENT = "nothing of the kind is in the paper"

TRANSLATED = {
    "augmentation.stretch": (0, SILENT),
    "augmentation.light": (0, SILENT),
    "augmentation.rotation": (0, SILENT),
    "augmentation.scaling": (0, SILENT),
    "critic_steps": (1, f"{CYCLEGAN_CODE}; {PAPER_3}, Table 2: doubled later"),
    "decay_from": (1, f"{CYCLEGAN_CODE}: constant for 100 epochs"),
    "ema": (0, SILENT),
    "gradient_penalty": (0, SILENT),
    "precision": ("float32", SILENT),
    "switches.compose": (False, SILENT),
    "switches.coordinates": (False, SILENT),
    "switches.whole_critic": (False, SILENT),
    "switches.critic_augmentation": (None, SILENT),
    "switches.r1": (0, SILENT),
    "switches.r1_every": (8, SILENT),
    "switches.held": (0, SILENT),
    "switches.see_through": (0, SILENT),
}
SIMGANS = TRANSLATED | {
    "train_size": (256, f"{CYCLEGAN_CODE}: both methods see the same pictures"),
    "generator_width": (64, f"{PAPER_3}, section 4"),
    "blocks": (8, f"{PAPER_3}, section 4"),
    "norm": ("batch", f"{PAPER_3}, section 4"),
    "critic_width": (96, SHRIVASTAVA),
    "critic_extra": (0, f"{PAPER_3}, section 4: five convolutions"),
    "objective": ("log", f"{PAPER_3}, section 4; {SHRIVASTAVA}, formulas 2 and 4"),
    "beta": (0.0008, f"{PAPER_3}, Table 2"),
    "pool": (100 * 16, f"{SIMGAN_CODE}: 100 batches"),
    "pretraining": (1000, SHRIVASTAVA),
    "critic_pretraining": (200, SHRIVASTAVA),
    "generator_lr": (0.0001, f"{PAPER_3}, Table 2"),
    "critic_lr": (0.0001, f"{PAPER_3}, Table 2"),
    "betas": ((0.9, 0.999), ADAM),
    "augmentation.translation": (0, SILENT),
    "augmentation.flip": (False, SILENT),
}


def epochs(pictures_a_step, table, *rows):
    """Stages of 2,000 pictures an epoch: a name, epochs, and what changes."""
    return {
        f"stages.{name}.{key}": (value, f"{PAPER_3}, {table}")
        for name, count, changes in rows
        for key, value in ({"steps": count * 2000 / pictures_a_step} | changes).items()
    }


def rate(value, **more):
    return {"generator_lr": value, "critic_lr": value} | more


EIGHT_BLOCKS = [("initial", 8, {}), ("slower", 30, rate(1e-5)), ("slowest", 50, rate(3e-6))]
MUMFORD_METHODS = {
    "cyclegan": TRANSLATED
    | {
        "train_size": (256, CYCLEGAN_CODE),
        "generator_width": (64, CYCLEGAN),
        "blocks": (9, f"{PAPER_3}, section 3; {CYCLEGAN}"),
        "critic_width": (64, CYCLEGAN),
        "objective": ("lsgan", f"{CYCLEGAN}; the text of {PAPER_3} has a logarithm"),
        "cycle": (10, CYCLEGAN),
        "identity": (5, f"{CYCLEGAN_CODE}: 0.5 of the cycle loss; {PAPER_3}, Table 1"),
        "pool": (50, CYCLEGAN),
        "batch_size": (1, CYCLEGAN),
        "generator_lr": (0.0002, f"{PAPER_3}, Table 1; {CYCLEGAN}"),
        "critic_lr": (0.0002, f"{PAPER_3}, Table 1; {CYCLEGAN}"),
        "betas": ((0.5, 0.999), CYCLEGAN_CODE),
        "augmentation.translation": (0.06, f"{CYCLEGAN_CODE}: 256 of 286 pixels, 15 / 256"),
        "augmentation.flip": (True, CYCLEGAN_CODE),
        "least_cover": (0, SILENT),
    }
    | epochs(
        1, "Table 1",
        ("initial", 10, {}), ("less_identity", 7, {"weights.identity": 0.005 * 10}),
        ("continued", 25, {"continues": "initial"}), ("continued_again", 10, {}),
        ("slower", 20, rate(2.5e-5)),
        ("opaque", 30, rate(2.5e-5, **{"weights.identity": 0.1 * 10})),
    ),
    "simgan": SIMGANS | epochs(16, "Table 2", *EIGHT_BLOCKS),
    "simgan_four_blocks": SIMGANS
    | {"blocks": (4, f"{PAPER_3}, Table 2")}
    | epochs(
        16, "Table 2", ("initial", 20, {"weights.image": 2e-4}), ("more_beta", 20, {}),
    ),
    "simgan_twice_critic": SIMGANS
    | epochs(16, "Table 2", *EIGHT_BLOCKS, ("twice_critic", 20, rate(3e-6, critic_steps=2))),
    "simgan_deep_critic": SIMGANS
    | {"critic_extra": (2, f"{PAPER_3}, Figure 13")}
    | epochs(16, "Table 2", *EIGHT_BLOCKS, ("deep_critic", 30, rate(3e-6))),
}  # fmt: skip
MUMFORD = {
    f"synthesis.methods.{method}.{key}": value
    for method, values in MUMFORD_METHODS.items()
    for key, value in values.items()
} | {
    "faces.size": (256, CYCLEGAN_CODE),
    "masks.size": (256, CYCLEGAN_CODE),
    "synthesis.copies": (1, f"{PAPER_3}, section 5: one masked picture a face"),
    "synthesis.real_domain.source": ("maskedface_net", f"{PAPER_3}, section 2"),
    "metrics.weights": ("published", f"{PAPER_3}, sections 3 and 5"),
} | {
    f"datasets.{name}.{key}": (value, f"{PAPER_3}, section 2")
    for name in ("ffhq", "maskedface_net")
    for key, value in {
        "max_identities": 3000,
        "max_pictures_per_identity": None,
        "shares.train": 2 / 3,
        "shares.val": 0,
        "shares.test": 1 / 3,
    }.items()
} | {
    f"recognition.recognisers.{network}{key}": (value, f"{PAPER_3}, section 5")
    for network in ("inception", "vgg19")
    for key, value in {
        ".network": network,
        "_projected.network": network,
        "_projected.training": "cyclegan",
        "_strip.networks": (network,),
        "_strip.restorer": "cyclegan",
    }.items()
}  # fmt: skip
