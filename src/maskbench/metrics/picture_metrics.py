"""Everything that is measured picture by picture, in one pass over a MaskedSet.

Pictures are read batch by batch from memory maps; features for the set metrics are written to
memory maps. Memory does not grow with the number of pictures but for a few numbers each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.masks import wearing
from maskbench.masks.maskedset import MaskedSet
from maskbench.metrics import identity, placement, psnr, ssim
from maskbench.metrics.dlib_network import EMBEDDING
from maskbench.metrics.features import FeatureExtractor, class_scorer, feature_extractor
from maskbench.metrics.identity import DlibRecogniser
from maskbench.metrics.lpips import AlexnetLpips, PackagedLpips, perceptual_distance
from maskbench.threads import one_thread


@dataclass(frozen=True)
class Networks:
    """The networks of one evaluation; ``backbones`` names that of each metric."""

    features: FeatureExtractor
    classes: FeatureExtractor
    lpips: AlexnetLpips | PackagedLpips
    recogniser: DlibRecogniser

    @classmethod
    def open(cls, weights: Path, published: bool, batch_size: int) -> Networks:
        """Load what the weights folder holds (see :mod:`maskbench.metrics.features`)."""
        device = "cuda" if torch.cuda.is_available() else "cpu"
        features = feature_extractor(weights, published, batch_size, device)
        return cls(
            features,
            class_scorer(features, weights, published),
            perceptual_distance(weights, published, features),
            DlibRecogniser(weights, batch_size, device),
        )

    @property
    def backbones(self) -> dict[str, str]:
        return {
            "lpips": self.lpips.name,
            "fid": self.features.name,
            "kid": self.features.name,
            "is": self.classes.name,
            "identity_cosine": self.recogniser.name,
        }


@dataclass(frozen=True)
class Measured:
    """What one pass yields, in the order of the MaskedSet.

    Attributes:
        pictures: face_id, style and a column for each picture metric.
        face: (N,) int, number of the bare face of each picture among the faces measured.
        logits: (N, classes) for the Inception Score.
        features, reference_features: (N, dim); the latter None without a reference.
    """

    pictures: pd.DataFrame
    face: np.ndarray
    logits: np.ndarray
    features: np.ndarray
    reference_features: np.ndarray | None


def counterparts(masked: MaskedSet, others: FaceSet, keys: list[str]) -> np.ndarray:
    """For each picture of ``masked``, the row of ``others`` of the same bare face (and style; a
    picture without a style stands against the first one of its face).

    Args:
        keys: columns of ``others`` that stand against ``bare_id`` (and ``style``).

    Raises:
        MaskbenchError: one is missing, or the pictures differ in size.
    """
    if masked.images.shape[1:] != others.images.shape[1:]:
        raise MaskbenchError(
            others.path,
            f"pictures of {others.images.shape[1:3]}, those of {masked.path} are "
            f"{masked.images.shape[1:3]}",
            "make both from the same faces",
        )
    rows = pd.MultiIndex.from_frame(others.faces[keys])
    given = masked.faces[["bare_id", "style"][: len(keys)]]
    if "style" in given and (blank := given["style"] == "").any():
        first = others.faces.drop_duplicates(keys[0]).set_index(keys[0])["style"]
        given = given.assign(style=given["style"].mask(blank, given["bare_id"].map(first)))
    wanted = pd.MultiIndex.from_frame(given)
    if not rows.is_unique:
        raise MaskbenchError(others.path, f"two rows of the same {keys}", "make the set again")
    found = rows.get_indexer(wanted)
    if (found < 0).any():
        missing = wanted[int(np.argmax(found < 0))]
        raise MaskbenchError(
            others.path, f"nothing for {missing} of {masked.path}", "make both from the same faces"
        )
    return np.asarray(found)


def overlays_of(masked: MaskedSet, reference: MaskedSet) -> np.ndarray:
    """For each picture of ``masked`` the row of ``reference`` of the same face and style; of the
    face's first style where a method has none."""
    if len(masked) == 0 or (masked.faces["style"] != "").any():
        return counterparts(masked, reference, ["bare_id", "style"])
    first = reference.faces.drop_duplicates("bare_id")
    styled = masked.faces[["bare_id"]].merge(first[["bare_id", "style"]], how="left")
    faces = masked.faces.assign(style=styled["style"].fillna("").to_numpy())
    return counterparts(replace(masked, faces=faces), reference, ["bare_id", "style"])


def measure_pictures(
    masked: MaskedSet,
    reference: MaskedSet,
    faces: FaceSet,
    networks: Networks,
    scratch: Path,
    batch_size: int,
    is_reference: bool,
) -> Measured:
    """Measure every picture of ``masked``.

    Args:
        masked: the method's pictures.
        reference: key-point overlays of the same faces and styles (:func:`overlays_of`).
        faces: the bare faces.
        networks: from :meth:`Networks.open`.
        scratch: existing folder for features; may be deleted once the result is done with.
        batch_size: pictures at a time.
        is_reference: ``masked`` is the key-point overlay itself: what compares with it is left out.
    """
    in_reference = overlays_of(masked, reference)
    in_faces, face = np.unique(counterparts(masked, faces, ["face_id"]), return_inverse=True)
    count = len(masked)
    features, logits, reference_features = (
        np.lib.format.open_memmap(scratch / f"{name}.npy", "w+", np.float32, (count, width))
        for name, width in (
            ("features", networks.features.dim),
            ("logits", networks.classes.classes),
            ("reference", 1 if is_reference else networks.features.dim),
        )
    )
    batches = [slice(i, min(i + batch_size, count)) for i in range(0, count, batch_size)]
    parts: list[dict[str, np.ndarray]] = []

    @lru_cache(maxsize=2)  # the styles of a face follow each other
    def bare_moments(row: int) -> ssim.Moments:
        return ssim.Moments.of(faces.images[row])

    with one_thread(), _progress(len(batches)) as advance:
        bare = np.lib.format.open_memmap(
            scratch / "bare.npy", "w+", np.float64, (len(in_faces), EMBEDDING)
        )
        _embed_faces(faces, in_faces, networks.recogniser, batch_size, bare)
        for batch in batches:
            images, masks = np.asarray(masked.images[batch]), np.asarray(masked.masks[batch])
            points = masked.landmarks_of(np.arange(batch.start, batch.stop))
            rows = in_reference[batch]
            cover = np.asarray(reference.masks[rows])
            embedding = networks.recogniser(images, points)
            own = [ssim.Moments.of(image) for image in images]
            part = {
                "ssim_outside_mask": [
                    ssim.mean_ssim_outside(m, bare_moments(int(i)), c)
                    for m, i, c in zip(own, in_faces[face[batch]], cover, strict=True)
                ],
                "covers_nose_mouth": wearing.covers_nose_mouth(masks, points),
                "leaves_eyes": wearing.leaves_eyes(masks, points),
                "alpha_mean": placement.alpha_mean(masks),
                "beyond_outline": wearing.beyond_outline(masks, points),
                "identity_cosine": identity.cosine(embedding, bare[face[batch]]),
            }
            features[batch], scores, maps = networks.features.maps(images)
            if networks.classes is not networks.features:
                scores = networks.classes.maps(images)[1]
            logits[batch] = scores
            if not is_reference:
                wanted = np.asarray(reference.images[rows])
                reference_features[batch], _, wanted_maps = networks.features.maps(wanted)
                part["ssim"] = [
                    ssim.mean_ssim(m, ssim.Moments.of(image))
                    for m, image in zip(own, wanted, strict=True)
                ]
                part["psnr"] = psnr.psnr(images, wanted)
                if isinstance(networks.lpips, PackagedLpips) and maps:
                    part["lpips"] = networks.lpips.of_maps(maps, wanted_maps)
                else:
                    part["lpips"] = networks.lpips(images, wanted)
                part["placement_iou"] = placement.placement_iou(masks, cover)
            parts.append({name: np.asarray(v, np.float64) for name, v in part.items()})
            advance()
    pictures = pd.DataFrame(
        {"face_id": masked.faces["bare_id"].array, "style": masked.faces["style"].array}
        | {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    )
    return Measured(pictures, face, logits, features, None if is_reference else reference_features)


def _embed_faces(
    faces: FaceSet, rows: np.ndarray, recogniser: DlibRecogniser, batch_size: int, out: np.ndarray
) -> None:
    """Fill ``out`` (len(rows), d) with the embeddings of bare faces."""
    for start in range(0, len(rows), batch_size):
        part = rows[start : start + batch_size]
        out[start : start + batch_size] = recogniser(
            np.asarray(faces.images[part]), faces.landmarks_of(part)
        )


@contextmanager
def _progress(batches: int) -> Iterator[Callable[[], None]]:
    columns = (TextColumn("measuring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("batches", total=batches)
        yield lambda: bar.advance(task)
