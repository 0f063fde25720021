"""Where everything lies below ``config.output``: the one place that knows these paths.

The command line takes its defaults from here and the workflow its outputs, so that a step run by
hand finds what the workflow made, and the other way round. Placeholders such as ``{dataset}`` pass
through unchanged, which is how the workflow's rules use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Paths of one results folder.

    Attributes:
        root: the folder of everything that a run makes (``config.output``).
    """

    root: Path

    def pictures(self, dataset: str) -> Path:
        """Folder: manifest.parquet and source.json of one data set."""
        return self.root / "pictures" / dataset

    def splits(self, dataset: str) -> Path:
        """File: identity -> train, val or test."""
        return self.root / "splits" / f"{dataset}.parquet"

    @property
    def weights(self) -> Path:
        """Folder: network weights and weights.json."""
        return self.root / "weights"

    def faces(self, dataset: str) -> Path:
        """Folder: a FaceSet."""
        return self.root / "faces" / dataset

    @property
    def mask_pictures(self) -> Path:
        """Folder: the rasterised mask pictures."""
        return self.root / "mask_pictures"

    def masked_domain(self, dataset: str) -> Path:
        """Folder: the critics' real domain, a MaskedSet of training people."""
        return self.root / "masked_domain" / dataset

    def model(self, dataset: str, method: str, seed: int | str) -> Path:
        """Folder: a trained synthesis model with its curves and snapshots."""
        return self.root / "models" / dataset / method / f"seed{seed}"

    def scratch(self, dataset: str, method: str, seed: int | str) -> Path:
        """Folder: checkpoints of a training under way."""
        return self.root / "scratch" / dataset / method / f"seed{seed}"

    def masked(self, dataset: str, method: str, seed: int | str) -> Path:
        """Folder: the masked test faces of one model, a MaskedSet."""
        return self.root / "masked" / dataset / method / f"seed{seed}"

    def dressed(self, dataset: str, method: str, seed: int | str) -> Path:
        """Folder: training and validation people dressed by one model, a MaskedSet."""
        return self.root / "dressed" / dataset / method / f"seed{seed}"

    def segmenter(self, dataset: str, seed: int | str) -> Path:
        """Folder: the trained mask segmenter."""
        return self.root / "restoration" / dataset / "segmenter" / f"seed{seed}"

    def restorer(self, dataset: str, restorer: str, seed: int | str) -> Path:
        """Folder: a model trained to remove masks."""
        return self.root / "restoration" / dataset / restorer / f"seed{seed}"

    def restored(self, dataset: str, restorer: str, seed: int | str) -> Path:
        """Folder: test faces with their masks removed."""
        return self.root / "restored" / dataset / restorer / f"seed{seed}"

    def restoration_metrics(self, dataset: str, restorer: str, seed: int | str) -> Path:
        """Folder: metrics.json, per_picture.parquet and resamples.parquet."""
        return self.root / "metrics" / "restoration" / dataset / restorer / f"seed{seed}"

    def embeddings(self, dataset: str, network: str, training: str, seed: int | str) -> Path:
        """Folder: a frozen network's embeddings of one training set."""
        return self.root / "embeddings" / dataset / network / training / f"seed{seed}"

    def recogniser(self, dataset: str, name: str, training: str, seed: int | str) -> Path:
        """Folder: a recogniser fitted to one training set (``none`` where it learns nothing)."""
        return self.root / "recognisers" / dataset / name / training / f"seed{seed}"

    def recognition_metrics(self, dataset: str, name: str, training: str, seed: int | str) -> Path:
        """Folder: metrics.json, resamples, scores, curves and embeddings on one test set."""
        return self.root / "metrics" / "recognition" / dataset / name / training / f"seed{seed}"

    def synthesis_metrics(self, dataset: str, method: str, seed: int | str) -> Path:
        """Folder: metrics.json, per_picture.parquet and resamples.parquet."""
        return self.root / "metrics" / "synthesis" / dataset / method / f"seed{seed}"

    @property
    def measurements(self) -> Path:
        """File: every number of the run."""
        return self.root / "measurements.csv"

    def table(self, name: str, suffix: str = "csv") -> Path:
        """File: one table as csv, md or tex."""
        return self.root / "tables" / f"{name}.{suffix}"

    def figure(self, name: str) -> Path:
        """File: one figure."""
        return self.root / "figures" / f"{name}.png"

    def claims(self, suffix: str = "csv") -> Path:
        """File: the verdicts on the papers' claims, csv or md."""
        return self.root / f"claims.{suffix}"

    @property
    def summary(self) -> Path:
        """File: flat numbers for ``dvc metrics``."""
        return self.root / "metrics_summary.json"

    @property
    def curves(self) -> Path:
        """File: training curves of all methods for ``dvc plots``."""
        return self.root / "curves.csv"

    @property
    def report(self) -> Path:
        """File: the self-contained report."""
        return self.root / "report.html"

    def log(self, name: str) -> Path:
        """File: the log of one job."""
        return self.root / "logs" / f"{name}.log"

    def benchmark(self, name: str) -> Path:
        """File: time and memory of one job."""
        return self.root / "benchmarks" / f"{name}.tsv"
