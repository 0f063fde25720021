"""Step ``measure_costs``: what it takes to put a mask on one picture by each method.

- ``parameters``: learnt numbers of the layers that the picture passes through.
- ``multiply_adds``: of all convolutions and matrix products while one picture gets its mask. Torch
  counts them (``FlopCounterMode``), a multiplication and an addition as two operations; half of its
  count stands here. Sampling, normalisation and activations are not in it.
- ``plain_parameters``, ``plain_multiply_adds``: the same, if each pyramid of kernels were one 3x3
  convolution; of methods with pyramids.

A guide counts where the picture passes through it, but not the segmenter that finds the mask in a
painting: the picture is made by then, and other methods know their mask without it. These numbers
are exact: the same on every machine, for every seed, before and after training. So nothing has to
be trained for them but guides.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.utils.flop_counter import FlopCounterMode

from maskbench.artifacts import atomic_dir
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.measurements import COSTS
from maskbench.metrics.numbers import Number, facts_of, write_numbers
from maskbench.networks.pyconv import PyConv, plain
from maskbench.registry import Block
from maskbench.synthesis.base import Method
from maskbench.synthesis.specs.painted import PaintedParams

NO_NETWORK = "no network puts this mask on, and other arithmetic is not counted"


def measure_costs(
    methods: Mapping[str, Block],
    faces: Path,
    mask_pictures: Path,
    styles: Sequence[str],
    seed: int,
    out: Path,
    guides: Sequence[Path] = (),
    references: Path | None = None,
) -> None:
    """Write a folder for each method, with ``metrics.json``; every row is of one picture.

    Args:
        methods: their blocks by name.
        faces: FaceSet of bare faces; the first one gets the mask, whosever it is.
        mask_pictures: folder of the rasterised mask pictures.
        styles: the first one is put on.
        seed: it is recorded.
        out: folder to make.
        guides: for each method the model folders of its spec's guides, one method after the other.
        references: MaskedSet of the real domain, for reference-guided methods.

    Raises:
        MaskbenchError: unreadable inputs.
    """
    bare, pictures = FaceSet.open(faces), MaskPictures.open(mask_pictures)
    left = iter(guides)
    with atomic_dir(Path(out)) as tmp:
        for name, block in methods.items():
            own = tuple(islice(left, len(block.spec.guides)))
            looked_at = references if block.spec.reference_guided else None
            method: Method = block.spec.load()
            method.open(alone(block), None, own, looked_at)
            numbers = numbers_of(method, bare, pictures, styles[0] if block.spec.styled else "")
            (tmp / name).mkdir()
            facts = facts_of(COSTS, bare, name, seed, "") | {"split": "any"}
            write_numbers(tmp / name, numbers, facts)


def alone(block: Block) -> Block:
    """A method that finds its mask in its painting without a network."""
    if not isinstance(block.params, PaintedParams):
        return block
    return replace(block, params=block.params.model_copy(update={"coverage_from": "change"}))


def numbers_of(method: Method, faces: FaceSet, pictures: MaskPictures, style: str) -> list[Number]:
    """What it takes to put a style on the first of ``faces``."""
    pair = (0, style)
    found = costs(method, faces, pictures, pair)
    if any(isinstance(part, PyConv) for one in method.applied.values() for part in one.modules()):
        twin = copy.copy(method)
        twin.applied = {name: plain(network) for name, network in method.applied.items()}
        found |= {f"plain_{name}": n for name, n in costs(twin, faces, pictures, pair).items()}
    return [
        Number(name, value, 1, note=NO_NETWORK if value is None else "")
        for name, value in found.items()
    ]


def costs(
    method: Method, faces: FaceSet, pictures: MaskPictures, pair: tuple[int, str]
) -> dict[str, int | None]:
    """``parameters`` and ``multiply_adds`` of a method that puts a style on a row of ``faces``; the
    latter is None where the method has no network."""
    if not any(list(network.parameters()) for network in method.applied.values()):
        return {"parameters": 0, "multiply_adds": None}
    passed: dict[int, int] = {}

    def count(layer: nn.Module, _: Any) -> None:
        passed.update({id(own): own.numel() for own in layer.parameters(recurse=False)})

    with register_module_forward_pre_hook(count), FlopCounterMode(display=False) as counter:
        list(method.pictures_of(faces, pictures, [pair]))
    return {
        "parameters": sum(passed.values()),
        "multiply_adds": counter.get_total_flops() // 2,
    }
