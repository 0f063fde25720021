"""``config/paper``: the papers' values, typed from them and from the works that they build on.

Every value in force is the one in :mod:`.published`, or is marked "ours" in the file.
"""

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

import maskbench
from maskbench import experiment
from maskbench.datasets.collection import Collection

from .datasets.layouts import LAYOUTS, made
from .published import FILES, NO_RESULT
from .published_celeba import MFGAN_CELEBA

ROOT = Path(maskbench.__file__).parents[2]
PAPERS = ROOT / "config" / "paper"
TABLES = FILES | {"mfgan_celeba": MFGAN_CELEBA}
OVER = {"mfgan_celeba": "mfgan"}
"""A file that is laid over another one."""


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


@pytest.fixture(params=sorted(TABLES))
def published(request):
    names = [OVER[request.param]] if request.param in OVER else []
    paths = [PAPERS / f"{name}.yaml" for name in (*names, request.param)]
    found = experiment.load([ROOT / "params.yaml", *paths])
    return paths, TABLES[request.param], in_force(found)


def test_values_are_the_papers(published):
    paths, table, values = published
    for key, (value, source) in table.items():
        assert values[key] == pytest.approx(value), f"{paths[-1].name}: {key}: {value} in {source}"


def test_what_is_not_the_papers_is_marked(published):
    paths, table, values = published
    ours = set().union(*map(marked, paths))
    unmarked = [
        f"{key}: {value}"
        for key, value in values.items()
        if key not in table and not is_ours(key, ours)
        if not any(fnmatch(key, pattern) for pattern in NO_RESULT)
    ]
    assert not unmarked, f"{paths[-1].name}: neither the paper's nor marked as ours: {unmarked}"


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


def test_as_many_are_asked_as_in_the_paper():
    study = experiment.load([ROOT / "params.yaml", PAPERS / "pywgan_div.yaml"]).config.study
    assert (study.groups, study.raters) == (100, 20)  # section 4.2


def test_one_cloth_mask_is_an_option():
    files = [ROOT / "params.yaml", PAPERS / "maskfacenet.yaml", PAPERS / "maskfacenet_cloth.yaml"]
    masks = experiment.load(files).config.masks
    assert masks.styles == masks.figure_styles == ("cloth_plain",) and not masks.unseen_styles


def test_the_trees_of_trainings_in_small_have_the_published_ratios():
    small, published = (
        experiment.load([ROOT / "params.yaml", *over]).methods
        for over in ((), (PAPERS / "mumford.yaml",))
    )
    blocks = ("cyclegan_schedule", "simgan_schedule", "simgan_four_blocks", "simgan_deep_critic")
    for name in blocks:
        assert ratios(small[name].params) == pytest.approx(ratios(published[name].params)), name
        assert small[name].params.critic_steps == published[name].params.critic_steps
    critics = [small[name].params.critic_extra for name in blocks[1:]]
    assert critics == [published[name].params.critic_extra for name in blocks[1:]] == [0, 0, 2]


def ratios(params):
    """Of the rates, weights and critic steps of each stage to those of the block."""
    whole = params.model_dump()
    whole |= {"image": whole.get("beta")}
    found = {}
    for stage in whole["stages"]:
        changed = {key: stage[key] for key in ("generator_lr", "critic_lr", "critic_steps")}
        for key, value in (changed | stage["weights"]).items():
            if value is not None:
                found[f"{stage['name']}.{key}"] = value / whole[key]
    return found


def commands_of(path):
    """The shell commands in the comments at the head of a file, but for the run itself."""
    head = path.read_text("utf-8").partition("\noutput:")[0]
    lines = re.findall(r"^#   (.*)", head, re.MULTILINE)
    return "\n".join(line for line in lines if "config/paper" not in line)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("maskfacenet", {"vggface2": ["n000001"]}),
        ("mumford", {"ffhq": ["00007", "60001"], "maskedface_net": ["", ""]}),
        ("mfgan", {"ffhq": ["", ""], "masked_faces": [""]}),
        ("mfgan_celeba", {"celeba": ["2880", "2937"], "rmfrd": ["aidai", "aidai"]}),
    ],
)
def test_data_sets_are_read_from_where_they_are_placed(name, expected, tmp_path, monkeypatch):
    monkeypatch.setenv("MASKBENCH_DATA", str(tmp_path))
    for dataset in ("celeba", "ffhq", "maskedface_net", "rmfrd", "vggface2"):
        made(tmp_path / dataset, LAYOUTS[dataset][0])
    files = [PAPERS / f"{file}.yaml" for file in (*([OVER[name]] if name in OVER else []), name)]
    subprocess.run(["sh", "-ec", commands_of(files[-1])], check=True)
    found = experiment.load([ROOT / "params.yaml", *files])
    for dataset in found.datasets:
        rows = Collection.open(dataset, found.config.datasets[dataset]).rows
        assert [row.identity for row in rows] == expected.pop(dataset)
    assert not expected
