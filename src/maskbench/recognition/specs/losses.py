"""The losses that recognisers learn by."""

from typing import Any

from maskbench.recognition.specs import LOSSES, LossSpec


def _register(name: str, title: str, paper: str, **facts: Any) -> None:
    made_by = f"maskbench.recognition.losses:{name}"
    spec = LossSpec(name=name, title=title, paper=paper, implementation=made_by, **facts)
    LOSSES.register(spec)


_register("softmax", "Softmax", "Paper 4, Table II", kinds=("network",))
_register("triplet", "Triplet", "Schroff et al. 2015; paper 4, Table II", margin=0.2)
_register("cosface", "CosFace", "Wang et al. 2018; paper 4, Table II", margin=0.35, scale=64.0)
_register("arcface", "ArcFace", "Deng et al. 2019; paper 4, Table II", margin=0.5, scale=64.0)
_register(
    "quintuplet", "Quintuplet", "Paper 2, section 4.2", margin=0.2, kinds=("network",),
    needs_masked=True,
)  # fmt: skip
_register(
    "self_restrained", "Self-restrained triplet", "Boutros et al. 2022", margin=2.0,
    kinds=("adapter",), needs_masked=True,
)  # fmt: skip
