"""Frozen networks, whose weights are published or come in packages."""

from typing import Any

from maskbench.recognition.specs import NETWORKS, NetworkSpec


def _register(name: str, title: str, paper: str, file: str, **facts: Any) -> None:
    made_by = f"maskbench.recognition.encoders:{name}"
    spec = NetworkSpec(
        name=name, title=title, paper=paper, file=file, implementation=made_by, **facts
    )
    NETWORKS.register(spec)


_DLIB = {
    "file": "dlib_recognition_resnet.dat",
    "people": "VGG Face, FaceScrub and pictures from the web",
}
_register("dlib_resnet", "dlib ResNet", "King 2017", **_DLIB)
_register("dlib_resnet_upper", "dlib ResNet, upper half", "King 2017", **_DLIB)
_register(
    "facenet", "FaceNet", "Schroff et al. 2015; paper 2", "facenet_vggface2.pt",
    people="the 8,631 people of VGGFace2's training split", named=r"n\d{6}",
)  # fmt: skip
_register("inception", "Inception", "Paper 3, Table 3", "pt_inception-2015-12-05-6726825d.pth")
_register("vgg19", "VGG19", "Paper 3, Table 3", "vgg19-dcbb9e9d.pth")
_register("efficientnet_lite0", "EfficientNet-Lite0", "Tan & Le 2019", "efficientnet_lite0.pth")
