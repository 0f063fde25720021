"""The dlib recogniser in torch against dlib's own."""

from pathlib import Path

import dlib
import numpy as np
import pytest

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks.maskedset import MaskedSet
from maskbench.metrics.dlib_network import read_dlib_network
from maskbench.metrics.identity import RECOGNISER, DlibRecogniser, cosine, face_chip


def test_embeddings_are_those_of_dlib(weights: Path, faces: Path):
    bare = FaceSet.open(faces)
    model = dlib.face_recognition_model_v1(str(weights / RECOGNISER))
    chips = [face_chip(i, p) for i, p in zip(bare.images, bare.landmarks, strict=True)]
    expected = np.array(model.compute_face_descriptor(chips))
    found = DlibRecogniser(weights, batch_size=4)(bare.images, bare.landmarks)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_embedding_does_not_depend_on_the_batch(weights: Path, faces: Path):
    bare = FaceSet.open(faces)
    recogniser = DlibRecogniser(weights, batch_size=4)
    whole = recogniser(bare.images, bare.landmarks)
    for rows in ([3], [4, 0, 1]):
        found = recogniser(bare.images[rows], bare.landmarks[rows])
        np.testing.assert_array_equal(found, whole[rows])


def test_a_masked_face_stays_nearer_to_its_own_face(weights: Path, faces: Path, reference: Path):
    bare, masked = FaceSet.open(faces), MaskedSet.open(reference)
    recogniser = DlibRecogniser(weights)
    a = recogniser(bare.images, bare.landmarks)
    b = recogniser(masked.images[::3], masked.landmarks[::3])
    own = cosine(a, b)
    others = [cosine(np.roll(a, k, axis=0), b) for k in range(1, 5)]
    assert own.mean() > np.mean(others) and (own < 1).all() and (cosine(a, a) > 0.999999).all()


def test_cosine_by_hand():
    a, b = np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([[4.0, 3.0], [0.0, 2.0]])
    np.testing.assert_allclose(cosine(a, b), [24 / 25, 0])


@pytest.mark.parametrize("content", [b"", b"\x01\x05con_4\x01\x02\x01\x09", b"x" * 500])
def test_another_file_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / RECOGNISER
    path.write_bytes(content)
    with pytest.raises(MaskbenchError, match="recogniser"):
        read_dlib_network(path)


def test_a_truncated_file_is_refused(tmp_path: Path, weights: Path):
    path = tmp_path / RECOGNISER
    path.write_bytes((weights / RECOGNISER).read_bytes()[:5_000_000])
    with pytest.raises(MaskbenchError, match="recogniser"):
        read_dlib_network(path)
