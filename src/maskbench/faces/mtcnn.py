"""MTCNN face detection, batched, on the published weights.

Zhang, Zhang, Li, Qiao: Joint Face Detection and Alignment using Multi-task Cascaded
Convolutional Networks, IEEE Signal Processing Letters 2016. A pyramid through P-Net proposes boxes,
R-Net refines them, O-Net gives the final boxes and five points.

    detector = Mtcnn(weights, DetectorConfig())
    detections = detector.detect([picture, ...])

What differs from the paper, each switched by configuration: the search starts with large faces
and goes down to ``min_face`` only where it found none that convinces (``coarse_share``); large
pictures are shrunk first (``working_side``); where nothing at all is found, the mirrored picture
is searched at more scales (``second_look``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from maskbench.config import DetectorConfig
from maskbench.datasets.weights import weights_file
from maskbench.faces.mtcnn_networks import ONet, PNet, RNet, load_network

CELL = 12  # side of P-Net's receptive field
STRIDE = 2
WEIGHT_FILES = ("mtcnn_pnet.pt", "mtcnn_rnet.pt", "mtcnn_onet.pt")
_OVERLAP = 0.7  # suppression between the networks, as published
_COARSE_OVERLAP = 0.5  # and in the coarse search: less than half as many crops to judge
# At most these go through a network together.
_PICTURES, _PIXELS, _CROPS = 16, 2_000_000, 256
# Counts of crops are filled up to multiples of this: PyTorch keeps what it prepared for each count
# that it met, scattered over memory, which grows by kilobytes a picture.
_COUNTS = 8


@dataclass(frozen=True)
class Detections:
    """The faces of one picture, best first.

    Attributes:
        boxes: (N, 4) float32 x0 y0 x1 y1, edges in pixels; may reach out of the picture.
        scores: (N,) float32, 0..1.
        points: (N, 5, 2) float32 (x, y): eyes, nose tip, mouth corners, the left ones first.
    """

    boxes: np.ndarray
    scores: np.ndarray
    points: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def none(cls) -> Detections:
        """No face."""
        return cls(
            np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32)
        )


def select_face(detections: Detections, picture_size: tuple[int, int]) -> int | None:
    """The row of the large and central face, None where there is no face.

    The largest box area less twice the squared distance of its centre from the picture's; ties go
    to the higher score.

    Args:
        detections: the faces of one picture.
        picture_size: (width, height).
    """
    if not len(detections):
        return None
    boxes = detections.boxes.astype(np.float64)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    offset = (boxes[:, :2] + boxes[:, 2:]) / 2 - np.asarray(picture_size, np.float64) / 2
    return int(np.argmax(area - 2 * (offset**2).sum(1)))


@dataclass
class _Candidates:
    """Boxes of several pictures of one size, in working pixels."""

    picture: np.ndarray  # (N,) int
    boxes: np.ndarray  # (N, 4) float64
    scores: np.ndarray  # (N,) float64

    def take(self, rows: np.ndarray) -> _Candidates:
        return _Candidates(self.picture[rows], self.boxes[rows], self.scores[rows])


class Mtcnn:
    """The detector.

    The last bits of a convolution depend on its batch, and scores near 1 are nearly equal, so that
    a last bit can choose a box some pixels away. On a CPU pictures therefore go through one at a
    time, and a result depends on nothing but its picture. On a GPU, or with ``together``, those of
    one size go through together.
    """

    def __init__(
        self,
        weights: Path,
        config: DetectorConfig | None = None,
        device: str | None = None,
        together: bool = False,
    ) -> None:
        """Open ``mtcnn_pnet.pt``, ``mtcnn_rnet.pt`` and ``mtcnn_onet.pt`` in ``weights``.

        Args:
            weights: their folder.
            config: what is searched for.
            device: torch device; None: cuda where there is one, else cpu.
            together: on a CPU too, small pictures of one size go through the networks together,
                which takes half the time.

        Raises:
            MaskbenchError: a file is missing, damaged or another network's.
        """
        self.config = config or DetectorConfig()
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        on_cpu = self.device.type == "cpu"
        self._pictures = 1 if on_cpu and not together else _PICTURES
        self._counts = _COUNTS if on_cpu and together else 1
        # OpenCV averages areas of floats a quarter faster than areas of bytes.
        self._pixel = np.float32 if on_cpu and together else np.uint8
        self._pnet = load_network(PNet(), weights_file(weights, WEIGHT_FILES[0])).to(self.device)
        self._rnet = load_network(RNet(), weights_file(weights, WEIGHT_FILES[1])).to(self.device)
        self._onet = load_network(ONet(), weights_file(weights, WEIGHT_FILES[2])).to(self.device)

    @torch.inference_mode()
    def detect(self, images: Sequence[np.ndarray]) -> list[Detections]:
        """Find the faces of each picture.

        Args:
            images: uint8 RGB (H, W, 3), any sizes; pictures narrower than 12 pixels have no face.
        """
        found: list[Detections] = [Detections.none()] * len(images)
        working = [_shrink(image, self.config.working_side) for image in images]
        by_size: dict[tuple[int, ...], list[int]] = {}
        for row, image in enumerate(working):
            by_size.setdefault(image.shape, []).append(row)
        for (height, width, _), rows in by_size.items():
            together = max(1, min(self._pictures, _PIXELS // (height * width)))
            for start in range(0, len(rows), together):
                chunk = rows[start : start + together]
                results = self._search([working[row].astype(self._pixel) for row in chunk])
                for row, result in zip(chunk, results, strict=True):
                    found[row] = _rescale(result, images[row].shape, working[row].shape)
        return found

    def _search(self, images: list[np.ndarray]) -> list[Detections]:
        """Coarse search, whole search, second look: each only where the one before failed.

        The pictures are of equal size.
        """
        config, side = self.config, min(images[0].shape[:2])
        scales = _pyramid(side, config.min_face, config.factor)
        # The coarse search takes the whole pyramid's own upper levels: both then give one box.
        coarse = [s for s in scales if CELL / s > config.coarse_share * side * config.factor]
        results = [Detections.none()] * len(images)
        left = list(range(len(images)))

        def look(scales: list[float], overlap: float, mirrored: bool = False) -> None:
            views = [images[row][:, ::-1] if mirrored else images[row] for row in left]
            for row, result in zip(left, self._cascade(views, scales, overlap), strict=True):
                results[row] = _mirror(result, images[row].shape[1]) if mirrored else result

        if len(coarse) < len(scales):
            look(coarse, _COARSE_OVERLAP)
            left = [r for r in left if not (results[r].scores >= config.coarse_score).any()]
        if left:
            look(scales, _OVERLAP)
        left = [row for row in left if not len(results[row])]
        if left and config.second_look:
            look(_pyramid(side, config.min_face, config.factor**0.5), _OVERLAP, mirrored=True)
        return results

    def _cascade(
        self, images: list[np.ndarray], scales: list[float], overlap: float
    ) -> list[Detections]:
        found = self._propose(images, scales, overlap)
        found = self._refine(images, found, overlap)
        return self._output(images, found)

    def _propose(
        self, images: list[np.ndarray], scales: list[float], overlap: float
    ) -> _Candidates:
        """P-Net over the pyramid."""
        height, width = images[0].shape[:2]
        picture, level, cell, offset, score = [], [], [], [], []
        for number, scale in enumerate(scales):
            size = (int(np.ceil(width * scale)), int(np.ceil(height * scale)))
            shrunk = np.stack([_resize(image, size) for image in images])
            probability, offsets = (out.cpu().numpy() for out in self._pnet(self._tensor(shrunk)))
            row, y, x = np.nonzero(probability > self.config.thresholds[0])
            corner = np.stack([x, y], 1) * STRIDE
            ratio = np.array([width / size[0], height / size[1]] * 2)
            picture.append(row)
            level.append(np.full(len(row), number))
            cell.append(np.concatenate([corner, corner + CELL], 1) * ratio)
            offset.append(offsets[row, :, y, x])
            score.append(probability[row, y, x])
        if not picture:
            return _Candidates(np.zeros(0, int), np.zeros((0, 4)), np.zeros(0))
        found = _Candidates(
            np.concatenate(picture), np.concatenate(cell), np.concatenate(score).astype(np.float64)
        )
        moves = np.concatenate(offset).astype(np.float64)
        # First within each level, then across them.
        apart = found.picture * len(scales) + np.concatenate(level)
        keep = _suppress(found.boxes, found.scores, apart, 0.5)
        found, moves = found.take(keep), moves[keep]
        keep = _suppress(found.boxes, found.scores, found.picture, overlap)
        found = found.take(keep)
        return _Candidates(found.picture, _moved(found.boxes, moves[keep]), found.scores)

    def _refine(self, images: list[np.ndarray], found: _Candidates, overlap: float) -> _Candidates:
        """R-Net on square crops."""
        if not len(found.scores):
            return found
        squares = _squared(found.boxes)
        score, offset = self._through(self._rnet, images, found.picture, squares)
        good = np.flatnonzero(score > self.config.thresholds[1])
        kept = _Candidates(found.picture[good], squares[good], score[good])
        keep = _suppress(kept.boxes, kept.scores, kept.picture, overlap)
        kept, offset = kept.take(keep), offset[good][keep]
        kept.boxes = _moved(kept.boxes, offset)
        return kept

    def _output(self, images: list[np.ndarray], found: _Candidates) -> list[Detections]:
        """O-Net on square crops, then a last suppression by the share of the smaller box."""
        results = [Detections.none() for _ in images]
        if not len(found.scores):
            return results
        squares = _squared(found.boxes)
        score, offset, point = self._through(self._onet, images, found.picture, squares)
        good = np.flatnonzero(score > self.config.thresholds[2])
        picture, score, squares = found.picture[good], score[good], squares[good]
        side = squares[:, 2:] - squares[:, :2]
        # Points are shares of the square from its corner, given as pixel places.
        points = point[good].reshape(-1, 2, 5).transpose(0, 2, 1) * side[:, None] + (
            squares[:, None, :2] - 0.5
        )
        boxes = _moved(squares, offset[good])
        for row in np.unique(picture):
            own = np.flatnonzero(picture == row)
            own = own[np.argsort(-score[own], kind="stable")]
            own = own[_suppress_contained(boxes[own], 0.7)]
            results[row] = Detections(
                _rounded(boxes[own]), score[own].astype(np.float32), _rounded(points[own])
            )
        return results

    def _through(
        self, network: RNet | ONet, images: list[np.ndarray], picture: np.ndarray, boxes: np.ndarray
    ) -> list[np.ndarray]:
        """The network's outputs for the boxes' crops, float64; memory stays bounded."""
        parts = []
        for start in range(0, len(boxes), _CROPS):
            some = slice(start, start + _CROPS)
            crops = _crops(images, picture[some], boxes[some], network.side)
            count, empty = len(crops), -len(crops) % self._counts
            crops = np.pad(crops, ((0, empty), (0, 0), (0, 0), (0, 0)))
            outputs = network(self._tensor(crops))
            parts.append([out[:count].double().cpu().numpy() for out in outputs])
        return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]

    def _tensor(self, pixels: np.ndarray) -> Tensor:
        """(N, H, W, 3) -> (N, 3, H, W) float32 on the device, whole, 0..255, channels last."""
        values = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2)
        return values.round() if values.is_floating_point() else values.float()


def _pyramid(short_side: int, min_face: float, factor: float) -> list[float]:
    """Scales that bring faces of ``min_face`` and larger to P-Net's 12 pixels."""
    scales, scale = [], CELL / min_face
    while short_side * scale >= CELL:
        scales.append(scale)
        scale *= factor
    return scales


def _shrink(image: np.ndarray, working_side: int) -> np.ndarray:
    """The picture itself, or a smaller copy whose longer side is ``working_side``."""
    height, width = image.shape[:2]
    longer = max(height, width)
    if longer <= working_side:
        return image
    scale = working_side / longer
    return _resize(image, (max(1, round(width * scale)), max(1, round(height * scale))))


def _rescale(found: Detections, whole: tuple[int, ...], working: tuple[int, ...]) -> Detections:
    """Detections in working pixels -> in pixels of the whole picture."""
    if whole == working or not len(found):
        return found
    ratio = np.array([whole[1] / working[1], whole[0] / working[0]])
    points = (found.points + 0.5) * ratio - 0.5
    boxes = found.boxes * np.tile(ratio, 2)
    return Detections(boxes.astype(np.float32), found.scores, points.astype(np.float32))


def _mirror(found: Detections, width: int) -> Detections:
    """Detections in a mirrored picture -> in the picture itself."""
    boxes, points = found.boxes.copy(), found.points.copy()
    boxes[:, [2, 0]] = width - found.boxes[:, [0, 2]]
    points[..., 0] = width - 1 - points[..., 0]
    return Detections(boxes, found.scores, points[:, [1, 0, 2, 4, 3]])


def _resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize to (width, height): averaging over areas when shrinking, linear when enlarging."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    smaller = size[0] <= image.shape[1] and size[1] <= image.shape[0]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def _crops(
    images: list[np.ndarray], picture: np.ndarray, boxes: np.ndarray, side: int
) -> np.ndarray:
    """Cut whole-pixel boxes out, edges repeated outside: (N, side, side, 3), as the pictures."""
    crops = np.empty((len(boxes), side, side, 3), images[0].dtype)
    for out, row, box in zip(crops, picture.tolist(), boxes.astype(int).tolist(), strict=True):
        image = images[row]
        x0, y0, x1, y1 = box
        height, width = image.shape[:2]
        left, top, right, bottom = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
        if right <= left or bottom <= top:
            out[:] = 0
            continue
        part = image[top:bottom, left:right]
        if (left, top, right, bottom) != (x0, y0, x1, y1):
            part = cv2.copyMakeBorder(
                part, top - y0, y1 - bottom, left - x0, x1 - right, cv2.BORDER_REPLICATE
            )
        out[:] = _resize(part, (side, side))
    return crops


def _squared(boxes: np.ndarray) -> np.ndarray:
    """Squares with the boxes' centres and longer sides, on whole pixels, at least 1 wide."""
    side = np.maximum(np.round((boxes[:, 2:] - boxes[:, :2]).max(1)), 1)
    corner = np.round((boxes[:, :2] + boxes[:, 2:]) / 2 - side[:, None] / 2)
    return np.concatenate([corner, corner + side[:, None]], 1)


def _moved(boxes: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Move each edge by its offset, a share of the box's side."""
    side = boxes[:, 2:] - boxes[:, :2]
    return boxes + offsets * np.tile(side, 2)


def _rounded(pixels: np.ndarray) -> np.ndarray:
    """Round to eighths of a pixel, float32: what lies beyond is noise."""
    return (np.round(pixels * 8) / 8).astype(np.float32)


def _suppress(
    boxes: np.ndarray, scores: np.ndarray, picture: np.ndarray, limit: float
) -> np.ndarray:
    """Rows that survive non-maximum suppression within each picture, best score first."""
    if len(scores) < 2:
        return np.arange(len(scores))
    span = boxes.max() - boxes.min() + 1
    apart = boxes + picture[:, None] * span
    apart[:, 2:] -= apart[:, :2]
    # OpenCV's: torchvision's gives the same rows, but takes a second and a half to import.
    return np.asarray(cv2.dnn.NMSBoxes(apart.tolist(), scores.tolist(), 0.0, limit), int)


def _suppress_contained(boxes: np.ndarray, limit: float) -> list[int]:
    """Like suppression, but by the intersection's share of the smaller box; best box first."""
    kept: list[int] = []
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    for row, box in enumerate(boxes):
        low = np.maximum(box[:2], boxes[kept, :2])
        high = np.minimum(box[2:], boxes[kept, 2:])
        shared = np.maximum(high - low, 0).prod(1)
        if not (shared > limit * np.minimum(areas[row], areas[kept])).any():
            kept.append(row)
    return kept
