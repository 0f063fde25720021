"""A server that is killed while people vote loses no vote that it acknowledged, and counts none
twice. ``MASKBENCH_KILLS=50 pytest tests/study/test_kill.py`` kills it as often."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from urllib.parse import urlencode

import pytest

from maskbench.study.secret import Signer
from maskbench.study.store import Store

from .studies import a_folder, a_plan

KILLS = int(os.environ.get("MASKBENCH_KILLS", "2"))
RATERS = 4
BROKEN = (OSError, http.client.HTTPException)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def serve(folder, port):
    """The server as people start it, once it answers."""
    command = [
        sys.executable,
        "-m",
        "maskbench",
        "study",
        "serve",
        str(folder),
        "--port",
        str(port),
    ]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return server
        time.sleep(0.02)
    server.kill()
    pytest.fail(f"the server does not start: {server.stderr.read().decode()}")


class Person(threading.Thread):
    """Votes on page after page. What breaks off is asked for again, as a browser would."""

    def __init__(self, port, cookie, rater, stop):
        super().__init__(daemon=True)
        self.port, self.cookie, self.rater, self.stop = port, cookie, rater, stop
        self.acknowledged, self.sent, self.unexpected = {}, {}, []

    def ask(self, method, path, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = urlencode(fields) if fields else None
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
            connection.request(method, path, body, {"Cookie": f"rater={self.cookie}", **kind})
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        finally:
            connection.close()

    def run(self):
        while not self.stop.is_set():
            with suppress(*BROKEN):
                self.vote()

    def vote(self):
        status, page = self.ask("GET", "/study")
        found = re.search(r'name="form" value="([^"]+)"', page)
        if found is None:
            return self.stop.wait(0.05)
        if "agree" in page:
            return self.ask("POST", "/consent", {"form": found[1], "agree": "yes"})
        number = int(re.search(r"<h1>Page (\d+)", page)[1]) - 1
        said = ("real" if (number + self.rater) % 2 else "not_real", "real")
        self.sent[number] = said
        status, _ = self.ask("POST", "/vote", {"form": found[1], "left": said[0], "right": said[1]})
        if status == 303:
            self.acknowledged[number] = said
        elif status != 409:
            self.unexpected.append(status)


def test_no_vote_is_lost_and_none_counts_twice(tmp_path):
    plan = a_plan(groups=20 + 15 * KILLS, raters=RATERS, catches=0)
    folder, port = a_folder(tmp_path / "study", plan), free_port()
    signer, stop = Signer.of(folder, plan), threading.Event()
    people = [Person(port, signer.link(rater), rater, stop) for rater in range(RATERS)]
    server = serve(folder, port)
    try:
        for person in people:
            person.start()
        for kill in range(KILLS):
            before = sum(len(person.acknowledged) for person in people)
            while sum(len(person.acknowledged) for person in people) < before + 5 + 3 * (kill % 7):
                assert server.poll() is None, server.stderr.read().decode()
                time.sleep(0.001)
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            server = serve(folder, port)
    finally:
        stop.set()
        for person in people:
            person.join(30)
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    store = Store(f"sqlite:///{folder}/votes.sqlite", plan)
    votes = store.export().votes
    store.close()
    held = {(vote.rater, vote.trial): vote.real for vote in votes}
    assert len(held) == len(votes)
    for person in people:
        assert person.unexpected == []
        turns = plan.raters[person.rater]
        pages = [page for page, (trial, _) in enumerate(turns) if (person.rater, trial) in held]
        assert pages == list(range(len(pages)))
        assert set(person.acknowledged) <= set(pages) <= set(person.sent)
        for page in pages:
            trial, swapped = turns[page]
            said = tuple(word == "real" for word in person.sent[page])
            assert held[person.rater, trial] == (said[::-1] if swapped else said)
    # Neither the server's words nor its files say where a rater sits.
    assert server.stderr.read().decode().count("127.0.0.1") == 2  # where it listens
    files = b"".join(path.read_bytes() for path in folder.glob("votes.sqlite*"))
    assert b"127.0.0.1" not in files
    lines = f"{KILLS} kills, {len(votes)} votes kept, {sum(len(p.acknowledged) for p in people)}"
    print(f"{lines} of them acknowledged")


def test_the_server_imports_no_network_library():
    """It starts without NumPy, pandas and torch."""
    code = """
import sys
from maskbench.study import app, commands, plan, secret, store
import uvicorn
heavy = {"torch", "numpy", "pandas", "networkx", "cv2", "mlflow"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)
