"""Record in DVC what a workflow has made, so that ``dvc status`` and ``dvc push`` know it."""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

log = logging.getLogger(__name__)

TIMESTAMP = ".snakemake_timestamp"  # Snakemake's marker inside an output folder


def record(made: Collection[Path], known: Collection[Path], project: Path = Path()) -> list[str]:
    """Commit those DVC stages whose outputs are all current.

    Nothing is done inside ``dvc repro``, which records its stages by itself, nor in a folder that
    is no DVC project. A failure is logged and costs nothing but the record.

    Args:
        made: files and folders that are up to date with ``params.yaml``, relative to the project.
        known: all files and folders that the whole experiment makes. An output of a stage is
            current when it, or all that the experiment makes inside it, is among ``made``.
        project: the folder of dvc.yaml.

    Returns:
        the names of the stages that were recorded.
    """
    if "DVC_STAGE" in os.environ or not (project / ".dvc").is_dir():
        return []
    made = {Path(path) for path in made}
    known = {Path(path) for path in known}
    try:
        wanted = [
            stage
            for stage, outputs in stage_outputs(project).items()
            if all(_is_current(output, made, known) for output in outputs)
        ]
        if wanted:
            command = [sys.executable, "-m", "dvc", "commit", "--quiet", "--force", *wanted]
            subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "").strip().splitlines() or ["unknown reason"]
        log.warning("not recorded by DVC: %s", lines[-1])
        return []
    except Exception as error:  # a damaged dvc.yaml, no git: the results are there all the same
        log.warning("not recorded by DVC: %s", error)
        return []
    return wanted


def level_times(outputs: Collection[Path]) -> None:
    """Give all outputs that exist one and the same time, that of the oldest.

    Version control sets the times of files as it likes, and Snakemake 9.27 reruns what depends on
    a newer file whichever rerun triggers are asked for. With level times only what truly decides a
    result counts: its settings, its code and its set of inputs.

    Args:
        outputs: files, and folders, which Snakemake dates by a marker file inside (if any).
    """
    markers = [path / TIMESTAMP if (path / TIMESTAMP).exists() else path for path in outputs]
    dated = {path: path.stat() for path in markers if path.exists()}
    if not dated:
        return
    oldest = min(stat.st_mtime_ns for stat in dated.values())
    for path, stat in dated.items():
        if stat.st_mtime_ns != oldest:
            with contextlib.suppress(OSError):  # read-only results are no reason to stop
                os.utime(path, ns=(stat.st_atime_ns, oldest))


def stage_outputs(project: Path = Path()) -> dict[str, set[Path]]:
    """The outputs of each stage of dvc.yaml, relative to the project."""
    from dvc.repo import Repo

    with Repo(str(project)) as repo:
        return {
            stage.addressing: {Path(os.path.relpath(o.fs_path, repo.root_dir)) for o in stage.outs}
            for stage in repo.index.stages
        }


def _is_current(output: Path, made: Collection[Path], known: Collection[Path]) -> bool:
    inside = {path for path in known if path == output or output in path.parents}
    return bool(inside) and inside <= set(made)
