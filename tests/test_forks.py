"""Scripts that run in copies of one process as Python would run them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maskbench import forks

LIBRARY = "wave"  # one that nothing else imports
SAYS = f"""
import os, sys
print(__name__, sys.argv, os.getcwd(), os.environ["WORD"], {LIBRARY!r} in sys.modules, flush=True)
print("to the other stream", file=sys.stderr)
sys.exit(3)
"""


@pytest.fixture
def copies(tmp_path, monkeypatch):
    """The command, and the process that is copied."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    command, process = forks.start(sys.executable, Path("copies"), [LIBRARY, "no_such_library"])
    yield command, process
    process.stdin.close()
    process.wait(timeout=60)


def begin(copies, text, **environment):
    """Start a script; it may be killed with all that it starts."""
    Path("script.py").write_text(text)
    return subprocess.Popen(
        [*copies[0], "script.py"], env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def said(process):
    """The exit code and what both streams got."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out.strip(), err.strip()


def test_a_script_has_its_own_folder_environment_streams_and_end(copies, tmp_path):
    code, out, err = said(begin(copies, SAYS, WORD="one"))
    assert (code, err) == (3, "to the other stream")
    assert Path("copies").stat().st_mode & 0o777 == 0o600
    assert out == f"__main__ ['script.py'] {tmp_path} one True"
    assert " two " in said(begin(copies, SAYS, WORD="two"))[1]
    assert said(begin(copies, "pass")) == (0, "", "")
    code, _, err = said(begin(copies, "raise ValueError('why')"))
    assert code == 1
    assert err.endswith("ValueError: why")


def test_python_itself_runs_what_wants_threads_or_finds_no_process(copies):
    assert said(begin(copies, SAYS, WORD="x", OMP_NUM_THREADS="2"))[1].endswith("False")
    copies[1].kill()
    copies[1].wait()
    code, out, err = said(begin(copies, SAYS, WORD="x"))
    assert (code, err) == (3, "to the other stream")
    assert out.endswith("x False")


def test_a_script_and_who_asked_for_it_end_together(copies):
    sleeps = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    first, second = begin(copies, sleeps), begin(copies, sleeps)
    os.kill(int(first.stdout.readline()), signal.SIGKILL)
    assert said(first)[0] == 128 + signal.SIGKILL
    script = int(second.stdout.readline())
    second.kill()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{script}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_interrupt_is_for_the_script_alone(copies):
    """Ctrl-C reaches all processes of a terminal, the one that is copied too."""
    waits = """
import os, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background of a shell
try:
    print(os.getpid(), flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    raise SystemExit(130)
"""
    asked = begin(copies, waits)
    script = int(asked.stdout.readline())
    for process in (copies[1].pid, asked.pid, script):
        os.kill(process, signal.SIGINT)
    assert said(asked)[0] == 130
    assert said(begin(copies, SAYS, WORD="on"))[1].endswith("on True")


def test_the_process_ends_with_who_started_it(copies):
    copies[1].stdin.close()
    assert copies[1].wait(timeout=60) == 0
