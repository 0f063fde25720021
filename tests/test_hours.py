"""The arithmetic of docs/scale.md, against hand calculations."""

import importlib
import json
from pathlib import Path

import pytest
import torch
from torch import nn

ROOT = Path(__file__).parents[1]


@pytest.fixture
def hours(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("hours")


@pytest.fixture
def operations(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("operations")


def training(name, hours, after=(), times=1):
    """A training of two stages that takes so many hours on the device that was measured."""
    return {
        "name": name, "stages": [[4e12, 1000], [1e12, 3000]],
        "seconds": [0.9 * hours, 0.9 * hours], "reserved": [7e9, 3e9],
        "after": list(after), "times": times,
    }  # fmt: skip


def test_hours_of_trainings(hours):
    first = training("first", 2)
    made = [first, training("second", 3, ["first", "untrained"])]
    made.append(training("other", 1, times=4))
    assert hours.hours(first, "H200") == pytest.approx(2)
    assert hours.hours(first, "A100") == pytest.approx(2 * 494.7 / 156)
    assert hours.share(first) == pytest.approx(7e15 / (7200 * 494.7e12))
    assert hours.longest(made, "H200") == pytest.approx(5)
    # 2 + 3 + 4 hours; with eight GPUs the second still waits for the first
    assert hours.with_gpus(made, "H200", 1) == pytest.approx(9)
    assert hours.with_gpus(made, "H200", 8) == pytest.approx(5)


def measured(**stages):
    """What was measured of the trainings of one configuration."""
    trainings = [{"name": name, "stages": found} for name, found in stages.items()]
    return {"paper": {"device": "NVIDIA H200", "trainings": trainings}}


def test_what_was_measured_belongs_to_what_was_counted(hours):
    counted = {"paper": {"trainings": [training("a", 1), training("b", 1)]}}
    found = measured(b=[[0.1, 1000, 8.0], [0.2, 3000, 9.0]], a=[[0.3, 1000, 6.0], [0.4, 3000, 5.0]])
    first, second = hours.joined(counted, found)["paper"]["trainings"]
    assert (first["seconds"], first["reserved"]) == ([0.3, 0.4], [6.0, 5.0])
    assert hours.hours(second, "H200") == pytest.approx((0.1 * 1000 + 0.2 * 3000) / 3600)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({}, "paper/a was not measured"),
        (measured(b=[[0.1, 1000, 8.0], [0.2, 3000, 9.0]]), "paper/a was not measured"),
        (measured(a=[[0.1, 900, 8.0], [0.2, 3000, 9.0]]), "paper/a was not measured as it is"),
        ({"paper": {"device": "NVIDIA A100", "trainings": []}}, "measured on NVIDIA A100"),
    ],
)
def test_what_was_not_measured_is_not_guessed(hours, found, said):
    with pytest.raises(SystemExit, match=said):
        hours.joined({"paper": {"trainings": [training("a", 1)]}}, found)


def test_published_peaks(hours):
    """NVIDIA's data sheets: TF32 without sparsity, in teraflop a second."""
    assert hours.DEVICES["A100"] == 156e12
    assert hours.DEVICES["H200"] == pytest.approx(989.4e12 / 2)


def test_disk_and_hours_of_pictures(hours):
    pictures = hours.Pictures(3_600_000, 128, 256, {"test/a": 1000, "real": 500}, 800, 0.0)
    assert pictures.disk == 3_600_000 * 196_608 + 1500 * 262_144
    rates = {"fetch": 0.5, "crop/128": 16.0, "overlay": 3.6, "metrics_stand_ins": 9.0}
    found = pictures.data_hours(rates)
    assert found["fetch"] == pytest.approx(0.5)
    assert found["crop"] == pytest.approx(16 / hours.CORES)
    assert found["masks"] == pytest.approx(4 * 3.6 * 1000 / 3.6e6)
    assert found["measure"] == pytest.approx(4 * 9 * 800 / 3.6e6)


def test_a_rate_that_was_not_measured_is_named(hours):
    with pytest.raises(SystemExit, match=r"no rate of crop/1024, metrics_stand_ins: run bench"):
        hours.Pictures(1, 1024, 256, {}, 1, 0.0).data_hours({"fetch": 1.0, "overlay": 1.0})


def test_the_document_has_a_place_for_each_table(hours, tmp_path, monkeypatch):
    """As it was made last; with scale.json it gets the tables of the stages, too."""
    text = (ROOT / "docs" / "scale.md").read_text("utf-8")
    scale = {
        f"{stage}/{side}/{count}/1": dict.fromkeys(
            ("memory_mb", "with_files_mb", "ms", "cpu_ms"), 1.0
        )
        for stage in ("fetch", "crop", "faceset", "overlay", "loader", "metrics_stand_ins", "mask")
        for side, counts in (("128", (1000, 100_000)), ("1024", (2000,)))
        for count in counts
    }
    files = {name: tmp_path / name for name in ("scale.json", "operations.json", "scale.md")}
    files["scale.md"].write_text(text, "utf-8")
    files["scale.json"].write_text(json.dumps(scale))
    files["operations.json"].write_text("{}")
    command = ["hours.py", "--rates", files["scale.json"], "--into", files["scale.md"]]
    monkeypatch.setattr(
        "sys.argv", [*map(str, command), "--operations", str(files["operations.json"])]
    )
    hours.main()
    made = files["scale.md"].read_text("utf-8")
    assert made.count("| crop | 128 | 1 | 1,000 and 100,000 |") == 1
    files["scale.md"].write_text(text.replace("<!-- stages -->", ""), "utf-8")
    with pytest.raises(SystemExit, match="has 0 places <!-- stages -->"):
        hours.main()


def test_rates_and_growth(hours):
    scale = {
        "crop/128/1000/1": {"ms": 5.0, "memory_mb": 100.0},
        "crop/128/100000/1": {"ms": 4.0, "memory_mb": 109.9},
        "crop/128/100000/2": {"ms": 2.0, "memory_mb": 200.0},
        "crop/1024/2000/1": {"ms": 30.0, "memory_mb": 300.0},
        "metrics_stand_ins/128/1000/1": {"ms": 7.0, "memory_mb": 50.0},
    }
    assert hours.rates_of(scale) == {
        "crop/128": 4.0, "crop/1024": 30.0, "metrics_stand_ins": 7.0,
    }  # fmt: skip
    assert hours.growth_of(scale) == {"crop": pytest.approx(9.9 * 2**20 / 99_000)}


def test_operations_of_a_step(operations):
    """Two convolutions, by hand: 2 x pictures x pixels x channels out x channels in x kernel."""
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.ReLU(), nn.Conv2d(4, 2, 1, bias=False)
    )
    (flops,) = operations.network_step(network, (2, 3, 8, 8))
    first, second = 2 * 2 * 64 * 4 * 3 * 9, 2 * 2 * 64 * 2 * 4
    # Back through the second go two products, through the first one: pictures have no gradient.
    assert flops == 2 * first + 3 * second
    assert next(network.parameters()).device == torch.device("meta")
