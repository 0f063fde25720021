"""Mask removal: a mask segmenter, and restorers that paint the face beneath a mask."""
