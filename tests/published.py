"""The values that the papers in ``config/paper`` print, typed from them and from the works that
they build on: ``(value, source)`` by the key in force, a table for each file."""

PAPER_1, PAPER_2 = "Zhang and Lee 2022", "Li, Facial Recognition for People Wearing Masks"
PAPER_3 = "Mumford 2021"
AUTHOR = "github.com/zhnli/MaskFaceNet, the code of paper 2"
GAN = "Goodfellow et al. 2014"
DCGAN = "Radford et al. 2016, section 4"
WGAN = "Arjovsky et al. 2017, algorithm 1"
WGAN_DIV = "Wu et al. 2018"
WGAN_DIV_CODE = "the code of Wu et al. 2018"
MTCNN = "Zhang et al. 2016, as in facenet-pytorch"
MASK_THE_FACE = "Anwar and Raychowdhury 2020, the code of MaskTheFace"
EDGECONNECT = "Nazeri et al. 2019"
EDGECONNECT_CODE = "the code of Nazeri et al. 2019"
PAPER_4 = "Xiong et al. 2022, MFGAN"
CYCLEGAN, CYCLEGAN_CODE = "Zhu et al. 2017", "the code of Zhu et al. 2017"
STARGAN_V2 = "Choi et al. 2020, StarGAN v2"
IRESNET = "Duta et al. 2020"
UNET = "Ronneberger et al. 2015"
YOLOV3 = "Redmon and Farhadi 2018, Darknet's configuration"
SHRIVASTAVA = "Shrivastava et al. 2017"
SIMGAN_CODE = "public code for SimGAN in Keras, as that which paper 3 began with"
ADAM = "Kingma and Ba 2015; Keras' own"
SILENT = "nothing of the kind is in the paper"

TRAINED = {
    "train_size": (144, f"{PAPER_1}, section 4.1"),
    "sheet_every": (50_000, f"{PAPER_1}, section 4.2"),
    "augmentation.stretch": (0, f"{PAPER_1}, section 4.1: translation, rotation, scaling"),
    "augmentation.flip": (False, f"{PAPER_1}, section 4.1: translation, rotation, scaling"),
    "augmentation.light": (0, f"{PAPER_1}, section 4.1: translation, rotation, scaling"),
    "match": ("nothing", f"{PAPER_1}, section 4.2: pictures are randomly selected"),
    "supersampling": (1, SILENT),
    "blur": (0, SILENT),
    "view": (0, SILENT),
    "standardise": (False, SILENT),
    "borrow": (0, SILENT),
    "ema": (0, SILENT),
    "decay_from": (1, SILENT),
    "precision": ("float32", SILENT),
}
PLACED = TRAINED | {
    "relight": (False, SILENT),
    "equivariance": (0, SILENT),
    "jitter": (0, SILENT),
    "update_penalty": (0, SILENT),
}
ADAM_OF_DCGAN = {
    "generator_lr": (0.0002, DCGAN),
    "critic_lr": (0.0002, DCGAN),
    "betas": ((0.5, 0.999), f"{DCGAN}; 0.999 is Adam's own"),
}
METHODS = {
    "gan_direct": TRAINED | ADAM_OF_DCGAN | {"critic_steps": (1, GAN), "smoothing": (0, GAN)},
    "gan_stn": PLACED
    | {"critic_steps": (1, GAN), "smoothing": (0, GAN), "saturating": (False, f"{GAN}, section 3")},
    "dcgan_stn": PLACED | ADAM_OF_DCGAN | {"critic_steps": (1, GAN), "smoothing": (0, DCGAN)},
    "wgan_stn": PLACED
    | {
        "clip": (0.01, f"{PAPER_1}, section 3; {WGAN}"),
        "critic_steps": (5, WGAN),
        "generator_lr": (0.00005, WGAN),
        "critic_lr": (0.00005, WGAN),
    },
    "pywgan_div": PLACED
    | {
        "k": (2, WGAN_DIV),
        "p": (6, WGAN_DIV),
        "sampling": ("between", f"{PAPER_1}, formula (1); {WGAN_DIV_CODE}"),
        "penalty_pictures": (0, SILENT),
        "critic_steps": (4, WGAN_DIV_CODE),
        "betas": ((0, 0.9), WGAN_DIV_CODE),
        "generator_lr": (0.0002, WGAN_DIV_CODE),
        "critic_lr": (0.0002, WGAN_DIV_CODE),
    },
}
PYWGAN_DIV = {
    f"synthesis.methods.{method}.{key}": value
    for method, values in METHODS.items()
    for key, value in values.items()
} | {
    "datasets.faces.shares.train": (0.9, f"{PAPER_1}, section 4.1"),
    "datasets.faces.shares.test": (0.1, f"{PAPER_1}, section 4.1"),
    "datasets.masked_faces.shares.train": (0.9, f"{PAPER_1}, section 4.1"),
    "datasets.masked_faces.shares.test": (0.1, f"{PAPER_1}, section 4.1"),
    "faces.size": (144, f"{PAPER_1}, section 4.1"),
    "masks.size": (144, f"{PAPER_1}, section 4.1"),
    "synthesis.real_domain.source": ("masked_faces", f"{PAPER_1}, section 4.1"),
    "metrics.weights": ("published", f"{PAPER_1}, section 4.2"),
}
MASKFACENET = {
    "datasets.vggface2.max_identities": (500, f"{PAPER_2}, section 3.1"),
    "datasets.vggface2.max_pictures_per_identity": (None, f"{PAPER_2}, section 3.1"),
    "datasets.vggface2.shares.train": (460 / 500, f"{PAPER_2}, section 3.1"),
    "datasets.vggface2.shares.val": (20 / 500, f"{PAPER_2}, section 3.1"),
    "datasets.vggface2.shares.test": (20 / 500, f"{PAPER_2}, section 3.1"),
    "faces.size": (224, f"{PAPER_2}, section 3.1"),
    "faces.margin": (0.2, f"{PAPER_2}, section 3.1"),
    "faces.detector.thresholds": ((0.6, 0.7, 0.7), MTCNN),
    "faces.detector.factor": (0.709, MTCNN),
    "faces.detector.min_face": (20, MTCNN),
    "faces.detector.coarse_share": (0, SILENT),
    "faces.detector.second_look": (False, SILENT),
    "masks.size": (224, f"{PAPER_2}, section 3.1: as large as the faces"),
    "synthesis.copies": (1, f"{PAPER_2}, section 3.1"),
    "synthesis.methods.keypoint.fit": ("homography", MASK_THE_FACE),
    "synthesis.methods.keypoint.brightness": (True, MASK_THE_FACE),
    "recognition.tests": (("vggface2",), f"{PAPER_2}, section 6"),
    "recognition.test_styles": (1, f"{PAPER_2}, section 3.1"),
    "metrics.weights": ("published", f"{PAPER_2}, section 6"),
} | {
    f"recognition.recognisers.{key}": value
    for key, value in {
        "facenet.network": ("facenet", f"{PAPER_2}, section 6"),
        "mrii.networks": (("facenet",), f"{PAPER_2}, section 6"),
        "mrii.restorer": ("edgeconnect", f"{PAPER_2}, section 4.4"),
        "maskfacenet.backbone": ("resnet50", f"{PAPER_2}, section 4.1"),
        "maskfacenet.loss": ("quintuplet", f"{PAPER_2}, section 4.2"),
        "maskfacenet.training": ("keypoint", f"{PAPER_2}, section 3.1"),
        "maskfacenet.size": (224, f"{PAPER_2}, section 3.1"),
        "maskfacenet.people": (20, f"{PAPER_2}, section 5"),
        "maskfacenet.bare": (3, f"{PAPER_2}, section 5"),
        "maskfacenet.masked": (3, f"{PAPER_2}, section 5"),
        "maskfacenet.optimiser": ("sgd", f"{PAPER_2}, section 5"),
        "maskfacenet.lr": (0.05, f"{PAPER_2}, section 5"),
        "maskfacenet.schedule": ("drops", f"{PAPER_2}, section 5"),
        "maskfacenet.drops": (4, f"{PAPER_2}, section 5: every 2 of 10 epochs"),
        "maskfacenet.steps": (3840, f"{PAPER_2}, section 5: 10 epochs; {AUTHOR}: 384 batches each"),
        "maskfacenet.start": (None, AUTHOR),
        "maskfacenet.weight_decay": (0, AUTHOR),
        "maskfacenet.augmentation.mirror": (False, AUTHOR),
        "maskfacenet.augmentation.shift": (0, AUTHOR),
        "maskfacenet.augmentation.light": (0, AUTHOR),
        "maskfacenet.warmup": (0, SILENT),
        "maskfacenet.ema": (0, SILENT),
        "maskfacenet.precision": ("float32", SILENT),
    }.items()
} | {
    f"restoration.restorers.edgeconnect.{key}": value
    for key, value in {
        "masks_from": ("coverage", f"{PAPER_2}, section 4.4"),
        "train_size": (256, EDGECONNECT),
        "width": (64, EDGECONNECT),
        "blocks": (8, EDGECONNECT),
        "critic_width": (64, EDGECONNECT),
        "batch_size": (8, EDGECONNECT),
        "learning_rate": (0.0001, EDGECONNECT),
        "critic_rate": (0.1, EDGECONNECT),
        "betas": ((0, 0.9), EDGECONNECT),
        "decay_from": (1, SILENT),
        "sigma": (2, EDGECONNECT),
        "true_edges": (0, EDGECONNECT_CODE),
        "edge_adversarial": (1, EDGECONNECT),
        "feature_matching": (10, EDGECONNECT),
        "edge_entropy": (0, SILENT),
        "l1": (1, EDGECONNECT),
        "adversarial": (0.1, EDGECONNECT),
        "perceptual": (0.1, EDGECONNECT),
        "style": (250, EDGECONNECT),
        "published_maps": (True, EDGECONNECT),
        "rotation": (0, SILENT),
        "scaling": (0, SILENT),
        "translation": (0, SILENT),
        "light": (0, SILENT),
        "precision": ("float32", SILENT),
    }.items()
}  # fmt: skip
OFF = {
    "gradient_penalty": (0, SILENT),
    "precision": ("float32", SILENT),
    "switches.compose": (False, SILENT),
    "switches.coordinates": (False, SILENT),
    "switches.whole_critic": (False, SILENT),
    "switches.critic_augmentation": (None, SILENT),
    "switches.r1": (0, SILENT),
    "switches.bare_cycle": (1, CYCLEGAN),
    "switches.held": (0, SILENT),
    "switches.see_through": (0, SILENT),
}
TRANSLATION = OFF | {
    "train_size": (256, CYCLEGAN),
    "batch_size": (1, f"{PAPER_4}, section IV-A"),
    "blocks": (9, CYCLEGAN),
    "generator_width": (64, CYCLEGAN),
    "critic_width": (64, CYCLEGAN),
    "critic_steps": (1, CYCLEGAN),
    "generator_lr": (0.0002, CYCLEGAN),
    "critic_lr": (0.0002, CYCLEGAN),
    "betas": ((0.5, 0.999), f"{CYCLEGAN}; {PAPER_4}, section IV-A: Adam"),
    "cycle": (10, CYCLEGAN),
    "pool": (50, CYCLEGAN),
    "augmentation.translation": (0.05, CYCLEGAN_CODE),
    "augmentation.rotation": (0, CYCLEGAN_CODE),
    "augmentation.scaling": (0, CYCLEGAN_CODE),
    "augmentation.stretch": (0, CYCLEGAN_CODE),
    "augmentation.flip": (True, CYCLEGAN_CODE),
    "augmentation.light": (0, CYCLEGAN_CODE),
    "decay_from": (1, SILENT),
}
OF_CYCLEGAN = TRANSLATION | {
    "objective": ("lsgan", CYCLEGAN),
    "identity": (5, CYCLEGAN_CODE),
    "ema": (0, SILENT),
}
OF_MFGAN = TRANSLATION | {
    "steps": (450_000, f"{PAPER_4}, section IV-A"),
    "stages.correct.steps": (100_000, f"{PAPER_4}, section IV-A"),
    "stages.correct.weights.invariance": (0, f"{PAPER_4}, formula (2)"),
    "stages.correct.weights.style": (0, f"{PAPER_4}, formula (2)"),
    "stages.authentic.steps": (200_000, f"{PAPER_4}, section IV-A"),
    "stages.authentic.weights.style": (0, f"{PAPER_4}, formula (4)"),
    "stages.diverse.steps": (150_000, f"{PAPER_4}, section IV-A"),
    "objective": ("log", f"{PAPER_4}, section III-B: the standard adversarial loss"),
    "identity": (0, f"{PAPER_4}, formula (2)"),
    "ema": (0.999, STARGAN_V2),
    "style": (1, STARGAN_V2),
    "diversity": (1, STARGAN_V2),
    "style_length": (64, STARGAN_V2),
    "encoder_width": (64, IRESNET),
    "encoder_norm": ("batch", IRESNET),
    "unlabelled": (0, f"{PAPER_4}, section III-D: one branch a domain"),
}
VARIANTS = {
    "mfgan": {},
    "mfgan_wo_inv": {"invariance": (0, f"{PAPER_4}, section IV-E")},
    "mfgan_wo_cor": {"correction": (0, f"{PAPER_4}, section IV-E")},
    "mfgan_wo_sty": {"style": (0, f"{PAPER_4}, section IV-E")},
}
MFGAN = (
    {
        f"synthesis.methods.{method}.{key}": value
        for method, own in VARIANTS.items()
        for key, value in (OF_MFGAN | own).items()
    }
    | {
        f"synthesis.methods.{method}.{key}": value
        for method in ("cyclegan", "iamgan")
        for key, value in OF_CYCLEGAN.items()
    }
    | {
        "faces.size": (256, CYCLEGAN),
        "synthesis.real_domain.source": ("masked_faces", f"{PAPER_4}, section IV-A: RMFRD"),
        "guides.segmenter.steps": (20_000, f"{PAPER_4}, section IV-A"),
        "guides.segmenter.width": (64, UNET),
        "guides.segmenter.depth": (4, UNET),
        "guides.segmenter.fold": (1, UNET),
        "guides.feature_detector.steps": (62_500, f"{PAPER_4}, section IV-A"),
        "guides.feature_detector.design": ("yolov3", f"{PAPER_4}, section III-B"),
        "guides.feature_detector.train_size": (416, YOLOV3),
        "guides.feature_detector.width": (32, YOLOV3),
        "guides.feature_detector.depth": (5, YOLOV3),
        "metrics.weights": ("published", f"{PAPER_4}, section IV-B"),
    }
)

TRANSLATED = OFF | {
    "augmentation.stretch": (0, SILENT),
    "augmentation.light": (0, SILENT),
    "augmentation.rotation": (0, SILENT),
    "augmentation.scaling": (0, SILENT),
    "critic_steps": (1, f"{CYCLEGAN_CODE}; {PAPER_3}, Table 2: doubled later"),
    "decay_from": (1, f"{CYCLEGAN_CODE}: constant for 100 epochs"),
    "ema": (0, SILENT),
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
    "cyclegan_schedule": TRANSLATED
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
    "simgan_schedule": SIMGANS
    | epochs(16, "Table 2", *EIGHT_BLOCKS, ("twice_critic", 20, rate(3e-6, critic_steps=2))),
    "simgan_four_blocks": SIMGANS
    | {"blocks": (4, f"{PAPER_3}, Table 2")}
    | epochs(
        16, "Table 2", ("initial", 20, {"weights.image": 2e-4}), ("more_beta", 20, {}),
    ),
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
        "_projected.training": "cyclegan_schedule",
        "_strip.networks": (network,),
        "_strip.restorer": "cyclegan_schedule",
    }.items()
}  # fmt: skip
FILES = {
    "pywgan_div": PYWGAN_DIV, "maskfacenet": MASKFACENET, "mumford": MUMFORD, "mfgan": MFGAN,
}  # fmt: skip
NO_RESULT = (
    "*.log_every", "*.checkpoint_every", "datasets.*.adapter", "datasets.*.path",
    "*.every_but",  # without `training: every`
    "*.twins.*",  # without equivariance
    "*.stages.*",  # not said: as in the block
    "*.continues*",  # a stage that is taken over ends as one that is trained
    "*.switches.r1_every",  # without r1
    "synthesis.methods.wgan_stn.betas",  # RMSprop has none
    "faces.detector.coarse_score",  # without coarse_share
    "recognition.recognisers.maskfacenet.width",  # ResNet-50's is fixed
    "recognition.recognisers.maskfacenet.scale",  # the loss has none
    "synthesis.methods.cyclegan_schedule.steps",  # beside stages
    "synthesis.methods.simgan*.steps",
)  # fmt: skip
"""Keys that change no number, in general or beside the others of the file."""
