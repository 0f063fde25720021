"""The Kubernetes profile against a server that takes its requests: what is asked for, what runs."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import maskbench

from .kubelet import Kubelet

ROOT = Path(maskbench.__file__).parents[2]
PROFILE = ROOT / "workflow" / "profiles" / "kubernetes"
PLUGIN = "snakemake_executor_plugin_kubernetes"
RULES = """
rule all:
    input: "orl/pywgan_div/0/numbers", "failed"
rule synthesise:
    output: "{dataset}/{method}/{seed}/masked"
    resources: mem_mb=4000, runtime=240, gpu=1
    shell: "echo $MASKBENCH_DATA > {output}"
rule evaluate_synthesis:
    input: "{dataset}/{method}/{seed}/masked"
    output: "{dataset}/{method}/{seed}/numbers"
    resources: mem_mb=3000, runtime=60, gpu=1
    shell: "cp {input} {output}"
rule fail:
    output: "failed"
    resources: mem_mb=24000, runtime=1440
    shell: "echo no such luck >&2; exit 3"
"""


@pytest.mark.skipif(not importlib.util.find_spec(PLUGIN), reason=f"{PLUGIN} is not installed")
def test_jobs_ask_for_what_rules_say_and_one_that_fails_does_not_stop_the_others(tmp_path):
    kubelet, work = Kubelet(tmp_path), tmp_path / "it's here"
    work.mkdir()
    (work / "Snakefile").write_text(RULES)
    own = {
        "KUBECONFIG": str(kubelet.config()),
        "PYTHONPATH": str(ROOT / "workflow" / "executors"),
        "MASKBENCH_DATA": "/data/my faces",
    }
    run = [sys.executable, "-m", "snakemake", "--workflow-profile", PROFILE]
    run += ["--seconds-between-status-checks", "1", "--latency-wait", "1"]
    done = subprocess.run(
        run, cwd=work, env=os.environ | own, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    kubelet.shutdown()
    assert done.returncode == 1, done.stdout
    assert (work / "orl/pywgan_div/0/numbers").read_text() == "/data/my faces\n"
    assert "no such luck" in done.stdout
    assert not kubelet.secrets

    specs = [manifest["spec"]["template"]["spec"] for manifest in kubelet.manifests.values()]
    jobs = {spec["containers"][0]["resources"]["limits"]["memory"]: spec for spec in specs}
    assert jobs.keys() == {"4000M", "24000M"}  # the first two rules share a pod
    (small,), (large,) = (jobs[memory]["containers"] for memory in ("4000M", "24000M"))
    assert small["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert small["resources"]["requests"]["nvidia.com/gpu"] == "1"
    assert "nvidia.com/gpu" not in large["resources"]["limits"]
    assert "timeout 300m" in small["args"][1]  # one after the other
    assert "timeout 1440m" in large["args"][1]

    made = list(yaml.safe_load_all((PROFILE / "volume.yaml").read_text("utf-8")))
    (pod,) = [one["spec"] for one in made if one["kind"] == "Pod"]
    (own_mount,) = pod["containers"][0]["volumeMounts"]
    for spec in specs:
        (container,) = spec["containers"]
        assert container["image"] == pod["containers"][0]["image"]
        paths = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert paths["maskbench"] == own_mount["mountPath"]
        claims = [volume.get("persistentVolumeClaim", {}) for volume in spec["volumes"]]
        (claim,) = [one["claimName"] for one in claims if one]
        assert {"claimName": claim} == pod["volumes"][0]["persistentVolumeClaim"]
