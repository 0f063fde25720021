"""Command ``mask``: put masks on a picture or on a folder of pictures.

    mask(Path("album"), Path("masked"), weights, faces=FacesConfig(), workers=2)

Writes every masked picture in full resolution under its relative name, its coverage under
``masks/``, ``manifest.csv`` (a row a face) and ``rejects.csv`` (every file that was not masked, and
why).
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from maskbench.artifacts import atomic_dir
from maskbench.config import FacesConfig
from maskbench.datasets.listing import as_text, is_picture_name
from maskbench.errors import MaskbenchError, from_os_error, unknown_name
from maskbench.faces.progress import pictures_progress
from maskbench.masks.artwork import MaskPictures, style_names
from maskbench.masks.maskedset import MaskedSet
from maskbench.registry import Block
from maskbench.synthesis.mask_workers import SURE, Job, Task, masked_rows
from maskbench.synthesis.model import PARAMS, own_block, trained_with
from maskbench.synthesis.own_pictures import guides_of, photograph_among, worn_in
from maskbench.synthesis.put_on import ByCrop, ByKeypoints, PutOn
from maskbench.synthesis.specs import METHODS

MAKER = "`mask`"
MANIFEST, REJECTS = "manifest.csv", "rejects.csv"
MANIFEST_COLUMNS = (
    "source",  # relative to the source folder
    "output",  # the masked picture, relative to the output folder
    "mask",  # its coverage, 0..255
    "face",  # number of the face in the picture
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
REJECT_COLUMNS = ("source", "reason")
# Endings whose pictures keep their name; of other kinds the masked picture is a PNG.
_KEPT = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pnm"}
)


@dataclass(frozen=True)
class MaskReport:
    """How many pictures, faces in them and files without a masked face."""

    pictures: int
    faces: int
    rejected: int


def mask(
    source: Path,
    out: Path,
    weights: Path,
    *,
    method: str | Block = "keypoint",
    model: Path | None = None,
    styles: Sequence[str] | None = None,
    seed: int = 0,
    workers: int = 1,
    faces: FacesConfig | None = None,
    all_faces: bool = False,
    min_score: float = SURE,
    mask_size: int = 144,
    references: Path | None = None,
    guides: Path | None = None,
) -> MaskReport:
    """Put masks on people's faces.

    Args:
        source: a picture, or a folder that is searched with all its subfolders. Hidden files and
            folders are left alone.
        out: the folder to write, whole or not at all. It may be there already if it is empty or
            holds nothing but an earlier result of this command, which is replaced.
        weights: folder written by ``fetch_weights``.
        method: ``keypoint``, or a trained method together with ``model``: its block, or its name
            for its default parameters. A model's own count instead, and so do the size and margin
            of its crops and of its mask pictures.
        model: model folder of a trained method.
        styles: the styles that each face's is drawn from; None: all. For a reference-guided method
            also the path of one photograph of somebody who wears the mask.
        seed: of the drawing. A picture's style depends on the seed and its relative name alone.
        workers: processes; the result is the same for any number.
        faces: detection.
        all_faces: mask every face; otherwise the large and central one.
        min_score: the detector's score from which a find is a face for certain. Of all faces only
            such ones are masked, and only of such ones is said whether the mask sits well.
        mask_size: side of the mask pictures for a model that does not name its own.
        references: a MaskedSet, for a reference-guided method without a photograph; its training
            people wear the styles that can be put on.
        guides: a folder with a model folder of each guide that the method needs to put masks on,
            under the guide's name; None: they lie where the model's run keeps them.

    Returns:
        The counts.

    Raises:
        MaskbenchError: nothing to mask, nothing could be masked, unknown names, missing model or
            weights, an output folder with somebody's files, a full disk.
    """
    source, out, faces = Path(source), Path(out), faces or FacesConfig()
    block, faces, mask_size = _method(method, model, faces, mask_size)
    photograph, names = _styles(block, styles, references)
    found = guides_of(block, Path(model), guides) if model is not None else ()
    _refuse_source(out, source)
    tasks, left_out = listing(source, out)
    counts = {"pictures": 0, "faces": 0, "rejected": len(left_out)}
    first_reason = ""
    worn = worn_in(photograph, Path(weights), faces) if photograph else nullcontext(references)
    with atomic_dir(out, MAKER) as folder, worn as shown:
        put_on = _put_on(block, model, names, faces.size, mask_size, shown, found)
        job = Job(str(folder), str(weights), faces, put_on, names, seed, all_faces, min_score)
        with (
            open(folder / MANIFEST, "w", newline="", encoding="utf-8") as manifest_file,
            open(folder / REJECTS, "w", newline="", encoding="utf-8") as rejects_file,
            pictures_progress("mask", len(tasks)) as advance,
            closing(masked_rows(tasks, job, workers)) as results,
        ):
            manifest = csv.DictWriter(manifest_file, MANIFEST_COLUMNS)
            rejects = csv.DictWriter(rejects_file, REJECT_COLUMNS)
            manifest.writeheader()
            rejects.writeheader()
            for name, reason in sorted(left_out.items()):
                rejects.writerow({"source": name, "reason": reason})
            for task, rows in results:
                left = [{"source": task.source, **row} for row in rows if "reason" in row]
                rejects.writerows(left)
                masked = [row for row in rows if "reason" not in row]
                if masked:
                    place = {"source": task.source, "output": task.output, "mask": task.coverage}
                    manifest.writerows(place | row for row in masked)
                    counts["pictures"] += 1
                    counts["faces"] += len(masked)
                else:
                    counts["rejected"] += 1
                    first_reason = first_reason or f"{task.source}: {left[0]['reason']}"
                advance(1, f"{counts['rejected']} left out" if counts["rejected"] else "")
        if not counts["pictures"]:
            raise MaskbenchError(
                source, f"no picture could be masked ({first_reason})", "see the reasons given"
            )
    return MaskReport(**counts)


def _method(
    method: str | Block, model: Path | None, faces: FacesConfig, mask_size: int
) -> tuple[Block, FacesConfig, int]:
    """What puts masks on, the crop that it wants and the side of its mask pictures."""
    name = method if isinstance(method, str) else method.name
    if model is not None and not Path(model).is_dir():
        raise MaskbenchError(model, "no such model folder", "train the method first")
    trained = None if model is None else trained_with(Path(model), name)
    if trained is not None and model is not None:
        # A name alone is nothing to warn of: the model's own parameters are meant.
        block = trained.block if isinstance(method, str) else own_block(Path(model), method)
        margin = faces.margin if trained.margin is None else trained.margin
        faces = faces.model_copy(update={"size": trained.crop_size, "margin": margin})
        return block, faces, trained.mask_size
    block = METHODS.parse(method, {}) if isinstance(method, str) else method
    if block.spec.family == "overlay":
        return block, faces, mask_size
    if model is None:
        raise MaskbenchError(
            "mask", f"method {name} needs a trained model", "name its folder with --model"
        )
    if isinstance(method, str):
        raise MaskbenchError(
            model,
            f"does not say what it was trained with (no {PARAMS})",
            "name its configuration with --params, or train the method again",
        )
    return block, faces, mask_size


def _styles(
    block: Block, styles: Sequence[str] | None, references: Path | None
) -> tuple[Path | None, tuple[str, ...]]:
    """The photograph that is the style, or none, and the styles to draw from."""
    photograph = photograph_among(styles)
    if not block.spec.styled and styles:
        raise MaskbenchError("mask", f"method {block.name} has no styles", "leave --style out")
    if photograph is not None:
        if not block.spec.reference_guided:
            guided = ", ".join(
                name for name, spec in METHODS.all().items() if spec.reference_guided
            )
            what = f"method {block.name} takes no style from a photograph"
            raise MaskbenchError(photograph, what, f"name a style, or one of the methods {guided}")
        if references is not None:
            what = "is the reference already"
            raise MaskbenchError(photograph, what, "leave --references out, or name a style")
        return photograph, (as_text(photograph.name),)
    if block.spec.reference_guided and references is None:
        what = f"method {block.name} needs photographs of masks being worn"
        way_out = "name one as --style, or a masked set with --references"
        raise MaskbenchError("mask", what, way_out)
    return None, _checked_styles(styles, references) if block.spec.styled else ("",)


def _checked_styles(styles: Sequence[str] | None, references: Path | None) -> tuple[str, ...]:
    known = style_names()
    if references is not None:
        masked = MaskedSet.open(references)
        worn = set(masked.faces["style"].to_numpy()[masked.of_split("train")])
        known = tuple(style for style in known if worn & {style, ""})
    for style in styles or ():
        if style not in known:
            raise unknown_name(references or "mask", "mask style", style, known)
    return tuple(dict.fromkeys(styles)) if styles else known


def _put_on(
    block: Block,
    model: Path | None,
    styles: tuple[str, ...],
    size: int,
    mask_size: int,
    references: Path | None,
    guides: tuple[Path, ...],
) -> PutOn:
    if model is None or block.spec.family == "overlay":
        return ByKeypoints(block.params.fit, block.params.brightness)
    drawn = [style for style in styles if style in style_names()]  # not a photograph's name
    pictures = MaskPictures.draw(mask_size, drawn or None)
    return ByCrop(block, Path(model), size, pictures, guides, references)


def _refuse_source(out: Path, source: Path) -> None:
    here, there = out.resolve(), source.resolve()
    if here == there or here in there.parents:
        raise MaskbenchError(out, "holds the pictures themselves", "choose another output folder")


def listing(source: Path, out: Path) -> tuple[list[Task], dict[str, str]]:
    """The pictures, sorted by name, and why each other file or linked folder is left out."""
    files, left_out = {as_text(source.name): source}, dict[str, str]()
    if source.is_dir():
        files, left_out = _walk(source, out.resolve())
    elif not source.exists():
        raise MaskbenchError(source, "no such file or folder", "check the path")
    if not files:
        raise MaskbenchError(source, "holds no pictures", "check the path")
    taken: set[str] = {MANIFEST, REJECTS}

    def free(name: str) -> str:
        while name in taken:
            name += ".png"
        taken.add(name)
        return name

    outputs = {
        name: free(name if Path(name).suffix.lower() in _KEPT else f"{name}.png")
        for name in sorted(files)
    }
    tasks = []
    for name, output in outputs.items():
        coverage = free(f"masks/{Path(name).with_suffix('.png').as_posix()}")
        tasks.append(Task(name, str(files[name]), output, coverage))
    return tasks, left_out


def _walk(source: Path, out: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """All pictures below a folder by relative name as text, but hidden ones and an earlier result;
    and what else lies there, with the reason why it is left out."""
    pictures: dict[str, Path] = {}
    left_out: dict[str, str] = {}

    def name_of(path: Path) -> str:
        name = as_text(path.relative_to(source).as_posix())
        while name in pictures or name in left_out:  # as text two names may be the same
            name += "~"
        return name

    def unreadable(error: OSError) -> None:
        path = Path(error.filename)
        if path == source:
            raise from_os_error(error, source) from error
        left_out[name_of(path)] = f"unreadable: {(error.strerror or str(error)).lower()}"

    for folder, subfolders, names in os.walk(source, onerror=unreadable):
        here = Path(folder)
        below = [here / name for name in subfolders if not name.startswith(".")]
        subfolders[:] = [path.name for path in below if path.resolve() != out]
        for path in below:
            if path.is_symlink():
                left_out[name_of(path)] = "a linked folder is not followed"
        for path in (here / name for name in names if not name.startswith(".")):
            if is_picture_name(path):
                pictures[name_of(path)] = path
            else:
                left_out[name_of(path)] = "not named as a picture"
    return pictures, left_out
