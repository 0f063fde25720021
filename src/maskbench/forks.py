"""Jobs that start at once: copies of one process that has imported the libraries.

Importing PyTorch, pandas and the like takes seconds of processor time, more than many a job. So a
workflow has one process import them (:func:`start`), and Snakemake runs this file in place of
Python. It asks that process for a copy of itself, which runs the job's script in the caller's
folder, with its environment and streams, and ends as the copy ends (:func:`ask`). The copy imports
this package itself, as it lies there by then.

A job gets a Python of its own where there is no such process, and where it computes on several
threads, whose number libraries read from the environment when they are imported.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LIBRARIES = (
    "snakemake.iocontainers", "snakemake.logging", "pydantic", "yaml", "rich.progress", "numpy",
    "pandas", "pyarrow.parquet", "PIL.Image", "cv2", "scipy.linalg", "scipy.ndimage", "torch",
    "torch._dynamo", "torchvision", "safetensors.torch", "threadpoolctl",
)  # fmt: skip
ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
KILLED = 128 + 9  # exit code of a killed process, as shells have it


def start(
    python: str, place: Path, libraries: Iterable[str] = LIBRARIES
) -> tuple[list[str], object]:
    """Start the process that jobs are copies of.

    Args:
        python: path of the interpreter.
        place: where its socket shall lie, relative to the folder that jobs start in.
        libraries: modules to import; those that are not installed are left out.

    Returns:
        the command that runs a script in a copy, and what keeps the process: when this is gone, it
        ends. The command is Python itself where the system or the file system has no means for it.
    """
    import subprocess

    if sys.platform != "linux":
        return [python], None
    place.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(place))
    except OSError:
        return [python], None
    place.chmod(0o600)  # whoever may write to it runs programs as this user
    listener.listen(128)  # who asks early waits for the imports, as for its own
    number = listener.fileno()
    process = subprocess.Popen(
        [python, "-m", "maskbench.forks", "serve", str(number), *libraries],
        pass_fds=[number], env=os.environ | ONE,
        stdin=subprocess.PIPE,  # nothing is written to it: its end is the end of this process
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    listener.close()
    return [python, "-I", "-S", __file__, "ask", python, str(place)], process


def ask(python: str, address: str, *arguments: str) -> int:
    """Run a script in a copy of the process at an address, or else by Python itself.

    Returns:
        the script's exit code.
    """
    import json
    import signal

    # The copy has Ctrl-C as well, and ends by it.
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if len(arguments) != 1 or os.environ.get("OMP_NUM_THREADS") != "1":
            raise OSError
        copy = socket.socket(socket.AF_UNIX)
        copy.connect(address)
        request = {
            "script": arguments[0],
            "folder": str(Path.cwd()),
            "environment": dict(os.environ),
        }
        socket.send_fds(copy, [b"."], [1, 2])
        copy.sendall(json.dumps(request).encode() + b"\n")
        if not copy.recv(1):
            raise OSError
    except OSError:
        signal.signal(signal.SIGINT, interrupt)
        os.execv(python, [python, *arguments])
    code = copy.recv(1)
    return code[0] if code else KILLED


def serve(number: str, *libraries: str) -> None:
    """Import libraries, then be copied for whoever asks, until who started this process ends.

    Args:
        number: of the descriptor to listen at.
        libraries: modules.
    """
    import contextlib
    import gc
    import importlib
    import select
    import signal
    from multiprocessing import get_context

    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the jobs
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    for name in libraries:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # a collection in a copy would touch, and so double, all that they share
    listener = socket.socket(fileno=int(number))
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        asker = listener.accept()[0]
        get_context("fork").Process(target=_attend, args=(asker, listener, interrupt)).start()
        asker.close()


def _attend(asker: socket.socket, listener: socket.socket, interrupt: Any) -> None:
    """In a copy of the server: run a job in a copy of this, and wait for its end, or for the end
    of who asked."""
    import contextlib
    import json
    import select
    from multiprocessing import get_context

    listener.close()
    streams = socket.recv_fds(asker, 1, 2)[1]
    with asker.makefile("rb") as lines:
        request = json.loads(lines.readline())
    job = get_context("fork").Process(target=_run, args=(request, streams, asker, interrupt))
    job.start()
    with contextlib.suppress(OSError):
        asker.sendall(b".")
    ends: list[Any] = [job.sentinel, asker]
    if job.sentinel not in select.select(ends, [], [])[0]:
        job.kill()  # nobody waits for it any more
    job.join()
    code = job.exitcode or 0
    with contextlib.suppress(OSError):
        asker.sendall(bytes([code if code >= 0 else 128 - code]))


def _run(request: dict[str, Any], streams: list[int], asker: socket.socket, interrupt: Any) -> None:
    """In a copy of its own: what Python does with a script."""
    import runpy
    import signal

    asker.close()
    signal.signal(signal.SIGINT, interrupt)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = [request["script"]]
    sys.path[0] = os.path.dirname(request["script"])  # noqa: PTH120
    runpy.run_path(request["script"], run_name="__main__")


if __name__ == "__main__":
    if sys.argv[1] == "ask":
        sys.exit(ask(*sys.argv[2:]))
    serve(*sys.argv[2:])
