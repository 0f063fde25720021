"""The values of ``config/paper/mfgan_celeba.yaml``, which lies over mfgan.yaml; see published."""

from .published import MFGAN, PAPER_4, SILENT

ARCFACE, ARCFACE_CODE = "Deng et al. 2019, section 3.1, on CASIA", "the code of Deng et al. 2019"
MASKS = ("keypoint", "iamgan", "mfgan")
ABLATIONS = ("cyclegan", "mfgan_wo_inv", "mfgan_wo_cor", "mfgan_wo_sty")
MFGAN_CELEBA = MFGAN | {
    "synthesis.real_domain.source": ("rmfrd", f"{PAPER_4}, section IV-A"),
    "synthesis.copies": (1, f"{PAPER_4}, section IV-A: a version of CelebA by each method"),
    "recognition.tests": (("rmfrd",), f"{PAPER_4}, section IV-B"),
} | {
    f"recognition.recognisers.{loss}.{key}": value
    for loss in ("softmax", "triplet", "cosface", "arcface")
    for key, value in {
        "loss": (loss, f"{PAPER_4}, Table II"),
        "training": (MASKS + ABLATIONS * (loss == "arcface"), f"{PAPER_4}, Tables II, III"),
        "size": (112, ARCFACE),
        "steps": (32_000, ARCFACE),
        "optimiser": ("sgd", ARCFACE),
        "lr": (0.1, ARCFACE),
        "schedule": ("drops", ARCFACE),
        "weight_decay": (5e-4, ARCFACE),
        "margin": (None, "the spec of the loss has its paper's"),
        "scale": (None, "the spec of the loss has its paper's"),
        "augmentation.mirror": (True, ARCFACE_CODE),
        "augmentation.shift": (0, SILENT),
        "augmentation.light": (0, SILENT),
        "start": (None, SILENT),
        "warmup": (0, SILENT),
        "ema": (0, SILENT),
    }.items()
}  # fmt: skip
