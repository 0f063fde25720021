"""Masked face recognition: losses with their mining, protocols."""
