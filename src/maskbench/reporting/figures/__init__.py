"""Figures, drawn from records by kind; see :mod:`maskbench.reporting.make_figures`."""
