"""What Snakemake's Kubernetes executor speaks to, on this machine: jobs are run by a shell.

No cluster: it takes the requests of that executor alone, and ignores resources, images and
volumes, which a test reads from what was asked for.
"""

import json
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit


class Kubelet(ThreadingHTTPServer):
    """Serves until it is shut down.

    Attributes:
        manifests: of the jobs that were created, by name.
        secrets: that are there.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.manifests: dict[str, dict] = {}
        self.secrets: set[str] = set()
        self.running: dict[str, subprocess.Popen] = {}
        Thread(target=self.serve_forever, daemon=True).start()

    def config(self) -> Path:
        """A file for KUBECONFIG."""
        path = self.folder / "kubeconfig"
        here = {"name": "here", "cluster": {"server": f"http://127.0.0.1:{self.server_port}"}}
        context = {"name": "here", "context": {"cluster": "here", "user": "here"}}
        users = [{"name": "here", "user": {}}]
        whole = {"clusters": [here], "contexts": [context], "users": users}
        path.write_text(json.dumps({**whole, "current-context": "here"}))
        return path

    def start(self, manifest: dict) -> None:
        name = manifest["metadata"]["name"]
        container = manifest["spec"]["template"]["spec"]["containers"][0]
        self.manifests[name] = manifest
        with (self.folder / f"{name}.log").open("w") as log:
            # A pod has nothing of Snakemake's environment.
            self.running[name] = subprocess.Popen(
                [*container["command"], *container["args"]], cwd=self.folder, stdout=log,
                stderr=log, env={"PATH": "/usr/bin:/bin"},
            )  # fmt: skip

    def pod(self, job: str) -> dict:
        code = self.running[job].poll()
        state = {"running": {}} if code is None else {"terminated": {"exitCode": code}}
        status = {"name": "snakemake", "state": state, "image": "", "imageID": "", "ready": True}
        statuses = [status | {"restartCount": 0}]
        return {"metadata": {"name": job}, "status": {"containerStatuses": statuses}}


class _Handler(BaseHTTPRequestHandler):
    server: Kubelet

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/jobs"):
            self.server.start(body)
        else:
            self.server.secrets.add(body["metadata"]["name"])
        self._answer(body)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = parse_qs(url.query)
        words = url.path.split("/")
        if words[-1] == "pods":
            job = asked["labelSelector"][0].removeprefix("job-name=")
            self._answer({"items": [self.server.pod(job)]})
        elif words[-1] == "status":
            code = self.server.running[words[-2]].poll()
            self._answer({"status": {"succeeded": int(code == 0), "failed": int(bool(code))}})
        elif asked.get("previous") == ["True"]:  # as Kubernetes says of a pod that never restarted
            self._answer({"message": "previous terminated container not found"}, 400)
        else:
            self._answer((self.server.folder / f"{words[-2]}.log").read_text())

    def do_DELETE(self) -> None:
        self.server.secrets.discard(self.path.rpartition("/")[2])
        self._answer({})

    def _answer(self, value: object, code: int = 200) -> None:
        text = (value if isinstance(value, str) else json.dumps(value)).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *words: object) -> None:
        """Say nothing."""
