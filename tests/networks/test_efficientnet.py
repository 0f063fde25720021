"""EfficientNet-Lite0 on the packaged weights: the right network, the right input."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import torch
import torch.nn.functional as F
from torchvision.models._meta import _IMAGENET_CATEGORIES

from maskbench.errors import MaskbenchError
from maskbench.metrics.features import EFFICIENTNET, PackagedFeatures
from maskbench.networks import efficientnet
from maskbench.networks.efficientnet import EfficientNetLite0, SameConv2d


def test_parameters():
    count = sum(p.numel() for p in EfficientNetLite0().parameters())
    assert count == pytest.approx(4.65e6, rel=1e-3)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [(8, 8), (9, 9), (8, 11)])
@pytest.mark.parametrize("stride", [1, 2])
def test_same_padding_puts_the_odd_pixel_below_and_right(kernel, size, stride):
    torch.manual_seed(0)
    conv = SameConv2d(4, 4, kernel, stride, groups=4)
    x = torch.randn(2, 4, *size)
    needed = [max((-(-s // stride) - 1) * stride + kernel - s, 0) for s in size]
    (v0, v1), (h0, h1) = ((n // 2, n - n // 2) for n in needed)
    expected = F.conv2d(F.pad(x, (h0, h1, v0, v1)), conv.weight, conv.bias, stride, groups=4)
    torch.testing.assert_close(conv(x), expected)


def test_folding_the_batch_norms_changes_nothing(weights: Path):
    plain = EfficientNetLite0().eval()
    plain.load_state_dict(torch.load(weights / EFFICIENTNET, weights_only=True))
    folded = efficientnet.load(weights / EFFICIENTNET)
    x = torch.rand(1, 3, 96, 96) * 2 - 1
    with torch.inference_mode():
        for a, b in zip(plain(x)[:2], folded(x)[:2], strict=True):
            torch.testing.assert_close(a, b, atol=2e-3, rtol=1e-3)
        assert [tuple(m.shape[1:]) for m in folded(x)[2]] == [
            (16, 48, 48),
            (24, 24, 24),
            (40, 12, 12),
            (112, 6, 6),
            (320, 3, 3),
        ]


@pytest.mark.parametrize(
    ("picture", "expected"),
    [("chelsea", {"Egyptian cat", "tabby", "tiger cat"}), ("coffee", {"espresso", "cup"})],
)
@pytest.mark.parametrize("size", [144, 224])
def test_names_what_a_picture_shows(weights: Path, picture, expected, size):
    image = getattr(skimage.data, picture)()
    side = min(image.shape[:2])
    top, left = ((s - side) // 2 for s in image.shape[:2])
    image = cv2.resize(
        image[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA
    )
    _, logits = PackagedFeatures.open(weights, batch_size=1)(image[None])
    assert _IMAGENET_CATEGORIES[int(np.argmax(logits[0]))] in expected


def test_another_file_is_refused(tmp_path: Path):
    path = tmp_path / "other.pth"
    torch.save({"weight": torch.zeros(3)}, path)
    with pytest.raises(MaskbenchError, match="EfficientNet"):
        efficientnet.load(path)
    path.write_bytes(b"not a state dictionary")
    with pytest.raises(MaskbenchError, match="EfficientNet"):
        efficientnet.load(path)
