"""What ``mask`` puts masks on with: the method, its guides, and styles or a photograph of one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from maskbench.config import REFERENCE, FacesConfig
from maskbench.datasets.listing import as_text
from maskbench.datasets.pictures import read_picture
from maskbench.errors import MaskbenchError, unknown_name
from maskbench.faces.locate import FaceLocator
from maskbench.masks.artwork import MaskPictures, style_names
from maskbench.masks.maskedset import REAL, MaskedSet, MaskedSetWriter
from maskbench.registry import Block
from maskbench.synthesis.model import PARAMS, method_in, own_block, trained_with
from maskbench.synthesis.model_file import GUIDES_BESIDE, guides_applied
from maskbench.synthesis.put_on import ByCrop, ByKeypoints, PutOn, Request, crop_and_row
from maskbench.synthesis.specs import METHODS
from maskbench.threads import one_thread


def model_of(method: str | Block | None, results: Path) -> str | None:
    """The name of a method's model in the results; None: it needs none.

    Raises:
        MaskbenchError: no such method, or it has no model there.
    """
    block = METHODS.parse(method, {}) if isinstance(method, str) else method
    if block is None or block.spec.family == "overlay":
        return None
    if not any(results.glob(f"models/*/{block.name}/seed*")):
        what = f"method {block.name} needs a trained model, and {results} has none"
        way = f"name one with --model, or run snakemake --cores all synthesis_{block.name}"
        raise MaskbenchError("mask", what, way)
    return block.name


def method_of(
    method: str | Block | None, model: Path | None, faces: FacesConfig, mask_size: int
) -> tuple[Block, FacesConfig, int]:
    """What puts masks on, the crop that it wants and the side of its mask pictures.

    Args:
        method: its block or name; None: that of the model, or ``keypoint``.
        model: the model's folder.
        faces, mask_size: where the model does not say.

    Raises:
        MaskbenchError: no such method, or a model of another one.
    """
    if method is None:
        method = REFERENCE if model is None else method_in(model)
    name = method if isinstance(method, str) else method.name
    trained = None if model is None else trained_with(model, name)
    if trained is not None and model is not None:
        # A name alone is nothing to warn of: the model's own parameters are meant.
        block = trained.block if isinstance(method, str) else own_block(model, method)
        margin = faces.margin if trained.margin is None else trained.margin
        faces = faces.model_copy(update={"size": trained.crop_size, "margin": margin})
        return block, faces, trained.mask_size
    block = METHODS.parse(method, {}) if isinstance(method, str) else method
    if block.spec.family == "overlay":
        return block, faces, mask_size
    if isinstance(method, str) and model is not None:
        raise MaskbenchError(
            model,
            f"does not say what it was trained with (no {PARAMS})",
            "name its configuration with --params, or train the method again",
        )
    return block, faces, mask_size


def styles_of(
    block: Block, styles: Sequence[str] | None, references: Path | None
) -> tuple[Path | None, tuple[str, ...]]:
    """The photograph that is the style, or none, and the styles to draw from.

    Raises:
        MaskbenchError: unknown styles, or a photograph that cannot be one.
    """
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


def put_on_by(
    block: Block,
    model: Path | None,
    styles: tuple[str, ...],
    size: int,
    mask_size: int,
    references: Path | None,
    guides: tuple[Path, ...],
) -> PutOn:
    """What puts masks of a side on the faces of pictures, in crops of a size."""
    if model is None or block.spec.family == "overlay":
        return ByKeypoints(block.params.fit, block.params.brightness)
    drawn = [style for style in styles if style in style_names()]  # not a photograph's name
    pictures = MaskPictures.draw(mask_size, drawn or None)
    return ByCrop(block, model, size, pictures, guides, references)


def guides_of(block: Block, model: Path, folder: Path | None) -> tuple[Path, ...]:
    """Model folders of the spec's guides, in their order. Only those that put masks on are looked
    for, not those that training alone needs.

    Args:
        block: the method, with the parameters of the model's training.
        model: its folder. A run keeps ``models/{dataset}/{method}/{seed}`` beside
            ``guides/{dataset}/{guide}/{seed}``, a model's file brings its own.
        folder: holds a model folder of each guide under the guide's name; None: the model's own.

    Raises:
        MaskbenchError: a guide is missing.
    """
    found = []
    for guide in block.spec.guides:
        path = _of_run(model, guide) if folder is None else Path(folder) / guide
        if guide in guides_applied(block) and not path.is_dir():
            raise MaskbenchError(
                path,
                f"no such folder; method {block.name} needs a trained {guide} to put masks on",
                f"name a folder that holds {guide}/ with --guides",
            )
        found.append(path)
    return tuple(found)


def _of_run(model: Path, guide: str) -> Path:
    if (beside := Path(model) / GUIDES_BESIDE / guide).is_dir():
        return beside
    path = Path(model).resolve()
    root = path.parents[min(3, len(path.parents) - 1)]
    return root / "guides" / path.parent.parent.name / guide / path.name


def photograph_among(styles: Sequence[str] | None) -> Path | None:
    """The photograph named in the place of a style: what has an ending or a folder.

    Raises:
        MaskbenchError: it is not the only style.
    """
    for style in styles or ():
        if Path(style).suffix or Path(style).name != style:
            if len(set(styles or ())) > 1:
                raise MaskbenchError(
                    style, "is a photograph beside other styles", "name it as the only --style"
                )
            return Path(style)
    return None


@contextmanager
def worn_in(photograph: Path, weights: Path, faces: FacesConfig) -> Iterator[Path]:
    """A MaskedSet of the one face of a photograph, of unknown style; it stands for every style.

    Args:
        photograph: of somebody who wears a mask.
        weights: folder written by ``fetch_weights``.
        faces: detection, and the size and margin of the model's crops.

    Raises:
        MaskbenchError: it cannot be read, or no face is found.
    """
    image = read_picture(photograph, faces.max_pixels)
    with one_thread():  # as for the pictures to mask
        face = FaceLocator(weights, faces).locate([image])[0]
    if face is None:
        raise MaskbenchError(
            photograph, "no face found", "name a photograph that shows a masked face larger"
        )
    crop, row = crop_and_row(Request(image, face, ""), faces.size)
    row |= {"split": "train", "bare_id": "", "method": REAL, "style": ""}
    with tempfile.TemporaryDirectory(prefix="maskbench-") as name:
        with MaskedSetWriter(Path(name), faces.size, {"dataset": "pictures"}) as writer:
            writer.add(crop, row, np.zeros(crop.shape[:2], np.uint8))
        yield Path(name)
