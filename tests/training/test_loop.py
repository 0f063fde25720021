"""The training loop: stages in order, whose batches, curves, sheets, snapshots, exact resume."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path

import pandas as pd
import pytest
import torch

from maskbench.errors import MaskbenchError
from maskbench.training import state
from maskbench.training.checkpoint import STATE, load_network
from maskbench.training.loop import Training

from ..trainings import Stopped, killed_in
from .learners import Small, contents, run

RUN = """
import sys
sys.path.insert(0, here)
from learners import run
run(folder / "out", folder / "scratch", every=every)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    run(folder / "out", folder / "scratch")
    return folder / "out"


def test_a_second_run_writes_the_same_bytes_and_another_seed_other_ones(whole, tmp_path):
    run(tmp_path / "out", tmp_path / "scratch")
    assert contents(tmp_path / "out") == contents(whole)
    run(tmp_path / "other", tmp_path / "scratch2", seed=1)
    assert contents(tmp_path / "other")[STATE] != contents(whole)[STATE]


@pytest.mark.parametrize(("step", "every"), [(2, 1), (4, 1), (8, 3), (9, 1), (11, 4)])
def test_killed_at_a_step_and_started_again_it_writes_the_same_bytes(whole, tmp_path, step, every):
    killed_in(step, RUN, here=str(Path(__file__).parent), folder=tmp_path, every=every)
    assert not (tmp_path / "out" / STATE).exists()
    run(tmp_path / "out", tmp_path / "scratch", every=every)
    assert contents(tmp_path / "out") == contents(whole)


@pytest.mark.parametrize("at", range(12))
def test_a_state_of_any_step_goes_on_to_the_same_end(tmp_path, at):
    def steps(training, count):
        for _ in range(count):
            if training.step == training.stage.steps:
                training.next_stage()
            training.advance()

    one = Training(Small(), 0, 2)
    steps(one, at)
    state.save(tmp_path / STATE, one.capture())
    steps(one, 12 - at)
    torch.manual_seed(99)
    two = Training(Small(), 0, 2)
    two.restore(state.load(tmp_path / STATE))
    steps(two, 12 - at)
    for training, name in ((one, "one"), (two, "two")):
        state.save(tmp_path / name, training.capture())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_players_step_in_the_order_and_number_of_their_stage(tmp_path):
    moves = []

    class Watched(Small):
        def after(self, player, turn):
            moves.append((turn.stage.name, turn.step, player))

    training = Training(Watched(), 0, 2)
    training.index = 1
    training.advance()
    assert moves == [("first", 0, name) for name in ("critic", "critic", "generator")]
    # One batch at the start of the step, one for the critic's second turn; the generator has it.
    assert training.learner.drawn == ["first", "first"]
    training.next_stage()
    training.advance()
    assert moves[3:] == [("second", 0, name) for name in ("generator", "critic")]
    assert training.learner.drawn[2:] == ["second"]


def test_only_the_players_of_a_stage_change():
    training = Training(Small(), 0, 2)
    before = state.capture(training.learner.players["generator"].parts("generator"))
    weights = {n: v.clone() for n, v in before["generator"].items() if "running" not in n}
    critic = training.learner.players["critic"].parameters[0].detach().clone()
    training.advance()
    after = training.learner.players["generator"].network.state_dict()
    assert all(torch.equal(v, after[n]) for n, v in weights.items() if "batches" not in n)
    assert int(training.learner.players["generator"].average.n_averaged) == 1
    assert not torch.equal(critic, training.learner.players["critic"].parameters[0])
    assert all(p.grad is None for p in training.learner.players["generator"].parameters)


def test_curves_are_means_named_by_stage_and_what_has_no_gradient_is_noted(whole, tmp_path):
    heard = []
    run(tmp_path / "out", tmp_path / "scratch", log=lambda s, v: heard.append((s, v)))
    curves = pd.read_parquet(whole / "curves.parquet")
    assert set(curves["name"]) == {
        "warmup/critic_loss", "warmup/distance",
        *(f"{s}/{n}" for s in ("first", "second")
          for n in ("critic_loss", "distance", "generator_loss", "far")),
    }  # fmt: skip
    assert curves.groupby("name")["step"].apply(list)["first/far"] == [2, 4]
    value = curves.set_index(["name", "step"])["value"]
    assert value["first/distance", 2] == pytest.approx(-value["first/critic_loss", 2])
    assert [step for step, _ in heard] == [2, 2, 4, 2, 4]
    assert heard[-1][1]["second/far"] == value["second/far", 4]
    assert set(heard[0][1]) == {"warmup/critic_loss", "warmup/distance"}


def test_sheets_and_the_networks_of_each_stage_are_kept(whole):
    names = set(contents(whole)) - {STATE, "curves.parquet"}
    assert names == {
        "stages/first.safetensors",  # none of the warm-up, which keeps none; the last is the state
        "stages/midway.safetensors",  # of the last stage, after half of its steps
        *(f"sheets/1_first_{step:06d}.png" for step in (0, 2, 4, 5)),
        *(f"sheets/2_second_{step:06d}.png" for step in (0, 2, 4)),
    }
    device = torch.device("cpu")
    last = load_network(Small().players["generator"].average.module, whole, "generator", device)
    first, midway = (
        load_network(Small().players["generator"].average.module, whole, "generator", device, name)
        for name in ("first", "midway")
    )
    values = state.load(whole / STATE)["generator_average"]
    assert torch.equal(last[0].weight, values["module.0.weight"])
    weights = [network[0].weight for network in (first, midway, last)]
    assert not any(torch.equal(*pair) for pair in itertools.combinations(weights, 2))
    assert not last.training
    assert not last[0].weight.requires_grad


def test_weights_of_another_network_are_refused_with_a_way_out(whole):
    with pytest.raises(MaskbenchError, match="train again"):
        load_network(torch.nn.Linear(2, 2), whole, "generator", torch.device("cpu"))
    with pytest.raises(MaskbenchError, match="nobody"):
        load_network(torch.nn.Linear(2, 2), whole, "nobody", torch.device("cpu"))
    with pytest.raises(MaskbenchError):
        load_network(torch.nn.Linear(2, 2), whole, "critic", torch.device("cpu"), "third")


def test_a_training_that_takes_over_a_stage_ends_as_if_it_had_trained_it(whole, tmp_path):
    def stop(step, values):
        raise Stopped

    taken = {"begin": (whole, "first")}
    with pytest.raises(Stopped):
        run(tmp_path / "out", tmp_path / "scratch", log=stop, **taken)
    learner = run(tmp_path / "out", tmp_path / "scratch", **taken)
    assert learner.drawn == ["second"] * 3  # from its own checkpoint after the first of four steps
    expected, found = contents(whole), contents(tmp_path / "out")
    assert found.items() <= expected.items()
    assert {
        name for name in expected.keys() - found.keys() if "sheets/1_first" not in name
    } == set()


def test_networks_alone_are_no_stage_to_take_over(whole, tmp_path):
    with pytest.raises(MaskbenchError, match=r"midway.* is no end of a stage to go on from"):
        run(tmp_path / "out", tmp_path / "scratch", begin=(whole, "midway"))
    with pytest.raises(MaskbenchError, match="third"):
        run(tmp_path / "out", tmp_path / "scratch", begin=(whole, "third"))


class Tree(Small):
    """``second`` and ``third`` both go on from the end of ``first``."""

    def __init__(self):
        super().__init__()
        _, first, second = self.stages
        third = second.model_copy(update={"name": "third", "continues": "first"})
        self.stages = [first, second, third]


def test_a_stage_continues_the_one_that_it_names(tmp_path):
    """Both leaves have one schedule: they end with the same networks, and so does a killed one."""
    for killed in (False, True):
        folder = tmp_path / str(killed)
        training = Training(Tree(), 0, 2, folder)
        while training.step < training.stage.steps or training.next_stage():
            if killed and training.done == 11:  # in the middle of the last stage
                values, training = training.capture(), Training(Tree(), 0, 2, folder)
                training.restore(values)
                killed = False
            training.advance()
            if training.stage.name == "second" and training.step == training.stage.steps:
                second = copy.deepcopy(state.capture(training.parts()))
        third = state.capture(training.parts())
        for name in ("generator", "critic", "generator_average"):
            for key, value in second[name].items():
                assert torch.equal(value, third[name][key])


def test_a_stage_cannot_continue_a_later_one():
    learner = Tree()
    learner.stages[1] = learner.stages[1].model_copy(update={"continues": "third"})
    with pytest.raises(MaskbenchError, match="stage second: third: unknown earlier stage"):
        Training(learner, 0, 2)
