"""Small evaluations and picture sets, written through the project's own writers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from maskbench.artifacts import atomic_dir, write_json
from maskbench.faces.faceset import FaceSet, FaceSetWriter
from maskbench.masks.maskedset import MaskedSet, MaskedSetWriter
from maskbench.measurements import Measurement, write_metrics
from maskbench.recognition.identification import cmc, ranks
from maskbench.recognition.roc import roc_of

SIZE = 48
STYLES = ("surgical_blue", "kn95")
# Person, yaw, pitch: of each kind of pose at least one, and more faces than rows in Figure 5.
HEADS = (
    ("anna", 0.0, 1.0),
    ("anna", 28.0, 0.0),
    ("ben", 2.0, 0.0),
    ("carl", 34.0, 3.0),
    ("carl", 1.0, 0.0),
    ("dora", -1.0, 22.0),
    ("emil", -30.0, -4.0),
)


def measurement(
    method: str, seed: int, metric: str, value: float | None, **more: Any
) -> Measurement:
    """A row with everything that a test does not care about filled in."""
    row: dict[str, Any] = {
        "step": "synthesis",
        "dataset": "orl",
        "split": "test",
        "n_people": 8,
        "n": 400,
        "crop": "mtcnn+0.2/144",
    }
    return Measurement(method=method, seed=seed, metric=metric, value=value, **(row | more))


@pytest.fixture
def evaluation(tmp_path: Path) -> Callable[..., Path]:
    """Write an evaluation's folder: rows, and replicates by row number."""

    def write(
        rows: list[Measurement],
        replicates: Mapping[int, np.ndarray] | None = None,
        root: str = "metrics",
    ) -> Path:
        folder = tmp_path / root / rows[0].method / f"seed{rows[0].seed}"
        folder.mkdir(parents=True)
        write_metrics(folder / "metrics.json", rows)
        frames = [
            pd.DataFrame({"row": row, "resample": np.arange(len(values)), "value": values})
            for row, values in ({-1: np.empty(0)} | dict(replicates or {})).items()
        ]
        pd.concat(frames).to_parquet(folder / "resamples.parquet", index=False)
        return folder

    return write


@pytest.fixture
def make_measurement() -> Callable[..., Measurement]:
    return measurement


def head(index: int) -> np.ndarray:
    """A picture that differs for every face: (SIZE, SIZE, 3) uint8."""
    y, x = np.mgrid[:SIZE, :SIZE]
    disc = np.hypot(x - SIZE / 2, y - SIZE / 2) < SIZE * 0.4
    shades = np.stack([np.where(disc, 90 + 20 * index, 30 + x), 60 + y, 40 + x], axis=-1)
    return shades.astype(np.uint8)


def row(index: int) -> dict[str, Any]:
    person, yaw, pitch = HEADS[index]
    box = [4.0, 6.0, 52.0, 54.0]
    return {
        "face_id": f"{person}/{index}.png",
        "identity": person,
        "source": f"{person}/{index}.png",
        "split": "test",
        "box": box,
        "score": 0.99,
        "crop_box": box,
        "landmarks": np.zeros(136, np.float32),
        "yaw": yaw,
        "pitch": pitch,
        "roll": 0.0,
    }


SPEC = {"dataset": "tiny", "crop": "mtcnn+0.2/48"}


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """A FaceSet of the heads above."""
    out = tmp_path / "faces" / "tiny"
    with atomic_dir(out) as tmp, FaceSetWriter(tmp, SIZE, SPEC) as writer:
        for index in range(len(HEADS)):
            writer.add(head(index), row(index))
    return out


@pytest.fixture
def masked(tmp_path: Path) -> Callable[..., Path]:
    """Write a MaskedSet of a method: a coloured bar as the mask of every style."""

    def write(method: str, styles: tuple[str, ...] = STYLES, root: str = "masked") -> Path:
        out = tmp_path / root / "tiny" / method / "seed0"
        with atomic_dir(out) as tmp, MaskedSetWriter(tmp, SIZE, SPEC) as writer:
            for index in range(len(HEADS)):
                for column, style in enumerate(styles):
                    picture, cover = head(index), np.zeros((SIZE, SIZE), np.uint8)
                    cover[28:42, 10:38] = 255
                    picture[cover > 0] = (200, 60 + 80 * column, 120)
                    bare = row(index)
                    more = {"bare_id": bare["face_id"], "method": method, "style": style}
                    bare["face_id"] += f":{style}"
                    writer.add(picture, bare | more, cover)
        return out

    return write


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A data set's folder whose pictures hold the heads at the boxes of ``faces``."""
    out = tmp_path / "pictures" / "tiny"
    for index, (person, _, _) in enumerate(HEADS):
        whole = np.full((64, 60, 3), 128, np.uint8)
        whole[6:54, 4:52] = head(index)
        path = out / "files" / person / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(whole).save(path)
    write_json(out / "source.json", {"dataset": "tiny", "root": str(out / "files")})
    return out


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    """Two trained methods of two seeds, with curves and placement sheets."""
    made = []
    for method in ("wgan_stn", "pywgan_div"):
        for seed in (0, 1):
            folder = tmp_path / "models" / "tiny" / method / f"seed{seed}"
            (folder / "sheets").mkdir(parents=True)
            steps = np.arange(0, 60, 10)
            parts = [
                pd.DataFrame(
                    {"step": steps, "name": f"train/{name}", "value": scale / (1 + steps + seed)}
                )
                for name, scale in (("critic_loss", -5e4), ("generator_loss", 1e-3))
            ]
            pd.concat(parts).to_parquet(folder / "curves.parquet", index=False)
            for step in range(0, 60, 5):
                sheet = np.full((2 * SIZE, 3 * SIZE, 3), 4 * step, np.uint8)
                Image.fromarray(sheet).save(folder / "sheets" / f"1_train_{step:06d}.png")
            made.append(folder)
    return made


def embedded_people(
    strength: float, own: float, people: int, seed: int, dim: int = 24
) -> tuple[np.ndarray, pd.DataFrame]:
    """Embeddings of length 1 and their pictures: each person four bare ones, each of these masked.

    Args:
        strength: how near pictures of one person lie.
        own: how much a mask hides: 0 nothing, 1 half of the person.
    """
    rng = np.random.default_rng([7, people])
    centres, mask = rng.normal(0, 1, (people, dim)), rng.normal(0, 1, dim)
    noise = np.random.default_rng([seed, people])
    vectors, rows = [], []
    for kind in ("bare", "masked"):
        for person in range(people):
            for number in range(4):
                vector = strength * centres[person] + noise.normal(0, 1, dim)
                if kind == "masked":
                    vector = (1 - own / 2) * vector + own * mask
                photo = f"p{person:02d}/{number}.png"
                style = "" if kind == "bare" else STYLES[number % 2]
                face = photo if kind == "bare" else f"{photo}:{style}"
                rows.append((face, f"p{person:02d}", kind, photo, style, False))
                vectors.append(vector)
    table = pd.DataFrame(
        rows, columns=["face_id", "identity", "kind", "photo", "style", "undetected"]
    )
    found = np.array(vectors)
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32), table


@pytest.fixture
def recognised(tmp_path: Path) -> Callable[..., Path]:
    """Write the evaluation of a recogniser, as ``evaluate_recognition`` does, from embeddings."""

    def write(
        name: str,
        training_set: str = "none",
        strength: float = 1.0,
        own: float = 0.6,
        *,
        dataset: str = "tiny",
        standard: str = "bare_masked",
        seed: int = 0,
        people: int = 14,
    ) -> Path:
        folder = tmp_path / "recognition" / dataset / name / training_set / f"seed{seed}"
        folder.mkdir(parents=True)
        vectors, table = embedded_people(strength, own, people, seed)
        identity, kind = table["identity"].to_numpy(), table["kind"].to_numpy()
        scores = vectors @ vectors.T
        facts = {"seed": seed, "step": "recognition", "dataset": dataset, "backbone": "net"}
        facts["training_set"] = training_set
        rows, listed, curves, replicates = [], [], [], []
        for protocol, kinds in (
            (standard, ("bare", "masked")),
            ("bare_bare", ("bare", "bare")),
        ):
            first, second = np.nonzero((kind == kinds[0])[:, None] & (kind == kinds[1])[None, :])
            apart = table["photo"].to_numpy()[first] != table["photo"].to_numpy()[second]
            first, second = first[apart], second[apart]
            same, score = identity[first] == identity[second], scores[first, second]
            roc = roc_of(score[same], score[~same])
            far, tar = roc.curve()
            curves.append(pd.DataFrame({"protocol": protocol, "far": far, "tar": tar}))
            listed.append(
                pd.DataFrame({"protocol": protocol, "same": same, "score": score}).assign(
                    first=table["face_id"].to_numpy()[first],
                    second=table["face_id"].to_numpy()[second],
                )
            )
            known = "standard" if protocol == standard else protocol
            for metric, value in (("auc", roc.auc()), ("accuracy", 1 - roc.eer())):
                # Replicate b shakes every recogniser of a test set alike.
                shake = np.random.default_rng(5).normal(0, 0.01, 200)
                replicates.append(
                    pd.DataFrame(
                        {"row": len(rows), "resample": np.arange(200), "value": value + shake}
                    )
                )
                more = facts | {"protocol": known, "n": len(same)}
                rows.append(measurement(name, metric=metric, value=value, **more))
        bare, masked = kind == "bare", kind == "masked"
        rank = ranks(vectors[bare], identity[bare], vectors[masked], identity[masked])
        shares = cmc(rank, people)
        more = facts | {"n": int(masked.sum())}
        rows.append(measurement(name, metric="rank_5", value=float(shares[4]), **more))
        write_metrics(folder / "metrics.json", rows)
        pd.concat(replicates).to_parquet(folder / "resamples.parquet", index=False)
        pd.concat(listed).to_parquet(folder / "scores.parquet", index=False)
        pd.concat(curves).to_parquet(folder / "roc.parquet", index=False)
        pd.DataFrame(
            {"protocol": "identification", "rank": np.arange(1, people + 1), "share": shares}
        ).to_parquet(folder / "cmc.parquet", index=False)
        table.to_parquet(folder / "pictures.parquet", index=False)
        np.save(folder / "embeddings.npy", vectors)
        return folder

    return write


@pytest.fixture
def absent(tmp_path: Path) -> Callable[[str], Path]:
    """Write the evaluation of a recogniser whose weights are not there."""

    def write(name: str) -> Path:
        folder = tmp_path / "recognition" / "tiny" / name / "none" / "seed0"
        folder.mkdir(parents=True)
        rows = [
            measurement(
                name, 0, metric, None, step="recognition", dataset="tiny", n=0, training_set="none",
                backbone="absent", note="its published weights are not there",
            )
            for metric in ("accuracy", "auc", "rank_5")
        ]  # fmt: skip
        write_metrics(folder / "metrics.json", rows)
        for file, columns in (
            ("scores", ["protocol", "first", "second", "same", "score"]),
            ("roc", ["protocol", "far", "tar"]),
            ("cmc", ["protocol", "rank", "share"]),
            ("resamples", ["row", "resample", "value"]),
        ):
            pd.DataFrame(columns=columns).to_parquet(folder / f"{file}.parquet", index=False)
        return folder

    return write


@pytest.fixture
def recognition(recognised: Callable[..., Path], absent: Callable[[str], Path]) -> list[Path]:
    """A frozen network, mask removal, four losses and an adapter trained on several sets."""
    made = [absent("facenet"), recognised("dlib_resnet", "none", 1.2, 0.9)]
    made += [recognised("mrii", "none", 1.2, 0.6), recognised("maskfacenet", "keypoint", 0.7, 0.4)]
    for name, strength in (("softmax", 0.6), ("triplet", 0.62), ("arcface", 0.75)):
        for training_set, own in (("bare", 0.9), ("keypoint", 0.4), ("pywgan_div", 0.5)):
            made.append(recognised(name, training_set, strength, own))
    for training_set, own in (("bare", 0.85), ("keypoint", 0.25)):
        made.append(recognised("adapter_arcface", training_set, 1.3, own))
    return made


@pytest.fixture
def restored(tmp_path: Path, masked: Callable[..., Path]) -> Path:
    """The key-point overlay's set with its bars painted green, as a restorer would write it."""
    source = MaskedSet.open(masked("keypoint", root="source"))
    folder = tmp_path / "restored" / "tiny" / "edgeconnect" / "seed0"
    folder.mkdir(parents=True)
    for name in ("faces.parquet", "spec.json", "masks.npy"):
        (folder / name).write_bytes((source.path / name).read_bytes())
    images = np.array(source.images)
    images[np.asarray(source.masks) > 0] = (10, 250, 10)
    np.save(folder / "images.npy", images)
    return folder


@pytest.fixture
def really_masked(tmp_path: Path) -> Path:
    """Really masked people: the heads, all but the first with a red bar."""
    out = tmp_path / "faces" / "real"
    with atomic_dir(out) as tmp, FaceSetWriter(tmp, SIZE, SPEC | {"dataset": "real"}) as writer:
        for index in range(len(HEADS)):
            picture = head(index)
            if index:
                picture[28:42, 10:38] = (250, 10, 10)
            writer.add(picture, row(index))
    return out


@pytest.fixture
def unmasked(tmp_path: Path, really_masked: Path) -> Path:
    """The same with the bars painted green, and where."""
    out = tmp_path / "restored" / "real" / "edgeconnect" / "seed0"
    source = FaceSet.open(really_masked)
    with atomic_dir(out) as tmp, MaskedSetWriter(tmp, SIZE, source.spec) as writer:
        for index in range(len(HEADS)):
            picture, cover = np.array(source.images[index]), np.zeros((SIZE, SIZE), np.uint8)
            if index:
                picture[28:42, 10:38] = (10, 250, 10)
                cover[28:42, 10:38] = 255
            writer.add(picture, row(index) | {"bare_id": "", "method": "", "style": ""}, cover)
    return out


@pytest.fixture
def recognisers(tmp_path: Path) -> list[Path]:
    """Folders of recognisers with two training sets and four seeds; dlib_resnet learns nothing."""
    made = []
    for name in ("softmax", "arcface", "dlib_resnet"):
        for training_set in ("bare", "keypoint"):
            for seed in (0, 1, 2, 3):
                folder = tmp_path / "recognisers" / "tiny" / name / training_set / f"seed{seed}"
                folder.mkdir(parents=True)
                made.append(folder)
                if name != "dlib_resnet":
                    steps = np.arange(0, 30, 10)
                    frame = pd.DataFrame(
                        {"step": steps, "name": "train/loss", "value": 1 / (1 + steps)}
                    )
                    frame.to_parquet(folder / "curves.parquet", index=False)
    return made
