"""Record in DVC what a workflow has made, so that ``dvc status`` and ``dvc push`` know it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def whole(stage: Mapping[str, Any], output: str, missing: Iterable[str]) -> bool:
    """Whether none of the missing files belongs to what a stage of dvc.yaml reads or writes."""
    named = [*stage["deps"], *(path for (path,) in stage["outs"])]
    folders = [Path(path.replace("${output}", output)) for path in named]
    return not any(Path(file).is_relative_to(folder) for file in missing for folder in folders)


def make_folders(stages: Mapping[str, Any], output: str) -> None:
    """Make the folders that stages of dvc.yaml declare; ``output`` stands for ``${output}``.

    DVC records a stage whose outputs all exist, also where a run makes nothing of some of them.
    """
    for stage in stages.values():
        for (path,) in stage["outs"]:
            folder = Path(path.replace("${output}", output))
            if not folder.suffix:
                folder.mkdir(parents=True, exist_ok=True)


def record(stages: Iterable[str], project: Path = Path()) -> list[str]:
    """Commit stages of dvc.yaml whose outputs are all current; times of files stay as they are.

    Nothing is done inside ``dvc repro``, which records its stages by itself, nor in a folder that
    is no DVC project. A failure is logged and costs nothing but the record.

    Returns:
        the names of the stages that were recorded.
    """
    wanted = list(stages)
    if not wanted or "DVC_STAGE" in os.environ or not (project / ".dvc").is_dir():
        return []
    command = [sys.executable, "-m", "dvc", "commit", "--quiet", "--force", "--no-relink", *wanted]
    end = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if end.returncode:
        lines = (end.stderr or "").strip().splitlines() or ["unknown reason"]
        log.warning("not recorded by DVC: %s", lines[-1])
        return []
    return wanted
