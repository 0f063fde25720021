"""The networks have the published size and compute what their definition says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from maskbench.errors import MaskbenchError
from maskbench.faces.mtcnn_networks import ONet, PNet, RNet, load_network


@pytest.mark.parametrize(
    ("network", "file", "parameters"),
    [
        (PNet, "mtcnn_pnet.pt", 6_632),
        (RNet, "mtcnn_rnet.pt", 100_178),
        (ONet, "mtcnn_onet.pt", 389_040),
    ],
)
def test_published_parameter_counts(weights: Path, network, file, parameters):
    loaded = load_network(network(), weights / file)
    assert sum(p.numel() for p in loaded.parameters()) == parameters


def test_normalisation_is_folded_into_the_first_convolution(weights: Path):
    state = torch.load(weights / "mtcnn_pnet.pt", weights_only=True)
    pixels = torch.randint(0, 256, (2, 3, 20, 31)).float()
    wanted = F.conv2d((pixels - 127.5) / 128, state["conv1.weight"], state["conv1.bias"])
    got = load_network(PNet(), weights / "mtcnn_pnet.pt").conv1(pixels)
    torch.testing.assert_close(got, wanted, atol=1e-4, rtol=1e-4)


def test_output_shapes(weights: Path):
    score, offset = load_network(PNet(), weights / "mtcnn_pnet.pt")(torch.zeros(2, 3, 12, 30))
    assert score.shape == (2, 1, 10) and offset.shape == (2, 4, 1, 10)
    score, offset, points = load_network(ONet(), weights / "mtcnn_onet.pt")(
        torch.zeros(3, 3, 48, 48)
    )
    assert score.shape == (3,) and offset.shape == (3, 4) and points.shape == (3, 10)
    assert ((score > 0) & (score < 1)).all()


def test_wrong_and_damaged_weights_are_refused_by_name(weights: Path, tmp_path: Path):
    with pytest.raises(MaskbenchError, match=r"mtcnn_rnet.pt: not the weights of PNet"):
        load_network(PNet(), weights / "mtcnn_rnet.pt")
    damaged = tmp_path / "mtcnn_pnet.pt"
    damaged.write_bytes((weights / "mtcnn_pnet.pt").read_bytes()[:9000])
    with pytest.raises(MaskbenchError, match="not the weights of PNet"):
        load_network(PNet(), damaged)
    with pytest.raises(MaskbenchError, match="no such file"):
        load_network(PNet(), tmp_path / "absent.pt")
