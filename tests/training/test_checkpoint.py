from maskbench.training.checkpoint import Checkpoints, training_key


def test_only_every_nth_step_is_saved_and_only_then_captured(tmp_path):
    checkpoints = Checkpoints(tmp_path / "run", every=3)
    asked = []
    for step in range(1, 8):
        checkpoints.maybe_save(step, lambda step=step: asked.append(step) or {"step": step})
    assert asked == [3, 6]
    assert Checkpoints(tmp_path / "run", 3).resume() == {"step": 6}
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["state.safetensors"]


def test_nothing_to_resume_before_the_first(tmp_path):
    checkpoints = Checkpoints(tmp_path / "run", every=1)
    assert checkpoints.resume() is None


def test_zero_switches_checkpoints_off(tmp_path):
    checkpoints = Checkpoints(tmp_path / "run", every=0)
    checkpoints.maybe_save(10, lambda: {"step": 10})
    assert checkpoints.resume() is None


def test_the_key_changes_with_settings_inputs_and_code(tmp_path):
    data, code = tmp_path / "data", tmp_path / "code"
    for folder in (data, code):
        folder.mkdir()
    (data / "a.npy").write_bytes(b"1")
    (code / "m.py").write_text("x = 1")
    (code / "m.pyc").write_text("cache")
    first = training_key({"seed": 0}, [data], [code])
    assert first == training_key({"seed": 0}, [data], [code])
    keys = {first, training_key({"seed": 1}, [data], [code])}
    (code / "m.pyc").write_text("another cache")
    assert training_key({"seed": 0}, [data], [code]) == first
    (code / "m.py").write_text("x = 2")
    keys.add(training_key({"seed": 0}, [data], [code]))
    (data / "a.npy").write_bytes(b"2")
    keys.add(training_key({"seed": 0}, [data], [code]))
    assert len(keys) == 4
