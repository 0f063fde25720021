"""A frozen network whose embeddings lose their face-mask bias."""

from pydantic import Field

from maskbench.config import Section
from maskbench.recognition.kinds import RECOGNISERS, RecogniserSpec
from maskbench.recognition.kinds.learning import Network


class ProjectionParams(Section):
    """The network, and the masks whose bias is removed."""

    network: Network = Field("dlib_resnet", description="the frozen network")
    training: str = Field("keypoint", description="method whose masks the bias is taken from")


RECOGNISERS.register(
    RecogniserSpec(
        name="projection",
        title="A frozen network without its face-mask bias",
        paper="paper 3, section 5",
        Params=ProjectionParams,
        implementation="maskbench.recognition.projection:Projection",
        learns="once",
        from_bare=False,
    )
)
