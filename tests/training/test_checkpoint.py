import shutil

import pytest

from maskbench import code_digest
from maskbench.errors import MaskbenchError
from maskbench.training.checkpoint import Checkpoints, discard, training_key


def test_only_every_nth_step_is_saved_and_only_then_captured(tmp_path):
    checkpoints = Checkpoints(tmp_path / "run", every=3)
    asked = []
    for step in range(1, 8):
        checkpoints.maybe_save(step, lambda step=step: asked.append(step) or {"step": step})
    assert asked == [3, 6]
    assert Checkpoints(tmp_path / "run", 3).resume() == {"step": 6}
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["state.safetensors"]


def test_a_training_killed_while_its_folder_is_deleted_does_not_go_on_from_half_of_it(
    tmp_path, monkeypatch
):
    def killed(folder, **_):
        (folder / "stages" / "quarter.safetensors").unlink()
        raise KeyboardInterrupt

    scratch = tmp_path / "run"
    Checkpoints(scratch, 1).maybe_save(40, lambda: {"step": 40})
    (scratch / "stages").mkdir()
    (scratch / "stages" / "quarter.safetensors").touch()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "rmtree", killed)
        discard(scratch)
    assert Checkpoints(scratch, 1).resume() is None
    discard(scratch)
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_resume_before_the_first(tmp_path):
    checkpoints = Checkpoints(tmp_path / "run", every=1)
    assert checkpoints.resume() is None


def test_zero_switches_checkpoints_off(tmp_path):
    checkpoints = Checkpoints(tmp_path / "run", every=0)
    checkpoints.maybe_save(10, lambda: {"step": 10})
    assert checkpoints.resume() is None


def test_the_key_changes_with_settings_inputs_and_code(tmp_path, monkeypatch):
    monkeypatch.setattr(code_digest, "ROOT", tmp_path)
    data, module = tmp_path / "data.npy", tmp_path / "helper.py"
    data.write_bytes(b"1")
    module.write_text("x = 1")
    (tmp_path / "learner.py").write_text("from maskbench.helper import x")

    def key(seed=0):
        for kept in (code_digest.code_digest, code_digest._read, code_digest._file):
            kept.cache_clear()
        return training_key({"seed": seed}, [data], ["maskbench.learner"])

    first = key()
    assert first == key()
    keys = {first, key(seed=1)}
    module.write_text("x = 1  # a comment")
    assert key() == first
    module.write_text("x = 2")
    keys.add(key())
    data.write_bytes(b"2")
    keys.add(key())
    assert len(keys) == 4
    monkeypatch.undo()
    key()  # no cache holds anything of the small package


def test_a_damaged_checkpoint_names_the_way_out(tmp_path):
    (tmp_path / "state.safetensors").write_bytes(b"cut")
    with pytest.raises(MaskbenchError, match=r"state.safetensors: .*; delete it, and train again"):
        Checkpoints(tmp_path, 1).resume()
