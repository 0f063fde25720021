"""Write the files that are made from others: the schema of params.yaml, and environment.yml.

With --check: show what would change, and fail if anything does.
"""

import difflib
import sys
from pathlib import Path

from maskbench import schema

ENVIRONMENT = """\
# conda env create -f environment.yml && conda activate maskbench && pip install --no-deps -e .
# Written by `make files`; the pins are those of requirements.lock.
name: maskbench
channels:
  - conda-forge
dependencies:
  - python >=3.11,<3.14
  - pip
  - git
  - pip:
"""


def files() -> dict[Path, str]:
    """What the files should hold."""
    lines = Path("requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    return {
        Path("workflow/schemas/params.schema.json"): schema.text(),
        Path("environment.yml"): ENVIRONMENT + "".join(f"      - {pin}\n" for pin in pins),
    }


def main() -> int:
    """Write or check the files; 1: something differs."""
    check, differs = "--check" in sys.argv[1:], False
    for path, text in files().items():
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if check:
            lines = old.splitlines(True), text.splitlines(True)
            sys.stdout.writelines(difflib.unified_diff(*lines, str(path), "as made"))
            differs |= old != text
        elif old != text:
            path.write_text(text, encoding="utf-8")
    if differs:
        print("\nrun: make files")
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
