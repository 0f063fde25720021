"""Mask synthesis: methods behind the interface in :mod:`.base`, known by their specs."""
