import json

import numpy as np
import pytest
import safetensors
import torch

from maskbench.errors import MaskbenchError
from maskbench.training import state


class Counter:
    """A part with a state of its own."""

    def __init__(self):
        self.values = {"count": 3, "pair": (1.5, None), "names": ["a"], "deep": {7: True}}

    def state_dict(self):
        return self.values

    def load_state_dict(self, values):
        self.values = values


def parts(seed):
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 0.9**step)
    return {
        "net": net,
        "optimiser": optimiser,
        "schedule": schedule,
        "torch": torch.Generator().manual_seed(seed),
        "numpy": np.random.default_rng(seed),
        "pool": torch.rand(2, 2),
        "counter": Counter(),
        "list": [seed, seed + 1],
    }


def work(all_parts, steps):
    """A little training that draws on everything; its numbers."""
    seen = []
    for _ in range(steps):
        x = torch.randn(5, 3, generator=all_parts["torch"])
        loss = all_parts["net"](x).square().mean() + float(all_parts["numpy"].random())
        all_parts["optimiser"].zero_grad()
        loss.backward()
        all_parts["optimiser"].step()
        all_parts["schedule"].step()
        all_parts["pool"].mul_(0.5)
        seen.append(loss.item())
    return seen


def test_a_restored_training_goes_on_exactly(tmp_path):
    unbroken = parts(1)
    work(unbroken, 3)
    state.save(tmp_path / "a", state.capture(unbroken))
    expected = work(unbroken, 4)

    other = parts(2)
    work(other, 1)
    state.restore(other, state.load(tmp_path / "a"))
    assert work(other, 4) == expected
    assert other["list"] == [1, 2]
    assert other["counter"].values == Counter().values
    state.save(tmp_path / "end", state.capture(unbroken))
    state.save(tmp_path / "end2", state.capture(other))
    assert (tmp_path / "end").read_bytes() == (tmp_path / "end2").read_bytes()


def test_saving_what_was_loaded_gives_the_same_bytes(tmp_path):
    values = state.capture(parts(5))
    state.save(tmp_path / "a", values)
    state.save(tmp_path / "b", state.load(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_types_come_back_as_they_were(tmp_path):
    values = {"a": [1, 2.5, "x", None, True], "b": (1, (2,)), "c": {3: {"d": np.float32(1.5)}},
              "e": torch.tensor([1, 2], dtype=torch.int16), "f": 2**100}  # fmt: skip
    state.save(tmp_path / "a", values)
    back = state.load(tmp_path / "a")
    assert back["a"] == values["a"]
    assert back["b"] == (1, (2,))
    assert back["c"] == {3: {"d": 1.5}}
    assert back["e"].dtype == torch.int16
    assert back["f"] == 2**100


def test_the_file_is_safetensors_with_one_metadata_key(tmp_path):
    state.save(tmp_path / "a", {"x": torch.ones(2), "y": 1})
    with safetensors.safe_open(str(tmp_path / "a"), framework="pt") as stream:
        assert list(stream.metadata()) == ["state"]
        assert list(stream.keys()) == ["x"]
        json.loads(stream.metadata()["state"])


def test_tensors_that_share_memory_are_kept(tmp_path):
    x = torch.arange(4.0)
    state.save(tmp_path / "a", {"x": x, "view": x[1:3]})
    assert state.load(tmp_path / "a")["view"].tolist() == [1, 2]


def test_what_cannot_be_plain_data_is_refused(tmp_path):
    with pytest.raises(TypeError, match="object"):
        state.save(tmp_path / "a", {"x": object()})
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("damage", ["missing", "truncated", "pickle", "empty"])
def test_damaged_files_are_one_clear_error(tmp_path, damage):
    file = tmp_path / "state.safetensors"
    if damage == "truncated":
        state.save(file, {"x": torch.ones(100)})
        file.write_bytes(file.read_bytes()[:-50])
    elif damage == "pickle":
        torch.save({"x": torch.ones(2)}, file)
    elif damage == "empty":
        file.touch()
    with pytest.raises(MaskbenchError, match=r"state\.safetensors"):
        state.load(file)


TREES = {
    "number": "5",
    "no pairs": '{"dict": 5}',
    "a list as key": '{"dict": [[[1], 2]]}',
    "no such tensor": '{"tensor": "y"}',
    "deep": '{"list": ' * 9999 + "1" + "}" * 9999,
}


@pytest.mark.parametrize("text", TREES.values(), ids=TREES)
def test_another_tree_is_one_clear_error(tmp_path, text):
    file = tmp_path / "state.safetensors"
    safetensors.torch.save_file({"x": torch.ones(1)}, file, {"state": text})
    with pytest.raises(MaskbenchError, match=r"state\.safetensors: not a readable training state"):
        state.load(file)


def test_a_failed_save_leaves_the_older_file(tmp_path):
    state.save(tmp_path / "a", {"x": 1})
    with pytest.raises(TypeError):
        state.save(tmp_path / "a", {"x": object()})
    assert state.load(tmp_path / "a") == {"x": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
