"""The script of all rules: their steps are functions of the package."""

from maskbench.step import run

if __name__ == "__main__":  # processes that a step starts import this script once more
    run(snakemake)  # noqa: F821 (Snakemake defines it)
