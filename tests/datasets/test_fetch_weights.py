"""The weights folder: packaged ones always, published ones where they can be had."""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from maskbench.artifacts import LISTING, read_json, sha256_of
from maskbench.datasets import download
from maskbench.datasets.fetch_weights import fetch_weights
from maskbench.datasets.weights import WEIGHTS, Packaged, Published, has_weights, weights_file
from maskbench.errors import MaskbenchError

INCEPTION, VGG = "pt_inception-2015-12-05-6726825d.pth", "vgg16-397923af.pth"
FACENET, VGG19 = "facenet_vggface2.pt", "vgg19-dcbb9e9d.pth"
PACKAGED = [name for name, entry in WEIGHTS.items() if isinstance(entry, Packaged)]
PUBLISHED = [name for name, entry in WEIGHTS.items() if isinstance(entry, Published)]
UNREACHABLE = "http://127.0.0.1:9/{}"


@pytest.fixture
def published(weights: Path, server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A server in the place of all published addresses; packaged weights from the user's cache."""
    monkeypatch.delenv("MASKBENCH_CACHE")
    packages = download.cache_folder() / "packages"
    monkeypatch.setenv("MASKBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "packages").symlink_to(packages)
    for name in PACKAGED:
        if not name.startswith("mtcnn"):  # the small ones suffice; all are in the other tests
            monkeypatch.delitem(WEIGHTS, name)
    for name in PUBLISHED:
        entry = replace(
            WEIGHTS[name],
            urls=(server.url(name),),
            sha256=hashlib.sha256(server.content).hexdigest(),
        )
        monkeypatch.setitem(WEIGHTS, name, entry)
    return server


def test_packaged_weights_are_all_there(weights: Path) -> None:
    listing = read_json(weights / "weights.json")
    assert set(listing) == set(WEIGHTS)
    for name in PACKAGED:
        row = listing[name]
        assert row["present"] and row["reason"] == "" and row["licence"]
        assert row["sha256"] == WEIGHTS[name].sha256 == sha256_of(weights_file(weights, name))
    for name in PUBLISHED:
        assert not listing[name]["present"] and "not asked for" in listing[name]["reason"]


def test_nothing_else_lies_in_the_folder(weights: Path) -> None:
    found = {path.name for path in weights.iterdir()}
    assert found - {LISTING} == {*PACKAGED, "weights.json"}


def test_torch_opens_the_packaged_weights_without_unpickling_code(weights: Path) -> None:
    torch = pytest.importorskip("torch")
    for name in PACKAGED:
        if name.endswith((".pt", ".pth")):
            assert torch.load(weights / name, weights_only=True, map_location="cpu")


def test_published_weights_that_answer(published, tmp_path: Path) -> None:
    fetch_weights(tmp_path / "w", published=True)
    listing = read_json(tmp_path / "w" / "weights.json")
    for name in PUBLISHED:
        assert listing[name]["present"] and listing[name]["reason"] == ""
        assert weights_file(tmp_path / "w", name).read_bytes() == published.content
    asked = len(published.asked)
    fetch_weights(tmp_path / "w2", published=True)
    assert len(published.asked) == asked  # offline afterwards
    assert sha256_of(tmp_path / "w") == sha256_of(tmp_path / "w2")


def test_published_weights_that_are_unreachable(published, tmp_path: Path, monkeypatch) -> None:
    """The present ones are used, the others noted, with the same words every time."""
    for name in PUBLISHED:
        if name != VGG:
            entry = replace(WEIGHTS[name], urls=(UNREACHABLE.format(name),))
            monkeypatch.setitem(WEIGHTS, name, entry)
    fetch_weights(tmp_path / "w", published=True)
    row = read_json(tmp_path / "w" / "weights.json")[INCEPTION]
    assert row["reason"] == "127.0.0.1:9 could not be reached" and not row["present"]
    assert has_weights(tmp_path / "w", VGG) and not has_weights(tmp_path / "w", INCEPTION)
    with pytest.raises(MaskbenchError, match="could not be reached"):
        weights_file(tmp_path / "w", INCEPTION)
    fetch_weights(tmp_path / "w2", published=True)
    assert sha256_of(tmp_path / "w") == sha256_of(tmp_path / "w2")


def test_a_host_that_is_silent_is_tried_once(published, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("maskbench.datasets.fetch_weights.TIMEOUT", 0.3)
    published.block_pause = 60.0
    began = time.perf_counter()
    fetch_weights(tmp_path / "w", published=True)
    assert time.perf_counter() - began < 30
    assert len(published.asked) == 1
    listing = read_json(tmp_path / "w" / "weights.json")
    assert not any(listing[name]["present"] for name in PUBLISHED)


def test_a_missing_file_does_not_condemn_its_server(published, tmp_path: Path) -> None:
    published.statuses = (404,)
    fetch_weights(tmp_path / "w", published=True)
    listing = read_json(tmp_path / "w" / "weights.json")
    present = [listing[name]["present"] for name in PUBLISHED]
    assert present == [False] + [True] * (len(PUBLISHED) - 1)
    assert listing[PUBLISHED[0]]["reason"] == "the server answers 404"


def test_a_proxy_that_answers_with_its_own_page(published, tmp_path: Path, caplog) -> None:
    """Such as a captive portal's login: weights that can be done without stop nothing."""
    published.content = b"<html>please log in</html>"
    fetch_weights(tmp_path / "w", published=True)
    listing = read_json(tmp_path / "w" / "weights.json")
    for name in PUBLISHED:
        assert not listing[name]["present"] and not (tmp_path / "w" / name).exists()
        assert "does not have the pinned sha256" in listing[name]["reason"]
    assert all(listing[name]["present"] for name in listing if name not in PUBLISHED)
    assert list((tmp_path / "cache" / "files").iterdir()) == []
    assert "uses the packaged network instead" in caplog.text
    fetch_weights(tmp_path / "w2", published=True)
    assert sha256_of(tmp_path / "w") == sha256_of(tmp_path / "w2")


def test_a_hiccup_is_tried_again(published, tmp_path: Path) -> None:
    published.statuses = (503, 500)
    fetch_weights(tmp_path / "w", published=True)
    listing = read_json(tmp_path / "w" / "weights.json")
    assert all(row["present"] for row in listing.values())
    assert len(published.asked) == len(PUBLISHED) + 2


def test_offline_costs_little_time(published, tmp_path: Path, monkeypatch) -> None:
    for name in PUBLISHED:
        monkeypatch.setitem(WEIGHTS, name, replace(WEIGHTS[name], urls=(UNREACHABLE.format(name),)))
    began = time.perf_counter()
    fetch_weights(tmp_path / "w", published=True)
    assert time.perf_counter() - began < 5


def test_packaged_weights_are_mandatory(index, tmp_path: Path) -> None:
    with pytest.raises(MaskbenchError, match="connect to a package index once"):
        fetch_weights(tmp_path / "w", published=False)
    assert not (tmp_path / "w").exists()


def test_results_are_not_links_into_the_cache(weights: Path) -> None:
    for name in PACKAGED:
        assert (weights / name).stat().st_nlink == 1 and not (weights / name).is_symlink()


def test_unknown_and_absent_names(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(MaskbenchError, match=r"did you mean mtcnn_pnet\.pt"):
        weights_file(weights, "mtcnn_pnet.pth")
    with pytest.raises(MaskbenchError, match="fetch_weights"):
        weights_file(tmp_path, "mtcnn_pnet.pt")
    with pytest.raises(MaskbenchError, match="unknown"):
        has_weights(weights, "x")


def test_table_is_complete() -> None:
    for name, entry in WEIGHTS.items():
        assert entry.licence and entry.source, name
        assert len(entry.sha256) >= 8 and set(entry.sha256) <= set("0123456789abcdef")
        if isinstance(entry, Packaged):
            assert len(entry.sha256) == 64
            continue
        assert all(url.startswith("https://") for url in entry.urls)
        if name == FACENET:  # its release is named after a day
            assert all(url.endswith("-vggface2.pt") for url in entry.urls)
        else:  # the names that PyTorch gives carry the first digits
            assert all(url.endswith(name) for url in entry.urls)
            assert entry.sha256.startswith(name.rsplit("-", 1)[1].removesuffix(".pth"))


def test_recognisers_weights_are_pinned_in_full() -> None:
    """FaceNet (papers 2 and 3) and VGG19 (paper 3): all 64 digits, as others have published."""
    assert {FACENET, VGG19} <= set(PUBLISHED)
    assert WEIGHTS[FACENET].sha256 == (
        "281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b"
    )
    assert WEIGHTS[VGG19].sha256 == (
        "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44"
    )
    assert "VGGFace2" in WEIGHTS[FACENET].licence and "research" in WEIGHTS[FACENET].licence


def test_addresses_are_those_of_the_libraries_themselves() -> None:
    models = pytest.importorskip("torchvision.models")
    inception = pytest.importorskip("pytorch_fid.inception")
    assert WEIGHTS[INCEPTION].source == inception.FID_WEIGHTS_URL
    assert WEIGHTS[VGG].source == models.VGG16_Weights.IMAGENET1K_V1.url
    assert WEIGHTS[VGG19].source == models.VGG19_Weights.IMAGENET1K_V1.url
    assert WEIGHTS["alexnet-owt-7be5be79.pth"].source == models.AlexNet_Weights.IMAGENET1K_V1.url
    google = models.Inception_V3_Weights.IMAGENET1K_V1.url
    assert WEIGHTS["inception_v3_google-0cc3c7bd.pth"].source == google


def test_damaged_weights_in_the_cache_never_reach_a_result(published, tmp_path: Path) -> None:
    fetch_weights(tmp_path / "w", published=True)
    cached = tmp_path / "cache" / "files" / VGG
    cached.write_bytes(b"damaged")
    shutil.rmtree(tmp_path / "w")
    fetch_weights(tmp_path / "w", published=True)
    assert weights_file(tmp_path / "w", VGG).read_bytes() == published.content
