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
from maskbench.faces.faceset import FaceSetWriter
from maskbench.masks.maskedset import MaskedSetWriter
from maskbench.measurements import Measurement, write_metrics

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
        "stage": "synthesis",
        "dataset": "orl",
        "split": "test",
        "variant": "",
        "n": 400,
        "ci_low": None,
        "ci_high": None,
        "backbone": "none",
        "crop": "mtcnn+0.2/144",
    }
    return Measurement(method=method, seed=seed, metric=metric, value=value, **(row | more))


@pytest.fixture
def evaluation(tmp_path: Path) -> Callable[..., Path]:
    """Write an evaluation's folder: rows, and replicates as {(variant, metric): values}."""

    def write(
        rows: list[Measurement],
        replicates: Mapping[tuple[str, str], np.ndarray] | None = None,
        root: str = "metrics",
    ) -> Path:
        folder = tmp_path / root / rows[0].method / f"seed{rows[0].seed}"
        folder.mkdir(parents=True)
        write_metrics(folder / "metrics.json", rows)
        frames = [
            pd.DataFrame(
                {
                    "variant": variant,
                    "metric": metric,
                    "resample": np.arange(len(values)),
                    "value": values,
                }
            )
            for (variant, metric), values in (replicates or {}).items()
        ]
        if frames:
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

    def write(method: str, styles: tuple[str, ...] = STYLES) -> Path:
        out = tmp_path / "masked" / "tiny" / method / "seed0"
        with atomic_dir(out) as tmp, MaskedSetWriter(tmp, SIZE, SPEC) as writer:
            for index in range(len(HEADS)):
                for column, style in enumerate(styles):
                    picture, cover = head(index), np.zeros((SIZE, SIZE), np.uint8)
                    cover[28:42, 10:38] = 255
                    picture[cover > 0] = (200, 60 + 80 * column, 120)
                    bare = row(index)
                    more = {"of": bare["face_id"], "method": method, "style": style}
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
            (folder / "snapshots").mkdir(parents=True)
            steps = np.arange(0, 60, 10)
            parts = [
                pd.DataFrame({"step": steps, "name": name, "value": scale / (1 + steps + seed)})
                for name, scale in (("critic_loss", -5e4), ("generator_loss", 1e-3))
            ]
            pd.concat(parts).to_parquet(folder / "curves.parquet", index=False)
            for step in range(0, 60, 5):
                sheet = np.full((2 * SIZE, 3 * SIZE, 3), 4 * step, np.uint8)
                Image.fromarray(sheet).save(folder / "snapshots" / f"step_{step:06d}.png")
            made.append(folder)
    return made
