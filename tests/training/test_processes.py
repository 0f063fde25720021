"""Two processes that share each batch against one process that sees it whole."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

from maskbench.errors import MaskbenchError
from maskbench.training import state
from maskbench.training.checkpoint import STATE
from maskbench.training.processes import together

from ..trainings import killed_in
from .learners import contents, run

HERE = str(Path(__file__).parent)
JUDGED = """
import torch
from torch import nn
from maskbench.training.processes import average_gradients, divide

def judged(rows):
    # A network with all that looks beyond a picture, and a loss of the whole batch that asks for
    # the gradient of a gradient; its second part uses a layer from outside of the network's call.
    torch.manual_seed(5)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.LeakyReLU(), nn.Flatten(), nn.Dropout(0.3),
        nn.Linear(64, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 2),
    ).double()
    pictures = torch.randn(rows, 3, 6, 6, dtype=torch.float64, requires_grad=True)
    divide(network)
    scores = network(pictures)
    (inner,) = torch.autograd.grad(scores.square().sum(), pictures, create_graph=True)
    penalty = inner.square().flatten(1).sum(1).pow(3).mean()
    direct = network[-1](torch.ones(rows, 8).double()).square().mean()
    loss = (scores.mean() - 0.3).abs() + scores.std() + penalty + direct
    parameters = list(network.parameters())
    loss.backward(inputs=[*parameters, pictures])
    average_gradients(parameters)
    found = {name: parameter.grad for name, parameter in network.named_parameters()}
    return found | dict(network.named_buffers()) | {"loss": loss.detach(), "in": pictures.grad}
"""
RUN = """
import sys
sys.path.insert(0, here)
from learners import run
run(folder / "out", folder / "scratch", every=2)
"""
BOTH = """
from maskbench.training.processes import together
with together(2, exec, run, {"here": here, "folder": folder}):
    exec(run)
"""


def judged(rows: int) -> dict[str, torch.Tensor]:
    known: dict = {}
    exec(JUDGED, known)
    return known["judged"](rows)


def test_gradients_of_a_shared_batch_are_those_of_the_whole():
    alone = judged(6)
    for processes in (2, 3):
        with together(processes, exec, JUDGED + "judged(6)", {}):
            shared = judged(6)
        assert shared.keys() == alone.keys()
        for name, value in alone.items():
            torch.testing.assert_close(shared[name], value, rtol=1e-7, atol=1e-9)


def run_on_two(folder: Path) -> Path:
    with together(2, exec, RUN, {"here": HERE, "folder": folder}):
        run(folder / "out", folder / "scratch", every=2)
    return folder / "out"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_on_two(tmp_path_factory.mktemp("shared"))


def test_two_processes_have_the_losses_of_one(shared, tmp_path):
    run(tmp_path / "out", tmp_path / "scratch")
    one, two = (pd.read_parquet(out / "curves.parquet") for out in (tmp_path / "out", shared))
    assert one[["step", "name"]].equals(two[["step", "name"]])
    assert two["value"].to_numpy() == pytest.approx(one["value"].to_numpy(), rel=1e-4, abs=1e-5)
    pools = (state.load(out / STATE)["pool"]["kept"] for out in (tmp_path / "out", shared))
    torch.testing.assert_close(*map(torch.stack, pools), rtol=1e-3, atol=1e-4)
    assert contents(tmp_path / "out").keys() == contents(shared).keys()


def test_two_processes_that_are_killed_go_on_to_the_same_bytes(shared, tmp_path):
    killed_in(7, BOTH, here=HERE, folder=tmp_path, run=RUN)
    assert not (tmp_path / "out" / STATE).exists()
    assert (tmp_path / "scratch" / STATE).exists()
    assert contents(run_on_two(tmp_path)) == contents(shared)


def test_a_batch_that_cannot_be_shared_is_refused_with_a_way_out():
    with (
        pytest.raises(MaskbenchError, match=r"batch of 5 pictures .* multiples of 2"),
        together(2, exec, JUDGED + "judged(5)", {}),
    ):
        judged(5)


def test_a_process_that_fails_ends_the_training():
    with (
        pytest.raises(MaskbenchError, match="process 1 of 2 ended unexpectedly"),
        together(2, exec, "raise SystemExit(3)", {}),
    ):
        judged(4)
    assert not torch.distributed.is_initialized()
