"""One whole run of the experiment, small, in a copy of the tree, shared by the tests here.

All tests of this folder run in one pytest-xdist worker (``xdist_group``), one after another, since
they share that run.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

import maskbench
from maskbench.config import merge, read_layers

ROOT = Path(maskbench.__file__).parents[2]
SMALL = [
    ROOT / "params.yaml",
    ROOT / "config" / "smoke.yaml",
    Path(__file__).with_name("small.yaml"),
]
NO_TRACKING = "tracking={'enabled': False}"  # for --config: MLflow takes seconds to import
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", ".snakemake", "results", "mlruns", "mlflow.db*", "dvc.lock", "__pycache__",
    "tmp", "cache", ".*_cache", ".hypothesis", "*.egg-info", "build", "tests", "benchmarks", "docs",
)  # fmt: skip


@dataclass
class Done:
    """A finished command: what it printed, how it ended, and the processor time it took."""

    text: str
    code: int
    seconds: float


@dataclass
class Project:
    """A copy of the tree with its own configuration."""

    path: Path
    commands: dict[str, Done] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        own = ("MLFLOW_TRACKING_URI", "DVC_STAGE", "PYTHONDONTWRITEBYTECODE")
        kept = {name: value for name, value in os.environ.items() if name not in own}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.path / "src"),
            "DVC_NO_ANALYTICS": "1",
        }

    def run(self, *command: str, code: int | None = 0) -> Done:
        """Run a command in the project; ``code``: the exit code it must have (None: any)."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        end = subprocess.run(
            command, cwd=self.path, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if code is not None:
            assert end.returncode == code, f"{' '.join(command)}\n{end.stdout[-6000:]}"
        return Done(end.stdout, end.returncode, used)

    def plan(self, *arguments: str) -> dict[str, int]:
        """What ``snakemake -n`` would run: rule -> number of jobs (empty: nothing)."""
        text = self.run("snakemake", "-n", "--quiet=rules", *arguments).text
        if "Nothing to be done" in text:
            return {}
        lines = text.split("Job stats:")[1].split("total")[0].splitlines()[3:]
        return {line.split()[0]: int(line.split()[1]) for line in lines if line.strip()}

    def params(self, overlay: dict) -> None:
        """Change the project's params.yaml."""
        path = self.path / "params.yaml"
        values = merge(yaml.safe_load(path.read_text("utf-8")), overlay)
        path.write_text(yaml.safe_dump(values, sort_keys=False), "utf-8")


def copy_tree(path: Path) -> Project:
    """A copy of the tree under git, whose default experiment is a small one."""
    shutil.copytree(ROOT, path, ignore=LEFT_OUT, symlinks=True)
    values = read_layers(SMALL)
    values["output"] = "results"
    (path / "params.yaml").write_text(yaml.safe_dump(values, sort_keys=False), "utf-8")
    (path / "results").mkdir()
    project = Project(path)
    project.run("git", "init", "-q", ".")
    project.run("git", "config", "user.email", "tests@example.org")
    project.run("git", "config", "user.name", "tests")
    commit(project)
    return project


def commit(project: Project) -> None:
    project.run("git", "add", "-A")
    project.run("git", "commit", "-q", "--allow-empty", "-m", "state")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The finished run: DVC makes the data, then Snakemake all the rest."""
    made = copy_tree(tmp_path_factory.mktemp("workflow") / "project")
    made.commands["dvc repro"] = made.run("dvc", "repro", "data")
    made.commands["snakemake"] = made.run("snakemake", "--cores", "2")
    commit(made)
    return made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "project" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("workflow"))
            item.add_marker(pytest.mark.slow)
    # The long shared run starts first, and what it left is looked at before anything changes it.
    first = ["test_run.py", "test_report.py", "test_lock.py", "test_changes.py", "test_failures.py"]
    order = {name: place for place, name in enumerate(first)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))
