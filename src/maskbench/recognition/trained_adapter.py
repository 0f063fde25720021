"""The kind ``adapter``: a small network learns on a frozen network's embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from maskbench.recognition.adapter import Adapter, class_means
from maskbench.recognition.embed import training_set_of
from maskbench.recognition.losses import Margin
from maskbench.recognition.recogniser import Model, Training
from maskbench.recognition.test_set import TestSet
from maskbench.recognition.training import PLAYER, InSteps, RecogniserLearner, loss_of
from maskbench.training.checkpoint import load_network
from maskbench.training.devices import place
from maskbench.training.seeding import seeded

_BATCH = 32


class TrainedAdapter(InSteps):
    """An adapter on a frozen network."""

    def learner(self, training: Training, scratch: Path) -> RecogniserLearner:
        params, seed = training.block.params, training.seed
        training_set, _ = training_set_of(training.embeddings)
        size = training_set.values.shape[1]
        network: Adapter = seeded(lambda: Adapter(size, params.adapter), seed)
        network.fit(training_set.values, training_set.labels, training_set.masked)
        loss = loss_of(params, training_set, network.dim, seed)
        if isinstance(loss, Margin):
            # From random class weights the adapter spends its training on finding where people
            # lie: on MFR2 an AUC of 0.956, no better than frozen, instead of 0.972.
            start = network.fixed(torch.from_numpy(training_set.values))
            loss.start_from(class_means(start, torch.from_numpy(training_set.labels)))
        return RecogniserLearner(network, loss, training_set, params, seed, place("float32"))

    def embed(self, model: Model, test: TestSet, frozen: np.ndarray) -> np.ndarray:
        empty = Adapter(frozen.shape[1], model.block.params.adapter)
        adapter = load_network(empty, Path(str(model.folder)), PLAYER, torch.device("cpu"))
        with torch.inference_mode():
            parts = torch.from_numpy(frozen).split(_BATCH)
            return torch.cat([adapter(part) for part in parts]).numpy()

    def in_words(self, model: Model, network: str) -> str:
        params = model.block.params
        return f"{network} + adapter ({params.loss}, {model.source}, {params.steps} steps)"
