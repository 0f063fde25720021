"""The kinds of figures: their options, checked without importing what draws them.

A figure of a known kind is a record in ``reporting/papers/*.yaml`` and nothing else. An
implementation is ``draw(request: maskbench.reporting.figures.request.Request) -> Figure``.
"""

from __future__ import annotations

from maskbench.registry import Registry, Spec

KINDS: Registry[Spec] = Registry("maskbench.reporting.figures.specs", "options", "kind of figure")
