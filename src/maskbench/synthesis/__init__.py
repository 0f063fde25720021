"""Mask synthesis: one module a method, behind the interface in :mod:`maskbench.synthesis.base`."""
