"""The registry of synthesis methods; the modules beside this one register them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from maskbench.registry import Block, Registry, Spec
from maskbench.restoration.specs import RestorerParams

Role = Literal["masker", "unmasker"]


@dataclass(frozen=True, kw_only=True)
class SynthesisSpec(Spec):
    """What is known of a method.

    Attributes:
        roles: ``masker`` puts masks on; ``unmasker`` also takes them off, as a restorer. Its
            ``Params`` then extend :class:`RestorerParams`: its block says where masks are.
        guides: the guides that its training needs.
        trained: whether it learns anything; what does not runs once, with seed 0.
        styled: whether the mask picture decides what is put on; False: one picture a face.
        reference: why it is a row of the tables to compare methods with and no method itself:
            it is not ranked, not in Figure 5, and none of the training sets of ``every``; "" of a
            method.
        reference_guided: whether it also needs photographs of the style being worn, which are
            those of the real domain.
    """

    roles: frozenset[Role] = frozenset({"masker"})
    guides: tuple[str, ...] = ()
    trained: bool = True
    styled: bool = True
    reference: str = ""
    reference_guided: bool = False

    def __post_init__(self) -> None:
        if "unmasker" in self.roles and not issubclass(self.Params, RestorerParams):
            raise TypeError(f"{self.name}: an unmasker's Params must extend RestorerParams")


def continued_by(block: Block) -> Any:
    """The :class:`.translation.SharedStage` that a method goes on from; None: it learns anew."""
    return getattr(block.params, "continues", None)


METHODS: Registry[SynthesisSpec] = Registry(__name__, "synthesis.methods", "method")
