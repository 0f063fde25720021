"""Step ``measure_costs``: what it takes to put a mask on one picture by a trained method.

- ``parameters``: learnt numbers of the networks that put masks on.
- ``multiply_adds``: of all convolutions and matrix products while one picture gets its mask. Torch
  counts them (``FlopCounterMode``), a multiplication and an addition as two operations; half of its
  count stands here. Sampling, normalisation and activations are not in it.
- ``plain_parameters``, ``plain_multiply_adds``: the same, if each pyramid of kernels were one 3x3
  convolution; of methods with pyramids.

These are exact: the same on every machine, for every seed.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from maskbench.artifacts import atomic_dir
from maskbench.faces.faceset import FaceSet
from maskbench.masks.artwork import MaskPictures
from maskbench.measurements import COSTS
from maskbench.metrics.numbers import Number, facts_of, write_numbers
from maskbench.networks.pyconv import PyConv, plain
from maskbench.registry import Block
from maskbench.synthesis.base import Method
from maskbench.synthesis.model import open_method

NO_NETWORK = "no network puts this mask on, and other arithmetic is not counted"


def measure_costs(
    method: Block,
    model: Path,
    faces: Path,
    mask_pictures: Path,
    styles: Sequence[str],
    seed: int,
    out: Path,
    guides: Sequence[Path] = (),
    references: Path | None = None,
) -> None:
    """Write ``metrics.json``; every row is of one picture.

    Args:
        method: its block.
        model: the folder that ``train_synthesis`` wrote.
        faces: FaceSet of bare faces; the first one gets the mask, whosever it is.
        mask_pictures: folder of the rasterised mask pictures.
        styles: the first one is put on.
        seed: of the training.
        out: folder to make.
        guides, references: as for :func:`.synthesise.synthesise`.

    Raises:
        MaskbenchError: unreadable inputs, a model of another method.
    """
    bare, pictures = FaceSet.open(faces), MaskPictures.open(mask_pictures)
    pair = (0, styles[0] if method.spec.styled else "")
    opened = open_method(Path(model), method, guides, references)
    found = costs(opened, bare, pictures, pair)
    if any(isinstance(part, PyConv) for one in opened.applied.values() for part in one.modules()):
        twin = copy.copy(opened)
        twin.applied = {name: plain(network) for name, network in opened.applied.items()}
        found |= {f"plain_{name}": n for name, n in costs(twin, bare, pictures, pair).items()}
    numbers = [
        Number(name, value, 1, note=NO_NETWORK if value is None else "")
        for name, value in found.items()
    ]
    facts = facts_of(COSTS, bare, method.name, seed, "") | {"split": "any"}
    with atomic_dir(Path(out)) as tmp:
        write_numbers(tmp, numbers, facts)


def costs(
    method: Method, faces: FaceSet, pictures: MaskPictures, pair: tuple[int, str]
) -> dict[str, int | None]:
    """``parameters`` and ``multiply_adds`` of a method that puts a style on a row of ``faces``; the
    latter is None where the method has no network."""
    networks = method.applied.values()
    with FlopCounterMode(display=False) as counter:
        list(method.pictures_of(faces, pictures, [pair]))
    return {
        "parameters": sum(map(parameters, networks)),
        "multiply_adds": counter.get_total_flops() // 2 or None,
    }


def parameters(network: nn.Module) -> int:
    """Learnt numbers of a network, without statistics of its normalisation."""
    return sum(parameter.numel() for parameter in network.parameters())
