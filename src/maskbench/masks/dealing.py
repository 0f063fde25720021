"""Which mask styles each face gets."""

from __future__ import annotations

import numpy as np


def styles_of_faces(faces: int, styles: int, copies: int, seed: int) -> np.ndarray:
    """(faces, copies) style numbers: different ones a face, all equally often within one.

    Styles are dealt from decks that hold each of them once; a face that would get one twice swaps
    it for a later card.
    """
    rng = np.random.default_rng(seed)
    deck: list[int] = []
    out = np.zeros((faces, copies), np.int64)
    for face in range(faces):
        hand: list[int] = []
        while len(hand) < copies:
            fresh = next((card for card in deck if card not in hand), None)
            if fresh is None:
                deck += rng.permutation(styles).tolist()
                continue
            deck.remove(fresh)
            hand.append(fresh)
        out[face] = hand
    return out
