"""VGG-19 without weights: shapes and no numbers."""

from maskbench.datasets.weights import WEIGHTS
from maskbench.networks import vgg19


def test_it_has_no_numbers_and_its_file_is_known():
    network = vgg19.without_weights()
    assert sum(parameter.numel() for parameter in network.parameters()) == 143_667_240
    assert all(parameter.is_meta for parameter in network.parameters())
    assert vgg19.FILE in WEIGHTS
