"""The command line: quick help, examples, errors in one line."""

import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

import maskbench
from maskbench.cli import app
from maskbench.config import read_layers

ROOT = Path(maskbench.__file__).parents[2]
SLOW = ("torch", "pandas", "cv2", "matplotlib", "mlflow", "dlib", "skimage")


def test_help_takes_less_than_a_second_and_loads_no_heavy_library():
    code = f"""
import sys
sys.argv = ["maskbench", "--help"]
from maskbench.cli import main
try:
    main()
except SystemExit:
    pass
print([name for name in {SLOW!r} if name in sys.modules])
"""
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert run.stdout.strip().endswith("[]")
    assert min(taken) < 1


@pytest.mark.parametrize("name", sorted(command.name for command in app.registered_commands))
def test_every_command_has_a_help_with_an_example(name):
    result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert f"Example: maskbench {name}" in result.output
    assert ("--params" in result.output) == (name != "compare")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["methods", "--params", "none.yaml"], ["none.yaml: no such file or directory"]),
        (
            ["methods", "-p", "wrong.yaml"],
            ["wrong.yaml: faces.sise: unknown key; did you mean size?"],
        ),
        (["mask", "no.jpg", "--out", "out"], ["no.jpg: does not exist"]),
    ],
)
def test_what_is_missing_or_unknown_is_one_line(tmp_path, monkeypatch, arguments, words):
    values = read_layers([ROOT / "params.yaml"])
    values["faces"]["sise"] = 100
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(values), "utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in result.stderr


def test_a_configuration_of_another_tool_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text("train: {rate: 0.1}\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    masked = CliRunner().invoke(app, ["mask", "no.jpg", "--out", "out"])
    assert masked.stderr == "error no.jpg: does not exist; check the path\n"
    assert CliRunner().invoke(app, ["methods"]).exit_code == 0


def test_methods_are_listed_with_paper_and_parameters(monkeypatch):
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, ["methods"], env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    for name in ("keypoint", "gan_direct", "gan_stn", "dcgan_stn", "wgan_stn", "pywgan_div"):
        assert name in result.output


def test_version():
    result = CliRunner().invoke(app, ["--version"])
    assert result.output.strip() == maskbench.__version__


DOCUMENTED = [
    pytest.param(line, id=f"{path.stem}-{number}")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for number, line in enumerate(
        re.findall(r"^maskbench .*", path.read_text("utf-8").replace("\\\n", ""), re.M)
    )
]


@pytest.mark.parametrize("line", DOCUMENTED)
def test_commands_in_the_documents_are_understood(line):
    """Names and options, as typed there; nothing is run."""
    _, *names = shlex.split(line.partition(" > ")[0], comments=True)
    command = get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[names.pop(0)]
    command.make_context("maskbench", names)
