"""Snakemake's Kubernetes executor for pods that share the volume which holds this folder.

snakemake-executor-plugin-kubernetes copies every input and output through a storage plugin. Here
all pods see the same files at the same path, as the nodes of a Slurm cluster do, so nothing is
copied: a job starts in the folder of the workflow, with the environment of the workflow, and ends
when its runtime is over.
"""

import os
import shlex
from dataclasses import replace
from pathlib import Path

import snakemake_executor_plugin_kubernetes as plugin

ExecutorSettings = plugin.ExecutorSettings
common_settings = replace(
    plugin.common_settings,
    implies_no_shared_fs=False,
    job_deploy_sources=False,
    auto_deploy_default_storage_provider=False,
)

PASSED_ON = (
    "HOME",
    "MASKBENCH_",
    "MLFLOW_",
    "PYTHONPATH",
)  # environment variables, by their beginning


class Executor(plugin.Executor):
    """Runs jobs as Kubernetes jobs."""

    def format_job_exec(self, job):
        """What the shell of a pod is given."""
        folder = shlex.quote(str(Path.cwd()))
        values = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
        exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in values.items())
        minutes = job.resources.get("runtime")
        limit = f"timeout {minutes}m" if minutes else ""
        return f"cd {folder} && exec env {exports} {limit} {super().format_job_exec(job)}"

    def _kubernetes_retry(self, func):
        # A pod that never restarts has no earlier log, which the plugin asks for when a job fails.
        read = self.kubeapi.read_namespaced_pod_log
        self.kubeapi.read_namespaced_pod_log = lambda **which: read(**which | {"previous": False})
        try:
            return super()._kubernetes_retry(func)
        finally:
            self.kubeapi.read_namespaced_pod_log = read
