"""Stages as data: weights that change, learning rates that fall."""

import math

import pytest
from pydantic import ValidationError

from maskbench.training.stage import Ramp, Schedule, Stage, Turn


def shares(steps, **values):
    return [Schedule(**values).at(step, steps) for step in range(steps + 1)]


def test_linear_is_one_and_then_a_line_to_zero():
    schedule = Schedule(shape="linear", start=0.5)
    assert [schedule.at(step, 8) for step in (0, 4, 6, 8, 9)] == [1, 1, 0.5, 0, 0]


def test_cosine_falls_from_its_start_after_a_linear_rise():
    found = shares(12, shape="cosine", warmup=2, start=2 / 12)
    assert found[:3] == [0.5, 1.0, 1.0]
    assert found[7] == pytest.approx(0.5)
    assert found[12] == pytest.approx(0)
    assert found[4] == pytest.approx((1 + math.cos(math.pi / 5)) / 2)


def test_drops_divide_by_ten_at_even_distances():
    assert shares(10, shape="drops", drops=4) == pytest.approx(
        [1, 1, 0.1, 0.1, 0.01, 0.01, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4]
    )


def test_constant_stays():
    assert shares(3) == [1, 1, 1, 1]


def test_a_turn_knows_rates_and_weights():
    stage = Stage(
        name="train", steps=10, players=("generator",), rates={"generator": 0.2},
        schedule=Schedule(shape="linear"),
        weights={"cycle": 10, "diversity": Ramp(start=1, end=0, begin=0.2, finish=0.7)},
    )  # fmt: skip
    at = [Turn(stage, step) for step in range(10)]
    assert at[5].rate("generator") == pytest.approx(0.1)
    assert [at[0].weight("cycle"), at[0].weight("unnamed")] == [10, 1]
    assert [at[s].weight("diversity") for s in (0, 2, 3, 7, 9)] == pytest.approx([1, 1, 0.8, 0, 0])


def test_a_stage_is_checked_as_any_section():
    with pytest.raises(ValidationError, match="step"):
        Stage(name="a", step=3, players=("x",), rates={})
    with pytest.raises(ValidationError, match="players"):
        Stage(name="a", steps=3, players=(), rates={})
