"""Frozen networks, whose weights are published or come in packages."""

from maskbench.recognition.specs import NETWORKS, NetworkSpec

_DLIB = "dlib_recognition_resnet.dat"

for _name, _title, _paper, _file in (
    ("dlib_resnet", "dlib ResNet", "King 2017", _DLIB),
    ("dlib_resnet_upper", "dlib ResNet, upper half", "King 2017", _DLIB),
    ("facenet", "FaceNet", "Schroff et al. 2015; paper 2", "facenet_vggface2.pt"),
    ("inception", "Inception", "Paper 3, Table 3", "pt_inception-2015-12-05-6726825d.pth"),
    ("vgg19", "VGG19", "Paper 3, Table 3", "vgg19-dcbb9e9d.pth"),
    ("efficientnet_lite0", "EfficientNet-Lite0", "Tan & Le 2019", "efficientnet_lite0.pth"),
):
    NETWORKS.register(
        NetworkSpec(
            name=_name, title=_title, paper=_paper, file=_file,
            implementation=f"maskbench.recognition.encoders:{_name}",
        )
    )  # fmt: skip
