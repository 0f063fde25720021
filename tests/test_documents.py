"""The documents tell the truth about the tree: links, commands, captions, citation, example."""

import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import yaml

import maskbench
from maskbench.reporting.figures import names as figure_names
from maskbench.reporting.make_table import table_names

ROOT = Path(__file__).parents[1]
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
        assert (ROOT / given).exists() or given == "config/mine.yaml", given
    for script in re.findall(r"python ((?:benchmarks|workflow)/\S+\.py)", quoted):
        assert (ROOT / script).exists(), script
    for profile in re.findall(r"--workflow-profile (\S+)", quoted):
        assert any((ROOT / profile).glob("config*.yaml"))


def test_commands_of_maskbench_exist():
    from maskbench.cli import app

    known = {command.name for command in app.registered_commands}
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        used = re.findall(r"(?:^|`)maskbench (\w+)", text, re.M)
        assert set(used) <= known, path


def test_readme_names_what_reproduce_leaves():
    text = (ROOT / "README.md").read_text("utf-8")
    for name in table_names():
        assert f"`{name}`" in text
    for name in figure_names():
        assert name.rstrip("123") in text


@pytest.mark.parametrize("name", [*table_names(), *figure_names(), "measurements", "claims"])
def test_everything_in_the_report_has_a_caption(name):
    text = (ROOT / "workflow" / "report" / f"{name}.rst").read_text("utf-8")
    assert len(text.split()) > 15


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


def test_the_documented_method_works(tmp_path, faces):
    """The module printed in docs/adding_a_method.md, run as it stands."""
    from maskbench.faces.faceset import FaceSet
    from maskbench.masks.artwork import MaskPictures
    from maskbench.masks.maskedset import MaskedSet
    from maskbench.synthesis import base

    text = (ROOT / "docs" / "adding_a_method.md").read_text("utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", text, re.S)
    module = types.ModuleType("maskbench.synthesis.average_place")
    sys.modules[module.__name__] = module  # pydantic looks annotations up by module
    try:
        exec(compile(source, "average_place.py", "exec"), module.__dict__)
        method = base.method("average_place")
        (block,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
        values = yaml.safe_load(block)["synthesis"]["methods"]["average_place"]
        params = base.parse_params("average_place", values)
        bare, pictures = FaceSet.open(faces), MaskPictures.draw(64, ["kn95", "floral"])
        model, out = tmp_path / "model", tmp_path / "out"
        model.mkdir()
        out.mkdir()
        logged = []
        method.train(
            bare, bare, pictures, params, styles=["kn95"], seed=0, out=model,
            scratch=tmp_path, log=lambda *point: logged.append(point),
        )  # fmt: skip
        rows = bare.of_split("test").tolist()
        method.apply(
            model, bare, pictures, params, rows=rows, styles=["floral", "kn95"], seed=0, out=out
        )
    finally:
        base._REGISTRY.pop("average_place", None)
        del sys.modules[module.__name__]
    masked = MaskedSet.open(out)
    assert logged[0][0] == 0
    assert {path.name for path in model.iterdir()} == {
        "state.safetensors",
        "curves.parquet",
        "snapshots",
    }
    assert list(masked.faces["style"]) == ["floral", "kn95"] * len(rows)
    for index, row in enumerate(np.repeat(rows, 2)):
        changed = (masked.images[index] != bare.images[row]).any(-1)
        assert changed.mean() > 0.05
        assert (masked.masks[index][changed] > 0).all()


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
