"""The registry of guides; each module beside this one registers a guide."""

from maskbench.registry import Registry, Spec

GUIDES: Registry[Spec] = Registry(__name__, "guides", "guide")
