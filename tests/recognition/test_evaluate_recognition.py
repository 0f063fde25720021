"""What is made of embeddings; whole evaluations are in test_train_recogniser.py."""

import numpy as np
import pandas as pd

from maskbench.config import MetricsConfig
from maskbench.recognition.measure import measure
from maskbench.recognition.test_set import TestSet


def really_masked_set() -> TestSet:
    """Three people with bare and masked pictures, and one who is never seen without a mask."""
    rows = [
        {"identity": person, "kind": kind, "face_id": f"{person}/{kind}{i}"}
        for person in ("ann", "bob", "cy", "dot")
        for kind in ("bare", "masked")
        for i in range(2)
        if not (person == "dot" and kind == "bare")
    ]
    table = pd.DataFrame(rows).assign(
        style="", undetected=False, photo=lambda frame: frame["face_id"]
    )
    return TestSet("own", "crop", table, (), None)


def test_probes_of_people_without_a_bare_picture_are_counted():
    test = really_masked_set()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(len(test.table), 8)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    found = measure(x, test, 2, MetricsConfig(bootstrap=20), "network").numbers
    numbers = {(n.protocol, n.metric): n for n in found}
    assert {n.backbone for n in found} == {"network"}
    assert numbers["standard", "rank_1"].n == 6
    assert "3 people in the gallery" in numbers["standard", "rank_1"].note
    assert (
        "2 probes left out: their people are not in the gallery"
        in numbers["standard", "rank_1"].note
    )
