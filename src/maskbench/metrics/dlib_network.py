"""dlib's face recogniser as a torch network, read from dlib's own file.

The network is King 2017: a ResNet of 29 convolutions with half the filters of ResNet-34, 150 x 150
pictures in, 128 numbers out. dlib without BLAS runs it at 13 pictures a second on one core; torch
at 170, and the numbers are the same (a test holds them to dlib's own within 1e-5).

The file is dlib's serialisation: integers are a byte with their length (and sign), then
little-endian bytes; a tensor is a version, four sizes and raw float32. Layers stand in the order in
which data flows, each after its name; what is not a weight needs no parsing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from maskbench.errors import FETCH_AGAIN, MaskbenchError, from_os_error

CHIP = 150
"""Side of the pictures that the network takes, in pixels."""
EMBEDDING = 128
_MEAN = (122.782, 117.001, 104.298)  # of the red, green and blue channel, as the file has them
_CONVOLUTIONS = 29


@dataclass(frozen=True)
class _Convolution:
    """Weights (out, in, k, k) and bias (out,) with the layer's affine scaling folded in."""

    weight: Tensor
    bias: Tensor
    stride: int
    padding: int


class DlibFaceNetwork(nn.Module):
    """Chips (B, 3, 150, 150), float RGB 0..255 -> embeddings (B, 128)."""

    def __init__(self, layers: list[_Convolution], last: Tensor) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList()
        for layer in layers:
            outputs, inputs, kernel, _ = layer.weight.shape
            conv = nn.Conv2d(inputs, outputs, kernel, layer.stride, layer.padding)
            conv.weight, conv.bias = nn.Parameter(layer.weight), nn.Parameter(layer.bias)
            self.convolutions.append(conv)
        self.last = nn.Parameter(last)
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None])
        self.requires_grad_(False).eval()

    def forward(self, x: Tensor) -> Tensor:
        mean: Tensor = self.mean  # type: ignore[assignment]
        stem, *rest = self.convolutions
        x = F.max_pool2d(F.relu(stem((x - mean) / 256)), 3, 2)
        for first, second in zip(rest[::2], rest[1::2], strict=True):
            y = second(F.relu(first(x)))
            shortcut = x if first.stride == (1, 1) else F.avg_pool2d(x, 2, 2)
            x = F.relu(_padded_sum(y, shortcut))
        return x.mean((2, 3)) @ self.last


def _padded_sum(a: Tensor, b: Tensor) -> Tensor:
    """Sum of maps of different shapes; what is missing counts as 0 (dlib's add_prev)."""
    if a.shape == b.shape:
        return a + b
    size = [max(m, n) for m, n in zip(a.shape[1:], b.shape[1:], strict=True)]

    def padded(x: Tensor) -> Tensor:
        channels, height, width = (m - n for m, n in zip(size, x.shape[1:], strict=True))
        return F.pad(x, (0, width, 0, height, 0, channels))

    return padded(a) + padded(b)


def read_dlib_network(path: Path) -> DlibFaceNetwork:
    """Read ``dlib_face_recognition_resnet_model_v1.dat``.

    Raises:
        MaskbenchError: the file cannot be read or is not this network.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise from_os_error(error, path) from error
    try:
        return _parse(data)
    except (ValueError, IndexError, RuntimeError) as error:
        raise MaskbenchError(path, f"not dlib's face recogniser ({error})", FETCH_AGAIN) from error


def _parse(data: bytes) -> DlibFaceNetwork:
    layers: list[_Convolution] = []
    pending: tuple[np.ndarray, np.ndarray, int, int] | None = None
    last: Tensor | None = None
    for name, position in _layers(data):
        if name == "con_4":
            values, position = _tensor(data, position)
            (filters, rows, columns, stride, _, padding, _), _ = _integers(data, position, 7)
            weight, bias = values[:-filters], values[-filters:]
            pending = (weight.reshape(filters, -1, rows, columns), bias, stride, padding)
        elif name == "affine_" and pending is not None:
            values, _ = _tensor(data, position)
            gamma, beta = np.split(values, 2)
            weight, bias, stride, padding = pending
            layers.append(
                _Convolution(
                    torch.from_numpy(weight * gamma[:, None, None, None]),
                    torch.from_numpy(bias * gamma + beta),
                    stride,
                    padding,
                )
            )
            pending = None
        elif name == "fc_2":
            (outputs, inputs), position = _integers(data, position, 2)
            values, _ = _tensor(data, position)
            last = torch.from_numpy(values.reshape(inputs, outputs))
    if len(layers) != _CONVOLUTIONS or last is None or last.shape[1] != EMBEDDING:
        raise ValueError(f"{len(layers)} convolutions")
    return DlibFaceNetwork(layers, last)


def _layers(data: bytes) -> Iterator[tuple[str, int]]:
    """Names of the layers with weights and the position after each name."""
    # A string is its length as an integer, then its bytes.
    for match in re.finditer(rb"\x01\x05con_4|\x01\x07affine_|\x01\x04fc_2", data):
        yield match.group()[2:].decode(), match.end()


def _integers(data: bytes, position: int, count: int) -> tuple[list[int], int]:
    values = []
    for _ in range(count):
        length, negative = data[position] & 15, data[position] & 128
        position += 1
        value = int.from_bytes(data[position : position + length], "little")
        values.append(-value if negative else value)
        position += length
    return values, position


def _tensor(data: bytes, position: int) -> tuple[np.ndarray, int]:
    """The flat values of a tensor, and the position after it."""
    (version, *sizes), position = _integers(data, position, 5)
    count = int(np.prod(sizes))
    if version != 2 or min(sizes) < 0 or position + 4 * count > len(data):
        raise ValueError(f"a tensor of version {version} and sizes {sizes}")
    return np.frombuffer(data, "<f4", count, position).copy(), position + 4 * count
