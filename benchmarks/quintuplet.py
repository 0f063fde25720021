"""The quintuplet loss with its mining, forward and backward, against a loop over all quintuplets.

    python benchmarks/quintuplet.py

Batches of 120 (the paper's: 20 people, 3 bare and 3 masked pictures each) and of 480. The loop
runs over anchors and positives in Python and takes all negatives at once; written out wholly it
would take minutes for one batch. Both give the same number.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from maskbench.artifacts import write_json
from maskbench.recognition.quintuplet import hardest, semi_hard, squared_distances
from maskbench.threads import one_thread

MARGIN = 0.2


def naive_semi_hard(e: Tensor, labels: Tensor, masked: Tensor, margin: float) -> Tensor:
    d = squared_distances(e)
    total, count = e.sum() * 0, 0
    for anchor in torch.nonzero(~masked)[:, 0].tolist():
        own, others = labels == labels[anchor], labels != labels[anchor]
        n, nm = d[anchor][others & ~masked], d[anchor][others & masked]
        for p in torch.nonzero(own & ~masked)[:, 0].tolist():
            if p == anchor:
                continue
            for pm in torch.nonzero(own & masked)[:, 0].tolist():
                bare_gap, masked_gap = n - d[anchor, p], nm - d[anchor, pm]
                bare_gap = bare_gap[(bare_gap > 0) & (bare_gap < margin)]
                masked_gap = masked_gap[(masked_gap > 0) & (masked_gap < margin)]
                losses = (margin - bare_gap[:, None] - masked_gap[None]).clamp(min=0)
                total, count = total + losses.sum(), count + losses.numel()
    return total / max(1, count)


def naive_hardest(e: Tensor, labels: Tensor, masked: Tensor, margin: float) -> Tensor:
    d = squared_distances(e)
    losses = []
    for anchor in torch.nonzero(~masked)[:, 0].tolist():
        own, others = labels == labels[anchor], labels != labels[anchor]
        itself = torch.arange(len(labels)) == anchor
        worst = d[anchor].new_tensor(margin)
        for side in (~masked, masked):
            worst = worst + d[anchor][own & side & ~itself].max() - d[anchor][others & side].min()
        losses.append(worst.clamp(min=0))
    return torch.stack(losses).mean()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many is reported")
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/quintuplet.json"))
    options = parser.parse_args()
    found: dict[str, Any] = {"load_before": os.getloadavg()[0]}
    pairs = {"semi_hard": (semi_hard, naive_semi_hard), "hardest": (hardest, naive_hardest)}
    with one_thread():
        for people in (20, 80):
            labels = torch.arange(people).repeat_interleave(6)
            masked = torch.tensor([False] * 3 + [True] * 3).repeat(people)
            torch.manual_seed(0)
            e = torch.randn(people, 512)[labels] + torch.randn(6 * people, 512)
            e = torch.nn.functional.normalize(e, dim=1)
            for name, functions in pairs.items():
                results = [_timed(f, e, labels, masked, options.repeats) for f in functions]
                (ours, value), (naive, other) = results
                assert abs(value - other) < 1e-5, (value, other)
                found[f"{name}_{6 * people}"] = {
                    "milliseconds": ours * 1000,
                    "loop_milliseconds": naive * 1000,
                    "times_as_fast": naive / ours,
                }
    write_json(options.out, found)
    print(options.out.read_text(encoding="utf-8"))


def _timed(
    loss: Callable[..., Tensor], e: Tensor, labels: Tensor, masked: Tensor, repeats: int
) -> tuple[float, float]:
    best = float("inf")
    for _ in range(repeats):
        leaf = e.clone().requires_grad_()
        begun = time.perf_counter()
        value = loss(leaf, labels, masked, MARGIN)
        value.backward()
        best = min(best, time.perf_counter() - begun)
    return best, float(value.detach())


if __name__ == "__main__":
    main()
