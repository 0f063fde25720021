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

ROOT = Path(maskbench.__file__).parents[2]
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
    return yaml.safe_load((ROOT / "dvc.yaml").read_text("utf-8"))["stages"]


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


def test_a_checkout_has_the_same_lines_whatever_git_is_told(tmp_path):
    """A carriage return breaks scripts and changes digests."""
    files = tracked_files()
    command = ["git", "-c", "core.autocrlf=true", "checkout-index", "-z", "--stdin"]
    names = "\0".join(str(path.relative_to(ROOT)) for path in files)
    subprocess.run(
        [*command, f"--prefix={tmp_path}/"], cwd=ROOT, input=names, text=True, check=True
    )
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(made) == len(files)
    assert [path for path in made if b"\r\n" in path.read_bytes()] == []


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


def imported(path):
    """The modules of this package that a file imports, also inside functions."""
    found = re.findall(r"^\s*from (maskbench[\w.]*) import (\([^)]*\)|.*)", path.read_text(), re.M)
    for module, names in found:
        yield module
        yield from (f"{module}.{name}" for name in re.findall(r"\w+", names))


def test_imports_go_one_way_and_in_no_circle():
    order = ["imaging", "datasets", "faces", "masks", "networks", "training", "metrics"]
    order += ["guides", "synthesis", "restoration", "recognition", "reporting"]
    order += ["export", "study"]
    package = ROOT / "src" / "maskbench"
    uses = {}
    for path in package.rglob("*.py"):
        module = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        uses[module.removesuffix(".__init__")] = set(imported(path))
    for module, used in uses.items():
        part = (module + ".").split(".")[1]
        if part in order and ".specs" not in module:
            later = {
                f"maskbench.{name}" for name in (*order[order.index(part) + 1 :], "cli", "step")
            }
            wrong = {name for name in used if ".".join(name.split(".")[:2]) in later}
            assert not {name for name in wrong if ".specs" not in name}, module
    left = {module: used & uses.keys() - {module} for module, used in uses.items()}
    while leaves := [module for module, used in left.items() if not used]:
        for module in leaves:
            del left[module]
        left = {module: used - set(leaves) for module, used in left.items()}
    assert not left, f"a circle among {sorted(left)}"
