"""How fast the pages of a study are with many raters at once.

    python benchmarks/study.py

A study with pictures of 144 pixels is served by ``maskbench study serve`` with SQLite, on this
machine alone. All raters go through it at the same time, each without a pause: a page, its four
pictures, a vote. Milliseconds of each kind of request at the 50th, 95th and 99th percentile, as
threads of one other process see them, and votes a second.
"""

from __future__ import annotations

import argparse
import http.client
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from PIL import Image

from maskbench.artifacts import write_json
from maskbench.study.design import pairs_of, turns_of
from maskbench.study.plan import PICTURES, PLAN, Judged, Plan, Trial
from maskbench.study.secret import SECRET, Signer
from maskbench.study.settings import Rule

METHODS = ("gan_stn", "dcgan_stn", "wgan_stn", "pywgan_div")
SIDE = 144  # pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--raters", type=int, default=50)
    parser.add_argument("--groups", type=int, default=20)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/study.json"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), given.raters, given.groups, given.port)
    for kind, row in found["milliseconds"].items():
        print(f"{kind:8} {row['requests']:6} requests  " + "  ".join(
            f"p{p} {row[f'p{p}']:.1f} ms" for p in (50, 95, 99)
        ))  # fmt: skip
    print(f"{found['votes_per_second']:.0f} votes/s by {given.raters} raters at once")
    write_json(given.out, found)


def a_study(folder: Path, raters: int, groups: int) -> Plan:
    """Write a study whose pictures are noise, the least that a PNG can be made smaller."""
    rng = np.random.default_rng(0)
    (folder / PICTURES).mkdir()
    files = [f"{number:032x}.png" for number in range(4 * groups)]
    for name in files:
        pixels = rng.integers(0, 256, (SIDE, SIDE), np.uint8)
        Image.fromarray(pixels).save(folder / PICTURES / name)
    pairs = pairs_of(METHODS, groups, rng)
    trials = []
    for number, pair in enumerate(pairs):
        face, mask, first, second = files[4 * number : 4 * number + 4]
        shown = [
            Judged(file=file, kind="method", method=method)
            for file, method in zip((first, second), pair, strict=True)
        ]
        trials.append(Trial(face=face, mask=mask, pictures=(shown[0], shown[1])))
    turns = tuple(map(tuple, turns_of(pairs, 0, raters, rng)))
    plan = Plan(
        dataset="orl", split="test", crop="none", rule=Rule(), days=1, trials=tuple(trials),
        raters=turns,
    )  # fmt: skip
    write_json(folder / PLAN, plan.model_dump())
    (folder / SECRET).write_text("0" * 64, "ascii")
    return plan


class Rater(threading.Thread):
    """One person, who never hesitates."""

    def __init__(self, port: int, cookie: str) -> None:
        super().__init__()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookie = cookie
        self.taken: dict[str, list[float]] = {"page": [], "picture": [], "vote": []}

    def ask(self, kind: str, method: str, path: str, fields: dict[str, str] | None = None) -> str:
        body = urlencode(fields) if fields else None
        headers = {"Cookie": f"rater={self.cookie}"}
        if fields:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        start = time.perf_counter()
        self.connection.request(method, path, body, headers)
        reply = self.connection.getresponse()
        content = reply.read()
        self.taken.setdefault(kind, []).append(time.perf_counter() - start)
        if reply.status not in (200, 303):
            raise RuntimeError(f"{method} {path}: {reply.status}")
        return content.decode("latin-1")

    def run(self) -> None:
        page = self.ask("page", "GET", "/study")
        while form := re.search(r'name="form" value="([^"]+)"', page):
            fields = {"form": form[1]}
            if "agree" in page:
                self.ask("consent", "POST", "/consent", fields | {"agree": "yes"})
            else:
                for path in re.findall(r'src="(/pictures/[^"]+)"', page):
                    self.ask("picture", "GET", path)
                self.ask("vote", "POST", "/vote", fields | {"left": "real", "right": "not_real"})
            page = self.ask("page", "GET", "/study")


def measure(folder: Path, raters: int, groups: int, port: int) -> dict[str, object]:
    """Serve a study and send all raters through it."""
    plan = a_study(folder, raters, groups)
    signer = Signer.of(folder, plan)
    command = [sys.executable, "-m", "maskbench", "study", "serve", str(folder)]
    server = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        people = [Rater(port, signer.link(number)) for number in range(raters)]
        start = time.perf_counter()
        for person in people:
            person.start()
        for person in people:
            person.join()
        seconds = time.perf_counter() - start
    finally:
        server.kill()
        server.wait()
    rows: dict[str, dict[str, float]] = {}
    for kind in ("page", "picture", "vote"):
        taken = 1000 * np.array([t for person in people for t in person.taken[kind]])
        rows[kind] = {"requests": len(taken)} | {
            f"p{p}": float(np.percentile(taken, p)) for p in (50, 95, 99)
        }
    votes = int(rows["vote"]["requests"])
    if votes != raters * groups:
        raise RuntimeError(f"{votes} votes of {raters * groups}")
    return {"milliseconds": rows, "votes_per_second": votes / seconds, "raters": raters}


if __name__ == "__main__":
    main()
