"""One run at a time in a folder, whatever each of them makes."""

import os
import shutil
import signal
import subprocess
import time

from .conftest import NO_TRACKING


def test_a_second_run_is_refused_while_one_is_under_way(project, tmp_path):
    held, other = project.path / "results" / "held", project.path / "results" / "other"
    screen = tmp_path / "screen"
    second = ["snakemake", "draw_masks", "--config", f"output={other}", NO_TRACKING]
    with screen.open("w") as stream:
        first = subprocess.Popen(
            ["snakemake", "data", "--cores", "1", "--config", f"output={held}", NO_TRACKING],
            cwd=project.path, env=project.environment, stdout=stream, stderr=stream,
            start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while "Execute 1 jobs" not in screen.read_text("utf-8"):
            assert first.poll() is None, screen.read_text("utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.1)
        refused = project.run(*second, code=1)
        assert first.poll() is None, "the first run ended before the second began"
        assert "another run is under way in this folder; wait for its end" in refused.text
        assert "Traceback" not in refused.text
        assert not other.exists()
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
        made = [path for name in ("weights", "mask_pictures") if (path := held / name).exists()]
        assert all(any(path.iterdir()) for path in made)  # what is empty would pass for an output
        project.run(*second)  # a killed run holds nothing
        folders = [path for path in other.iterdir() if path.is_dir()]
        assert all(any(path.iterdir()) for path in folders)
    finally:
        if first.poll() is None:
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()
        shutil.rmtree(held, ignore_errors=True)
        shutil.rmtree(other, ignore_errors=True)
