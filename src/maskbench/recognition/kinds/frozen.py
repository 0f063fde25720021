"""Frozen networks: on faces as they are, or with their masks taken off first."""

from pydantic import Field

from maskbench.config import Section
from maskbench.recognition.kinds import RECOGNISERS, RecogniserSpec
from maskbench.recognition.kinds.learning import Network


class PretrainedParams(Section):
    """A network as it was published."""

    network: Network = Field(description="which network")


class RestoredParams(Section):
    """The networks, and what takes masks off."""

    networks: tuple[Network, ...] = Field(
        ("dlib_resnet",), min_length=1, description="the first of these whose weights are present"
    )
    restorer: str = Field("edgeconnect", description="a block of restoration.restorers")


RECOGNISERS.register(
    RecogniserSpec(
        name="pretrained",
        title="A network as it was published",
        Params=PretrainedParams,
        implementation="maskbench.recognition.recogniser:Recogniser",
    )
)
RECOGNISERS.register(
    RecogniserSpec(
        name="restored",
        title="A frozen network on faces whose masks were taken off",
        paper="MRII of paper 2, strip of paper 3",
        Params=RestoredParams,
        implementation="maskbench.recognition.recogniser:Recogniser",
    )
)
