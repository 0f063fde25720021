"""``config/paper``: the papers' values, typed from them and from the works that they build on.

Every value in force is the one in :mod:`.published`, or is marked "ours" in the file.
"""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

import maskbench
from maskbench import experiment

<<<<<<< HEAD
from .published import FILES, NO_RESULT

ROOT = Path(maskbench.__file__).parents[2]
PAPERS = ROOT / "config" / "paper"
=======
from .published_mumford import MUMFORD, SILENT

ROOT = Path(maskbench.__file__).parents[2]
PAPERS = ROOT / "config" / "paper"
PAPER_1, PAPER_2 = "Zhang and Lee 2022", "Li, Facial Recognition for People Wearing Masks"
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
FILES = {"pywgan_div": PYWGAN_DIV, "maskfacenet": MASKFACENET, "mumford": MUMFORD}
NO_RESULT = (
    "*.log_every", "*.checkpoint_every", "datasets.*.adapter", "datasets.*.path",
    "*.twins.*",  # without equivariance
    "synthesis.methods.wgan_stn.betas",  # RMSprop has none
    "faces.detector.coarse_score",  # without coarse_share
    "recognition.recognisers.maskfacenet.width",  # ResNet-50's is fixed
    "recognition.recognisers.maskfacenet.scale",  # the loss has none
    "synthesis.methods.cyclegan.steps",  # beside stages
    "synthesis.methods.simgan*.steps",
)  # fmt: skip
"""Keys that change no number, in general or beside the others of the file."""
>>>>>>> simgan


def in_force(found):
    """Every value by its dotted key, of what runs."""
    config = found.config
    sections = {
        "datasets": {name: config.datasets[name] for name in found.datasets},
        "faces": config.faces,
        "masks": config.masks,
        "metrics.weights": config.metrics.weights,
        "synthesis.methods": {name: block.params for name, block in found.methods.items()},
        "guides": {name: block.params for name, block in found.guides.items()},
        "restoration.restorers": {
            n: block.params for n, block in found.restorers.items() if n not in found.methods
        },
        "recognition.recognisers": {n: block.params for n, block in found.recognisers.items()},
    }
    if config.synthesis.real_domain.source != "keypoint":
        sections["synthesis.real_domain.source"] = config.synthesis.real_domain.source
    if found.recognisers:
        sections["synthesis.copies"] = config.synthesis.copies
        for key in ("tests", "folds", "test_styles"):
            sections[f"recognition.{key}"] = getattr(config.recognition, key)
    return dict(leaf for key, value in sections.items() for leaf in leaves(key, value))


def leaves(key, value):
    value = value.model_dump() if hasattr(value, "model_dump") else value
    if isinstance(value, tuple) and value and isinstance(value[0], dict):
        value = {one["name"]: one for one in value}
    if isinstance(value, dict):
        for name, below in value.items():
            yield from leaves(f"{key}.{name}", below)
    else:
        yield key, value


def marked(path):
    """The dotted keys whose line says that the value is ours."""
    lines = path.read_text("utf-8").splitlines()

    def walk(node, before):
        for key, value in node.value:
            name = f"{before}{key.value}"
            if re.search(r"#.*\bours\b", lines[key.start_mark.line]):
                yield name
            if isinstance(value, yaml.MappingNode):
                yield from walk(value, f"{name}.")

    return set(walk(yaml.compose(path.read_text("utf-8")), ""))


def is_ours(key, ours):
    """Whether a key or what it lies in is marked; a method's value may stand under ``override``."""
    method = re.fullmatch(r"synthesis\.methods\.\w+\.(.+)", key)
    places = [("", key), *([("synthesis.override.", method[1])] if method else [])]
    names = [(before, below.split(".")) for before, below in places]
    return any(
        before + ".".join(parts[:n]) in ours
        for before, parts in names
        for n in range(1, len(parts) + 1)
    )


@pytest.fixture(params=sorted(FILES))
def published(request):
    path = PAPERS / f"{request.param}.yaml"
    found = experiment.load([ROOT / "params.yaml", path])
    return path, FILES[request.param], in_force(found)


def test_values_are_the_papers(published):
    path, table, values = published
    for key, (value, source) in table.items():
        assert values[key] == pytest.approx(value), f"{path.name}: {key}: {value} in {source}"


def test_what_is_not_the_papers_is_marked(published):
    path, table, values = published
    ours = marked(path)
    unmarked = [
        f"{key}: {value}"
        for key, value in values.items()
        if key not in table and not is_ours(key, ours)
        if not any(fnmatch(key, pattern) for pattern in NO_RESULT)
    ]
    assert not unmarked, f"{path.name}: neither the paper's nor marked as ours: {unmarked}"


def test_a_mark_holds_for_what_lies_below_it(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        "faces: # ours: why\n  size: 1\nsynthesis:\n  override: {a: 1} # ours\n  methods:\n"
        "    m:\n      k: 2 # not hours\n"
    )
    ours = marked(path)
    assert is_ours("faces.detector.factor", ours) and is_ours("synthesis.methods.m.a", ours)
    assert not is_ours("synthesis.methods.m.k", ours) and not is_ours("masks.size", ours)


def test_mask_pictures_are_as_many_as_the_paper_s():
    masks = experiment.load([ROOT / "params.yaml", PAPERS / "pywgan_div.yaml"]).config.masks
    assert len(masks.styles) + len(masks.unseen_styles) == 20  # section 4.1


def test_one_cloth_mask_is_an_option():
    files = [ROOT / "params.yaml", PAPERS / "maskfacenet.yaml", PAPERS / "maskfacenet_cloth.yaml"]
    masks = experiment.load(files).config.masks
    assert masks.styles == masks.figure_styles == ("cloth_plain",) and not masks.unseen_styles
