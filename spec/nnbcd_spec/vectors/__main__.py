"""``python -m nnbcd_spec.vectors [--check] FOLDER``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nnbcd_spec.vectors.files import difference, write


def main() -> int:
    """Write the vectors, or compare them: 0, or 1 with the first difference named."""
    parser = argparse.ArgumentParser(prog="python -m nnbcd_spec.vectors", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the vector files are")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    chosen = parser.parse_args()
    if not chosen.check:
        print(f"{chosen.folder}: {write(chosen.folder)} files")
        return 0
    found = difference(chosen.folder)
    print(found or f"{chosen.folder}: as generated", file=sys.stderr if found else sys.stdout)
    return int(found is not None)


if __name__ == "__main__":
    raise SystemExit(main())
