"""The documents tell the truth about the tree: links, commands, captions, citation, example."""

import ast
import importlib
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import yaml

import maskbench
from maskbench.artifacts import LISTING
from maskbench.reporting.papers import papers
from maskbench.synthesis.specs import METHODS

ROOT = Path(__file__).parents[1]
TABLES = [name for paper in papers().values() for name in paper.tables]
FIGURES = {name: figure for paper in papers().values() for name, figure in paper.figures.items()}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(path):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    missing = [
        link
        for link in links
        if not re.match(r"[a-z]+:", link) and not (path.parent / link).resolve().exists()
    ]
    assert missing == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_exist(path):
    text = path.read_text("utf-8")
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    quoted = "\n".join(
        [*re.findall(r"```sh\n(.*?)```", text, re.S), *re.findall(r"`([^`\n]+)`", text)]
    )
    assert set(re.findall(r"^make (\w+)", quoted, re.M)) <= targets
    for given in re.findall(r"(?:--configfile|conda env create -f) (\S+)", quoted):
        assert (ROOT / given).exists() or given == "config/own.yaml", given
    for script in re.findall(r"python ((?:benchmarks|workflow)/\S+\.py)", quoted):
        assert (ROOT / script).exists(), script
    for profile in re.findall(r"--workflow-profile (\S+)", quoted):
        assert any((ROOT / profile).glob("config*.yaml"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_targets_of_snakemake_exist(path):
    rules = "".join(file.read_text("utf-8") for file in ROOT.glob("workflow/rules/*.smk"))
    known = {*re.findall(r"^rule (\w+):", rules, re.M), *TABLES, *FIGURES}
    known |= {f"synthesis_{name}" for name in METHODS.all()}
    given = re.findall(r"snakemake --cores \w+((?: \w+)+)", path.read_text("utf-8"))
    assert {target for targets in given for target in targets.split()} <= known


def test_commands_of_maskbench_exist():
    from typer.main import get_command

    from maskbench.cli import app

    known = set(get_command(app).commands)
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        used = re.findall(r"(?:^|`)maskbench (\w+)", text, re.M)
        assert set(used) <= known, (path, set(used) - known)


def test_results_name_what_reproduce_leaves():
    """A table or figure needs no entry here: the first page links them all."""
    text = (ROOT / "docs" / "results.md").read_text("utf-8")
    rows = re.findall(r"^\| (?:tables|figures) of .*", text, re.M)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert len(named) > 20
    assert named <= {*TABLES, *FIGURES}


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 180


@pytest.mark.parametrize("name", ["measurements", "claims"])
def test_pages_of_the_report_have_a_caption(name):
    text = (ROOT / "workflow" / "report" / f"{name}.rst").read_text("utf-8")
    assert len(text.split()) > 15


@pytest.mark.parametrize("name", FIGURES)
def test_figures_have_a_caption(name):
    assert len(FIGURES[name].caption.split()) > 15


def test_pictures_of_the_readme_are_small():
    for path in (ROOT / "docs" / "images").iterdir():
        assert path.suffix == ".png"
        assert path.stat().st_size < 300_000, path.name


def test_citation_and_changelog_agree_with_the_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert citation["version"] == maskbench.__version__
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(r"^## \[(Unreleased|" + re.escape(maskbench.__version__) + r")\]", text, re.M)
    headings = set(re.findall(r"^### (\w+)", text, re.M))
    assert headings <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def examples(kind, name="docs/adding_a_recogniser.md"):
    """The blocks of a language in a document, in their order."""
    return re.findall(rf"```{kind}\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S)


def module_of(name, source):
    """A printed module, as if it lay in the package; to be taken out of sys.modules again."""
    module = types.ModuleType(name)
    sys.modules[name] = module  # pydantic looks annotations up by module
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    return module


def checked(block):
    """The default experiment under a printed block, checked as a run checks it."""
    from maskbench import experiment
    from maskbench.config import merge

    values = yaml.safe_load((ROOT / "params.yaml").read_text("utf-8"))
    return experiment.check(merge(values, yaml.safe_load(block)), "docs")


def test_the_documented_method_works(tmp_path, faces):
    """The modules printed in docs/adding_a_method.md, trained and applied by the steps."""
    from maskbench.faces.faceset import FaceSet
    from maskbench.masks.artwork import MaskPictures
    from maskbench.masks.maskedset import MaskedSet, MaskedSetWriter
    from maskbench.synthesis.synthesise import synthesise
    from maskbench.synthesis.train_synthesis import train_synthesis

    (tmp_path / "pictures").mkdir()
    MaskPictures.draw(64, ["kn95", "floral"]).save(tmp_path / "pictures")
    (tmp_path / "nobody").mkdir()
    with MaskedSetWriter(tmp_path / "nobody", 64, {"dataset": "none"}):
        pass  # this method has no real domain
    model, out = tmp_path / "model", tmp_path / "out"
    sources = examples("python", "docs/adding_a_method.md")
    names = (
        "maskbench.synthesis.specs.average_place",
        "maskbench.synthesis.placed.average_place",
    )
    try:
        for name, source in zip(names, sources, strict=True):
            module_of(name, source)
        (block,) = examples("yaml", "docs/adding_a_method.md")
        method = checked(block).methods["average_place"]
        train_synthesis(
            method, faces, tmp_path / "nobody", tmp_path / "pictures", ["kn95"], 0, model,
            tmp_path / "scratch",
        )  # fmt: skip
        synthesise(method, model, faces, tmp_path / "pictures", ["floral", "kn95"], "test", 0, out)
    finally:
        METHODS._specs.pop("average_place", None)
        for name in names:
            sys.modules.pop(name, None)
    kept = {"state.safetensors", "model.safetensors", "curves.parquet", "params.json", LISTING}
    assert {path.name for path in model.iterdir()} == kept
    bare, masked = FaceSet.open(faces), MaskedSet.open(out)
    rows = bare.of_split("test")
    assert list(masked.faces["style"]) == ["floral", "kn95"] * len(rows)
    for index, row in enumerate(np.repeat(rows, 2)):
        changed = (masked.images[index] != bare.images[row]).any(-1)
        assert changed.mean() > 0.05
        assert (masked.masks[index][changed] > 0).all()


def test_the_configuration_of_the_readme_is_valid():
    (block,) = examples("yaml", "README.md")
    experiment = checked(block)
    assert experiment.config.synthesis.dataset == "own"
    assert experiment.running == ("keypoint", "pywgan_div")


def test_the_documented_recognisers_are_taken_up():
    from maskbench.recognition.kinds import BARE

    experiment = checked(examples("yaml")[0])
    runs = experiment.recogniser_runs
    assert [run for run in runs if run[0] == "arcface_64"] == [
        ("arcface_64", BARE, 0),
        ("arcface_64", "pywgan_div", 0),
    ]
    sets = {training_set for name, training_set, _ in runs if name == "adapter_cosface"}
    methods = experiment.methods.values()
    assert sets == {BARE, *(one.name for one in methods if not one.spec.reference)}
    assert not any(name == "softmax" for name, _, _ in runs)
    adapted = experiment.recognisers["adapter_cosface"].params
    assert (adapted.adapter.transform, adapted.adapter.keep) == ("whiten", 0.5)


def test_the_documented_backbone_works():
    import torch

    from maskbench.recognition.backbones.build import build
    from maskbench.recognition.specs import BACKBONES

    network, spec, *_ = examples("python")
    names = ("maskbench.recognition.backbones.plain", "maskbench.recognition.specs.plain")
    try:
        for name, source in zip(names, (network, spec), strict=True):
            module_of(name, source)
        made = build("plain", 48, 8, seed=0)
        pictures = torch.rand(4, 3, 48, 48, generator=torch.Generator().manual_seed(0)) * 255
        found = made.network(made.scaled(pictures))
        assert found.shape == (4, made.dim)
        found.square().sum().backward()
        assert all(p.grad is not None and p.grad.any() for p in made.network.parameters())
    finally:
        BACKBONES._specs.pop("plain", None)
        for name in names:
            sys.modules.pop(name, None)


def test_the_documented_restorer_works(tmp_path, faces):
    """Trained and applied by the steps themselves, on masked faces."""
    from maskbench.faces.faceset import FACE_COLUMNS, FaceSet
    from maskbench.masks.maskedset import MaskedSet, MaskedSetWriter
    from maskbench.restoration.restore import restore
    from maskbench.restoration.specs import RESTORERS
    from maskbench.restoration.train_restorer import train_restorer

    bare, masked, out = FaceSet.open(faces), tmp_path / "masked", tmp_path / "restored"
    mask = np.zeros((64, 64), np.uint8)
    mask[36:60, 14:50] = 255
    masked.mkdir()
    with MaskedSetWriter(masked, 64, bare.spec) as writer:
        for row in range(len(bare)):
            picture = np.array(bare.images[row])
            picture[mask > 0] = (0, 0, 255)
            values = {column: bare.faces[column].iloc[row] for column in FACE_COLUMNS}
            values |= {"bare_id": values["face_id"], "method": "keypoint", "style": "kn95"}
            writer.add(picture, values, mask)

    implementation, spec = examples("python")[2:4]
    names = ("maskbench.restoration.telea", "maskbench.restoration.specs.telea")
    try:
        for name, source in zip(names, (implementation, spec), strict=True):
            module_of(name, source)
        block = checked(examples("yaml")[1]).restorers["telea"]
        assert block.params.radius == 5
        train_restorer(
            block, faces, masked, tmp_path / "none", 0, tmp_path / "model", tmp_path / "scratch"
        )
        restore(block, tmp_path / "model", None, masked, out)
    finally:
        RESTORERS._specs.pop("telea", None)
        for name in names:
            sys.modules.pop(name, None)
    files = {path.name for path in (tmp_path / "model").iterdir()}
    assert files == {"state.safetensors", "curves.parquet", "sheet.png", "params.json", LISTING}
    given, found = MaskedSet.open(masked), MaskedSet.open(out)
    outside = np.array(found.masks) == 0
    assert (found.images[outside] == given.images[outside]).all()
    blue = np.array(given.images, int)[:, 48, 32]
    assert (blue == (0, 0, 255)).all()
    assert (np.ptp(np.array(found.images, int)[:, 48, 32], axis=1) < 100).all()


def test_the_documented_test_data_set_works(tmp_path):
    """Its adapter lists what it should through the step fetch; its block is a valid one."""
    from PIL import Image

    from maskbench.config import DatasetConfig
    from maskbench.datasets.adapters import ADAPTERS
    from maskbench.datasets.fetch import fetch
    from maskbench.datasets.manifest import Pictures

    names = ("ann/bare/1.png", "ann/masked/1.png", "bob/masked/x.png", "bob/notes/2.png")
    for shade, path in enumerate(names):
        (tmp_path / "both" / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), shade).save(tmp_path / "both" / path)
    module = module_of("maskbench.datasets.adapters.both", examples("python")[-1])
    try:
        config = DatasetConfig(adapter="both", path=str(tmp_path / "both"))
        fetch("both", config, tmp_path / "pictures")
        experiment = checked(examples("yaml")[2])
        assert experiment.really_masked == ["both"]
    finally:
        ADAPTERS._specs.pop("both", None)
        del sys.modules[module.__name__]
    found = Pictures.open(tmp_path / "pictures").manifest
    assert list(zip(found["source"], found["identity"], found["mask"], strict=True)) == [
        ("ann/bare/1.png", "ann", ""),
        ("ann/masked/1.png", "ann", "masked"),
        ("bob/masked/x.png", "bob", "masked"),
    ]
    assert experiment.config.recognition.tests == ("orl", "both")
    assert experiment.config.datasets["both"].undetected == "whole"


def test_recognition_is_documented():
    """Kinds, frozen networks, backbones, losses and protocols stand where users look for them."""
    from maskbench.recognition.kinds import RECOGNISERS
    from maskbench.recognition.measure import IMPOSTORS, KINDS, UNSEEN_STYLES
    from maskbench.recognition.specs import BACKBONES, LOSSES, NETWORKS
    from maskbench.reporting.names import CONDITIONS

    protocols = (ROOT / "docs" / "protocols" / "recognition.md").read_text("utf-8")
    methods = (ROOT / "docs" / "methods.md").read_text("utf-8")
    results = (ROOT / "docs" / "results.md").read_text("utf-8")
    for name in (*RECOGNISERS.all(), *NETWORKS.all()):
        assert f"`{name}`" in protocols, name
    for name in {*KINDS, *CONDITIONS["protocol"]} - {UNSEEN_STYLES, "identification"}:
        assert f"`{name}`" in protocols, name
    for name in (*LOSSES.all(), *BACKBONES.all()):
        assert f"`{name}`" in methods, name
    for kind in RECOGNISERS.all():
        assert f"`{kind}`" in results, kind
    assert f"{IMPOSTORS:,}" in protocols


def test_results_name_the_default_recognisers():
    """Each is one of the default run; params.yaml lists them all."""
    from maskbench import experiment

    text = (ROOT / "docs" / "results.md").read_text("utf-8")
    section = text.split("### The recognisers")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `\w+`: .*\| (.*) \|", section, re.M)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    known = set(experiment.load([ROOT / "params.yaml"]).recognisers)
    assert len(named) > 10
    assert named - {"_projected", "_strip"} <= known
    assert all(any(name.endswith(e) for name in known) for e in named if e.startswith("_"))


def test_every_benchmark_is_documented():
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    for script in (ROOT / "benchmarks").glob("*.py"):
        assert f"python benchmarks/{script.name}" in text, script.name


@pytest.fixture
def faces(tmp_path):
    """Four training and two test faces whose landmarks form a plausible face."""
    from maskbench.artifacts import atomic_dir
    from maskbench.faces.faceset import FaceSetWriter

    rng = np.random.default_rng(0)
    out = tmp_path / "faces"
    with atomic_dir(out) as tmp, FaceSetWriter(tmp, 64, {"dataset": "tiny", "crop": "c"}) as writer:
        for index in range(6):
            row = {
                "face_id": str(index), "identity": str(index), "source": str(index),
                "split": "train" if index < 4 else "test", "box": [0.0, 0.0, 64.0, 64.0],
                "score": 1.0, "crop_box": [0.0, 0.0, 64.0, 64.0], "yaw": 0.0, "pitch": 0.0,
                "roll": 0.0, "landmarks": face_landmarks() + rng.normal(0, 0.5, 136),
            }  # fmt: skip
            writer.add(rng.integers(90, 160, (64, 64, 3), dtype=np.uint8), row)
    return out


def face_landmarks():
    """68 points (x, y), flat, of an upright face in a picture of 64 x 64."""
    turn = np.linspace(0, np.pi, 17)
    jaw = np.stack([32 - 24 * np.cos(turn), 28 + 30 * np.sin(turn)], 1)
    brows = np.stack([np.r_[np.linspace(12, 28, 5), np.linspace(36, 52, 5)], np.full(10, 20.0)], 1)
    bridge = np.stack([np.full(4, 32.0), np.linspace(26, 38, 4)], 1)
    nostrils = np.stack([np.linspace(27, 37, 5), np.full(5, 41.0)], 1)
    ring = np.linspace(0, 2 * np.pi, 6, endpoint=False)
    eye = np.stack([-4 * np.cos(ring), -2 * np.sin(ring)], 1)
    outer = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    inner = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    lips = np.stack([32 - 8 * np.cos(outer), 48 - 4 * np.sin(outer)], 1)
    mouth = np.stack([32 - 6 * np.cos(inner), 48 - 2 * np.sin(inner)], 1)
    parts = [
        jaw,
        brows,
        bridge,
        nostrils,
        eye + np.array([20, 27]),
        eye + np.array([44, 27]),
        lips,
        mouth,
    ]
    return np.concatenate(parts).astype(np.float32).ravel()


@pytest.mark.parametrize("script", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda p: p.stem)
def test_benchmarks_import_what_the_package_has(script):
    """They are run by hand, so no other test finds a name that has moved."""
    for node in ast.walk(ast.parse(script.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("maskbench"):
            module = importlib.import_module(node.module)
            assert all(hasattr(module, alias.name) for alias in node.names)
