"""Frozen networks that turn face crops into embeddings, behind one small interface.

    encoder = encoder_of("dlib_resnet", weights)
    embeddings = encoder(faces, rows)        # FaceSet, rows -> float32 (n, dim)

``name`` is the network, which numbers carry as their ``backbone``. Every encoder adds the embedding
of the mirrored picture (its flip), except the two ImageNet networks of the third paper, whose
encodings are taken as they are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from maskbench.datasets.weights import WEIGHTS, Published, weights_file
from maskbench.errors import MaskbenchError
from maskbench.faces.crop import to_crop
from maskbench.faces.faceset import FaceSet
from maskbench.faces.landmarks import shape_predictor
from maskbench.imaging.resize import resized
from maskbench.metrics.dlib_network import CHIP, EMBEDDING, read_dlib_network
from maskbench.metrics.features import (
    FeatureExtractor,
    PackagedFeatures,
    feature_extractor,
    read_state,
)
from maskbench.metrics.identity import RECOGNISER
from maskbench.networks import vgg19 as vgg19_network
from maskbench.recognition.alignment import aligned
from maskbench.recognition.backbones.inception_resnet import EMBEDDING as FACENET_SIZE
from maskbench.recognition.backbones.inception_resnet import InceptionResnetV1
from maskbench.recognition.specs import NETWORKS, Absent

FACENET, VGG19 = "facenet_vggface2.pt", vgg19_network.FILE
FIVE_POINTS = "dlib_landmarks_5.dat"


class Encoder(ABC):
    """A network on face crops.

    Attributes:
        name: of the network.
        dim: length of the embeddings.
    """

    name: str = ""
    dim: int
    BATCH: ClassVar[int] = 32

    @abstractmethod
    def encode(self, faces: FaceSet, rows: np.ndarray) -> np.ndarray:
        """Embeddings (n, dim) of at most :attr:`BATCH` rows."""

    def __call__(
        self, faces: FaceSet, rows: Sequence[int] | np.ndarray | None = None
    ) -> np.ndarray:
        """Embeddings (n, dim), float32, of these rows of a FaceSet (None: all).

        Their length is the network's own; compare them by cosine.
        """
        rows = np.arange(len(faces)) if rows is None else np.asarray(rows, int)
        out = np.empty((len(rows), self.dim), np.float32)
        for start in range(0, len(rows), self.BATCH):
            out[start : start + self.BATCH] = self.encode(faces, rows[start : start + self.BATCH])
        return out


def batched(network: nn.Module, pixels: np.ndarray, size: int, device: str) -> np.ndarray:
    """Run uint8 pictures (n, H, W, 3) in a batch of one fixed size, so that an embedding does not
    depend on its neighbours: (n, dim) float32."""
    whole = np.zeros((size, *pixels.shape[1:]), np.uint8)
    whole[: len(pixels)] = pixels
    with torch.inference_mode():
        x = torch.from_numpy(whole).to(device).permute(0, 3, 1, 2).float()
        return network(x)[: len(pixels)].float().cpu().numpy()


class DlibEncoder(Encoder):
    """dlib's recogniser on chips aligned by the eyes (:mod:`.alignment`)."""

    dim = EMBEDDING

    def __init__(self, weights: Path, device: str) -> None:
        self._predict = shape_predictor(weights_file(weights, FIVE_POINTS))
        network = read_dlib_network(weights_file(weights, RECOGNISER)).to(device)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = device

    def chips(self, faces: FaceSet, rows: np.ndarray) -> np.ndarray:
        """Aligned faces (n, 150, 150, 3) uint8."""
        out = np.empty((len(rows), CHIP, CHIP, 3), np.uint8)
        boxes, squares = faces.faces["box"], faces.faces["crop_box"]
        for i, row in enumerate(rows):
            corners = np.asarray(boxes.iloc[row], np.float64).reshape(2, 2) - 0.5
            box = to_crop(corners, np.asarray(squares.iloc[row]), faces.size).ravel()
            out[i] = aligned(np.ascontiguousarray(faces.images[row]), box, self._predict)
        return out

    def encode(self, faces: FaceSet, rows: np.ndarray) -> np.ndarray:
        chips = self.chips(faces, rows)
        return self.run(chips) + self.run(chips[:, :, ::-1])

    def run(self, chips: np.ndarray) -> np.ndarray:
        return batched(self._network, chips, self.BATCH, self._device)


class DlibUpperEncoder(DlibEncoder):
    """The same network with everything below the eyes greyed in every picture, masked or bare.
    Nothing is learnt: a baseline for whatever learns to look past masks."""

    FROM_ROW, GREY = 80, (123, 117, 104)

    def chips(self, faces: FaceSet, rows: np.ndarray) -> np.ndarray:
        found = super().chips(faces, rows)
        found[:, self.FROM_ROW :] = self.GREY
        return found


class WholeCrops(Encoder):
    """A network that takes the crop itself, resized to ``size``.

    Args:
        network: float pixels (B, 3, size, size) in 0..255 -> (B, dim).
        flip: whether the mirrored picture's embedding is added.
    """

    def __init__(
        self, network: nn.Module, dim: int, size: int, device: str, flip: bool = True
    ) -> None:
        self.dim, self.size, self.flip, self._device = dim, size, flip, device
        network = network.eval().requires_grad_(False).to(device)
        self._network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def encode(self, faces: FaceSet, rows: np.ndarray) -> np.ndarray:
        pixels = np.stack([resized(image, self.size) for image in faces.images[rows]])
        found = batched(self._network, pixels, self.BATCH, self._device)
        if self.flip:
            found = found + batched(self._network, pixels[:, :, ::-1], self.BATCH, self._device)
        return found


class _Scaled(nn.Module):
    """Pixels 0..255 to a network's own range."""

    def __init__(
        self, network: nn.Module, mean: Sequence[float], deviation: Sequence[float]
    ) -> None:
        super().__init__()
        self.network = network
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        return self.network((x - self.mean) / self.deviation)


def facenet(weights: Path, device: str) -> Encoder:
    """FaceNet's published weights (VGGFace2), 160 x 160, (pixel - 127.5) / 128."""
    network = InceptionResnetV1()
    load_facenet(network, weights_file(weights, FACENET))
    scaled = _Scaled(network, (127.5,) * 3, (128.0,) * 3)
    return WholeCrops(scaled, FACENET_SIZE, 160, device)


def load_facenet(network: nn.Module, path: Path) -> None:
    """Put published weights into a network; their classifier (``logits``) is left out.

    Raises:
        MaskbenchError: the file is unreadable or of another network.
    """
    state = {k: v for k, v in read_state(path).items() if not k.startswith("logits.")}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise MaskbenchError(
            path, f"not FaceNet's weights ({first})", "fetch the weights again"
        ) from error


def vgg19(weights: Path, device: str) -> Encoder:
    """The third paper's second encoder, ImageNet's normalisation. The paper names no layer: here it
    is the last before the classes, 4096 numbers."""
    path = weights_file(weights, VGG19)
    network = vgg19_network.without_weights()
    try:
        network.load_state_dict(read_state(path), assign=True)
    except RuntimeError as error:
        raise MaskbenchError(path, "not VGG19", "fetch the weights again") from error
    network.classifier = network.classifier[:-1]
    scaled = _Scaled(network, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
    return WholeCrops(scaled, 4096, 224, device, flip=False)


class ImageFeatures(Encoder):
    """Pooled features of a network of :mod:`maskbench.metrics.features`."""

    def __init__(self, extractor: FeatureExtractor) -> None:
        self._extractor, self.dim = extractor, extractor.dim

    def encode(self, faces: FaceSet, rows: np.ndarray) -> np.ndarray:
        return self._extractor(np.asarray(faces.images[rows]))[0]


def inception(weights: Path, device: str) -> Encoder:
    """FID's Inception, the third paper's first encoder."""
    return ImageFeatures(feature_extractor(weights, True, Encoder.BATCH, device))


def efficientnet_lite0(weights: Path, device: str) -> Encoder:
    """The packaged ImageNet network."""
    return ImageFeatures(PackagedFeatures.open(weights, Encoder.BATCH, device))


def dlib_resnet(weights: Path, device: str) -> Encoder:
    """dlib's recogniser."""
    return DlibEncoder(weights, device)


def dlib_resnet_upper(weights: Path, device: str) -> Encoder:
    """dlib's recogniser on what lies above the nose."""
    return DlibUpperEncoder(weights, device)


def encoder_of(name: str, weights: Path, device: str = "cpu") -> Encoder:
    """A frozen network.

    Raises:
        Absent: its published weights are not in the folder.
        MaskbenchError: the weights are damaged, or packaged ones missing.
    """
    spec = NETWORKS.get(name)
    if isinstance(WEIGHTS[spec.file], Published):
        try:
            weights_file(weights, spec.file)
        except MaskbenchError as error:
            raise Absent(f"{spec.file}: {error.what}") from error
    found: Encoder = spec.load()(weights, device)
    found.name = name
    return found
