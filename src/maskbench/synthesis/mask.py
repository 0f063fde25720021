"""Command ``mask``: put masks on pictures of one's own.

    mask([Path("album")], Path("masked"), weights, faces=FacesConfig(), workers=2)

Writes every masked picture in full resolution under its relative name and its coverage under
``masks/``, ``manifest.csv`` (a row a masked face, and a row with the reason for whatever was left
out) and ``settings.json`` (all that decides the pictures). Called again, it goes on where it was
stopped, and masks only what is new since it was done.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import maskbench
from maskbench.artifacts import (
    UNFINISHED,
    Unfinished,
    refuse_foreign,
    remove,
    resumable_dir,
    sha256_of,
    write_json,
)
from maskbench.code_digest import code_digest
from maskbench.config import FacesConfig
from maskbench.datasets.weights import WEIGHTS_JSON
from maskbench.errors import MaskbenchError
from maskbench.faces.progress import pictures_progress
from maskbench.faces.runs import RUN
from maskbench.registry import Block
from maskbench.synthesis.inputs import MANIFEST, SETTINGS, Task, listing, refuse_within
from maskbench.synthesis.journal import (
    JOURNAL,
    Journal,
    as_cells,
    done_before,
    seal,
    settings_in,
    still_valid,
)
from maskbench.synthesis.mask_workers import SURE, Job, masked_rows
from maskbench.synthesis.model_file import opened_model
from maskbench.synthesis.own_pictures import (
    guides_of,
    method_of,
    model_of,
    put_on_by,
    styles_of,
    worn_in,
)

log = logging.getLogger(__name__)

MAKER = "`mask`"
RANDOM = "random"  # the style that stands for all
MANIFEST_COLUMNS = (
    "source",  # its name relative to the folder in which all PATHs lie
    "sha256",  # of its file; empty: it cannot be read
    "reason",  # why it was left out, or a find in it; empty: a masked face
    "output",  # the masked picture, relative to the output folder
    "mask",  # its coverage, 0..255
    "face",  # number of the face in the picture
    "method",
    "style",  # its name, or that of the photograph; empty: the method has no styles
    "box",  # x0 y0 x1 y1 in pixels
    "score",
    "landmarks",  # 68 times x y in pixels
    "yaw",
    "pitch",
    "roll",  # degrees
    "nose_tip",
    "nostrils",
    "mouth",
    "chin",
    "covers",
    "eyes",  # shares of landmarks covered, see maskbench.masks.wearing
    "correct",  # true: as a person should wear it; empty: the face is none for certain
)


@dataclass(frozen=True)
class MaskReport:
    """What is in the folder now, or would be.

    Attributes:
        pictures: that were masked.
        faces: masked faces in all their copies.
        rejected: files without a masked face.
        kept: pictures that were done before.
        left: pictures still to be masked, after a dry run.
        left_out: files that are not read, with the reason.
    """

    pictures: int
    faces: int
    rejected: int
    kept: int = field(default=0, compare=False)
    left: int = field(default=0, compare=False)
    left_out: Mapping[str, str] = field(default_factory=dict, compare=False)


def mask(
    paths: Sequence[Path],
    out: Path,
    weights: Path,
    *,
    method: str | Block | None = None,
    model: str | Path | None = None,
    results: Path = Path("results"),
    styles: Sequence[str] | None = None,
    copies: int = 1,
    seed: int = 0,
    workers: int = 1,
    faces: FacesConfig | None = None,
    all_faces: bool = False,
    min_score: float = SURE,
    mask_size: int = 144,
    references: Path | None = None,
    guides: Path | None = None,
    dry_run: bool = False,
) -> MaskReport:
    """Put masks on people's faces.

    Args:
        paths: pictures, folders that are searched with all their subfolders, and patterns
            (:func:`maskbench.synthesis.inputs.listing`).
        out: the folder to write. It may be there already if it is empty or holds nothing but an
            earlier result of this command. Of that, or of work that was stopped, what has the same
            settings and the same file stays. A result with other settings is replaced once the new
            one is whole.
        weights: folder written by ``fetch_weights``.
        method: ``keypoint``, or a trained method: its block, or its name for its default
            parameters. A model's own count instead, and so do the size and margin of its crops and
            of its mask pictures. None: the model's method, or ``keypoint``.
        model: a trained model: its folder, its file, the name of a method in ``results``, or the
            id of its MLflow run (:func:`.model_file.opened_model`). None: that of a trained
            ``method`` in ``results``.
        results: folder of what a run made.
        styles: the styles that each face's is drawn from; None or ``random``: all. For a
            reference-guided method also the path of one photograph of somebody who wears the mask.
        copies: masked pictures of each, every face in another style in each of them.
        seed: of the drawing. A picture's styles depend on the seed and its name alone.
        workers: processes; the result is the same for any number.
        faces: detection.
        all_faces: mask every face; otherwise the large and central one.
        min_score: the detector's score from which a find is a face for certain. Of all faces only
            such ones are masked, and only of such ones is said whether the mask sits well.
        mask_size: side of the mask pictures for a model that does not name its own.
        references: a MaskedSet, for a reference-guided method without a photograph; its training
            people wear the styles that can be put on.
        guides: a folder with a model folder of each guide that the method needs to put masks on,
            under the guide's name; None: those in the model's file, or of its run.
        dry_run: write nothing, and count what there is to do.

    Returns:
        The counts.

    Raises:
        MaskbenchError: nothing to mask, nothing could be masked, unknown names, missing model or
            weights, an output folder with somebody's files or in use, a full disk.
    """
    out, faces = Path(out), faces or FacesConfig()
    styles = None if RANDOM in (styles or ()) else styles
    model = model_of(method, results) if model is None else model
    with opened_model(model, results) if model is not None else nullcontext() as folder:
        block, faces, mask_size = method_of(method, folder, faces, mask_size)
        photograph, names = styles_of(block, styles, references)
        if copies > len(names):
            what = f"{copies} copies of a face, but {len(names)} styles"
            raise MaskbenchError("mask", what, "ask for fewer --copies")
        found = guides_of(block, folder, guides) if folder is not None else ()
        refuse_within(paths, out)
        tasks, left_out = listing(paths, out, copies)
        shown_by = photograph or references
        settings = {
            "maskbench": maskbench.__version__,
            "code": code_digest((__name__, block.spec.module)),
            "weights": _digest(Path(weights) / WEIGHTS_JSON),
            "method": block.name,
            "params": block.params.model_dump(mode="json"),
            "model": _digest(folder),
            "guides": [_digest(path) for path in found],
            "references": _digest(shown_by),
            "styles": list(names),
            "copies": copies,
            "seed": seed,
            "faces": faces.model_dump(mode="json"),
            "all_faces": all_faces,
            "min_score": min_score,
            "mask_size": mask_size,
        }
        if dry_run:
            return _planned(out, settings, tasks, left_out)
        worn = worn_in(photograph, Path(weights), faces) if photograph else nullcontext(references)
        with worn as shown, resumable_dir(out, MAKER) as work:
            put_on = put_on_by(block, folder, names, faces.size, mask_size, shown, found)
            job = Job(
                str(work.folder), str(weights), faces, put_on, names, seed, all_faces, min_score,
                copies,
            )  # fmt: skip
            return _mask(work, out, settings, tasks, left_out, job, workers)


def _digest(path: Path | None) -> str:
    return sha256_of(path) if path is not None and path.exists() else ""


def _planned(
    out: Path, settings: dict[str, Any], tasks: Sequence[Task], left_out: Mapping[str, str]
) -> MaskReport:
    """What a run would find done.

    Raises:
        MaskbenchError: it would be refused.
    """
    refuse_foreign(out, MAKER)
    done = {source for source, _ in done_before(out, settings, tasks)}
    unfinished = out / UNFINISHED
    if settings_in(unfinished) == settings:
        with Journal(unfinished / JOURNAL, read_only=True) as journal:
            done |= set(still_valid(journal, [unfinished, out], tasks))
    left = len(tasks) - len(done)
    return MaskReport(0, 0, len(left_out), kept=len(done), left=left, left_out=left_out)


def _mask(
    work: Unfinished,
    out: Path,
    settings: dict[str, Any],
    tasks: Sequence[Task],
    left_out: Mapping[str, str],
    job: Job,
    workers: int,
) -> MaskReport:
    """Mask what is not done yet, and write the manifest of all."""
    if settings_in(work.folder) != settings:
        if work.kept:
            log.warning("%s: unfinished work with other settings is dropped", out)
        for path in work.folder.iterdir():
            remove(path)
        work.kept = False
        write_json(work.folder / SETTINGS, settings)
        (work.folder / MANIFEST).touch()  # so that no picture's folder takes its name
    with Journal(work.folder / JOURNAL) as journal:
        done = set(still_valid(journal, [work.folder, out], tasks))
        for source, rows in done_before(out, settings, tasks):
            if source not in done:
                journal.add([(source, rows)])
                done.add(source)
        pending = [task for task in tasks if task.source not in done]
        note = f"{len(done)} done before" if done else ""
        with (
            pictures_progress("mask", len(pending)) as advance,
            closing(masked_rows(pending, job, workers)) as results,
        ):
            advance(0, note)
            while run := list(islice(results, RUN)):
                journal.add([(task.source, rows) for task, rows in run])
                work.kept = True
                advance(len(run), note)
        counts = _write_manifest(work, journal, tasks, left_out, settings["method"])
        seal(work.folder, settings)
        if not counts["pictures"]:
            work.kept = False
            first = tasks[0].source
            why = f"no picture could be masked ({first}: {journal.rows(first)[0]['reason']})"
            raise MaskbenchError(tasks[0].path, why, "check the pictures")
    return MaskReport(**counts, kept=len(done), left_out=left_out)


def _write_manifest(
    work: Unfinished,
    journal: Journal,
    tasks: Sequence[Task],
    left_out: Mapping[str, str],
    method: str,
) -> dict[str, int]:
    """Write ``manifest.csv`` by the pictures' names and fill ``work.files``; the counts."""
    counts = {"pictures": 0, "faces": 0, "rejected": 0}
    work.files |= {MANIFEST, SETTINGS}
    with open(work.folder / MANIFEST, "w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, MANIFEST_COLUMNS)
        writer.writeheader()
        for name in sorted([*left_out, *(task.source for task in tasks)]):
            if name in left_out:
                rows = [{"source": name, "reason": left_out[name]}]
            else:
                rows = journal.rows(name)
            masked = [row for row in rows if not row.get("reason")]
            for row in masked:
                row["method"] = method
                work.files |= {row["output"], row["mask"]}
            writer.writerows(map(as_cells, rows))
            counts["faces"] += len(masked)
            counts["pictures" if masked else "rejected"] += 1
    return counts
