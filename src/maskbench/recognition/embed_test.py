"""Step ``embed_test``: a frozen network on the pictures that recognisers are tested on.

Once for each network, and once more for each restorer; adapters, projections and the network itself
are tested on the same embeddings.

embeddings.npy      float32 (N, dim), as the network gives them
pictures.parquet    the table of the test set (:class:`.test_set.TestSet`)
spec.json           network, data set, people that restored pictures were learnt from; ``absent``
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maskbench.errors import MaskbenchError
from maskbench.faces.faceset import FaceSet
from maskbench.recognition.embed import write_embeddings
from maskbench.recognition.test_set import open_test_set


def embed_test(
    network: str,
    faces: Path,
    weights: Path,
    out: Path,
    styles: int,
    unseen_styles: Sequence[str],
    masked: Path | None = None,
    pictures: Path | None = None,
    restored: Path | None = None,
    detected: Path | None = None,
) -> None:
    """Write the embeddings of a test set.

    Args:
        network: in the registry of networks.
        faces, masked, pictures, styles, unseen_styles: as for
            :func:`maskbench.recognition.test_set.open_test_set`.
        weights: folder of network weights.
        out: the folder to write. Where a published network's weights are absent it holds no
            embeddings, and says why.
        restored: folder written by ``restore``, whose pictures are embedded in the place of the
            masked ones.
        detected: folder written by ``detect_masked``; None where masks are taken off, or real.

    Raises:
        MaskbenchError: unreadable inputs, sets that do not belong together.
    """
    test = open_test_set(faces, masked, pictures, styles, unseen_styles, restored, detected)
    spec: dict[str, object] = {"network": network, "crop": test.crop, "dataset": test.dataset}
    spec["learnt_from"] = _learnt_from(restored)
    write_embeddings(Path(out), network, weights, test.parts, test.table, spec)


def _learnt_from(restored: Path | None) -> dict[str, list[str]]:
    """The people that the networks which took the masks off learnt from, by data set.

    Raises:
        MaskbenchError: the pictures do not say.
    """
    if restored is None:
        return {}
    found = FaceSet.open(restored).spec.get("learnt_from")
    if found is None:
        raise MaskbenchError(restored, "does not say whom it was learnt from", "restore it again")
    return dict(found)
