"""The script that makes the environment, on a small project that needs no network."""

import subprocess
import sys
from pathlib import Path

import pytest

import maskbench

SCRIPT = Path(maskbench.__file__).parents[2] / "workflow" / "scripts" / "environment.sh"
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "small-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        info = "small-1.dist-info/"
        wheel.writestr("small.py", "")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1\\n")
        wheel.writestr(
            info + "WHEEL",
            "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        )
        wheel.writestr(info + "RECORD", "small.py,,\\n")
    return name
"""


@pytest.fixture
def small(tmp_path):
    """A project whose one pin is the pip that comes with this Python."""
    ensurepip = pytest.importorskip("ensurepip")
    (tmp_path / "requirements.lock").write_text(f"pip=={ensurepip.version()}\n")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "backend.py").write_text(BACKEND)
    return tmp_path


def make(folder):
    done = subprocess.run(
        ["bash", str(SCRIPT), ".venv"], cwd=folder, text=True, capture_output=True,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PIP_NO_INDEX": "1"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_half_made_environment_is_made_anew_and_a_current_one_left_alone(small):
    """Stopped between making Python and installing pip."""
    venv = small / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (venv / "leftover").touch()
    code, text = make(small)
    assert code == 0, text
    assert not (venv / "leftover").exists()
    assert subprocess.run([venv / "bin" / "python", "-c", "import small"]).returncode == 0
    assert make(small) == (0, "")


def test_an_environment_keeps_a_folder_s_files_and_moves_with_its_checkout(small):
    """A folder that is no environment becomes one. The scripts of an environment and what is
    installed in it hold the path of where it was made."""
    first, second = small / "first", small / "second"
    first.mkdir()
    for path in list(small.iterdir()):
        if path != first:
            path.rename(first / path.name)
    own = first / ".venv" / "file"
    own.parent.mkdir()
    own.touch()
    code, text = make(first)
    assert code == 0, text
    assert own.exists()
    assert make(first) == (0, "")
    first.rename(second)
    code, text = make(second)
    assert code == 0, text
    assert subprocess.run([second / ".venv" / "bin" / "pip", "--version"]).returncode == 0
    assert make(second) == (0, "")
