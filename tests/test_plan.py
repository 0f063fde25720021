"""What the workflow knows of the registries: the same as asking them, but asked once."""

import subprocess
import sys
from pathlib import Path

import pytest

import maskbench
from maskbench import experiment
from maskbench.config import merge, read_layers
from maskbench.errors import MaskbenchError
from maskbench.plan import plan, training_of
from maskbench.reporting.papers import tables as table_names

DEFAULT = Path(maskbench.__file__).parents[2] / "params.yaml"


def test_same_as_asking_the_registries(tmp_path):
    values = read_layers([DEFAULT])
    for _ in range(2):  # the second time from the file
        found = plan(values, "params.yaml", tmp_path)
        config = experiment.check(values, "params.yaml")
        assert found.config == config
        assert found.trainings == experiment.trainings(config)
        assert found.tables == list(table_names())
        for name, inputs in found.figures.items():
            assert inputs == experiment.figure_inputs(name, config)
        assert found.modules["wgan_stn"] == "maskbench.synthesis.wgan_stn"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_recogniser_learns_from_the_synthesis_of_its_seed_where_there_is_one():
    trainings = [("keypoint", 0), ("pywgan_div", 3), ("pywgan_div", 5)]
    assert training_of("pywgan_div", 5, trainings) == 5
    assert training_of("pywgan_div", 6, trainings) == 3
    assert training_of("keypoint", 5, trainings) == 0


def test_a_wrong_configuration_is_refused_every_time(tmp_path):
    values = merge(read_layers([DEFAULT]), {"synthesis": {"methods": {"wgan_stn": {"stepps": 1}}}})
    for _ in range(2):
        with pytest.raises(MaskbenchError, match="stepps: unknown key; did you mean steps"):
            plan(values, "mine.yaml", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_second_time_loads_no_network_library(tmp_path):
    plan(read_layers([DEFAULT]), "params.yaml", tmp_path)
    code = f"""
import sys
from pathlib import Path
from maskbench.config import read_layers
from maskbench.plan import plan
plan(read_layers([Path({str(DEFAULT)!r})]), "params.yaml", Path({str(tmp_path)!r}))
print([name for name in ("torch", "pandas", "matplotlib", "cv2") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
