"""Mask artwork, the key-point overlay, the wearing check -> a MaskedSet."""
