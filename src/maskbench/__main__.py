"""``python -m maskbench``: the same as the ``maskbench`` command."""

from maskbench.cli import main

if __name__ == "__main__":
    main()
