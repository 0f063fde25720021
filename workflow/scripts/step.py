"""The script of all rules: their steps are functions of the package."""

from maskbench.step import run

run(snakemake)  # noqa: F821 (Snakemake defines it)
