"""The files around the code agree: lock and conda environment, DVC and Snakemake, no slips."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import maskbench
from maskbench.reporting.figures import names as figure_names
from maskbench.steps import STEPS, code_files
from maskbench.synthesis.base import methods

ROOT = Path(maskbench.__file__).parents[2]
STAGE_OF = {
    "make_table": "make_tables",
    "make_figure": "make_figures",
    "evaluate_segmenter": "evaluate_restoration",
}  # where DVC says otherwise
TEXT = {".py", ".smk", ".yaml", ".yml", ".toml", ".md", ".rst", ".sh", ".json", ".lock", ".cff", ""}


def locked():
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_conda_environment_carries_the_same_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == locked()


def test_pip_is_pinned_to_one_that_resumes_downloads():
    """What maskbench.datasets.download asks of it (``--resume-retries``)."""
    (pip,) = (Requirement(line) for line in locked() if line.startswith("pip=="))
    assert Version(str(pip.specifier).removeprefix("==")) >= Version("25.1")


def test_every_pin_is_exact_and_every_dependency_pinned():
    pins = {canonicalize_name(Requirement(line).name): Requirement(line) for line in locked()}
    for pin in pins.values():
        assert re.fullmatch(r"==[^*,]+", str(pin.specifier)), pin
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for requirement in map(Requirement, wanted):
        pin = pins[canonicalize_name(requirement.name)]
        version = str(pin.specifier).removeprefix("==")
        assert requirement.specifier.contains(version, prereleases=True), requirement


def test_cuda_libraries_are_for_their_platform_alone():
    for line in locked():
        if re.match(r"(nvidia|cuda|triton)", line):
            marker = Requirement(line).marker
            assert marker is not None
            assert not marker.evaluate({"sys_platform": "darwin", "platform_machine": "arm64"})
            assert marker.evaluate({"sys_platform": "linux", "platform_machine": "x86_64"})


def stages():
    found = yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))["stages"]
    return {name: stage.get("do", stage) for name, stage in found.items()}


@pytest.mark.parametrize("name", [name for name in STEPS if not name.startswith("make_")])
def test_dvc_tracks_what_decides_a_step(name):
    """Each section that a step reads is a parameter of its DVC stage (or lies in one)."""
    written = [
        key.replace("${synthesis.dataset}", "{dataset}").replace("${key}", "{method}")
        for key in stages()[STAGE_OF.get(name, name)].get("params", [])
    ]
    for section in STEPS[name].sections:
        assert any(section == key or section.startswith(key + ".") for key in written), section


@pytest.mark.parametrize("name", STEPS)
def test_dvc_depends_on_all_code_that_decides_a_step(name):
    """Each module and packaged file whose change makes Snakemake run a step again."""
    package = Path(maskbench.__file__).parent
    folders = {ROOT / dep for dep in stages()[STAGE_OF.get(name, name)]["deps"]}
    deciding = step_files(name)
    assert package.joinpath(*STEPS[name].module.split(".")).with_suffix(".py") in deciding
    missed = [path for path in deciding if not folders & {path, *path.parents}]
    assert not missed


def step_files(name):
    step = STEPS[name]
    modules = [f"maskbench.{step.module}"]
    if any("{method}" in section for section in step.sections):
        modules += [type(method).__module__ for method in methods().values()]
    if name == "make_figure":
        modules += [f"maskbench.reporting.figures.{figure}" for figure in figure_names()]
    package = Path(maskbench.__file__).parent
    data = [path for pattern in step.files for path in package.glob(pattern)]
    return [*code_files(modules).values(), *data]


def test_dvc_knows_what_prepares_a_second_data_set():
    """synthesis.real_domain may name one: no stage but masked_domain's has its pictures."""
    stage = stages()["masked_domain"]
    assert "datasets" in stage["params"]  # a key of its own would be missing for `keypoint`
    folders = {ROOT / dep for dep in stage["deps"]}
    for name in ("fetch", "split", "crop_faces"):
        assert all(folders & {path, *path.parents} for path in step_files(name))
        for section in STEPS[name].sections:
            assert section.split(".")[0] in stage["params"]


def test_dvc_keeps_outputs_in_place():
    """A stage asks Snakemake, which must find what is there: DVC may not delete it first."""
    for name, stage in stages().items():
        assert stage["cmd"].startswith("snakemake "), name
        for kind in ("outs", "metrics", "plots"):
            for out in stage.get(kind, []):
                ((_, options),) = out.items()
                assert options["persist"] is True, name


def tracked_files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    files = [ROOT / name for name in listed if name]
    if not files:
        pytest.skip("not a git checkout")
    return [path for path in files if path.is_file() and path.suffix in TEXT]


def test_no_file_names_a_machine_of_ours():
    """Paths of one machine, addresses of a package index's mirror, and the like."""
    wrong = re.compile(
        r"(?<![\w.])/(work|root|home)/\w|(?<![\w.])/opt/\w+/|https?://[^\s/]*(pypi|artifactory|nexus)"
        r"[^\s]*simple"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in tracked_files()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if wrong.search(line) and path != Path(__file__)
    ]
    assert found == []


def test_source_files_hold_one_thing_each():
    for path in tracked_files():
        if path.suffix in {".py", ".smk"}:
            assert len(path.read_text("utf-8").splitlines()) <= 400, path


def test_imports_go_one_way():
    order = ["datasets", "faces", "masks", "networks", "metrics"]
    order += ["synthesis", "restoration", "recognition", "reporting"]
    package = ROOT / "src" / "maskbench"
    for path in package.rglob("*.py"):
        part = path.relative_to(package).parts[0]
        text = path.read_text("utf-8")
        used = set(re.findall(r"^(?:from|import) maskbench\.(\w+)", text, re.M))
        used |= set(re.findall(r"^from maskbench import (\w+)", text, re.M))
        if part in order:
            later = set(order[order.index(part) + 1 :]) | {"cli", "commands", "tracking"}
            if part in (beside := {"synthesis", "restoration", "recognition"}):
                later |= beside - {part}
            assert not used & later, f"{path}: {used & later}"
        if part in {"training", "tracking.py"}:
            assert not used & set(order), path
