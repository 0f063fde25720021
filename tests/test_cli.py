"""The command line: quick help, the steps' own names, defaults from the layout."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import maskbench
from maskbench.cli import app
from maskbench.config import read_layers
from maskbench.layout import Layout
from maskbench.masks.artwork import MaskPictures

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
    assert "--params" in result.output or name == "schema"


def test_rule_command_and_function_share_one_name():
    commands = {command.name for command in app.registered_commands}
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        text = path.read_text("utf-8")
        for line in text.splitlines():
            if line.strip().startswith('"maskbench '):
                assert line.split()[1].strip('"') in commands


@pytest.fixture
def folder(tmp_path, monkeypatch):
    values = read_layers([ROOT / "params.yaml"])
    values["output"] = "mine"
    values["tracking"]["enabled"] = False
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(values), "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MASKBENCH_PARAMS", raising=False)
    return tmp_path


def test_outputs_go_where_the_layout_says(folder):
    (folder / "small.yaml").write_text("masks: {size: 40}\n")
    result = CliRunner().invoke(app, ["draw_masks", "-p", "params.yaml", "-p", "small.yaml"])
    assert result.exit_code == 0, result.output
    pictures = MaskPictures.open(Layout(Path("mine")).mask_pictures)
    assert pictures.rgba.shape[1:] == (40, 40, 4)


def test_options_win_over_the_configuration(folder):
    result = CliRunner().invoke(app, ["draw_masks", "--size", "33", "--out", "here"])
    assert result.exit_code == 0, result.output
    assert MaskPictures.open(Path("here")).rgba.shape[1] == 33
    assert not (folder / "mine").exists()


def test_the_workflow_s_settings_come_by_the_environment(folder, monkeypatch):
    (folder / "params.yaml").rename(folder / "other.yaml")
    monkeypatch.setenv("MASKBENCH_PARAMS", "other.yaml")
    result = CliRunner().invoke(app, ["draw_masks", "--size", "32"])
    assert result.exit_code == 0, result.output
    assert (folder / "mine" / "mask_pictures").exists()


def test_methods_are_listed_with_paper_and_parameters(folder):
    result = CliRunner().invoke(app, ["methods"], env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    for name in ("keypoint", "gan_direct", "gan_stn", "dcgan_stn", "wgan_stn", "pywgan_div"):
        assert name in result.output


def test_version():
    result = CliRunner().invoke(app, ["--version"])
    assert result.output.strip() == maskbench.__version__


def test_interrupt_is_one_line(folder, monkeypatch):
    from maskbench.masks import draw_masks

    def stop(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(draw_masks, "draw_masks", stop)
    result = CliRunner().invoke(app, ["draw_masks"])
    assert result.exit_code == 130
    assert "interrupted" in result.output
    assert "Traceback" not in result.output
