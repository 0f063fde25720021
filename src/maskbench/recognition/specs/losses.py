"""The losses that recognisers learn by."""

from maskbench.recognition.specs import LOSSES, LossSpec

_MODULE = "maskbench.recognition.losses"

LOSSES.register(
    LossSpec(
        name="softmax",
        title="Softmax",
        paper="Paper 4, Table II",
        implementation=f"{_MODULE}:softmax",
        kinds=("network",),
    )
)
LOSSES.register(
    LossSpec(
        name="triplet",
        title="Triplet",
        paper="Schroff et al. 2015; paper 4, Table II",
        implementation=f"{_MODULE}:triplet",
        margin=0.2,
    )
)
LOSSES.register(
    LossSpec(
        name="cosface",
        title="CosFace",
        paper="Wang et al. 2018; paper 4, Table II",
        implementation=f"{_MODULE}:cosface",
        margin=0.35,
        scale=64.0,
    )
)
LOSSES.register(
    LossSpec(
        name="arcface",
        title="ArcFace",
        paper="Deng et al. 2019; paper 4, Table II",
        implementation=f"{_MODULE}:arcface",
        margin=0.5,
        scale=64.0,
    )
)
LOSSES.register(
    LossSpec(
        name="quintuplet",
        title="Quintuplet",
        paper="Paper 2, section 4.2",
        implementation=f"{_MODULE}:quintuplets",
        margin=0.2,
        kinds=("network",),
        needs_masked=True,
    )
)
LOSSES.register(
    LossSpec(
        name="self_restrained",
        title="Self-restrained triplet",
        paper="Boutros et al. 2022",
        implementation=f"{_MODULE}:self_restrained",
        margin=2.0,
        kinds=("adapter",),
        needs_masked=True,
    )
)
